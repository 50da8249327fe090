"""One contract for the lists that people work from: memory and the DynamoDB table (moto)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.dynamodb import work_lists
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.aws.dynamodb.work_lists import WorkLists
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.adapters.memory.work_lists import MemoryWorkLists
from referral_core.domain.change import change
from referral_core.domain.events import EventKind
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Outcome, Queue, Status
from referral_core.domain.referral import Referral, WorkItem
from referral_core.domain.work_items import Reason
from referral_core.domain.work_items.lists import (
    FIRST,
    Closed,
    Exceptional,
    ItemList,
    OfOwner,
    OfTeam,
    Unassigned,
    Waiting,
    closed_since,
    instant,
    place_in_list,
)
from referral_core.domain.writes import Commit
from tests.adapters.secret_keys import HASHED_KEYS
from tests.unit.builders import NOW, TENANT, a_new_referral, a_referral

FRONT, CALLS = Queue.FRONT_OFFICE, Queue.CONTACT_CENTER


class Shelf(NamedTuple):
    """The record, and the lists over it."""

    store: MemoryReferrals | ReferralTable
    lists: MemoryWorkLists | WorkLists

    def put(self, referral_id: str, hours: int, **fields: Any) -> Referral:
        """Store a referral with an item that is due in some hours."""
        item = {
            "reason": Reason.NOT_ELIGIBLE,
            "opened_at": NOW,
            "resume_at": "RouteReferral",
            "actions": ("retry",),
            "due_at": NOW + timedelta(hours=hours),
            "owner": fields.pop("owner", None),
        }
        number = fields.pop("number", f"s|{referral_id}")
        referral = a_referral(referral_id, work_item=WorkItem.model_validate(item), **fields)
        self.store.accept([a_new_referral(referral, b"{}", number)])
        return referral

    def changed(self, referral_id: str, **fields: Any) -> None:
        """Change a stored referral."""
        loaded = self.store.load(TENANT, ReferralId(referral_id))
        base = {"at": NOW, "actor": "t", "status_reason": "w", "due_at": loaded.referral.due_at}
        made = change(loaded.referral, EventKind.WORK_ITEM_UPDATED, **{**base, **fields})
        self.store.commit(Commit(change=made, mailbox_before=loaded.mailbox))

    def ids(self, of: ItemList, size: int = 100, **bounds: str) -> list[str]:
        """Read a list page by page."""
        seen: list[str] = []
        after: str | None = FIRST
        while after is not None:
            page, after = self.lists.items(TENANT, of, size, after=after, **bounds)
            seen += [referral.id for referral in page]
        return seen


def a_shelf(client: Any) -> Shelf:
    store = ReferralTable(client, "referrals", HASHED_KEYS)
    return Shelf(store, WorkLists(client, "referrals", HASHED_KEYS))


@pytest.fixture(params=["memory", "table"])
def shelf(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    if request.param == "memory":
        store = MemoryReferrals()
        yield Shelf(store, MemoryWorkLists(store))
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**create_table_request("referrals"))
        yield a_shelf(client)


@pytest.mark.parametrize("size", [1, 2, 10])
def test_a_list_is_paged_first_due_first(shelf: Shelf, size: int) -> None:
    for name, hours in (("b", 3), ("a", 3), ("c", 1), ("d", 9)):
        shelf.put(name, hours)
    shelf.store.accept([a_new_referral(a_referral("no-item"))])
    assert shelf.ids(OfTeam(FRONT), size) == ["c", "a", "b", "d"]
    assert shelf.ids(OfTeam(CALLS), size) == []
    assert shelf.lists.items(Tenant("other"), OfTeam(FRONT), 10) == ([], None)


def test_a_claimed_item_is_its_owners_and_no_longer_unassigned(shelf: Shelf) -> None:
    first = shelf.put("a", 1)
    shelf.put("b", 2, owner="olu")
    assert shelf.ids(Unassigned(FRONT)) == ["a"]
    assert first.work_item is not None
    shelf.changed("a", work_item=first.work_item.but(owner="maria"))
    assert shelf.ids(Unassigned(FRONT)) == []
    assert shelf.ids(OfOwner("maria")) == ["a"]
    assert shelf.ids(OfOwner("olu")) == ["b"]
    assert shelf.ids(OfTeam(FRONT)) == ["a", "b"]


def test_an_item_leaves_its_lists_once_it_is_settled_or_its_referral_closed(shelf: Shelf) -> None:
    for name in ("a", "b", "c"):
        shelf.put(name, 1)
    shelf.changed("a", work_item=None)
    shelf.changed("b", queue=CALLS)
    shelf.changed("c", status=Status.CLOSED, outcome=Outcome.SUPERSEDED)
    assert shelf.ids(OfTeam(FRONT)) == []
    assert shelf.ids(OfTeam(CALLS)) == ["b"]
    assert shelf.lists.count(TENANT, OfTeam(FRONT)) == 0


def test_when_what_a_team_has_open_was_received_is_known_of_keys(shelf: Shelf) -> None:
    for days in (0, 3, 90):
        received_at = NOW - timedelta(days=days)
        shelf.put(f"r{days}", 1, received_at=received_at)
    shelf.store.accept([a_new_referral(a_referral("waits", received_at=NOW, queue=FRONT))])
    shelf.put("closed", 1)
    shelf.changed("closed", status=Status.CLOSED, outcome=Outcome.SUPERSEDED)
    ages = sorted((NOW - at).days for at in shelf.lists.received(TENANT, FRONT))
    assert ages == [0, 0, 3, 90]
    assert list(shelf.lists.received(TENANT, CALLS)) == []
    assert list(shelf.lists.received(Tenant("other"), FRONT)) == []


@pytest.mark.parametrize("size", [1, 10])
def test_what_should_not_have_come_up_has_a_list_and_a_count_of_its_own(
    shelf: Shelf, size: int
) -> None:
    put = {}
    for name, hours in (("a", 3), ("b", 1), ("c", 2), ("d", 4)):
        put[name] = shelf.put(name, hours)
    for name, reason in (("a", Reason.FAULT), ("b", Reason.NO_CANDIDATE), ("d", Reason.FAULT)):
        item = put[name].work_item
        assert item is not None
        shelf.changed(name, work_item=item.but(reason=reason))
    assert shelf.ids(Exceptional(FRONT), size) == ["b", "a", "d"]
    assert shelf.lists.count(TENANT, Exceptional(FRONT)) == 3
    assert shelf.lists.count(TENANT, Exceptional(CALLS)) == 0
    shelf.changed("b", work_item=None)
    shelf.changed("a", queue=CALLS)
    shelf.changed("d", status=Status.CLOSED, outcome=Outcome.SUPERSEDED)
    assert shelf.ids(Exceptional(FRONT)) == []
    assert shelf.ids(Exceptional(CALLS)) == ["a"]


@pytest.mark.parametrize("size", [1, 3, 25])
def test_what_waits_for_others_stands_in_a_list_of_its_own_first_received_first(
    shelf: Shelf, size: int
) -> None:
    for number in range(40):
        received_at = NOW + timedelta(seconds=number // 3)
        referral = a_referral(f"r{number:02}", queue=FRONT, received_at=received_at)
        shelf.store.accept([a_new_referral(referral)])
    shelf.put("item", 2, received_at=NOW)
    waiting = [f"r{number:02}" for number in range(40)]
    assert shelf.ids(Waiting(FRONT), size) == waiting
    assert shelf.lists.count(TENANT, Waiting(FRONT)) == len(waiting)
    assert shelf.ids(Waiting(CALLS)) == shelf.ids(Unassigned(CALLS)) == []
    shelf.changed("item", work_item=None)
    assert set(shelf.ids(Waiting(FRONT), size)) == {*waiting, "item"}


def test_a_page_that_ends_within_a_second_is_followed_by_the_rest_of_it(shelf: Shelf) -> None:
    for number in range(6):
        referral = a_referral(f"r{number}", queue=FRONT, received_at=NOW)
        shelf.store.accept([a_new_referral(referral)])
    page, _ = shelf.lists.items(TENANT, Waiting(FRONT), 100)
    cut = place_in_list(page[2])
    rest, _ = shelf.lists.items(TENANT, Waiting(FRONT), 100, after=cut)
    assert [referral.id for referral in rest] == ["r3", "r4", "r5"]


def test_what_is_closed_is_listed_the_last_closed_first(shelf: Shelf) -> None:
    for days, name in enumerate(("a", "b", "c")):
        shelf.put(name, 1)
        closed_at = NOW + timedelta(days=days)
        shelf.changed(name, at=closed_at, status=Status.CLOSED, outcome=Outcome.SUPERSEDED)
    assert shelf.ids(Closed(), 1) == ["c", "b", "a"]
    assert shelf.ids(OfTeam(FRONT)) == shelf.ids(Waiting(FRONT)) == []
    since = closed_since(NOW + timedelta(hours=12))
    assert shelf.lists.count(TENANT, Closed(), before=since) == 2


def test_what_is_due_before_an_instant_is_listed_and_counted(shelf: Shelf) -> None:
    for hours in (-2, -1, 0, 1):
        shelf.put(f"h{hours}", hours)
    now = instant(NOW)
    assert shelf.ids(OfTeam(FRONT), 1, before=now) == ["h-2", "h-1"]
    assert shelf.lists.count(TENANT, OfTeam(FRONT), before=now) == 2
    assert shelf.lists.count(TENANT, OfTeam(FRONT)) == 4
    # A page that begins behind what is asked for is empty, and no error.
    _, end = shelf.lists.items(TENANT, OfTeam(FRONT), 3)
    assert end is not None
    assert shelf.lists.items(TENANT, OfTeam(FRONT), 3, after=end, before=now) == ([], None)


def test_an_item_that_moves_between_two_pages_is_neither_lost_nor_twice(shelf: Shelf) -> None:
    for number in range(4):
        shelf.put(f"r{number}", number)
    first, end = shelf.lists.items(TENANT, OfTeam(FRONT), 2)
    assert end is not None
    item = first[0].work_item
    assert item is not None
    shelf.changed("r0", work_item=item.but(comments=1))
    rest, _ = shelf.lists.items(TENANT, OfTeam(FRONT), 2, after=end)
    assert [r.id for r in (*first, *rest)] == ["r0", "r1", "r2", "r3"]


def test_a_number_finds_the_referrals_that_bear_it_the_latest_first(shelf: Shelf) -> None:
    for name, hours in (("a", 1), ("b", 2)):
        received_at = NOW + timedelta(hours=hours)
        shelf.put(name, 1, number=f"sys-{name}|AB-12", received_at=received_at)
    assert [r.id for r in shelf.lists.with_number(TENANT, "ab12")] == ["b", "a"]
    assert shelf.lists.with_number(TENANT, "ab1") == []
    assert shelf.lists.with_number(Tenant("other"), "ab12") == []


def bearing(shelf: Shelf, **terms: tuple[str, ...]) -> None:
    """Let referrals be found under terms."""
    for name, borne in terms.items():
        new = a_new_referral(a_referral(name))
        shelf.store.accept([new.but(identifiers=borne)])


def sought(shelf: Shelf, *terms: str, limit: int = 20) -> tuple[list[str], bool]:
    found, more = shelf.lists.found_by(TENANT, terms, limit)
    return sorted(r.id for r in found), more


def test_who_bears_all_of_some_terms_is_found(shelf: Shelf) -> None:
    bearing(shelf, a=("ana", "lopez"), b=("ana", "garcia"), c=("ana", "lopez", "born"))
    assert sought(shelf, "ana") == (["a", "b", "c"], False)
    assert sought(shelf, "lopez", "ana") == (["a", "c"], False)
    assert sought(shelf, "born", "lopez", "ana") == (["c"], False)
    assert sought(shelf, "garcia", "lopez") == ([], False)
    assert sought(shelf, "ana", "nobody") == sought(shelf, "an") == ([], False)
    assert shelf.lists.found_by(Tenant("other"), ("ana",), 20) == ([], False)


def test_that_there_are_more_is_said(shelf: Shelf) -> None:
    bearing(shelf, a=("ana",), b=("ana",), c=("ana",))
    found, more = sought(shelf, "ana", limit=2)
    assert (len(found), more) == (2, True)
    assert sought(shelf, "ana", limit=3) == (["a", "b", "c"], False)


def test_a_search_reads_as_much_whatever_else_bears_the_term(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A common name is read to its bound, and a rarer one beside it is found all the same."""
    monkeypatch.setattr(work_lists, "_READ_OF_A_TERM", 5)
    with mock_aws():
        client = boto3.client(
            "dynamodb", "us-east-1", aws_access_key_id="t", aws_secret_access_key="t"
        )
        client.create_table(**create_table_request("referrals"))
        shelf = a_shelf(client)
        bearing(shelf, **{f"r{n:02}": ("smith",) for n in range(12)}, zz=("smith", "zoe"))
        assert sought(shelf, "smith")[1]
        assert len(sought(shelf, "smith")[0]) == 5
        assert sought(shelf, "smith", "zoe") == sought(shelf, "zoe", "smith") == (["zz"], False)


def test_a_pages_payloads_are_read_at_once(shelf: Shelf) -> None:
    page = [shelf.put("a", 1), shelf.put("b", 1), a_referral("gone")]
    known = page[:2] if isinstance(shelf.lists, MemoryWorkLists) else page
    assert shelf.lists.payloads(known) == {"a": b"{}", "b": b"{}"}


def test_a_page_reads_as_much_whatever_is_open_beside_it() -> None:
    """The entries that DynamoDB reads for a page are those it shows, and no item more."""
    with mock_aws():
        client = boto3.client(
            "dynamodb", "us-east-1", aws_access_key_id="t", aws_secret_access_key="t"
        )
        client.create_table(**create_table_request("referrals"))
        shelf = a_shelf(client)
        read: list[tuple[int, int]] = []
        for more in (range(5), range(5, 60)):
            for number in more:
                shelf.put(f"r{number}", 1 + number)
                shelf.store.accept([a_new_referral(a_referral(f"w{number}"))])
            asked: list[str] = []
            client.meta.events.register(
                "before-call", lambda model, asked=asked, **_: asked.append(model.name)
            )
            page, _ = shelf.lists.items(TENANT, OfTeam(FRONT), 5)
            read.append((len(page), len(asked)))
        assert read == [(5, 2), (5, 2)]
