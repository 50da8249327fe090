"""A change is typed: what could not be read again cannot be stored; events say what was known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from referral_core.domain.change import change
from referral_core.domain.events import ContactFacts, Event, EventKind, OfferFacts
from referral_core.domain.lifecycle import IllegalTransition, ReferralKind, Status
from referral_core.domain.payers.eligibility import Eligibility, EligibilityVerdict, SelfPay
from referral_core.domain.payers.vocabulary import PayerClass
from referral_core.domain.referral import Contact, Offer, Referral
from tests.unit.builders import NOW, a_referral


def changed(referral: Referral, kind: EventKind = EventKind.STEP_STARTED, **fields: Any) -> Event:
    return change(
        referral,
        kind,
        at=NOW + timedelta(minutes=1),
        actor="router",
        status_reason="Tested.",
        due_at=NOW,
        **fields,
    ).event


def an_offer(**fields: Any) -> Offer:
    base = {
        "number": 1,
        "npi": "1999900107",
        "organization": "north",
        "specialty": "207N00000X",
        "reservation": None,
        "decision": 3,
    }
    return Offer.model_validate({**base, **fields})


def test_a_misspelt_state_of_a_contact_cannot_be_stored() -> None:
    contact = Contact(number=1, channel="sms", at=NOW, state="sending")
    with pytest.raises(ValidationError):
        contact.but(state="sended")


def test_a_misspelt_status_of_an_offer_cannot_be_stored() -> None:
    with pytest.raises(ValidationError):
        a_referral(offers=(an_offer(),)).with_offer_changed(status="acepted")


def test_a_field_that_a_referral_does_not_have_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        changed(a_referral(), offer_count=1)


def test_a_region_takes_only_what_can_be_read_again() -> None:
    with pytest.raises(ValidationError):
        changed(a_referral(), patient_reply="perhaps")


def test_a_move_that_the_table_does_not_know_is_refused() -> None:
    with pytest.raises(IllegalTransition):
        changed(a_referral(), status=Status.SCHEDULED)


def test_facts_of_another_kind_are_refused() -> None:
    with pytest.raises(ValidationError):
        changed(a_referral(), EventKind.OFFERED, facts=ContactFacts(attempt=1))


def test_an_event_is_read_back_with_the_facts_of_its_kind() -> None:
    event = changed(a_referral(), EventKind.OFFERED, facts=OfferFacts(offer=2))
    again = Event.model_validate_json(event.model_dump_json(exclude_defaults=True))
    assert again == event
    assert isinstance(again.facts, OfferFacts)


def test_an_event_knows_of_its_dimensions_what_was_known_by_then() -> None:
    origin = {
        "kind": ReferralKind.DIAGNOSTIC_SERVICE,
        "practice": "1999900200",
        "clinician": "1999900201",
        "language": "es",
    }
    referral = a_referral(origin=origin, priority="urgent")
    known = changed(referral).dimensions
    assert (known.kind, known.priority) == (ReferralKind.DIAGNOSTIC_SERVICE, "urgent")
    assert (known.referring_practice, known.referring_clinician) == ("1999900200", "1999900201")
    assert (known.payer, known.performer, known.tier, known.language) == (None, None, None, "es")


def test_dimensions_follow_the_change_that_makes_them_known() -> None:
    eligibility = Eligibility(
        verdict=EligibilityVerdict.ACTIVE,
        payer="harbor",
        payer_class=PayerClass.MEDICAID,
        checked_at=NOW,
    )
    offer = an_offer(tier=2, in_network=True)
    known = changed(a_referral(), eligibility=eligibility, offers=(offer,)).dimensions
    assert (known.payer, known.payer_class) == ("harbor", PayerClass.MEDICAID)
    assert (known.performer, known.performer_organization) == ("1999900107", "north")
    assert (known.specialty, known.network, known.tier) == ("207N00000X", True, 2)


def test_who_pays_alone_is_a_payer_class_of_its_own() -> None:
    known = changed(a_referral(), self_pay=SelfPay(fee_class="B")).dimensions
    assert known.payer_class is PayerClass.SELF_PAY
