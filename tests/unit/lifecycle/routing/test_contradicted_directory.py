"""What a clinic says against the directory holds at once, until a person verified it."""

from __future__ import annotations

from datetime import date

import pytest

from referral_core.domain.directory_facts import Fact, FactSource, contradicted_by
from referral_core.domain.effects import CorrectEntry
from referral_core.domain.updates import OfferDeclined, Role
from referral_core.lifecycle.reactions.offer import contradicted
from tests.in_memory import TENANT
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.steps.routed import Routed
from tests.unit.lifecycle.waiting_room import WaitingRoom


def declined_for(reason: str | None) -> Routed:
    """A referral whose first clinic declined for a reason; the second was asked next."""
    world = Routed(a_practitioner("1"), a_practitioner("2", tier=2))
    world.report(OfferDeclined, offer=1, reason=reason)
    assert world.asked == ["1", "2"]
    return world


@pytest.mark.parametrize(
    ("reason", "fact"),
    [
        ("not-accepting-new-patients", Fact.ACCEPTING),
        ("https://referral-router.org/fhir/CodeSystem/reason|service-not-offered", Fact.SERVICE),
        ("wrong-number", Fact.CONTACT),
        ("moved", Fact.LOCATION),
        ("insurance-not-accepted", Fact.NETWORK),
    ],
)
def test_a_reason_against_the_directory_disputes_the_fact(reason: str, fact: Fact) -> None:
    world = declined_for(reason)
    (entry,) = world.directory.entries_of(TENANT, "1")
    assert [(d.fact, d.said_by, d.referral_id) for d in entry.disputes] == [
        (fact, "clinic", world.referral.id)
    ]
    assert not world.directory.entries_of(TENANT, "2")[0].disputes


@pytest.mark.parametrize("reason", [None, "no-room", "patient-needs-another-clinic", "|"])
def test_another_reason_says_nothing_against_the_directory(reason: str | None) -> None:
    assert contradicted_by(reason) is None
    (entry,) = declined_for(reason).directory.entries_of(TENANT, "1")
    assert not entry.disputes


def test_no_other_referral_is_sent_there_the_same_day() -> None:
    room = WaitingRoom(a_practitioner("1"), a_practitioner("2", tier=2))
    first = room.arrive("first")
    assert first.offers[-1].npi == "1"
    update = OfferDeclined(
        id="u1",
        actor="clinic-1",
        role=Role.CLINIC,
        organization=first.offers[-1].organization,
        received_at=room.clock.now(),
        reason="not-accepting",
    )
    (effect,) = contradicted(room.engine.case(first), update)
    assert isinstance(effect, CorrectEntry)
    room.store.entries[TENANT, room.specialty, "1"] = effect.after
    assert room.arrive("second").offers[-1].npi == "2"


def test_once_verified_the_entry_is_asked_again() -> None:
    world = declined_for("not-accepting")
    (entry,) = world.directory.entries_of(TENANT, "1")
    by_phone = FactSource(source="staff", as_of=date(2026, 3, 3))
    verified = entry.verified({Fact.ACCEPTING}, by_phone)
    assert (verified.disputes, verified.sources[Fact.ACCEPTING]) == ((), by_phone)
    assert entry.verified({Fact.CONTACT}, by_phone).disputes == entry.disputes


def test_who_said_it_first_stays() -> None:
    world = declined_for("not-accepting")
    (entry,) = world.directory.entries_of(TENANT, "1")
    assert entry.with_dispute(entry.disputes[0].but(said_by="staff")) == entry
