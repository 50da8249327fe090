"""The portal message as FHIR: valid, for the patient, about the order, and no notice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from referral_core.domain.messages import Message
from referral_core.fhir.ids import own_id
from referral_core.fhir.outbound.portal_messages import portal_message
from referral_core.fhir.systems import ORGANIZATION, REFERRAL
from tests.contracts.fhir_oracles import complaints
from tests.unit.builders import NOW, TENANT

BY_IDENTIFIER = {"type": "Patient", "identifier": {"system": "urn:mrn", "value": "7"}}
PATIENTS = [None, {"reference": "Patient/7"}, BY_IDENTIFIER]
ORDERS = [None, "https://ehr.example.org/orders|A-1", "A-1"]


def a_message(**fields: Any) -> Message:
    base = {
        "tenant": TENANT,
        "referral_id": "r1",
        "channel": "portal",
        "to": "lakeside-ehr",
        "subject": "Por favor comuníquese con Lakeside Care",
        "body": "Hola:\n\nLlámenos al 508-555-0101.",
        "language": "es",
        "reference": "r1-c3",
    }
    return Message.model_validate({**base, **fields})


def test_it_is_fhir_r4_in_the_eyes_of_every_validator() -> None:
    made = [
        portal_message(a_message(patient=patient, order=order, subject=subject), NOW)
        for patient in PATIENTS
        for order in ORDERS
        for subject in (None, "Please call")
    ]

    assert complaints(made) == [[] for _ in made]


def test_it_is_for_the_patient_about_the_order_from_the_tenant() -> None:
    order = "https://ehr.example.org/orders|A-1"

    made = portal_message(a_message(patient=BY_IDENTIFIER, order=order), NOW)

    assert made == {
        "resourceType": "Communication",
        "id": "r1-c3",
        "language": "es",
        "identifier": [{"system": REFERRAL, "value": "r1-c3"}],
        "basedOn": [
            {"type": "ServiceRequest", "identifier": {"system": REFERRAL, "value": "r1"}},
            {
                "type": "ServiceRequest",
                "identifier": {"system": "https://ehr.example.org/orders", "value": "A-1"},
            },
        ],
        "status": "completed",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/communication-category",
                        "code": "instruction",
                    }
                ]
            }
        ],
        "topic": {"text": "Por favor comuníquese con Lakeside Care"},
        "subject": BY_IDENTIFIER,
        "recipient": [BY_IDENTIFIER],
        "sent": "2026-03-02T15:00:00.000Z",
        "sender": {
            "type": "Organization",
            "identifier": {"system": ORGANIZATION, "value": TENANT},
        },
        "payload": [{"contentString": "Hola:\n\nLlámenos al 508-555-0101."}],
    }


def test_a_patient_that_only_the_order_knows_is_left_to_the_order() -> None:
    made = portal_message(a_message(), NOW)

    assert not {"subject", "recipient"} & set(made)
    assert made["basedOn"]


def test_it_is_no_notice() -> None:
    """A notice's id says which one it is; acknowledging this one would name no notice."""
    read = own_id(portal_message(a_message(), NOW)["id"])

    assert read is None or read.part is None


@pytest.mark.parametrize("subject", ["Please contact Lakeside Care", None])
def test_it_says_nothing_that_the_message_does_not(subject: str | None) -> None:
    said = json.dumps(portal_message(a_message(subject=subject, body="Please call."), NOW))

    assert "Please call." in said
    assert "lakeside-ehr" not in said
