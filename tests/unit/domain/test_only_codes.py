"""Events, projections and updates hold codes: each text field is bound to be one, or is named here.

What comes from outside is checked at the door. This is the second lock: whatever way a text takes
into one of these types, words do not come in with it.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from pydantic import BaseModel, BeforeValidator, TypeAdapter

from referral_core.domain.codes import Coded, CodedOrEmpty, Numbered
from referral_core.domain.events import Event
from referral_core.domain.events.facts import FACTS
from referral_core.domain.referral import Referral
from referral_core.domain.updates import UPDATES, UpdateKind
from tests.unit.builders import an_update

WORDS = "Mrs. Whitlock called and cried"
OURS = {
    # tenants, pathways, payers, organizations: configured by operations, named by their ids
    *("Dimensions.pathway", "Dimensions.payer", "Dimensions.performer_organization"),
    *("Dimensions.performer", "Dimensions.priority", "Referral.pathway", "Referral.priority"),
    *("Referral.referrer", "Referral.paused", "Offer.organization", "Offer.npi"),
    *("Offer.specialty", "Reservation.npi", "Reservation.week", "PerformerChoice.npi"),
    *("Eligibility.payer", "Authorization.payer", "Authorization.performer"),
    *("CoverageFacts.payer", "WorkItemFacts.payer", "Reported.organization"),
    # who acts: the client id of a verified token
    *("Event.actor", "Reopening.actor", "WantedService.named_by", "Reported.actor"),
    *("WorkItem.owner", "WorkItemFacts.owner", "WorkItemUpdated.owner"),
    # ids and hashes that we make
    *("Event.update", "Referral.requisition", "WantedService.named_for", "Authorization.trace"),
    "StepFacts.patient",
    *("Report.sha256", "ReportFacts.sha256", "ReportReceived.sha256", "Reported.id"),
    *("Reported.comment", "AuthorizationDecided.document", "AuthorizationDecided.trace"),
    *("WaitEnded.wait", "PlaceOpened.npi", "ClinicClosed.npi"),
    # sentences and words of ours
    *("Event.status_reason", "Referral.status_reason", "Urgency.sentence"),
    *("CoverageFacts.refused", "WorkItemFacts.refused", "WorkItemFacts.verdict"),
    *("StepFacts.missing", "WorkItemFacts.missing", "Referral.missing", "Event.metered"),
    *("WorkItem.actions", "WorkItemFacts.action", "WorkItemFacts.act", "DecisionMade.action"),
    "Referral.time_zones",
    # rows of our terminology's tables that the order's codes met
    *("WantedService.specialty", "WantedService.name", "WantedService.accepts"),
    *("WantedService.pathway", "Evidence.system", "Evidence.code", "Evidence.source"),
    # the author's own number of the order, by which it is found and answered: never in an event
    "Referral.placer_identifier",
    # lower case and digits only (`Reopening` of entrypoints/http/staff/decisions.py)
    "Reopening.reason",
    # read by `CodedOrEmpty` in the update that it comes from
    "Report.loinc",
}
"""Text fields that nobody outside fills with words, by why."""


def text_fields(model: Any, seen: set[Any]) -> Iterator[tuple[str, Any, list[Any]]]:
    """Yield each text field of a model and of the models in it: name, type, and what binds it."""
    if model in seen:
        return
    seen.add(model)
    for name, field in model.model_fields.items():
        owner = next(
            c for c in reversed(model.__mro__) if name in getattr(c, "__annotations__", ())
        )
        yield from _in(field.annotation, list(field.metadata), f"{owner.__name__}.{name}", seen)


def _in(hint: Any, bound: list[Any], name: str, seen: set[Any]) -> Iterator[tuple[str, Any, list]]:
    origin = typing.get_origin(hint)
    if hint is str:
        yield name, hint, bound
    elif origin is typing.Annotated:
        inner, *more = typing.get_args(hint)
        yield from _in(inner, [*bound, *more], name, seen)
    elif origin is not None and origin is not Literal:
        for part in typing.get_args(hint):
            if part not in {type(None), ...}:
                yield from _in(part, bound, name, seen)
    elif isinstance(hint, type) and issubclass(hint, BaseModel):
        yield from text_fields(hint, seen)


SEEN: set[Any] = set()
FIELDS = {
    name: bound
    for model in (Event, Referral, *set(FACTS.values()), *UPDATES.values())
    for name, _, bound in text_fields(model, SEEN)
}


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_text_field_holds_codes_or_is_known_to_be_ours(name: str) -> None:
    is_bound = any(isinstance(each, BeforeValidator) for each in FIELDS[name])
    assert is_bound is not (name in OURS), "bind it (Coded), or say here who fills it"


def test_what_is_known_to_be_ours_is_there() -> None:
    assert set(FIELDS) >= OURS
    assert len(set(FIELDS) - OURS) > 30


@pytest.mark.parametrize("kind", [Coded, CodedOrEmpty, Numbered])
@pytest.mark.parametrize("text", [WORDS, "María", "x" * 2000, "ok; Mrs. Whitlock", "full\n", 7])
def test_words_do_not_come_in(kind: Any, text: object) -> None:
    assert not TypeAdapter(kind).validate_python(text)


@pytest.mark.parametrize("text", ["no-capacity", "http://x.example/y|A1", "A1; B2", "A1+A4"])
def test_codes_come_in(text: str) -> None:
    assert TypeAdapter(Coded).validate_python(text) == text
    assert TypeAdapter(CodedOrEmpty).validate_python(text) == text


@pytest.mark.parametrize("kind", sorted(UPDATES))
def test_no_update_carries_words_into_the_mailbox(kind: UpdateKind) -> None:
    for name, field in UPDATES[kind].model_fields.items():
        if any(isinstance(each, BeforeValidator) for each in field.metadata):
            assert WORDS not in an_update(kind, **{name: WORDS}).model_dump_json()
