"""A parent's number is a child's until it comes of age; and nobody's employer is called."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from referral_core.domain.orders.relationships import NOT_TO_BE_CALLED
from referral_core.lifecycle.outreach.alternates import alternates
from tests.in_memory import World
from tests.partner_actions import accepted
from tests.unit.lifecycle.outreach.test_people import changed

MOTHER: dict[str, Any] = {"relationship": "MTH", "phone": "+15085550171", "email": "m@example.org"}
BOSS: dict[str, Any] = {"relationship": NOT_TO_BE_CALLED, "phone": "+15085550172"}
TURNS_18 = date(2008, 3, 3)


def of_a_child(born: date = TURNS_18, **patient: Any) -> World:
    world = World()
    world.accept("happy-path")
    known = {"contacts": [MOTHER], "through_contact": True, "phone": MOTHER["phone"]}
    known |= {"email": MOTHER["email"], "birth_date": born.isoformat()}
    changed(world, **{**known, **patient})
    return world


def content_of(world: World) -> tuple[str | None, str | None, bool]:
    patient = world.engine.case(world.referral).content.patient
    return patient.phone, patient.email, patient.through_contact


def test_on_the_birthday_the_mothers_number_is_the_patients_no_more() -> None:
    world = of_a_child()
    assert content_of(world) == (MOTHER["phone"], MOTHER["email"], True)
    world.clock.move_to(world.clock.now().replace(day=3, hour=17))
    assert content_of(world) == (None, None, False)


def test_an_address_of_the_patients_own_stays_theirs() -> None:
    world = of_a_child(email="own@example.org")
    world.clock.move_to(world.clock.now().replace(day=3, hour=17))
    assert content_of(world) == (None, "own@example.org", False)


def test_nobody_texts_a_mother_about_a_patient_who_came_of_age() -> None:
    world = of_a_child()
    world.clock.move_to(world.clock.now().replace(day=3, hour=17))
    world.settle()
    if world.referral.offers:
        accepted(world)
    assert all(m.to not in {MOTHER["phone"], MOTHER["email"]} for m in world.messenger.sent)


@pytest.mark.parametrize("contacts", [[BOSS], [BOSS, {**MOTHER, "phone": "+15085550173"}]])
def test_an_employer_is_not_called(contacts: list[dict[str, Any]]) -> None:
    world = World()
    world.accept("happy-path")
    changed(world, contacts=contacts)
    found = alternates(world.engine.case(world.referral))
    assert 1 not in found
    assert len(found) == len(contacts) - 1
