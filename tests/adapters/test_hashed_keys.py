"""Keys that carry numbers and identifiers: hashed under a secret, found after it is rotated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory
from referral_core.adapters.aws.dynamodb.hashed_keys import HashedKeys
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.aws.dynamodb.work_lists import WorkLists
from referral_core.domain.change import change
from referral_core.domain.effects import (
    ClaimDailyMessage,
    Effect,
    IndexContact,
    IndexIdentifier,
    KeepMapping,
    TakeNumber,
)
from referral_core.domain.events import EventKind
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.new_referral import Key, KeyKind, NewReferral
from referral_core.domain.orders.search_terms import name_term
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.terminology import Override
from referral_core.domain.writes import Commit, KeyTaken, MessageNotAllowed
from tests.adapters.secret_keys import Rotated, secret_key
from tests.unit.builders import NOW, TENANT, a_new_referral, a_referral

NUMBER, PHONE = "urn:oid:1.2.3|AB-12", contact_hash("+15085550142")
PERSON, NAME = "person:whitlock:1961-04-09", name_term("whitlock")
OTHER = Tenant("riverside")
HOSPICE = Override.model_validate(
    {"specialty": "251G00000X", "name": "Hospice care", "decided_by": "maria"}
)


class Stored:
    """A table under a secret that a test rotates."""

    def __init__(self) -> None:
        self.client = boto3.client("dynamodb", "us-east-1")
        self.client.create_table(**create_table_request("t"))
        self.secret = Rotated()
        self.table = ReferralTable(self.client, "t", self.secret.keys)
        self.lists = WorkLists(self.client, "t", self.secret.keys)
        self.directory = DynamoDbDirectory(self.client, "t", self.secret.keys)

    def accept(self, referral_id: str, *numbers: str, **fields: Any) -> tuple[object, ...]:
        return self.table.accept([a_numbered(referral_id, *numbers, **fields)])

    def commit(self, referral_id: str, *effects: Effect) -> None:
        loaded = self.table.load(TENANT, ReferralId(referral_id))
        made = change(
            loaded.referral,
            EventKind.WORK_ITEM_UPDATED,
            at=NOW,
            actor="t",
            status_reason="w",
            due_at=loaded.referral.due_at,
        )
        self.table.commit(Commit(change=made, mailbox_before=loaded.mailbox, effects=effects))

    def everything(self) -> str:
        return json.dumps(self.client.scan(TableName="t")["Items"], default=str)

    def found(self) -> dict[str, object]:
        """What each hashed key finds."""
        return {
            "lock": self.table.taken(TENANT, a_lock(NUMBER)) is not None,
            "identified": list(self.table.identified(TENANT, PERSON)),
            "phone": list(self.table.by_phone(TENANT, PHONE)),
            "term": [r.id for r in self.lists.found_by(TENANT, [PERSON, NAME], 9)[0]],
            "number": [r.id for r in self.lists.with_number(TENANT, "ab12")],
            "messaged": list(self.table.messaged(TENANT, PHONE, NOW.date()).values()),
            "opted out": self.table.opted_out(TENANT, PHONE),
            "mapping": sorted(self.directory.overrides(TENANT, ["hospice"]).entries),
        }


def a_lock(value: str, kind: KeyKind = KeyKind.PLACER) -> Key:
    return Key(kind=kind, owner="main-ehr", value=value, content_hash="c")


def a_numbered(referral_id: str, *numbers: str, **fields: Any) -> NewReferral:
    new = a_new_referral(a_referral(referral_id), b"{}", *numbers)
    return new.but(contact_hash=PHONE, identifiers=(PERSON, NAME), **fields)


def a_claim(reference: str) -> ClaimDailyMessage:
    return ClaimDailyMessage(contact_hash=PHONE, day=NOW.date(), reference=reference)


FOUND = {
    "lock": True,
    "identified": ["r1"],
    "phone": ["r1"],
    "term": ["r1"],
    "number": ["r1"],
    "messaged": ["m1"],
    "opted out": True,
    "mapping": ["hospice"],
}


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stored]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Stored()


@pytest.fixture
def full(stored: Stored) -> Stored:
    """A table with one of everything that is hashed."""
    stored.accept("r1", NUMBER)
    stored.commit("r1", a_claim("m1"))
    stored.commit("r1", KeepMapping(key="hospice", override=HOSPICE))
    stored.table.opt_out(TENANT, PHONE, NOW)
    return stored


def test_no_key_is_a_value_or_its_plain_hash(full: Stored) -> None:
    keys = "\n".join(
        str(value)
        for entry in full.client.scan(TableName="t")["Items"]
        for name, value in entry.items()
        if name in {"pk", "sk"} or name.endswith(("_key", "_place"))
    )
    for said in (NUMBER, "AB-12", "ab12", PHONE, "+15085550142", PERSON, NAME, "hospice"):
        assert said not in keys
        assert sha256(said.encode()).hexdigest() not in keys
    assert secret_key("1") not in full.everything()


def test_what_was_written_under_an_older_secret_is_found(full: Stored) -> None:
    assert full.found() == FOUND
    full.secret.put("2", "1")
    assert full.found() == FOUND


def test_what_is_written_says_its_version(full: Stored) -> None:
    full.secret.put("2", "1")
    full.accept("r2", "urn:oid:1.2.3|CD-34")
    partitions = {entry["pk"]["S"] for entry in full.client.scan(TableName="t")["Items"]}
    (lock,) = (p for p in partitions if p.startswith("T#lakeside#KEY#placer#2."))
    assert len(lock.rpartition(".")[2]) == 64
    assert [p for p in partitions if "#KEY#placer#1." in p]


def test_a_version_that_is_gone_finds_nothing(full: Stored) -> None:
    """That the two tests above are not true of anything."""
    full.secret.put("2")
    assert not any(full.found().values())


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_number_taken_under_an_older_secret_is_taken(stored: Stored, kind: KeyKind) -> None:
    one = a_numbered("r1").but(keys=(a_lock("A", kind),))
    assert stored.table.accept([one]) == ()
    stored.secret.put("2", "1")
    again = a_numbered("r2").but(keys=(a_lock("A", kind),))
    (taken,) = stored.table.accept([again])
    assert taken.referral_id == "r1"


def test_while_both_are_known_each_way_round_is_taken(stored: Stored) -> None:
    """The second phase of a rotation: one function writes the new version, another the old."""
    stored.secret.put("1", "2")
    stored.accept("r1", "A")
    stored.secret.put("2", "1")
    assert stored.accept("r2", "A")
    stored.accept("r3", "B")
    stored.secret.put("1", "2")
    assert stored.accept("r4", "B")


def test_another_orders_number_cannot_be_taken_after_a_rotation(stored: Stored) -> None:
    stored.accept("r1", "A")
    stored.accept("r2", "B")
    stored.secret.put("2", "1")
    with pytest.raises(KeyTaken):
        stored.commit("r2", TakeNumber(number="A", content_hash="c"))
    stored.commit("r1", TakeNumber(number="A", content_hash="c"))


def test_a_stop_and_a_days_message_hold_after_a_rotation(stored: Stored) -> None:
    stored.accept("r1")
    stored.commit("r1", a_claim("m1"))
    stored.secret.put("2", "1")
    with pytest.raises(MessageNotAllowed):
        stored.commit("r1", a_claim("m2"))
    tomorrow = a_claim("m3").but(day=NOW.date() + timedelta(days=1))
    stored.secret.put("1", "2")
    stored.table.opt_out(TENANT, PHONE, NOW)
    stored.secret.put("2", "1")
    with pytest.raises(MessageNotAllowed):
        stored.commit("r1", tomorrow)
    stored.table.opt_in(TENANT, PHONE)
    stored.commit("r1", tomorrow)


def test_what_is_indexed_again_is_found_once(stored: Stored) -> None:
    stored.accept("r1", NUMBER)
    stored.secret.put("2", "1")
    again = TakeNumber(number=NUMBER, content_hash="c")
    stored.commit("r1", again, IndexContact(contact_hash=PHONE), IndexIdentifier(identifier=PERSON))
    assert stored.found()["phone"] == ["r1"]
    assert stored.found()["identified"] == ["r1"]
    assert stored.found()["number"] == ["r1"]


def test_equal_values_of_two_tenants_or_two_kinds_have_nothing_in_common() -> None:
    keys = Rotated().keys
    hashes = {
        partition.rpartition(".")[2]
        for tenant in (TENANT, OTHER)
        for (partition,) in (
            keys.phones(tenant, "v"),
            keys.identifiers(tenant, "v"),
            keys.numbers(tenant, "v"),
            keys.mappings(tenant, "v"),
            *(keys.locks(tenant, kind, "v") for kind in KeyKind),
        )
    }
    assert len(hashes) == 2 * (4 + len(KeyKind))


def test_without_the_secret_key_no_hash_can_be_made() -> None:
    """Another secret key under the same version makes another hash of the same value."""
    made = {
        HashedKeys(lambda key=key: json.dumps({"current": "1", "1": key})).phones(TENANT, PHONE)
        for key in ("k" * 64, "l" * 64)
    }
    assert len(made) == 2


@pytest.mark.parametrize(
    "secret",
    [
        "no json",
        "[]",
        "{}",
        '{"current": "1"}',
        '{"current": "2", "1": "%s"}' % ("k" * 64),
        '{"current": "1", "1": "short"}',
        '{"current": "1", "1": "%s", "2": "short"}' % ("k" * 64),
    ],
)
def test_a_secret_that_is_none_is_refused_and_not_told(secret: str) -> None:
    with pytest.raises(RuntimeError, match="not valid") as refused:
        HashedKeys(lambda: secret).phones(TENANT, PHONE)
    assert "short" not in str(refused.value)


def test_without_a_secret_nothing_is_hashed(stored: Stored) -> None:
    bare = ReferralTable(stored.client, "t")
    with pytest.raises(RuntimeError, match="no secret"):
        bare.accept([a_numbered("r9", NUMBER)])


@pytest.mark.parametrize("rotations", [0, 1, 2])
def test_a_bundle_of_twenty_orders_is_one_transaction_after_a_rotation_too(
    stored: Stored, rotations: int
) -> None:
    older = [str(n) for n in range(1, rotations + 1)]
    stored.secret.put(str(rotations + 1), *older)
    twenty = [a_numbered(f"r{n}", f"urn:n|{n}").but(identifiers=()) for n in range(20)]
    assert stored.table.accept(twenty) == ()
    assert [h.referral_id for h in stored.table.accept(twenty)] == [f"r{n}" for n in range(20)]


def test_what_was_taken_before_a_rotation_is_seen_where_the_transaction_has_no_room_for_it(
    stored: Stored,
) -> None:
    stored.accept("before", "urn:n|7")
    stored.secret.put("2", "1")
    twenty = [a_numbered(f"r{n}", f"urn:n|{n}").but(identifiers=()) for n in range(20)]
    (held,) = stored.table.accept(twenty)
    assert held.referral_id == "before"
    assert stored.table.taken(TENANT, a_lock("urn:n|1")) is None, "all or nothing"
