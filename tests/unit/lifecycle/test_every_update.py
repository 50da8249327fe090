"""Every kind of update in every kind of waiting: an effect, a person, a refusal, or its turn later.

What is only recorded, and why that is all, stands in one table; whatever is not in it must do
something. Reactions are pure: each world is made once and asked about every kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any, Final

import pytest

from referral_core.domain.access.ownership import OWNERS, Authority, authority_of
from referral_core.domain.errors import NotLegal
from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import Step
from referral_core.domain.mailbox import Mailbox
from referral_core.domain.updates import (
    ALWAYS_ACCEPTED,
    ONLY_INFORMS,
    UPDATES,
    ChangedPart,
    Role,
    UpdateKind,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.draft import Draft
from referral_core.lifecycle.engine.apply_update import Receipt, apply_update
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, agreed, booked, reason_of, reported, seen
from tests.unit.lifecycle.test_order_changes import WAITS
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world

_K: Final = UpdateKind
WAITING: Final[Mapping[str, Callable[[], World]]] = {
    **{step.value: make for step, make in WAITS.items()},
    "VerifyClosure, told": lambda: _after(accepted, agreed, booked, _seen_later, reported),
    **{f"item: {r.value}": STANDS_AT[r] for r in (Reason.PATIENT_WROTE, Reason.FAULT)},
    **{f"item: {r.value}": STANDS_AT[r] for r in (Reason.AUTHORIZATION_DENIED, Reason.NOT_BOOKED)},
}
SAYS: Final[Mapping[UpdateKind, Mapping[str, Any]]] = {
    _K.INFORMATION_SUPPLIED: {"changed": (ChangedPart.COVERAGE,)},
    _K.SUPERSEDED: {"by": "f" * 32},
    _K.AUTHORIZATION_DECIDED: {"trace": None, "verdict": "denied"},
    _K.PATIENT_REPLIED: {"reply": "no"},
    _K.CONTACT_RECORDED: {"result": "declined"},
    _K.REPORT_RECEIVED: {"sha256": "b" * 64, "loinc": "11488-4"},
    _K.DECISION: {"action": "retry"},
}
OF_THE_MECHANISM: Final = frozenset(
    {kind for kind in _K if set(OWNERS[kind]) == {Role.ROUTER}}
    | {_K.WORK_ITEM_UPDATED, _K.NOTICE_ACKNOWLEDGED}
)
"""Their own suites judge them: the router's own, care of an item, and the end of a notice."""
ONLY_RECORDED: Final[Mapping[tuple[str, UpdateKind], str]] = {
    ("VerifyClosure", _K.APPOINTMENT_BOOKED): "a visit that follows; the report is awaited",
    ("VerifyClosure", _K.APPOINTMENT_FULFILLED): "the visit took place",
    **{
        (name, kind): "the visit took place: it is moot"
        for name in ("VerifyClosure", "VerifyClosure, told")
        for kind in (_K.OFFER_ACCEPTED, _K.OFFER_DECLINED)
    },
    **{
        ("VerifyClosure, told", kind): "the report is there, which proves more"
        for kind in (
            *(_K.APPOINTMENT_BOOKED, _K.APPOINTMENT_FULFILLED),
            *(_K.APPOINTMENT_CANCELLED, _K.APPOINTMENT_NOSHOW),
        )
    },
    ("VerifyClosure, told", _K.SERVICE_ATTESTED): "the report is there, which proves more",
    ("VerifyClosure, told", _K.CANCEL): "the care was given and reported: it is too late",
    ("VerifyClosure, told", _K.DECEASED_OR_MOVED): "the care was given and reported",
    ("VerifyClosure, told", _K.SUPERSEDED): "the care was given and reported",
    ("item: fault", _K.AUTHORIZATION_DECIDED): "no request is out that it could decide",
}
"""Where an update is accepted and leads to nothing more than its record, and why."""


def _after(*acts: Callable[[World], None]) -> World:
    world = a_world()
    for act in acts:
        act(world)
    return world


def _seen_later(world: World) -> None:
    world.clock.move(timedelta(days=8))
    seen(world)


@cache
def standing(name: str) -> World:
    """A referral that waits so; reactions are pure, so every test may ask this one."""
    return WAITING[name]()


def start_of_visit(world: World) -> Any:
    visit = world.referral.appointment
    return visit.start + timedelta(days=1) if visit else world.clock.now() + timedelta(days=5)


def made(world: World, kind: UpdateKind) -> Any:
    says = dict(SAYS.get(kind, {}))
    if kind is _K.APPOINTMENT_BOOKED:
        says["start"] = start_of_visit(world)
    known = world.referral.authorization
    if kind is _K.AUTHORIZATION_DECIDED and known is not None:
        says["trace"] = known.trace
    role = next(role for role in Role if role in OWNERS[kind])
    return world.update(UPDATES[kind], role=role, **says)


def mailbox_of(world: World) -> Mailbox:
    return world.referrals.load(TENANT, REFERRAL).mailbox


def reaction(world: World, kind: UpdateKind) -> Draft | None:
    """Return what an update leads to; None where it is refused."""
    wait = mailbox_of(world).open_wait
    assert wait is not None
    try:
        return world.engine.react(wait.step, world.engine.case(world.referral), made(world, kind))
    except NotLegal:
        return None


def does_something(world: World, drafted: Draft) -> bool:
    before, after = world.referral, drafted.after
    if drafted.next is not None or drafted.change.event.kind is not EventKind.UPDATE_RECORDED:
        return drafted.change.event.kind is not EventKind.CANCELLATION_TOO_LATE
    kept = {"version", "updated_at", "status_reason", "due_at"}
    return before.model_dump(exclude=kept) != after.model_dump(exclude=kept)


@pytest.mark.parametrize("kind", sorted(set(_K) - OF_THE_MECHANISM - ONLY_INFORMS))
@pytest.mark.parametrize("name", WAITING)
def test_what_is_accepted_has_an_effect_or_a_reason_for_having_none(
    name: str, kind: UpdateKind
) -> None:
    world = standing(name)
    wait = mailbox_of(world).open_wait
    assert wait is not None
    if not wait.accepts_kind(kind):
        assert (name, kind) not in ONLY_RECORDED
        return  # kept until its turn; see below
    if authority_of(made(world, kind), world.referral) is not Authority.PRESENT:
        return  # refused at the door: it is not its sender's to say
    drafted = reaction(world, kind)
    if drafted is not None:
        assert does_something(world, drafted) is ((name, kind) not in ONLY_RECORDED)


@pytest.mark.parametrize("kind", sorted(set(_K) - OF_THE_MECHANISM - ONLY_INFORMS))
def test_every_kind_has_a_step_whose_turn_it_is(kind: UpdateKind) -> None:
    turns = [s for s in world_steps() if kind in accepted_by(s)]
    assert turns or kind in ALWAYS_ACCEPTED


@pytest.mark.parametrize("name", WAITING)
def test_whatever_ends_a_referral_and_every_new_version_is_accepted_at_once(name: str) -> None:
    wait = mailbox_of(standing(name)).open_wait
    assert wait is not None
    assert all(wait.accepts_kind(kind) for kind in ALWAYS_ACCEPTED)


def world_steps() -> tuple[Step, ...]:
    return tuple(standing("OfferReferral").engine.steps)


def accepted_by(step: Step) -> frozenset[UpdateKind]:
    world = standing("AwaitVisit")
    return world.engine.steps[step].accepted_updates(world.referral)


def test_nothing_is_left_pending_where_a_referral_ends() -> None:
    """Whatever some step uses, the last one that waits takes: no update is forgotten."""
    used = {kind for step in world_steps() for kind in accepted_by(step)} - {_K.PLACE_OPENED}
    assert used <= accepted_by(Step.VERIFY_CLOSURE)


def test_what_crosses_the_closure_is_read_before_the_referral_is_closed() -> None:
    world = _after(accepted, agreed)
    world.report(UPDATES[_K.CANCEL], role=Role.EHR)
    while world.referral.current_step is not Step.VERIFY_CLOSURE:
        world.wait()
    notice = world.referral.notice
    assert notice is not None
    # The notice arrives and the last step is about to close; the clinic's word comes just then.
    told = world.update(UPDATES[_K.NOTICE_DELIVERED], notice=notice.number)
    apply_update(world.engine, TENANT, REFERRAL, told)
    late = world.update(UPDATES[_K.APPOINTMENT_FULFILLED], role=Role.STAFF)
    assert apply_update(world.engine, TENANT, REFERRAL, late) is Receipt.PENDING
    world.settle()
    assert not world.referral.is_closed
    world.wait()
    assert reason_of(world) is Reason.ENDING_CONTRADICTED
    world.report(UPDATES[_K.DECISION], role=Role.STAFF, action="keep-waiting")
    assert world.referral.is_closed
    assert mailbox_of(world).pending == ()
