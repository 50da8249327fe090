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
from referral_core.domain.work_items import Reason
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, agreed, booked, seen
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
from tests.unit.lifecycle.orders_wanted import (
    HCPCS,
    ICD10,
    LOCAL,
    LOINC,
    NUCC,
    SNOMED,
    coding,
)
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY

CPT: Final = "http://www.ama-assn.org/go/cpt"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
_DERM: Final = coding(NUCC, "207N00000X")

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


# --- which service, in hostile words and codes ----------------------------------------------------

CARDIOLOGY: Final = "207RC0000X"
DERM: Final = "207N00000X"


@pytest.mark.parametrize(
    "system",
    [
        "http://nucc.org/provider-taxonomy/",
        "https://nucc.org/provider-taxonomy",
        "HTTP://NUCC.ORG/provider-taxonomy",
        "http://www.nucc.org/provider-taxonomy",
        "http://nucc.org/provider-taxonomy|24.0",
        "urn:oid:2.16.840.1.113883.6.101",
        "URN:OID:2.16.840.1.113883.6.101",
        "2.16.840.1.113883.6.101",
    ],
)
def test_a_code_system_is_known_however_it_is_written(system: str) -> None:
    wanted = {"performerType": coding(system, "207n00000x"), "code": {"text": "Consultation"}}
    assert sent(an_order(**wanted)).service.specialty == DERM


@pytest.mark.parametrize(
    "wanted",
    [
        # Systems and codes that nobody knows, and codes without a system.
        {"performerType": coding("http://nucc.org/taxonomy", DERM)},
        {"performerType": coding("NUCC", DERM)},
        {"performerType": coding("urn:oid:2.16.840.1.113883.6.101.", DERM)},
        {"performerType": coding(NUCC, "207N00000")},
        {"performerType": coding(NUCC, "999N00000X")},
        {"code": {"coding": [{"code": DERM}]}},
        {"code": {"coding": [{"code": "REF12", "display": "Dermatology"}]}},
        {"code": coding(LOCAL, "REF12", "Dermatology")},
        {"code": coding(CPT, "45378-59")},
        {"code": coding(CPT, "99243")},
        {"code": coding(HCPCS, "T1002")},
        {"code": coding(RXNORM, "197361")},
        {"code": coding(ICD10, "L20.9")},
        # Codes, words and fields that contradict each other.
        {"performerType": {"coding": [*coding(NUCC, CARDIOLOGY)["coding"], *_DERM["coding"]]}},
        {"performerType": _DERM, "code": coding(SNOMED, "183519002")},
        {"performerType": _DERM, "code": {"text": "Cardiology"}},
        {"performerType": _DERM, "category": [{"text": "Cardiology"}]},
        {"performerType": _DERM, "orderDetail": [coding(NUCC, CARDIOLOGY)]},
        {"performerType": coding(NUCC, DERM, "Cardiovascular Disease Physician")},
        {"performerType": {**_DERM, "text": "Cardiology"}},
        {"performerType": _DERM, "code": {"text": "Genetics"}},
        {"performerType": _DERM, "category": [coding(SNOMED, "108252007")]},
        # Abbreviations, other languages, slips and sentences: offered to a person, never taken.
        *(
            {"code": {"text": text}}
            for text in (
                *("PT", "OT", "GI", "ENT", "OB", "OB/GYN", "Cardio", "Ortho", "ID consult"),
                *("Cardiolgy", "Dermatolgy", "Cardiología", "Dermatología", "Fisioterapia"),
                *("s/p cardiology consult", "Cardiology or pulmonology", "Not dermatology"),
                *("Second opinion", "Rehab", "Sleep study", "Food pantry", "\U0001fa7a"),
            )
        ),
        # A laboratory's section that is a specialty too.
        *({"code": {"text": text}} for text in ("Genetics", "Hematology", "Immunology")),
        # Categories that name no service.
        {"category": [coding(SNOMED, "387713003")]},
        {"category": [coding(SNOMED, "409063005")]},
        # Words that call it off.
        *(
            {"performerType": _DERM, "code": {"text": text}}
            for text in (
                *("No referral to dermatology needed", "Cancelled - do not schedule"),
                *("Dermatology: ordered in error", "Duplicate order", "No necesita cita"),
            )
        ),
    ],
    ids=str,
)
def test_what_is_unknown_contradicted_or_called_off_a_person_reads(wanted: Json) -> None:
    referral = sent(an_order(**{"code": {"text": "x"}, **wanted}))
    assert (referral.service.specialty, referral.offers) == (None, ())
    assert referral.work_item is not None
    assert referral.work_item.reason is Reason.SERVICE_UNCLEAR


@pytest.mark.parametrize(
    ("wanted", "specialty"),
    [
        ({"code": coding(SNOMED, "183519002 |Referral to cardiology service|")}, CARDIOLOGY),
        (
            {"code": coding(f"{SNOMED}/731000124108/version/20240901", "183519002")},
            CARDIOLOGY,
        ),
        ({"code": coding(HCPCS, "45378")}, "207RG0100X"),
        ({"code": coding("urn:oid:2.16.840.1.113883.6.12", "45378")}, "207RG0100X"),
        ({"code": coding(CPT, "97161")}, "225100000X"),
        # The code of SNOMED that only says consultation leaves it to the words.
        ({"code": {**coding(SNOMED, "103696004"), "text": "Cardiology"}}, CARDIOLOGY),
        ({"performer": [{"display": "Cardiology"}]}, CARDIOLOGY),
        # A voided word in another place calls nothing off.
        ({"performerType": _DERM, "note": [{"text": "Cancelled her visit in May."}]}, DERM),
        ({"performerType": _DERM, "reasonCode": [{"text": "Procedure cancelled"}]}, DERM),
    ],
    ids=str,
)
def test_what_is_said_clearly_is_understood(wanted: Json, specialty: str) -> None:
    assert sent(an_order(**{"code": {"text": "x"}, **wanted})).service.specialty == specialty


@pytest.mark.parametrize(
    "wanted",
    [
        {"code": coding(LOINC, "24323-8")},
        {"code": coding(CPT, "80053")},
        {"code": coding(HCPCS, "E0601")},
        {"code": coding(HCPCS, "A0428")},
        {"category": [coding(SNOMED, "108252007")], "code": {"text": "CBC"}},
        {"code": coding("http://terminology.hl7.org/CodeSystem/v2-0074", "GE", "Genetics")},
        *({"code": {"text": text}} for text in ("Laboratory", "Urinalysis", "Taxi", "Wheelchairs")),
    ],
    ids=str,
)
def test_what_is_no_referral_is_refused_with_the_reason(wanted: Json) -> None:
    order = an_order(**wanted)
    reply = ApiClient(World()).call("POST", "/fhir/ServiceRequest", order, client="ehr-1")
    assert (reply.status, reply.code) == (422, "not-a-referral")


@pytest.mark.parametrize(
    ("said", "consent"),
    [
        ({"reasonCode": [{"coding": [{"code": "F11.20"}]}]}, ConsentClass.SUBSTANCE_USE),
        ({"reasonCode": [{"coding": [{"code": "f1120"}]}]}, ConsentClass.SUBSTANCE_USE),
        ({"reasonCode": [{"text": "L20.9, F11.20"}]}, ConsentClass.SUBSTANCE_USE),
        ({"note": [{"text": "Dx F32.1 since 2019"}]}, ConsentClass.MENTAL_HEALTH),
        ({"reasonCode": [coding("urn:local:icd10", "F32.9")]}, ConsentClass.MENTAL_HEALTH),
        (
            {"orderDetail": [coding(RXNORM, "1010600", "buprenorphine 8 MG / naloxone 2 MG")]},
            ConsentClass.SUBSTANCE_USE,
        ),
        ({"note": [{"text": "OUD on MOUD"}]}, ConsentClass.SUBSTANCE_USE),
        ({"note": [{"text": "takes Vivitrol monthly"}]}, ConsentClass.SUBSTANCE_USE),
        ({"note": [{"text": "adicción a la heroína"}]}, ConsentClass.SUBSTANCE_USE),
        ({"note": [{"text": "PTSD"}]}, ConsentClass.MENTAL_HEALTH),
        ({"note": [{"text": "depresión mayor"}]}, ConsentClass.MENTAL_HEALTH),
        # What looks alike and is none of it.
        ({"note": [{"text": "no PTSD"}]}, ConsentClass.NONE),
        ({"note": [{"text": "bipolar hip prosthesis; room F11.2b"}]}, ConsentClass.NONE),
        ({"reasonCode": [coding(LOCAL, "F10")]}, ConsentClass.NONE),
        ({"reasonCode": [{"coding": [{"code": "L20.9"}]}]}, ConsentClass.NONE),
    ],
    ids=str,
)
def test_what_needs_consent_is_known_by_less_than_a_whole_code(
    said: Json, consent: ConsentClass
) -> None:
    referral = sent(an_order(**{**KNOWN, **said}))
    assert referral.service.consent is consent
    assert bool(referral.offers) is (consent is ConsentClass.NONE)


@pytest.mark.parametrize("acts", [(), (accepted, agreed, booked), (accepted, agreed, booked, seen)])
def test_a_label_that_is_sent_later_and_taken_back_is_taken_each_time(
    acts: tuple[Callable[[World], None], ...],
) -> None:
    # Given a referral under way, whose order is labelled later: a person is to get the consent
    api = ApiClient(World())
    api.intake.new_id = lambda: REFERRAL
    order = an_order(**KNOWN)
    assert api.call("POST", "/fhir/ServiceRequest", order, client="ehr-1").status == 201
    for act in acts:
        act(api.world)
    url, known = f"/fhir/ServiceRequest/{REFERRAL}", {**order, "id": REFERRAL}
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "ETH"}
    assert (
        api.call("PUT", url, {**known, "meta": {"security": [label]}}, client="ehr-1").status == 200
    )
    assert api.world.referral.work_item is not None
    # When its author takes the label back, that is a version too, wherever the referral is
    assert api.call("PUT", url, known, client="ehr-1").status == 200
    assert api.world.referral.payload_version == 3
