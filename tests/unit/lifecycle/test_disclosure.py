"""Nothing that needs the patient's consent leaves without it, whatever version the order has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from typing import Any

import pytest

from referral_core.domain.lifecycle import Step
from referral_core.domain.terminology import Coding, Concept, ConsentClass
from referral_core.domain.updates import ChangedPart, DecisionMade, Role
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.consent import needs_consent
from referral_core.lifecycle.disclosure import DISCLOSURES
from referral_core.wiring.parts.reacting_steps import WAITING
from tests.in_memory import REFERRAL, World
from tests.partner_actions import accepted, agreed, booked, reason_of
from tests.unit.lifecycle.work_item_worlds import a_world, another_version

ALCOHOL = Concept(codings=(Coding(system="http://hl7.org/fhir/sid/icd-10-cm", code="F10.20"),))
DEPRESSION = Concept(codings=(Coding(system="http://hl7.org/fhir/sid/icd-10-cm", code="F33.1"),))
WORDS = Concept(text="Alcohol detoxification")


def sent_to_clinic(world: World) -> int:
    return world.clinics.offers[f"{REFERRAL}.b1"].referral.payload_version


def an_accepted() -> World:
    world = a_world()
    accepted(world)
    return world


@pytest.mark.parametrize("concept", [ALCOHOL, DEPRESSION, WORDS])
def test_a_version_that_newly_discloses_does_not_go_to_the_clinic(concept: Concept) -> None:
    world = an_accepted()
    another_version(world, concept, ChangedPart.CONTENT)
    assert sent_to_clinic(world) == 1
    assert reason_of(world) is Reason.CONSENT_MISSING


def test_one_that_comes_with_consent_goes() -> None:
    world = an_accepted()
    another_version(world, ALCOHOL, ChangedPart.CONTENT, consent=True)
    assert sent_to_clinic(world) == 2
    assert world.referral.work_item is None


def test_once_staff_hold_the_consent_it_goes_on_where_it_was() -> None:
    world = an_accepted()
    another_version(world, ALCOHOL, ChangedPart.CONTENT)
    world.report(DecisionMade, action="record-consent", role=Role.STAFF)
    assert sent_to_clinic(world) == 2
    assert (world.referral.current_step, world.referral.work_item) == (Step.CONTACT_PATIENT, None)


HIV = Concept(codings=(Coding(system="http://hl7.org/fhir/sid/icd-10-cm", code="B20"),))


@pytest.mark.parametrize(
    ("first", "later"),
    [(DEPRESSION, ALCOHOL), (ALCOHOL, DEPRESSION), (ALCOHOL, HIV), (HIV, DEPRESSION)],
)
def test_a_consent_is_to_what_was_disclosed_when_staff_recorded_it(
    first: Concept, later: Concept
) -> None:
    world = an_accepted()
    another_version(world, first, ChangedPart.CONTENT)
    world.report(DecisionMade, action="record-consent", role=Role.STAFF)
    # Another version that discloses no more goes as well.
    another_version(world, first, ChangedPart.CONTENT)
    assert sent_to_clinic(world) == 3
    another_version(world, later, ChangedPart.CONTENT)
    assert sent_to_clinic(world) == 3
    assert reason_of(world) is Reason.CONSENT_MISSING
    world.report(DecisionMade, action="record-consent", role=Role.STAFF)
    assert sent_to_clinic(world) == 4


def test_a_person_who_looks_already_sees_that_it_is_withheld() -> None:
    """A change that a person decides on goes to the clinic first: not this one."""
    world = an_accepted()
    another_version(world, ALCOHOL, ChangedPart.SERVICE)
    assert sent_to_clinic(world) == 1
    assert reason_of(world) is Reason.ORDER_CHANGED


def test_a_visit_that_is_booked_stands_while_the_consent_is_got() -> None:
    world = an_accepted()
    agreed(world)
    booked(world)
    another_version(world, ALCOHOL, ChangedPart.CONTENT)
    assert reason_of(world) is Reason.CONSENT_MISSING
    world.report(DecisionMade, action="record-consent", role=Role.STAFF)
    assert world.referral.current_step is Step.AWAIT_VISIT
    assert world.referral.appointment is not None


def test_consent_is_asked_of_what_the_order_was_read_as_too() -> None:
    world = an_accepted()
    case = world.engine.case(world.referral)
    assert not needs_consent(case)
    service = case.referral.service.but(consent=ConsentClass.SUBSTANCE_USE)
    assert needs_consent(case.of(case.referral.but(service=service)))


def test_every_step_that_holds_a_port_to_the_outside_passes_the_gate() -> None:
    """A step with a new port is to be a row of the table, or to say here why it is none."""
    ports = {"Eligibility", "PriorAuth", "Clinics", "Messages", "Messenger"}
    only_codes = {Step.ROUTE_REFERRAL, Step.VERIFY_CLOSURE}
    assert _steps_with(ports) == set(DISCLOSURES) | only_codes


def _steps_with(ports: set[str]) -> set[Step]:
    modules: Mapping[Step, str] = {**WAITING, Step.CHECK_ELIGIBILITY: "check_eligibility"}
    found: set[Step] = set()
    for step, module in modules.items():
        kind: Any = getattr(import_module(f"referral_core.lifecycle.steps.{module}"), step.value)
        if ports & {str(field.type) for field in fields(kind)}:
            found.add(step)
    return found
