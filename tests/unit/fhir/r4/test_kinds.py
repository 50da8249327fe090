"""Kinds: a model that few orders need is named without being loaded, and reads its own alone."""

from __future__ import annotations

from typing import Any

import pytest

from referral_core.fhir.r4 import kinds
from referral_core.fhir.r4.datatypes import Resource
from referral_core.fhir.r4.kinds import CONSENT, ENCOUNTER, Kind, read_by
from referral_core.fhir.r4.orders import ServiceRequest
from referral_core.fhir.r4.structure import READ, examine, model_of

NAMED = {name: kind for name, kind in vars(kinds).items() if isinstance(kind, Kind)}


def an_encounter() -> Resource:
    found = examine({"resourceType": "Encounter", "status": "finished"}, "Encounter")
    assert isinstance(found, Resource)
    return found


@pytest.mark.parametrize("kind", NAMED.values(), ids=NAMED)
def test_a_kind_names_a_model_that_is_there(kind: Kind[Any]) -> None:
    assert issubclass(kind.model(), Resource)
    assert kind.model().__name__ == kind.name


@pytest.mark.parametrize("kind", NAMED.values(), ids=NAMED)
def test_what_a_kind_names_is_read_by_it(kind: Kind[Any]) -> None:
    assert kind.model() in {model_of(name) for name in READ}


@pytest.mark.parametrize("name", sorted(READ))
def test_every_type_has_a_model_of_its_own(name: str) -> None:
    assert model_of(name) is not Resource


def test_a_type_that_is_not_read_has_the_model_of_any() -> None:
    assert model_of("Basic") is Resource


def test_a_resource_is_of_the_kind_that_it_was_read_by() -> None:
    found = an_encounter()
    assert ENCOUNTER.of(found) is found
    assert read_by(ENCOUNTER, found) is found
    assert read_by(Resource, found) is found


def test_a_resource_is_of_no_other_kind() -> None:
    assert CONSENT.of(an_encounter()) is None
    assert read_by(CONSENT, an_encounter()) is None
    assert read_by(ServiceRequest, an_encounter()) is None
    assert CONSENT.of(None) is None


def test_what_was_kept_unread_is_of_no_kind() -> None:
    """A resource whose slips were too many has the base's model, whatever it calls itself."""
    unread = Resource.model_validate({"resourceType": "Encounter"})
    assert ENCOUNTER.of(unread) is None
