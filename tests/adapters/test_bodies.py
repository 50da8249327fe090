"""What is stored is read back as it was, from the table and from its stream, plain or small."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any, get_args

import pytest

from referral_core.adapters.aws.dynamodb.attributes import Item, plain
from referral_core.adapters.aws.dynamodb.bodies import event_in, referral_in
from referral_core.adapters.aws.dynamodb.dictionary import DICTIONARY
from referral_core.adapters.aws.dynamodb.items import (
    decision_item,
    event_item,
    image_of,
    readable,
    referral_item,
    update_item,
)
from referral_core.adapters.aws.dynamodb.mailboxes import mailbox_in, mailbox_item
from referral_core.adapters.aws.dynamodb.stored_text import fitted, text_of
from referral_core.adapters.aws.dynamodb.write_units import item_size
from referral_core.domain.access.audit import AuditEntry
from referral_core.domain.change import change
from referral_core.domain.effects import RoutingDecision
from referral_core.domain.events import FACTS, EventKind, UpdateFacts
from referral_core.domain.lifecycle import Step
from referral_core.domain.mailbox import Mailbox, Wait
from referral_core.domain.model import Model
from referral_core.domain.referral import Contact, Referral
from referral_core.domain.unmatched import Unmatched
from referral_core.domain.updates import ALWAYS_ACCEPTED, UPDATE, Update, UpdateKind
from referral_core.entrypoints.stream import consume
from tests.unit.builders import NOW, TENANT, a_referral, an_update
from tests.unit.fhir.partners import an_offer

KB = 1024
PINNED = "cdc93ef286f56405daedf2485a0835b0d19a1242e97e4e62a586d42bd682cf93"


def a_long_referral() -> Referral:
    """One whose body does not fit a KB as JSON."""
    contacts = tuple(
        Contact(number=n, channel="sms", at=NOW + timedelta(days=n), state="sent", parts=1)
        for n in range(1, 9)
    )
    return a_referral(offers=(an_offer(), an_offer(2)), contacts=contacts, escalated=True)


def kinds(item: Item) -> list[str]:
    return list(item["body"])


def test_a_body_is_json_while_it_fits_and_compressed_where_that_saves_a_kb() -> None:
    assert kinds(referral_item(a_referral())) == ["S"]
    assert kinds(referral_item(a_long_referral())) == ["B"]
    text = "{" + "x" * 100 + "}"
    assert fitted(text, beside=0) == text
    assert fitted(text, beside=KB - 102) == text
    assert fitted(text, beside=KB - 101) != text


@pytest.mark.parametrize("referral", [a_referral(), a_long_referral()], ids=["plain", "small"])
def test_a_referral_is_read_back(referral: Referral) -> None:
    assert referral_in(plain(referral_item(referral))) == referral


@pytest.mark.parametrize("referral", [a_referral(), a_long_referral()], ids=["plain", "small"])
def test_a_referral_is_read_from_the_stream(referral: Referral) -> None:
    image = image_of(referral_item(referral))
    stream = {"Keys": {"sk": image["sk"]}, "NewImage": image, "OldImage": image}
    seen: list[Any] = []

    def use(old: Any, new: Any) -> None:
        seen.extend([referral_in(old), referral_in(new)])

    consume({"Records": [{"dynamodb": stream}]}, "@REFERRAL", use, None)  # type: ignore[arg-type]
    assert seen == [referral, referral]


def test_the_dictionary_stays_what_stored_bodies_need() -> None:
    # A failure here means that nothing compressed can be read any more: see dictionary.py.
    assert sha256(DICTIONARY).hexdigest() == PINNED


def test_a_long_referral_still_fits_a_kb() -> None:
    assert item_size(referral_item(a_long_referral())) <= KB


def test_what_looks_into_the_table_sees_json() -> None:
    for referral in (a_referral(), a_long_referral()):
        shown = readable(referral_item(referral))
        assert shown["body"]["S"].startswith('{"pathway":"generic-specialist"')
    assert readable({"pk": {"S": "p"}}) == {"pk": {"S": "p"}}


@pytest.mark.parametrize("kind", list(UpdateKind))
def test_an_update_of_every_kind_is_read_back(kind: UpdateKind) -> None:
    update = an_update(kind)
    kept = plain(update_item(TENANT, a_referral().id, update))
    assert UPDATE.validate_json(text_of(kept["body"])) == update


@pytest.mark.parametrize("kind", list(UpdateKind))
def test_a_mailbox_is_read_back_with_every_kind_of_update(kind: UpdateKind) -> None:
    wait = Wait(
        id="1-2",
        step=Step.CONTACT_PATIENT,
        token="t" * 640,
        accepts=frozenset({kind, *ALWAYS_ACCEPTED}),
        deadline=NOW,
    )
    kept = Mailbox().kept(an_update(kind, "u1")).opened(wait)
    resolved = kept.kept(an_update(kind, "u2")).resolved(an_update(kind), Step.AWAIT_VISIT)
    for mailbox in (Mailbox(version=3), kept, resolved, resolved.closed()):
        assert mailbox_in(plain(mailbox_item(a_referral(), mailbox))) == mailbox


def test_there_is_no_mailbox_until_one_is_written() -> None:
    assert mailbox_in(None) == Mailbox()


@pytest.mark.parametrize("kind", list(EventKind))
def test_an_event_of_every_kind_is_read_back_from_json(kind: EventKind) -> None:
    least = {"kind": UpdateKind.CANCEL} if FACTS[kind] is UpdateFacts else {}
    event = change(
        a_long_referral(),
        kind,
        at=NOW,
        actor="router",
        status_reason="Because.",
        due_at=NOW,
        facts=FACTS[kind].model_validate(least),
        metered={"states": 2},
    ).event
    kept = event_item(event)
    assert kinds(kept) == ["S"]
    assert event_in(plain(kept)) == event
    assert f'"schema_version":{event.schema_version}' in kept["body"]["S"]


def test_a_decision_with_many_candidates_is_small() -> None:
    candidates = tuple({"npi": f"19999{n:05}", "score": n / 7, "tier": 0.5} for n in range(20))
    decision = RoutingDecision(
        number=3, at=NOW, policy="p", chosen="1", candidates=candidates, exclusions={}
    )
    kept = decision_item(TENANT, a_referral().id, decision)
    assert kinds(kept) == ["B"]
    assert RoutingDecision.model_validate_json(text_of(plain(kept)["body"])) == decision


def test_whoever_looks_into_the_table_reads_a_payload_and_a_market_too() -> None:
    sheet = {"pk": {"S": "market"}, "sk": {"S": "SHEET#000"}, "body": {"B": gzip.compress(b"{}")}}
    assert readable(sheet) == {**sheet, "body": {"S": "{}"}}


def models_in(annotation: Any) -> Iterator[type[Model]]:
    """Yield the models that a type is made of, those of their fields among them."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    for part in get_args(annotation):
        yield from models_in(part)


@pytest.mark.parametrize("stored", [RoutingDecision, AuditEntry, Unmatched, Update])
def test_what_is_stored_without_what_is_none_can_be_read_again(stored: Any) -> None:
    """Nothing that may be none is asked for: left out of the body, it is none."""
    asked_for = {
        f"{model.__name__}.{name}"
        for model in models_in(stored)
        for name, field in model.model_fields.items()
        if field.is_required() and type(None) in get_args(field.annotation)
    }
    assert asked_for == set()
