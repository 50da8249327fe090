"""One contract for what belongs to no referral yet: memory and the table (moto) behave alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.dynamodb.new_referrals import NewReferralTable
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.aws.dynamodb.unmatched import UnmatchedTable
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.adapters.memory.unmatched import MemoryUnmatched
from referral_core.domain.errors import Conflict, NotFound
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.unmatched import Fault, Mismatch, Unmatched, of_standing
from tests.adapters.secret_keys import HASHED_KEYS
from tests.in_memory import START, TENANT
from tests.unit.builders import a_new_referral, a_referral
from tests.unit.entrypoints.http.unmatched_items import an_item

Store = MemoryUnmatched | UnmatchedTable


@pytest.fixture(params=["memory", "table"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryUnmatched()
        return
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**create_table_request("referrals"))
        yield UnmatchedTable(client, "referrals")


def test_an_item_is_kept_once_and_read_back(store: Store) -> None:
    assert store.keep(an_item())
    assert not store.keep(an_item(client_id="somebody-else"))
    assert store.get(TENANT, "item-1") == an_item()
    with pytest.raises(NotFound):
        store.get(Tenant("other"), "item-1")


def test_of_one_client_reason_and_day_so_many_are_kept_and_each_once(store: Store) -> None:
    def refused(n: int, code: str = "c", day: int = 0) -> Unmatched:
        faults = (Fault(code=code, says="Send it otherwise."),)
        at = START + timedelta(days=day)
        return an_item(f"{code}-{day}-{n}", update=None, refused_for=faults, received_at=at)

    assert [store.keep_few(refused(n), 2) for n in (1, 1, 2, 3, 1)] == [True] * 3 + [False, True]
    assert store.keep_few(refused(1, "other"), 2)
    assert store.keep_few(refused(1, day=1), 2)
    assert store.count(TENANT) == 4


def test_what_is_to_be_seen_later_is_neither_listed_nor_counted_yet(store: Store) -> None:
    later = START + timedelta(hours=1)
    store.keep(an_item("now"))
    store.keep(an_item("later", received_at=later))
    page, following = store.waiting(TENANT, 9, until=START)
    assert ([item.id for item in page], following) == (["now"], None)
    assert (store.count(TENANT, START), store.count(TENANT, later)) == (1, 2)
    assert len(store.waiting(TENANT, 9, until=later)[0]) == 2


def test_a_referral_that_stands_is_read_back_though_nothing_came_with_it(store: Store) -> None:
    standing = of_standing(TENANT, ReferralId("r1"), START)
    assert store.keep(standing)
    assert store.waiting(TENANT, 2) == ([standing], None)


def test_what_waits_is_listed_by_its_tenant_first_received_first(store: Store) -> None:
    for number in (2, 1, 3):
        at = START + timedelta(minutes=number)
        store.keep(an_item(f"item-{number}", received_at=at))
    store.keep(an_item("abroad", tenant=Tenant("other")))
    page, following = store.waiting(TENANT, 2)
    assert [item.id for item in page] == ["item-1", "item-2"]
    assert store.count(TENANT) == 3
    rest, last = store.waiting(TENANT, 2, following)
    assert ([item.id for item in rest], last) == (["item-3"], None)


def test_an_item_is_settled_once_and_waits_no_longer(store: Store) -> None:
    store.keep(an_item())
    settled = an_item(settled_at=START, settled_by="staff-1")
    store.settle(settled)
    assert store.waiting(TENANT, 10) == ([], None)
    assert store.count(TENANT) == 0
    assert store.get(TENANT, "item-1") == settled
    with pytest.raises(Conflict):
        store.settle(settled)


def test_it_is_attached_to_one_referral_and_not_dismissed_meanwhile(store: Store) -> None:
    one, another = (an_item(attached_to=ReferralId(to)) for to in ("one", "another"))
    store.keep(an_item())
    store.choose(one)
    store.choose(one)
    ended = {"settled_at": START, "settled_by": "staff-1"}
    for refused in (store.choose, store.settle):
        with pytest.raises(Conflict):
            refused(another.but(**ended))
    with pytest.raises(Conflict):
        store.settle(an_item(**ended))
    assert store.count(TENANT) == 1
    store.release(one)
    store.choose(another)
    store.settle(another.but(**ended))
    assert store.get(TENANT, "item-1") == another.but(**ended)
    with pytest.raises(Conflict):
        store.choose(another)


def test_of_two_who_choose_the_same_one_has_it(store: Store) -> None:
    first, as_other, by_other = (
        an_item(attached_to=ReferralId("one"), chosen_as=kind, chosen_by=who)
        for kind, who in (("attach", "ann"), ("seen-elsewhere", "ann"), ("attach", "bob"))
    )
    store.keep(an_item())
    store.choose(first)
    for other in (as_other, by_other):
        for refused in (store.choose, store.settle):
            with pytest.raises(Conflict):
                refused(other)
    store.release(first)
    store.choose(by_other)
    assert store.get(TENANT, "item-1") == by_other


@pytest.mark.parametrize("kind", ["memory", "table"])
def test_what_was_left_out_of_an_order_waits_from_its_transaction_on(kind: str) -> None:
    left_out = an_item().evidence
    new = a_new_referral(a_referral(), b"{}", "sys|1").but(left_out=left_out)
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**create_table_request("referrals"))
        memory = MemoryReferrals()
        referrals = (
            memory if kind == "memory" else NewReferralTable(client, "referrals", HASHED_KEYS)
        )
        items = memory.unmatched if kind == "memory" else UnmatchedTable(client, "referrals")
        assert referrals.accept([new]) == ()
        (item,), _ = items.waiting(TENANT, 2)
        assert (item.mismatch, item.evidence) == (Mismatch.LEFT_OUT_OF_ORDER, left_out)
        assert [c.referral_id for c in item.candidates] == [new.referral.id]
