"""Orders that say in an odd place what matters: consent and haste are read wherever they stand.

The service is named clearly in each; what is hidden elsewhere decides all the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import pytest

from referral_core.domain.ids import ReferralId
from referral_core.domain.referral import Referral
from referral_core.domain.terminology import ConsentClass, Priority
from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.fhir.orders import (
    Json,
    a_bundle,
    a_coverage,
    a_patient,
    an_order,
    bundled_order,
    without_none,
)
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY

KNOWN: Final = {"performerType": DERMATOLOGY, "code": {"text": "Consultation"}}
ACT_PRIORITY: Final = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"
URGENT: Final = {"coding": [{"system": ACT_PRIORITY, "code": "UR"}]}


def sent(body: Json, path: str = "/fhir/ServiceRequest") -> Referral:
    api = ApiClient(World())
    reply = api.call("POST", path, body, client="ehr-1")
    assert reply.status in {200, 201}, reply.body
    found = reply.body.get("id") or json.dumps(reply.body).split("ServiceRequest/")[1][:32]
    return api.world.referrals.load(TENANT, ReferralId(str(found))).referral


def beside(kind: str, **fields: Any) -> Json:
    """Return an order that leads to one more resource of its patient."""
    known = {"resourceType": kind, "id": "x", "subject": {"reference": "#pat"}}
    resource = without_none({**known, **fields})
    return {
        "supportingInfo": [{"reference": "#x"}],
        "contained": [a_patient(), a_coverage(), resource],
    }


Place = Callable[[str], Json]
PLACES: Final[Mapping[str, Place]] = MappingProxyType(
    {
        "category": lambda words: {"category": [{"text": words}]},
        "code": lambda words: {"code": {"text": words}},
        "order detail": lambda words: {"orderDetail": [{"text": words}]},
        "reason": lambda words: {"reasonCode": [{"text": words}]},
        "reason by name": lambda words: {"reasonReference": [{"display": words}]},
        "location": lambda words: {"locationCode": [{"text": words}]},
        "body site": lambda words: {"bodySite": [{"text": words}]},
        "as needed": lambda words: {"asNeededCodeableConcept": {"text": words}},
        "note": lambda words: {"note": [{"text": f"Known to us. {words}."}]},
        "to the patient": lambda words: {"patientInstruction": words},
        "supporting by name": lambda words: {"supportingInfo": [{"display": words}]},
        "history by name": lambda words: {"relevantHistory": [{"display": words}]},
        "plan by name": lambda words: {"basedOn": [{"display": words}]},
        "extension": lambda words: {"extension": [{"url": "urn:x", "valueString": words}]},
        "narrative": lambda words: {
            "text": {
                "status": "generated",
                "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{words}</p></div>',
            }
        },
        "condition": lambda words: beside("Condition", code={"text": words}),
        "note of a condition": lambda words: beside(
            "Condition", code={"text": "Rash"}, note=[{"text": words}]
        ),
        "result": lambda words: beside(
            "Observation", status="final", code={"text": "History"}, valueString=words
        ),
        "medication": lambda words: beside(
            "MedicationStatement", status="active", medicationCodeableConcept={"text": words}
        ),
        "answer": lambda words: beside(
            "QuestionnaireResponse",
            status="completed",
            item=[{"linkId": "1", "answer": [{"valueString": words}]}],
        ),
        "who refers": lambda words: {"requester": {"display": f"{words} program"}},
        "the organization that refers": lambda words: {
            "requester": {"reference": "#x"},
            **beside("Organization", name=f"{words} program", subject=None),
            "supportingInfo": None,
        },
    }
)
DISCLOSED: Final = {
    "Opioid use disorder": ConsentClass.SUBSTANCE_USE,
    "on methadone since May": ConsentClass.SUBSTANCE_USE,
    "Major depressive disorder": ConsentClass.MENTAL_HEALTH,
    "suicidal ideation last week": ConsentClass.MENTAL_HEALTH,
}


@pytest.mark.parametrize("words", DISCLOSED)
@pytest.mark.parametrize("place", PLACES)
def test_what_needs_consent_is_found_wherever_it_stands(place: str, words: str) -> None:
    referral = sent(an_order(**{**KNOWN, **PLACES[place](words)}))
    assert referral.service.consent is DISCLOSED[words]
    # Nobody outside has heard of it.
    assert (referral.eligibility, referral.offers, referral.contacts) == (None, (), ())
    assert referral.work_item is not None


@pytest.mark.parametrize("place", PLACES)
def test_what_is_denied_or_names_no_use_needs_none(place: str) -> None:
    for words in ("No opioid use disorder", "hand rub with alcohol"):
        referral = sent(an_order(**{**KNOWN, **PLACES[place](words)}))
        assert referral.service.consent is ConsentClass.NONE


def test_of_what_people_write_only_the_words_that_disclose_are_kept() -> None:
    api = ApiClient(World())
    note = "Lives with her sister in Salem; on methadone since May."
    order = an_order(**KNOWN, **beside("Condition", code={"text": "x"}, note=[{"text": note}]))
    reply = api.call("POST", "/fhir/ServiceRequest", order, client="ehr-1")
    referral = api.world.referrals.load(TENANT, ReferralId(reply.body["id"])).referral
    content = json.loads(api.world.referrals.payload(referral))["content"]
    assert {"text": "methadone"} in [
        {k: v for k, v in one.items() if v} for one in content["service"]["wanted"]["also_sent"]
    ]
    assert "Salem" not in json.dumps(content)


HASTE: Final[Mapping[str, Json]] = MappingProxyType(
    {
        "priority": {"priority": "urgent"},
        "category": {"category": [URGENT]},
        "order detail": {"orderDetail": [{"text": "ASAP please"}]},
        "code's words": {"code": {"text": "Urgent dermatology consultation"}},
        "reason": {"reasonCode": [{"text": "Melanoma? urgent"}]},
        "reason by name": {"reasonReference": [{"display": "Urgent: melanoma?"}]},
        "note": {"note": [{"text": "To be seen within 48 hours."}]},
        "note in Spanish": {"note": [{"text": "Es urgente."}]},
        "supporting by name": {"supportingInfo": [{"display": "same-day visit wanted"}]},
        "extension": {"extension": [{"url": "urn:u", "valueCode": "urgent"}]},
        "coded extension": {"extension": [{"url": "urn:u", "valueCodeableConcept": URGENT}]},
        "timing's code": {"occurrenceTiming": {"code": URGENT}},
        "timing's bounds": {
            "occurrenceTiming": {"repeat": {"boundsPeriod": {"end": "2026-03-04"}}}
        },
        "timing's event": {"occurrenceTiming": {"event": ["2026-03-04"]}},
        "day": {"occurrenceDateTime": "2026-03-04"},
        "period": {"occurrencePeriod": {"start": "2026-03-02", "end": "2026-03-04"}},
    }
)


@pytest.mark.parametrize("place", HASTE)
def test_haste_counts_wherever_it_stands(place: str) -> None:
    referral = sent(an_order(**{**KNOWN, **HASTE[place]}))
    assert Priority(referral.priority).rank >= Priority.URGENT.rank


@pytest.mark.parametrize(
    "fields",
    [
        {"priority": "asap"},
        {"restriction": {"period": {"end": "2026-03-04"}}},
        {"note": [{"text": "URGENT"}]},
        {"description": "Urgent, please"},
        {"reasonCode": {"text": "urgent"}},
        {"input": [{"type": {"text": "urgency"}, "valueCodeableConcept": URGENT}]},
        {"input": [{"type": {"text": "urgency"}, "valueString": "Urgent"}]},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_the_haste_of_the_task_that_carries_it_counts(fields: Json) -> None:
    task = {
        "resourceType": "Task",
        "id": "t1",
        "status": "requested",
        "intent": "order",
        "focus": {"reference": "ServiceRequest/o1"},
        "for": {"reference": "Patient/pat"},
        **fields,
    }
    referral = sent(a_bundle(*bundled_order(**KNOWN), task), "/fhir")
    assert Priority(referral.priority).rank >= Priority.URGENT.rank


@pytest.mark.parametrize(
    "fields",
    [
        {"note": [{"text": "Not urgent."}]},
        {"note": [{"text": "Was seen at urgent care."}]},
        {"patientInstruction": "Go to the emergency room if it gets worse; urgent signs: fever."},
        {"supportingInfo": [{"display": "non-urgent"}]},
        # Names of people and places say nothing of the order.
        {"requester": {"display": "STAT Medical Group"}},
        {"performer": [{"display": "Same Day Dermatology"}]},
        {"locationReference": [{"display": "Same Day Surgery Center"}]},
        {"encounter": {"display": "Same day visit"}},
        {"subject": {"reference": "#pat", "display": "Stat, Marjorie"}},
        {"insurance": [{"reference": "#cov", "display": "Expedite Health Plan"}]},
        {"requisition": {"value": "R-1", "assigner": {"display": "Stat Lab"}}},
    ],
)
def test_what_denies_it_or_is_said_to_the_patient_hurries_nobody(fields: Json) -> None:
    assert sent(an_order(**KNOWN, **fields)).priority == "routine"


def test_a_named_clinicians_qualification_says_what_is_wanted() -> None:
    doctor = {
        "resourceType": "Practitioner",
        "id": "x",
        "name": [{"text": "Dr. Ruiz"}],
        "qualification": [{"code": DERMATOLOGY}],
    }
    contained = [a_patient(), a_coverage(), doctor]
    order = an_order(
        code={"text": "Consultation"}, performer=[{"reference": "#x"}], contained=contained
    )
    assert sent(order).service.specialty == "207N00000X"
