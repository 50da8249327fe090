"""One contract for the record: memory and the DynamoDB table (moto) behave alike."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.memory import MemoryReferrals
from referral_core.adapters.table import PayloadTooLarge, Table, compressed
from referral_core.domain.errors import Conflict, NotFound, StaleRun
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.mailbox import Wait
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.referral import Change, Hold, Offer, Referral, change
from referral_core.domain.updates import UpdateKind
from referral_core.ports import Commit, Key, KeyKind, Loaded, MessageSlot, NoCapacity, NotNow
from tests.unit.builders import NOW, TENANT, a_referral, an_arrival, an_update

Store = MemoryReferrals | Table
HOLD = Hold(npi="1999900008", week="2026-W10")


def _text(name: str) -> dict[str, str]:
    return {"AttributeName": name, "AttributeType": "S"}


def _index(name: str, partition: str, sort: str) -> dict[str, Any]:
    keys = [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]
    return {"IndexName": name, "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}


def a_table() -> Table:
    """The table with its three indexes, as infra/table.py makes it."""
    client = boto3.client("dynamodb", "us-east-1")
    names = ("pk", "sk", "due_shard", "due_at", "queue_key", "performer_key", "updated_at")
    client.create_table(
        TableName="referrals",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[_text(name) for name in names],  # type: ignore[typeddict-item]
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            _index("by_due", "due_shard", "due_at"),
            _index("by_queue", "queue_key", "due_at"),
            _index("by_performer", "performer_key", "updated_at"),
        ],
    )
    return Table(client, "referrals")


@pytest.fixture(params=["memory", "table"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryReferrals()
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield a_table()


def noted(referral: Referral, **fields: Any) -> Change:
    told = {"at": NOW, "actor": "t", "why": "w", "due_at": referral.due_at, **fields}
    return change(referral, "noted", **told)


def accepted(store: Store, referral: Referral | None = None) -> Loaded:
    referral = referral or a_referral()
    assert store.accept([an_arrival(referral, b'{"a": 1}', "sys|1")]) == ()
    return store.load(TENANT, referral.id)


def commit(loaded: Loaded, made: Change | None = None, **fields: Any) -> Commit:
    return Commit(change=made or noted(loaded.referral), mailbox_before=loaded.mailbox, **fields)


def test_what_is_accepted_is_read_back(store: Store) -> None:
    loaded = accepted(store)
    assert loaded.referral == a_referral()
    assert store.payload(loaded.referral) == b'{"a": 1}'
    assert [e.kind for e in store.events(TENANT, loaded.referral.id)] == ["received"]


def test_a_lock_that_is_taken_keeps_every_arrival_out(store: Store) -> None:
    accepted(store)
    other = a_referral("r2")
    taken = store.accept(
        [an_arrival(a_referral("r3"), b"{}", "sys|3"), an_arrival(other, b"{}", "sys|1")]
    )
    assert [held.referral_id for held in taken] == ["r1"]
    for missing in ("r2", "r3"):
        with pytest.raises(NotFound):
            store.load(TENANT, ReferralId(missing))


def test_of_many_parallel_posts_one_wins(store: Store) -> None:
    # moto copies its tables in a transaction without a lock: there the posts come one by one.
    workers = 1 if isinstance(store, Table) else 16

    def post(number: int) -> bool:
        return store.accept([an_arrival(a_referral(f"r{number}"), b"{}", "sys|same")]) == ()

    with ThreadPoolExecutor(workers) as pool:
        assert sum(pool.map(post, range(50))) == 1


def test_a_lock_tells_whose_it_is(store: Store) -> None:
    accepted(store)
    key = Key(kind=KeyKind.PLACER, value="sys|1", content_hash="")
    held = store.taken(TENANT, key)
    assert held is not None
    assert (held.referral_id, held.content_hash) == ("r1", "c")
    assert store.taken(Tenant("other"), key) is None


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
    store.commit(commit(loaded, noted(loaded.referral, run=2)))
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
    stale_mailbox = Loaded(referral=waiting.referral, mailbox=loaded.mailbox)
    with pytest.raises(Conflict):
        store.commit(commit(stale_mailbox, mailbox=loaded.mailbox.closed()))
    assert store.load(TENANT, ReferralId("r1")) == waiting


def test_an_update_is_recorded_once(store: Store) -> None:
    loaded = accepted(store)
    update = an_update(UpdateKind.OFFER_ACCEPTED)
    store.commit(commit(loaded, update=update))
    again = store.load(TENANT, ReferralId("r1"))
    with pytest.raises(Conflict):
        store.commit(commit(again, update=update))


def test_holds_never_exceed_capacity_and_are_released_once(store: Store) -> None:
    for number in (1, 2, 3):
        store.accept([an_arrival(a_referral(f"r{number}"))])

    def take(number: int, **fields: Any) -> None:
        loaded = store.load(TENANT, ReferralId(f"r{number}"))
        store.commit(commit(loaded, **fields))

    take(1, hold=HOLD, hold_capacity=2)
    take(2, hold=HOLD, hold_capacity=2)
    with pytest.raises(NoCapacity):
        take(3, hold=HOLD, hold_capacity=2)
    take(1, release=HOLD)
    take(3, hold=HOLD, hold_capacity=2)
    take(2, release=HOLD)
    take(3, release=HOLD)
    with pytest.raises(Conflict):
        take(1, release=HOLD)


def test_a_new_payload_version_is_read_with_its_referral(store: Store) -> None:
    loaded = accepted(store)
    store.commit(commit(loaded, noted(loaded.referral, payload_version=2), payload=b'{"a": 2}'))
    assert store.payload(loaded.referral) == b'{"a": 1}'
    assert store.payload(store.load(TENANT, ReferralId("r1")).referral) == b'{"a": 2}'


def test_due_referrals_are_found_and_closed_ones_are_not(store: Store) -> None:
    for number in range(1, 8):
        due_at = NOW + timedelta(hours=number)
        store.accept([an_arrival(a_referral(f"r{number}", due_at=due_at))])
    closed = store.load(TENANT, ReferralId("r1"))
    made = noted(closed.referral, status=Status.CLOSED, outcome=Outcome.SUPERSEDED)
    store.commit(commit(closed, made))
    found = {i for _, i in store.due(NOW + timedelta(hours=5), 1)}
    assert found == {"r2", "r3", "r4", "r5"}


def test_a_phone_finds_its_open_referrals(store: Store) -> None:
    arrival = an_arrival(a_referral()).model_copy(update={"phone_hash": "h"})
    store.accept([arrival])
    assert list(store.by_phone(TENANT, "h")) == ["r1"]
    loaded = store.load(TENANT, ReferralId("r1"))
    store.commit(commit(loaded, phone_hash="h2"))
    assert list(store.by_phone(TENANT, "h2")) == ["r1"]
    loaded = store.load(TENANT, ReferralId("r1"))
    made = noted(loaded.referral, status=Status.CLOSED, outcome=Outcome.SUPERSEDED)
    store.commit(commit(loaded, made))
    assert list(store.by_phone(TENANT, "h")) == []
    assert list(store.by_phone(Tenant("other"), "h")) == []


MONDAY = date(2026, 3, 2)


def a_slot(day: date = MONDAY, reference: str = "r1-c1", **fields: Any) -> MessageSlot:
    return MessageSlot(phone_hash="h", day=day, reference=reference, **fields)


def take(store: Store, slot: MessageSlot, referral_id: str = "r1") -> None:
    store.commit(commit(store.load(TENANT, ReferralId(referral_id)), slot=slot))


def test_the_messages_of_a_number_are_known_by_day(store: Store) -> None:
    accepted(store)
    for number in range(4):
        day = MONDAY + timedelta(days=2 * number)
        take(store, a_slot(day, f"r1-c{number}"))
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
        store.accept([an_arrival(a_referral(f"r{number}"))])
    # When both want to write today, Then the second one finds the day taken, and writes nothing
    take(store, a_slot())
    with pytest.raises(NotNow):
        take(store, a_slot(reference="r2-c1"), "r2")
    assert store.load(TENANT, ReferralId("r2")).referral.version == 1
    assert [e.version for e in store.events(TENANT, ReferralId("r2"))] == [1]
    # And the day after it is its turn
    take(store, a_slot(MONDAY + timedelta(days=1), "r2-c1"), "r2")


def test_a_message_that_is_tried_again_keeps_its_day(store: Store) -> None:
    accepted(store)
    take(store, a_slot())
    take(store, a_slot())
    assert dict(store.messaged(TENANT, "h", MONDAY)) == {MONDAY: "r1-c1"}


def test_of_many_messages_at_the_same_instant_one_wins(store: Store) -> None:
    # moto copies its tables in a transaction without a lock: there they come one by one.
    workers = 1 if isinstance(store, Table) else 8
    for number in range(8):
        store.accept([an_arrival(a_referral(f"r{number}"))])

    def write(number: int) -> bool:
        try:
            take(store, a_slot(reference=f"r{number}-c1"), f"r{number}")
        except NotNow:
            return False
        return True

    with ThreadPoolExecutor(workers) as pool:
        assert sum(pool.map(write, range(8))) == 1


def test_a_number_that_wants_no_messages_gets_none(store: Store) -> None:
    accepted(store)
    assert not store.opted_out(TENANT, "h")
    store.opt_out(TENANT, "h", NOW)
    store.opt_out(TENANT, "h", NOW + timedelta(days=1))
    assert store.opted_out(TENANT, "h")
    with pytest.raises(NotNow):
        take(store, a_slot())
    assert store.load(TENANT, ReferralId("r1")).referral.version == 1
    # An email is none of the messages that a STOP by phone ends.
    take(store, a_slot(stoppable=False))


def test_an_opt_out_is_of_one_number_and_one_tenant(store: Store) -> None:
    accepted(store)
    store.opt_out(TENANT, "another", NOW)
    store.opt_out(Tenant("other"), "h", NOW)
    assert not store.opted_out(TENANT, "h")
    take(store, a_slot())


def test_an_opt_out_and_the_days_leave_a_numbers_referrals_alone(store: Store) -> None:
    store.accept([an_arrival(a_referral()).model_copy(update={"phone_hash": "h"})])
    take(store, a_slot())
    store.opt_out(TENANT, "h", NOW)
    assert list(store.by_phone(TENANT, "h")) == ["r1"]


def test_another_writer_counts_before_the_day_of_a_message(store: Store) -> None:
    loaded = accepted(store)
    take(store, a_slot())
    with pytest.raises(Conflict):
        store.commit(commit(loaded, slot=a_slot(reference="r1-c2")))


def test_a_queue_is_paged_soonest_due_first(store: Store) -> None:
    for number in (3, 1, 2):
        due_at = NOW + timedelta(hours=number)
        store.accept([an_arrival(a_referral(f"r{number}", due_at=due_at))])
    seen: list[str] = []
    after: str | None = None
    while True:
        page, after = store.in_queue(TENANT, "front-office", 2, after)
        seen += [r.id for r in page]
        if after is None:
            break
    assert seen == ["r1", "r2", "r3"]


def test_a_performer_finds_its_own(store: Store) -> None:
    offer = Offer(number=1, npi="1", organization="clinic-1", specialty="s", hold=None, decision=1)
    store.accept([an_arrival(a_referral("r1", offers=(offer,))), an_arrival(a_referral("r2"))])
    page, _ = store.of_performer(TENANT, "clinic-1", 10)
    assert [r.id for r in page] == ["r1"]


def test_a_payload_over_the_limit_is_refused_before_it_is_written() -> None:
    with pytest.raises(PayloadTooLarge, match="by reference"):
        compressed(os.urandom(400 * 1024))
