"""Every size has a bound, and what comes to nothing again and again is on a worklist."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import pytest

from referral_core.adapters.aws.dynamodb.items import referral_item
from referral_core.adapters.aws.dynamodb.transactions import LARGEST_ITEM
from referral_core.adapters.aws.dynamodb.write_units import item_size
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.adapters.memory.unmatched import MemoryUnmatched
from referral_core.domain.change import BACKSTOP, change
from referral_core.domain.effects import StorePayload
from referral_core.domain.errors import NotLegal, TooLarge
from referral_core.domain.events import EventKind
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Party, Queue, Step
from referral_core.domain.mailbox import MOST_PENDING, Mailbox
from referral_core.domain.referral import Contact, Notice, Offer, Referral, Reopening, Report
from referral_core.domain.referral.bounds import MOST
from referral_core.domain.unmatched import Mismatch, of_standing
from referral_core.domain.updates import (
    AppointmentBooked,
    Cancel,
    DecisionMade,
    InformationSupplied,
    Role,
)
from referral_core.domain.work_items import Reason
from referral_core.entrypoints.watchdog import HOPELESS, Watchdog
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.engine.process_due import MOST_RESTARTS, process_due
from tests.in_memory import REFERRAL, TENANT, World
from tests.unit.builders import NOW, a_new_referral, a_referral

LONG = "x" * 80
ROWS: dict[str, Any] = {
    "contacts": Contact(number=1, channel="sms", at=NOW, state="sent", day_part="morning"),
    "offers": Offer(
        number=1,
        npi="1999900032",
        organization=LONG,
        specialty="207N00000X",
        reservation=None,
        decision=1,
        status="declined",
        reason=LONG,
        offered_at=NOW,
    ),
    "notices": Notice(number=1, queued_at=NOW, delivered_at=NOW, acknowledged_at=NOW),
    "reports": Report(sha256="ab" * 32, loinc="11488-4", received_at=NOW, sufficient=True),
    "reopenings": Reopening(
        at=NOW,
        actor=LONG,
        reason=LONG,
        closed_version=1,
        outcome=None,
        loop_closed=False,
        notices=1,
        reports=1,
    ),
    "duplicates": ReferralId("d" * 32),
}


@pytest.mark.parametrize("region", MOST)
def test_no_list_of_a_projection_grows_over_its_bound(region: str) -> None:
    nearly = a_referral(**{region: (ROWS[region],) * (MOST[region] - 1)})
    full = one_more(nearly, region)
    with pytest.raises(NotLegal):
        one_more(full, region)


def one_more(referral: Referral, region: str) -> Referral:
    regions: Any = {region: (*getattr(referral, region), ROWS[region])}
    return change(
        referral,
        EventKind.STEP_STARTED,
        at=NOW,
        actor="router",
        status_reason="More.",
        due_at=NOW,
        **regions,
    ).after


def test_a_projection_with_every_list_full_fits_the_table_by_far() -> None:
    full = a_referral(**{region: (ROWS[region],) * most for region, most in MOST.items()})
    assert len(full.model_dump_json(exclude_defaults=True)) < LARGEST_ITEM / 2
    assert item_size(referral_item(full)) < LARGEST_ITEM / 2


@pytest.mark.parametrize("years", [1, 7_900])
def test_no_due_time_is_later_than_the_backstop(years: int) -> None:
    drafted = change(
        a_referral(),
        EventKind.STEP_STARTED,
        at=NOW,
        actor="router",
        status_reason="Waits.",
        due_at=NOW + timedelta(days=365 * years),
    )
    assert drafted.after.due_at == NOW + BACKSTOP


def a_booking(number: int) -> AppointmentBooked:
    return AppointmentBooked(
        id=f"u{number}", actor="clinic-1", role=Role.CLINIC, received_at=NOW, start=NOW
    )


def test_a_mailbox_keeps_so_many_updates_and_always_what_ends_a_referral() -> None:
    mailbox = Mailbox()
    for number in range(MOST_PENDING):
        mailbox = mailbox.kept(a_booking(number))
    with pytest.raises(NotLegal):
        mailbox.kept(a_booking(MOST_PENDING))
    ending = Cancel(id="c", actor="ehr-1", role=Role.EHR, received_at=NOW)
    assert mailbox.kept(ending).pending[-1] == ending


def test_run_after_run_that_comes_to_nothing_ends_on_a_worklist() -> None:
    world = World()
    world.accept("happy-path")
    waits = []
    for _ in range(MOST_RESTARTS + 1):
        before = world.referral.due_at
        world.clock.move_to(before)
        process_due(world.engine, TENANT, REFERRAL)  # its execution is lost each time
        waits.append(world.referral.due_at - before)
    assert waits == sorted(waits)
    assert waits[-1] > 10 * waits[0]
    item = world.referral.work_item
    assert item is not None
    assert (item.reason, item.resume_at) == (Reason.FAULT, Step.CHECK_READINESS)
    assert world.referral.queue is Queue.REFERRAL_COORDINATORS
    assert world.referral.waits_for is Party.STAFF
    world.settle()
    assert world.referral.current_step is Step.OPEN_WORK_ITEM
    world.report(DecisionMade, action="retry")
    assert world.referral.work_item is None
    assert world.referral.restarts == 0


def test_a_run_that_gets_on_is_counted_anew() -> None:
    world = World()
    world.accept("happy-path")
    for _ in range(3):
        world.clock.move_to(world.referral.due_at)
        process_due(world.engine, TENANT, REFERRAL)
    assert world.referral.restarts == 3
    world.settle()
    assert world.referral.restarts == 0


def test_an_item_over_the_limit_is_named_and_nothing_is_accepted() -> None:
    referrals = MemoryReferrals()
    noise = "".join(sha256(str(n).encode()).hexdigest() for n in range(15_000))
    overgrown = a_referral().model_copy(update={"status_reason": noise})
    with pytest.raises(TooLarge, match="The referral has"):
        referrals.accept([a_new_referral(overgrown)])
    assert not referrals.all()


def test_a_write_that_the_table_would_refuse_is_refused_in_memory_and_changes_nothing() -> None:
    world = World(referrals=MemoryReferrals())
    world.accept("happy-path")
    before = world.referral
    update = InformationSupplied(id="u", actor="ehr-1", role=Role.EHR, received_at=NOW)
    noise = bytes((n * n * 31 + n // 7) % 251 for n in range(10))
    body = b"".join(noise + str(n * 7919 % 1_000_003).encode() for n in range(120_000))
    with pytest.raises(TooLarge):
        apply_update(world.engine, TENANT, REFERRAL, update, effects=(StorePayload(body=body),))
    assert world.referral == before
    assert not world.referrals.has_update(TENANT, REFERRAL, "u")


def test_a_referral_that_no_write_fits_is_on_a_worklist_all_the_same() -> None:
    """Whatever list an older release let grow: the last resort is an item of its own."""
    world, unmatched = World(referrals=MemoryReferrals()), MemoryUnmatched()
    world.accept("happy-path")
    before = world.referrals.load(TENANT, REFERRAL)
    noise = (sha256(str(n).encode()).hexdigest() for n in range(15_000))
    rows = tuple(ROWS["reports"].model_copy(update={"sha256": each}) for each in noise)
    grown = before.referral.model_copy(update={"reports": rows})
    world.referrals._referrals[TENANT, REFERRAL] = before.model_copy(update={"referral": grown})
    last = lambda *named: unmatched.keep(of_standing(*named, world.clock.now()))  # noqa: E731
    watchdog = Watchdog(partial(process_due, world.engine), world.referrals, world.clock, last)
    for _ in range(HOPELESS):
        world.clock.move(timedelta(hours=2))
        assert watchdog.tick() == {"failed": 1}
    (item,) = unmatched.items.values()
    assert (item.mismatch, item.candidates[0].referral_id) == (Mismatch.REFERRAL_STANDS, REFERRAL)
    # Once it fits again it goes on by itself.
    world.referrals._referrals[TENANT, REFERRAL] = before
    world.clock.move(timedelta(hours=2))
    assert watchdog.tick() == {"restarted": 1}
