"""One contract for the record: memory and the DynamoDB table (moto) behave alike."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from pydantic import ValidationError

from referral_core.adapters.aws.dynamodb import effects as table_effects
from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory
from referral_core.adapters.aws.dynamodb.directory_store import DirectoryTable
from referral_core.adapters.aws.dynamodb.items import PayloadTooLarge, compressed
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.memory import effects as memory_effects
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.directory_store import MemoryDirectoryStore
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.change import Change, change
from referral_core.domain.effects import (
    ClaimDailyMessage,
    Effect,
    IndexContact,
    IndexIdentifier,
    KeepDecision,
    KeepEvidence,
    RecordUpdate,
    Release,
    Reserve,
    RoutingDecision,
    StorePayload,
    TakeNumber,
)
from referral_core.domain.errors import Conflict, NotFound, StaleRun, TooLarge
from referral_core.domain.events import EventKind
from referral_core.domain.evidence import ORDER_DOCUMENT, REPORT, Evidence
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.mailbox import Wait
from referral_core.domain.new_referral import Key, KeyKind
from referral_core.domain.referral import Offer, Referral, Reservation, ReservedSlot
from referral_core.domain.slots import Slot, SlotStatus, SlotWeek
from referral_core.domain.updates import UpdateKind
from referral_core.domain.writes import (
    Commit,
    DuplicateUpdate,
    KeyTaken,
    MessageNotAllowed,
    NoCapacity,
    ReferralState,
)
from referral_core.ports.lifecycle import Directory
from tests.adapters.secret_keys import HASHED_KEYS
from tests.unit.builders import NOW, TENANT, a_new_referral, a_referral, an_update

Store = MemoryReferrals | ReferralTable
WEEK = Reservation(npi="1999900008", week="2026-W10")


def a_table() -> ReferralTable:
    """The table as the template makes it."""
    client = boto3.client("dynamodb", "us-east-1")
    client.create_table(**create_table_request("referrals"))
    return ReferralTable(client, "referrals", HASHED_KEYS)


@pytest.fixture(params=["memory", "table"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryReferrals()
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield a_table()


def recorded(referral: Referral, **fields: Any) -> Change:
    base = {"at": NOW, "actor": "t", "status_reason": "w", "due_at": referral.due_at, **fields}
    return change(referral, EventKind.RESOLUTION_RESENT, **base)


def accepted(store: Store, referral: Referral | None = None) -> ReferralState:
    referral = referral or a_referral()
    assert store.accept([a_new_referral(referral, b'{"a": 1}', "sys|1")]) == ()
    return store.load(TENANT, referral.id)


def commit(
    loaded: ReferralState, made: Change | None = None, *effects: Effect, **fields: Any
) -> Commit:
    return Commit(
        change=made or recorded(loaded.referral),
        mailbox_before=loaded.mailbox,
        effects=effects,
        **fields,
    )


def test_what_is_accepted_is_read_back(store: Store) -> None:
    loaded = accepted(store)
    assert loaded.referral == a_referral()
    assert store.payload(loaded.referral) == b'{"a": 1}'
    assert [e.kind for e in store.events(TENANT, loaded.referral.id)] == ["received"]


def test_those_that_are_there_are_read_together_in_the_order_asked_for(store: Store) -> None:
    some = [a_referral(id=ReferralId(f"r{n:03}")) for n in range(120)]
    for one in some:
        store.accept([a_new_referral(one)])
    ids = [one.id for one in reversed(some)]

    found = store.those_of(TENANT, [*ids[:60], ReferralId("gone"), *ids[60:]])

    assert [one.id for one in found] == ids
    assert store.those_of(Tenant("another"), ids) == []
    assert store.those_of(TENANT, []) == []


def test_a_report_of_the_same_bytes_takes_no_document_of_the_order(store: Store) -> None:
    accepted(store)
    document = Evidence(
        sha256="a" * 64,
        kind=ORDER_DOCUMENT,
        source="main-ehr",
        received_at=NOW,
        content_type="application/pdf",
        size=1,
    )
    report = document.but(kind=REPORT, source="clinic-1")
    for kept in (document, report, report, document):
        loaded = store.load(TENANT, ReferralId("r1"))
        store.commit(commit(loaded, None, KeepEvidence(evidence=kept)))
    found = store.documents_of(TENANT, ReferralId("r1"))
    assert sorted(one.source for one in found) == ["clinic-1", "main-ehr"]


def test_a_lock_that_is_taken_keeps_every_arrival_out(store: Store) -> None:
    accepted(store)
    other = a_referral("r2")
    taken = store.accept(
        [a_new_referral(a_referral("r3"), b"{}", "sys|3"), a_new_referral(other, b"{}", "sys|1")]
    )
    assert [held.referral_id for held in taken] == ["r1"]
    for missing in ("r2", "r3"):
        with pytest.raises(NotFound):
            store.load(TENANT, ReferralId(missing))


def test_of_many_parallel_posts_one_wins(store: Store) -> None:
    # moto copies its tables in a transaction without a lock: there the posts come one by one.
    workers = 1 if isinstance(store, ReferralTable) else 16

    def post(number: int) -> bool:
        return store.accept([a_new_referral(a_referral(f"r{number}"), b"{}", "sys|same")]) == ()

    with ThreadPoolExecutor(workers) as pool:
        assert sum(pool.map(post, range(50))) == 1


def test_a_lock_tells_whose_it_is(store: Store) -> None:
    accepted(store)
    key = Key(kind=KeyKind.PLACER, owner="main-ehr", value="sys|1", content_hash="")
    held = store.taken(TENANT, key)
    assert held is not None
    assert (held.referral_id, held.content_hash) == ("r1", "c")
    assert store.taken(Tenant("other"), key) is None


def test_the_same_number_of_two_owners_is_two_locks_and_both_are_found(store: Store) -> None:
    accepted(store)
    other = a_new_referral(a_referral("r2", referrer="other-ehr"), b"{}", "sys|1")
    assert store.accept([other]) == ()
    assert set(store.identified(TENANT, "sys|1")) == {"r1", "r2"}
    (held,) = store.accept([a_new_referral(a_referral("r3"), b"{}", "sys|1")])
    assert held.referral_id == "r1"


def test_a_number_is_taken_once_and_kept_by_whose_it_is(store: Store) -> None:
    loaded = accepted(store)
    store.accept([a_new_referral(a_referral("r2"), b"{}", "sys|2")])
    own = (TakeNumber(number=n, content_hash="c") for n in ("sys|1", "sys|3"))
    store.commit(commit(loaded, None, *own))
    for number in ("sys|1", "sys|3"):
        held = store.taken(
            TENANT, Key(kind=KeyKind.PLACER, owner="main-ehr", value=number, content_hash="")
        )
        assert held is not None
        assert held.referral_id == "r1"
    again = store.load(TENANT, ReferralId("r1"))
    with pytest.raises(KeyTaken):
        store.commit(commit(again, None, TakeNumber(number="sys|2", content_hash="c")))
    assert store.load(TENANT, ReferralId("r1")) == again


def test_an_identifier_finds_all_that_have_it(store: Store) -> None:
    shared = a_new_referral(a_referral("r2")).but(identifiers=("sys|group",))
    loaded = accepted(store)
    store.accept([shared])
    assert store.identified(TENANT, "sys|group") == ["r2"]
    store.commit(commit(loaded, None, IndexIdentifier(identifier="sys|group")))
    assert store.identified(TENANT, "sys|group") == ["r1", "r2"]
    assert not store.identified(Tenant("other"), "sys|group")
    assert store.identified(TENANT, "sys|1") == ["r1"]


def test_another_tenant_finds_nothing(store: Store) -> None:
    accepted(store)
    with pytest.raises(NotFound):
        store.load(Tenant("other"), ReferralId("r1"))


def test_a_commit_on_an_older_version_is_a_conflict(store: Store) -> None:
    loaded = accepted(store)
    store.commit(commit(loaded))
    with pytest.raises(Conflict):
        store.commit(commit(loaded))
    assert store.load(TENANT, ReferralId("r1")).referral.version == 2


def test_a_commit_of_an_older_run_is_stale(store: Store) -> None:
    loaded = accepted(store)
    store.commit(commit(loaded, recorded(loaded.referral, run=2)))
    with pytest.raises(StaleRun):
        store.commit(commit(loaded))


def test_a_mailbox_is_written_with_its_referral_or_not_at_all(store: Store) -> None:
    loaded = accepted(store)
    wait = Wait(
        id="1-2",
        step=Step.OFFER_REFERRAL,
        token="t",
        accepts=frozenset({UpdateKind.OFFER_ACCEPTED}),
        deadline=NOW,
    )
    store.commit(commit(loaded, mailbox=loaded.mailbox.opened(wait)))
    waiting = store.load(TENANT, ReferralId("r1"))
    assert waiting.mailbox.wait == wait
    stale_mailbox = ReferralState(referral=waiting.referral, mailbox=loaded.mailbox)
    with pytest.raises(Conflict):
        store.commit(commit(stale_mailbox, mailbox=loaded.mailbox.closed()))
    assert store.load(TENANT, ReferralId("r1")) == waiting


def test_an_update_is_recorded_once(store: Store) -> None:
    loaded = accepted(store)
    update = RecordUpdate(update=an_update(UpdateKind.OFFER_ACCEPTED))
    assert not store.has_update(TENANT, ReferralId("r1"), update.update.id)
    store.commit(commit(loaded, None, update))
    again = store.load(TENANT, ReferralId("r1"))
    for state in (again, loaded):  # whether or not another writer was first
        with pytest.raises(DuplicateUpdate):
            store.commit(commit(state, None, update))
    assert store.has_update(TENANT, ReferralId("r1"), update.update.id)
    assert not store.has_update(Tenant("other"), ReferralId("r1"), update.update.id)
    assert not store.has_update(TENANT, ReferralId("r1"), "another")


def three(store: Store) -> None:
    for number in (1, 2, 3):
        store.accept([a_new_referral(a_referral(f"r{number}"))])


def write(store: Store, number: int, *effects: Effect) -> None:
    store.commit(commit(store.load(TENANT, ReferralId(f"r{number}")), None, *effects))


TAKE, GIVE = (
    Reserve(reservation=WEEK, capacity=2, organization="clinic-1"),
    Release(reservation=WEEK),
)


def test_reservations_never_exceed_the_capacity(store: Store) -> None:
    three(store)
    write(store, 1, TAKE)
    write(store, 2, TAKE)
    with pytest.raises(NoCapacity):
        write(store, 3, TAKE)
    write(store, 1, GIVE)
    write(store, 3, TAKE)
    with pytest.raises(NoCapacity):
        write(store, 1, TAKE)


def entries_of(store: Store) -> DirectoryTable | MemoryDirectoryStore:
    """The directory's half of a store, as clinics write it."""
    if isinstance(store, ReferralTable):
        return DirectoryTable(store._table.client, store._table.name)
    return MemoryDirectoryStore(store)


def directory_of(store: Store) -> Directory:
    """The directory as decisions read it."""
    if isinstance(store, ReferralTable):
        return DynamoDbDirectory(store._table.client, store._table.name)
    return MemoryDirectory(store, [])


def publish(store: Store, slot: Slot, revision: int = 0) -> None:
    entries = entries_of(store)
    known = {slot.id: slot.but(version=slot.version - 1)} if revision else {}
    before = SlotWeek(revision=revision, slots=known)
    entries.write_slots(TENANT, WEEK.npi, WEEK.week, before, {slot.id: slot})


def test_a_slot_is_reserved_once_and_given_back_once(store: Store) -> None:
    three(store)
    start = datetime(2026, 3, 3, 15, tzinfo=UTC)
    end, own_id = start + timedelta(hours=1), f"{WEEK.npi}.a"
    free = Slot(id=own_id, organization="clinic-1", start=start, end=end, status=SlotStatus.FREE)
    reservation = WEEK.but(slot=ReservedSlot(id=own_id, start=start, end=end))
    take = Reserve(reservation=reservation, capacity=1, organization="clinic-1")
    give = Release(reservation=reservation)
    with pytest.raises(NoCapacity):
        write(store, 1, take)
    publish(store, free)
    with pytest.raises(NoCapacity):
        write(store, 1, take.but(organization="clinic-2"))
    write(store, 1, take)
    (read,) = directory_of(store).slots(TENANT, WEEK.npi, [WEEK.week]).values()
    assert read == SlotWeek(revision=1, slots={own_id: free}, holders={own_id: "r1"})
    # What its clinic says of it anew leaves it reserved
    publish(store, free.but(version=2), revision=1)
    with pytest.raises(NoCapacity):
        write(store, 2, take)
    # Nobody else gives it back
    write(store, 2, give)
    with pytest.raises(NoCapacity):
        write(store, 3, take)
    write(store, 1, give)
    write(store, 3, take)
    write(store, 3, give)
    # Whoever read it as free does not get it once it is busy
    publish(store, free.but(status=SlotStatus.BUSY, version=3), revision=2)
    with pytest.raises(NoCapacity):
        write(store, 2, take)
    with pytest.raises(Conflict):
        publish(store, free, revision=1)


def test_another_slot_is_reserved_instead_with_one_write(store: Store) -> None:
    three(store)
    first, second = two_slots(store)
    take = Reserve(reservation=first, capacity=1, organization="clinic-1")
    write(store, 1, take)
    write(store, 1, take.but(reservation=second, instead_of=first))
    with pytest.raises(NoCapacity):
        write(store, 2, take.but(reservation=second))
    write(store, 2, take)
    # What was given back already is not given back once more, whoever has it now
    write(store, 1, Release(reservation=first))
    with pytest.raises(NoCapacity):
        write(store, 3, take)
    # It was counted once all the time
    write(store, 1, Release(reservation=second))
    write(store, 2, Release(reservation=first))
    write(store, 3, TAKE.but(capacity=1))


def two_slots(store: Store) -> tuple[Reservation, Reservation]:
    """Given a week with two slots, and a reservation of each."""
    start = datetime(2026, 3, 3, 15, tzinfo=UTC)
    slots, reservations = dict[str, Slot](), list[Reservation]()
    for n in range(2):
        begin, own_id = start + timedelta(hours=n), f"{WEEK.npi}.{n}"
        end = begin + timedelta(hours=1)
        slots[own_id] = Slot(
            id=own_id, organization="clinic-1", start=begin, end=end, status=SlotStatus.FREE
        )
        reservations.append(WEEK.but(slot=ReservedSlot(id=own_id, start=begin, end=end)))
    entries_of(store).write_slots(TENANT, WEEK.npi, WEEK.week, SlotWeek(), slots)
    first, second = reservations
    return first, second


def test_a_slot_is_taken_instead_only_of_what_the_referral_has(store: Store) -> None:
    three(store)
    first, second = two_slots(store)
    take = Reserve(reservation=first, capacity=1, organization="clinic-1")
    instead = take.but(reservation=second, instead_of=first)
    # Given a slot that it never had, one that another referral has by now, and a place that is none
    for number, before in ((3, first), (1, first), (3, WEEK)):
        if number == 1:
            write(store, 1, take)
            write(store, 1, Release(reservation=first))
            write(store, 2, take)
        with pytest.raises(NoCapacity):
            write(store, number, instead.but(instead_of=before))
    # Then nothing was changed: the other has its slot, and the week counts it
    (read,) = directory_of(store).slots(TENANT, WEEK.npi, [WEEK.week]).values()
    assert read.holders == {f"{WEEK.npi}.0": "r2"}
    assert directory_of(store).reserved(TENANT, WEEK.npi, [WEEK.week]) == {WEEK.week: 1}
    # And whoever has a place of the week gives that up for a slot of it, and nobody else's slot
    write(store, 1, TAKE.but(capacity=5))
    with pytest.raises(NoCapacity):
        write(store, 1, instead)
    write(store, 1, instead.but(instead_of=WEEK))
    assert directory_of(store).reserved(TENANT, WEEK.npi, [WEEK.week]) == {WEEK.week: 2}


def test_another_takes_nothing_back_of_a_week_whose_holders_are_known(store: Store) -> None:
    three(store)
    write(store, 1, TAKE)
    write(store, 2, GIVE)
    assert directory_of(store).reserved(TENANT, WEEK.npi, [WEEK.week]) == {WEEK.week: 1}


def test_a_place_takes_no_slots_part() -> None:
    for after in (WEEK, WEEK.but(npi="1999900016")):
        with pytest.raises(ValidationError, match="same clinician"):
            TAKE.but(reservation=after, instead_of=WEEK)


def test_a_decision_that_chose_nobody_is_read_back(store: Store) -> None:
    three(store)
    decision = RoutingDecision(
        number=1,
        at=NOW,
        policy="greedy-cost/1",
        chosen=None,
        candidates=(),
        exclusions={"1": "no capacity"},
    )
    write(store, 1, KeepDecision(decision=decision))
    assert [*store.routing_decisions(TENANT, ReferralId("r1"))] == [decision]


def test_a_release_of_nothing_changes_nothing_and_stops_nothing(store: Store) -> None:
    three(store)
    # Given a week of which nothing was ever reserved, and one of which all was given back
    write(store, 1, GIVE)
    write(store, 1, TAKE)
    write(store, 1, GIVE)
    # When more is given back, beside an update
    update = RecordUpdate(update=an_update(UpdateKind.OFFER_DECLINED))
    write(store, 1, GIVE, update)
    # Then all else is written
    assert store.load(TENANT, ReferralId("r1")).referral.version == 5
    assert store.has_update(TENANT, ReferralId("r1"), update.update.id)
    # And the week has the capacity that it had
    write(store, 1, TAKE)
    write(store, 2, TAKE)
    with pytest.raises(NoCapacity):
        write(store, 3, TAKE)


def test_a_release_of_nothing_hides_no_other_refusal(store: Store) -> None:
    three(store)
    stale = store.load(TENANT, ReferralId("r1"))
    update = RecordUpdate(update=an_update(UpdateKind.OFFER_DECLINED))
    write(store, 1, update)
    with pytest.raises(Conflict):
        store.commit(commit(stale, None, GIVE))
    with pytest.raises(DuplicateUpdate):
        write(store, 1, GIVE, update)
    full = Reserve(
        reservation=Reservation(npi="1", week="2026-W11"), capacity=0, organization="clinic-1"
    )
    with pytest.raises(NoCapacity):
        write(store, 1, GIVE, full)


def test_every_effect_is_written_by_both(store: Store) -> None:
    writers = table_effects.WRITERS if isinstance(store, ReferralTable) else memory_effects.WRITERS
    assert set(writers) == set(Effect.__subclasses__())


def test_a_new_payload_version_is_read_with_its_referral(store: Store) -> None:
    loaded = accepted(store)
    made = recorded(loaded.referral, run=1)
    made = made.but(after=made.after.but(payload_version=2))
    store.commit(commit(loaded, made, StorePayload(body=b'{"a": 2}')))
    assert store.payload(loaded.referral) == b'{"a": 1}'
    assert store.payload(store.load(TENANT, ReferralId("r1")).referral) == b'{"a": 2}'


def test_due_referrals_are_found_and_closed_ones_are_not(store: Store) -> None:
    for number in range(1, 8):
        due_at = NOW + timedelta(hours=number)
        store.accept([a_new_referral(a_referral(f"r{number}", due_at=due_at))])
    closed = store.load(TENANT, ReferralId("r1"))
    made = recorded(closed.referral, status=Status.CLOSED, outcome=Outcome.SUPERSEDED)
    store.commit(commit(closed, made))
    found = {i for _, i in store.due(NOW + timedelta(hours=5), 1)}
    assert found == {"r2", "r3", "r4", "r5"}


def test_a_phone_finds_its_open_referrals(store: Store) -> None:
    new_referral = a_new_referral(a_referral()).but(contact_hash="h")
    store.accept([new_referral])
    assert list(store.by_phone(TENANT, "h")) == ["r1"]
    loaded = store.load(TENANT, ReferralId("r1"))
    store.commit(commit(loaded, None, IndexContact(contact_hash="h2")))
    assert list(store.by_phone(TENANT, "h2")) == ["r1"]
    loaded = store.load(TENANT, ReferralId("r1"))
    made = recorded(loaded.referral, status=Status.CLOSED, outcome=Outcome.SUPERSEDED)
    store.commit(commit(loaded, made))
    assert list(store.by_phone(TENANT, "h")) == []
    assert list(store.by_phone(Tenant("other"), "h")) == []


MONDAY = date(2026, 3, 2)


def a_claim(day: date = MONDAY, reference: str = "r1-c1", **fields: Any) -> ClaimDailyMessage:
    return ClaimDailyMessage(contact_hash="h", day=day, reference=reference, **fields)


def take(store: Store, claim: ClaimDailyMessage, referral_id: str = "r1") -> None:
    store.commit(commit(store.load(TENANT, ReferralId(referral_id)), None, claim))


def test_the_messages_of_a_number_are_known_by_day(store: Store) -> None:
    accepted(store)
    for number in range(4):
        day = MONDAY + timedelta(days=2 * number)
        take(store, a_claim(day, f"r1-c{number}"))
    sent = store.messaged(TENANT, "h", date(2026, 3, 4))
    assert dict(sent) == {
        date(2026, 3, 4): "r1-c1",
        date(2026, 3, 6): "r1-c2",
        date(2026, 3, 8): "r1-c3",
    }
    assert not store.messaged(TENANT, "h2", MONDAY)
    assert not store.messaged(Tenant("other"), "h", MONDAY)


def test_of_two_messages_to_a_number_on_a_day_one_is_written(store: Store) -> None:
    # Given two referrals of one patient
    for number in (1, 2):
        store.accept([a_new_referral(a_referral(f"r{number}"))])
    # When both want to write today, Then the second one finds the day taken, and writes nothing
    take(store, a_claim())
    with pytest.raises(MessageNotAllowed):
        take(store, a_claim(reference="r2-c1"), "r2")
    assert store.load(TENANT, ReferralId("r2")).referral.version == 1
    assert [e.version for e in store.events(TENANT, ReferralId("r2"))] == [1]
    # And the day after it is its turn
    take(store, a_claim(MONDAY + timedelta(days=1), "r2-c1"), "r2")


def test_a_message_that_is_tried_again_keeps_its_day(store: Store) -> None:
    accepted(store)
    take(store, a_claim())
    take(store, a_claim())
    assert dict(store.messaged(TENANT, "h", MONDAY)) == {MONDAY: "r1-c1"}


def test_of_many_messages_at_the_same_instant_one_wins(store: Store) -> None:
    # moto copies its tables in a transaction without a lock: there they come one by one.
    workers = 1 if isinstance(store, ReferralTable) else 8
    for number in range(8):
        store.accept([a_new_referral(a_referral(f"r{number}"))])

    def is_written(number: int) -> bool:
        try:
            take(store, a_claim(reference=f"r{number}-c1"), f"r{number}")
        except MessageNotAllowed:
            return False
        return True

    with ThreadPoolExecutor(workers) as pool:
        assert sum(pool.map(is_written, range(8))) == 1


def test_a_number_that_wants_no_messages_gets_none(store: Store) -> None:
    accepted(store)
    assert not store.opted_out(TENANT, "h")
    store.opt_out(TENANT, "h", NOW)
    store.opt_out(TENANT, "h", NOW + timedelta(days=1))
    assert store.opted_out(TENANT, "h")
    with pytest.raises(MessageNotAllowed):
        take(store, a_claim())
    assert store.load(TENANT, ReferralId("r1")).referral.version == 1
    # An email is none of the messages that a STOP by phone ends.
    take(store, a_claim(stoppable=False))


def test_a_number_is_taken_off_the_opt_out_list_and_may_be_put_on_it_again(store: Store) -> None:
    accepted(store)
    store.opt_in(TENANT, "h")  # it was never on it
    store.opt_out(TENANT, "h", NOW)
    store.opt_in(TENANT, "h")
    assert not store.opted_out(TENANT, "h")
    take(store, a_claim())
    store.opt_out(TENANT, "h", NOW)
    assert store.opted_out(TENANT, "h")


def test_an_opt_out_is_of_one_number_and_one_tenant(store: Store) -> None:
    accepted(store)
    store.opt_out(TENANT, "another", NOW)
    store.opt_out(Tenant("other"), "h", NOW)
    assert not store.opted_out(TENANT, "h")
    take(store, a_claim())


def test_an_opt_out_and_the_days_leave_a_numbers_referrals_alone(store: Store) -> None:
    store.accept([a_new_referral(a_referral()).but(contact_hash="h")])
    take(store, a_claim())
    store.opt_out(TENANT, "h", NOW)
    assert list(store.by_phone(TENANT, "h")) == ["r1"]


def test_another_writer_counts_before_the_day_of_a_message(store: Store) -> None:
    loaded = accepted(store)
    take(store, a_claim())
    with pytest.raises(Conflict):
        store.commit(commit(loaded, None, a_claim(reference="r1-c2")))


def listed(store: Store, queue: str, size: int) -> list[str]:
    seen: list[str] = []
    after: str | None = None
    while True:
        page, after = store.in_queue(TENANT, queue, size, after)
        seen += [r.id for r in page]
        if after is None:
            return seen


def test_a_queue_is_paged_first_received_first(store: Store) -> None:
    for number in (3, 1, 2):
        received_at = NOW + timedelta(minutes=number)
        store.accept([a_new_referral(a_referral(f"r{number}", received_at=received_at))])
    assert listed(store, "front-office", 2) == ["r1", "r2", "r3"]
    assert listed(store, "front-office", 200) == ["r1", "r2", "r3"]
    assert listed(store, "contact-center", 200) == []
    assert store.in_queue(Tenant("other"), "front-office", 200) == ([], None)


def test_a_referral_that_changes_between_two_pages_keeps_its_place(store: Store) -> None:
    for number in (1, 2, 3, 4):
        received_at = NOW + timedelta(minutes=number)
        store.accept([a_new_referral(a_referral(f"r{number}", received_at=received_at))])
    first, after = store.in_queue(TENANT, "front-office", 2)
    for number in (1, 4):  # one that was read already, one that was not
        loaded = store.load(TENANT, ReferralId(f"r{number}"))
        later = loaded.referral.due_at + timedelta(days=1)
        store.commit(commit(loaded, recorded(loaded.referral, due_at=later)))
    rest, end = store.in_queue(TENANT, "front-office", 2, after)
    assert ([r.id for r in (*first, *rest)], end is None) == (["r1", "r2", "r3", "r4"], True)
    assert rest[1].version == 2


def test_a_referral_moves_from_queue_to_queue(store: Store) -> None:
    loaded = accepted(store)
    made = recorded(loaded.referral, status=Status.CHECKING_ELIGIBILITY, queue="contact-center")
    store.commit(commit(loaded, made))
    assert listed(store, "front-office", 10) == []
    (referral,) = store.in_queue(TENANT, "contact-center", 10)[0]
    assert referral == made.after
    closing = recorded(referral, status=Status.CLOSED, outcome=Outcome.SUPERSEDED)
    store.commit(commit(store.load(TENANT, referral.id), closing))
    assert listed(store, "contact-center", 10) == []
    assert listed(store, "closed", 10) == ["r1"]


def test_a_performer_finds_its_own(store: Store) -> None:
    offer = Offer(
        number=1, npi="1", organization="clinic-1", specialty="s", reservation=None, decision=1
    )
    store.accept(
        [a_new_referral(a_referral("r1", offers=(offer,))), a_new_referral(a_referral("r2"))]
    )
    page, _ = store.of_performer(TENANT, "clinic-1", 10)
    assert [r.id for r in page] == ["r1"]


def test_a_payload_over_the_limit_is_refused_before_it_is_written() -> None:
    with pytest.raises(PayloadTooLarge, match="by reference"):
        compressed(os.urandom(400 * 1024))


def test_orders_that_no_transaction_holds_together_are_refused_whole(store: Store) -> None:
    letter = os.urandom(300 * 1024)
    together = [
        a_new_referral(a_referral(f"r{n}"), b'{"a": "%d"}' % n + letter, f"sys|{n}")
        for n in range(14)
    ]
    with pytest.raises(TooLarge, match="send fewer at once"):
        store.accept(together)
    for new in together:
        with pytest.raises(NotFound):
            store.load(TENANT, new.referral.id)
    assert store.accept(together[:12]) == ()
