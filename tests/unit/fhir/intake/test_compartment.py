"""What a body holds about a patient goes along; what it holds about another does not."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from referral_core.fhir.errors import FhirError
from referral_core.fhir.intake.orders import Intake, read_referrals, read_update
from tests.unit.builders import NOW
from tests.unit.fhir.orders import (
    FHIR_JSON,
    Json,
    a_bundle,
    a_patient,
    an_order,
    bundled_order,
    read,
    read_one,
    sent,
)
from tests.unit.fhir.partners import a_payload

PATIENT = {"reference": "Patient/pat"}
ORDER = {"reference": "ServiceRequest/o1"}


def about(kind: str, word: str, **fields: object) -> Json:
    return {"resourceType": kind, "id": word.lower(), "text": {"div": word}, **fields}


POINTERS = [
    about("QuestionnaireResponse", "ANSWERS", basedOn=[ORDER]),
    about("DocumentReference", "LETTER", status="current", content=[{"attachment": {"url": "u"}}]),
    about("CommunicationRequest", "WISH", about=[ORDER]),
    about("AllergyIntolerance", "ALLERGY", patient=PATIENT),
    about("Provenance", "SEAL", target=[ORDER]),
    about("List", "LIST", entry=[{"item": ORDER}]),
    about("Flag", "FLAG", subject=PATIENT),
    about("Flag", "LOGICAL", subject={"identifier": {"system": "urn:mrn", "value": "7"}}),
    about("MadeUpInTwoYears", "UNKNOWN", somewhere={"deep": [{"reference": "Patient/pat"}]}),
]
OTHERS = (
    a_patient(id="p2", name=[{"family": "Dunmore"}]),
    an_order(
        id="o2",
        contained=None,
        insurance=None,
        subject={"reference": "Patient/p2"},
        identifier=[{"system": "s", "value": "2"}],
    ),
)


def the_order(*others: Json) -> tuple[Json, ...]:
    order, patient, coverage = bundled_order()
    return (
        order,
        {**patient, "identifier": [{"system": "urn:mrn", "value": "7"}]},
        coverage,
        *others,
    )


def words_of(intake: Intake) -> set[str]:
    return {r["text"]["div"] for r in intake.resources.values() if "text" in r}


@pytest.mark.parametrize("pointer", POINTERS, ids=lambda p: p["text"]["div"])
def test_what_leads_to_the_order_or_its_patient_goes_along(pointer: Json) -> None:
    intake = read_one(a_bundle(*the_order(pointer)))
    assert words_of(intake) == {pointer["text"]["div"]}


@pytest.mark.parametrize("pointer", POINTERS, ids=lambda p: p["text"]["div"])
def test_it_goes_along_with_its_own_patient_only(pointer: Json) -> None:
    first, second = read(a_bundle(*the_order(pointer, *OTHERS)))
    led = pointer["text"]["div"] != "LETTER"  # it names nobody, and two patients are there
    assert words_of(first) == ({pointer["text"]["div"]} if led else set())
    assert words_of(second) == set()


def test_what_leads_to_what_leads_to_the_order_goes_along() -> None:
    seal = about("Provenance", "SEAL", target=[{"reference": "QuestionnaireResponse/answers"}])
    author = about("Device", "AUTHOR")
    answers = {**POINTERS[0], "author": {"reference": "Device/author"}}
    first, second = read(a_bundle(*the_order(seal, answers, author, *OTHERS)))
    assert words_of(first) == {"SEAL", "ANSWERS", "AUTHOR"}
    assert words_of(second) == set()


def test_a_shared_practice_does_not_bring_another_patients_record() -> None:
    practice = about("Organization", "PRACTICE")
    theirs = about("Flag", "THEIRS", subject={"reference": "Patient/p2"}, author=named("practice"))
    seal = about("Provenance", "SEAL", target=[{"reference": "Flag/theirs"}], by=named("practice"))
    order, *rest = the_order(practice, theirs, seal, *OTHERS)
    first, second = read(a_bundle({**order, "requester": named("practice")}, *rest))
    assert words_of(first) == {"PRACTICE"}
    assert words_of(second) == {"THEIRS", "SEAL", "PRACTICE"}


def test_what_is_about_another_patient_stays_there_though_it_mentions_this_one() -> None:
    theirs = about("Flag", "THEIRS", subject={"reference": "Patient/p2"}, reason=[PATIENT, ORDER])
    first, second = read(a_bundle(*the_order(theirs, *OTHERS)))
    assert words_of(first) == set()
    assert words_of(second) == {"THEIRS"}


def named(practice: str) -> Json:
    return {"reference": f"Organization/{practice}"}


def test_a_list_of_two_patients_does_not_lead_from_one_to_the_other() -> None:
    theirs = about("Flag", "THEIRS", subject={"reference": "Patient/p2"})
    both = about("List", "BOTH", entry=[{"item": ORDER}, {"item": {"reference": "Flag/theirs"}}])
    first, _ = read(a_bundle(*the_order(both, theirs, *OTHERS)))
    assert words_of(first) == {"BOTH"}
    assert "Patient/p2" not in first.resources


def test_the_subscriber_of_the_coverage_goes_along_though_another_person() -> None:
    order, patient, coverage = bundled_order()
    parent = a_patient(id="parent", name=[{"family": "Parent"}])
    covered = {**coverage, "subscriber": {"reference": "Patient/parent"}}
    assert parent in read_one(a_bundle(order, patient, covered, parent)).resources.values()


def test_a_message_header_is_no_content() -> None:
    header = {
        "resourceType": "MessageHeader",
        "id": "h",
        "eventUri": "urn:e",
        "source": {"endpoint": "https://ehr.example.org"},
        "focus": [ORDER],
    }
    (intake,) = read(a_bundle(header, *the_order(), kind="message"), "message")
    assert not [r for r in intake.resources.values() if r["resourceType"] == "MessageHeader"]


def test_two_resources_without_id_or_address_are_both_kept() -> None:
    notes = [about("Basic", word) for word in ("ONE", "TWO")]
    for note in notes:
        del note["id"]
    assert words_of(read_one(a_bundle(*the_order(*notes)))) == {"ONE", "TWO"}


def test_the_order_of_entries_does_not_make_another_content() -> None:
    extra = POINTERS[0], POINTERS[3], POINTERS[4]
    hashes = {
        read_one(a_bundle(*the_order(*mixed))).canonical_hash for mixed in permutations(extra)
    }
    assert len(hashes) == 1


@pytest.mark.parametrize("pointer", POINTERS, ids=lambda p: p["text"]["div"])
def test_other_content_that_leads_to_the_order_is_other_content(pointer: Json) -> None:
    before = read_one(a_bundle(*the_order({**pointer, "x": "before"})))
    after = read_one(a_bundle(*the_order({**pointer, "x": "after"})))
    assert before.canonical_hash != after.canonical_hash


def test_what_an_order_contains_and_does_not_name_is_content_too() -> None:
    def hash_of(word: str) -> str:
        order = an_order()
        inner = {"resourceType": "Basic", "id": "b", "code": {"text": word}}
        return read_one({**order, "contained": [*order["contained"], inner]}).canonical_hash

    assert hash_of("a") != hash_of("b")


def put(order: Json, before: Intake) -> Intake:
    body = {**order, "id": "r1"}
    return read_update(json.dumps(body).encode(), FHIR_JSON, "r1", NOW, a_payload(before))


def test_a_new_version_keeps_what_leads_to_the_order_and_is_not_sent_again() -> None:
    extra = POINTERS[0], about("Provenance", "SEAL", target=[ORDER], agent=[{"who": named("p")}])
    before = read_one(a_bundle(*the_order(*extra, about("Organization", "P"))))
    after = put({**before.service_request, "note": [{"text": "new"}]}, before)
    assert words_of(after) == words_of(before) == {"ANSWERS", "SEAL", "P"}
    again = put(after.service_request, after)
    assert again.canonical_hash == after.canonical_hash
    assert (again.attached, again.order_links) == (after.attached, after.order_links)


@pytest.mark.parametrize("element", ["supportingInfo", "reasonReference"])
def test_a_new_version_keeps_what_it_leads_to_itself_and_is_not_sent_again(element: str) -> None:
    order, *rest = the_order(about("Condition", "RASH", subject=PATIENT))
    before = read_one(a_bundle({**order, element: [{"reference": "Condition/rash"}]}, *rest))
    after = put({**before.service_request, "note": [{"text": "new"}]}, before)
    assert words_of(after) == words_of(before) == {"RASH"}
    assert len(after.resources) == len(before.resources)


def test_a_new_version_is_for_the_reasons_of_the_claim_that_carried_it() -> None:
    order, *rest = the_order()
    claim = {
        **about("Claim", "CARRIES", use="preauthorization", patient=PATIENT),
        "status": "active",
        "type": {"text": "professional"},
        "created": "2026-03-01",
        "priority": {"text": "normal"},
        "provider": {"display": "Dr. Helen Marsh"},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/cov"}}],
        "referral": ORDER,
        "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": {"text": "Heart failure"}}],
    }
    order = {name: value for name, value in order.items() if name != "reasonCode"}
    before = read_one(a_bundle(order, *rest, claim))
    after = put({**before.service_request, "note": [{"text": "new"}]}, before)
    assert [reason.text for reason in before.clinical.reasons] == ["Heart failure"]
    assert after.clinical.reasons == before.clinical.reasons
    assert after.clinical.requester == before.clinical.requester


def test_a_coverage_that_a_new_version_no_longer_names_does_not_go_along() -> None:
    order, patient, coverage = bundled_order(insurance=[{"reference": "Coverage/cov"}])
    before = read_one(a_bundle(order, patient, coverage))
    own = {"resourceType": "Coverage", "id": "new", "beneficiary": PATIENT}
    after = put({**order, "contained": [own], "insurance": [{"reference": "#new"}]}, before)
    assert list(after.resources) == ["Patient/pat"]


def test_decimals_arrive_digit_for_digit() -> None:
    body = sent(a_bundle(*the_order(about("Observation", "DOSE", valueQuantity={"value": 7}))))
    exact = body.replace(b'"value": 7', b'"value": 7.500')
    (intake,) = read_referrals(exact, FHIR_JSON, "bundle", NOW)
    assert b'"value":7.500' in a_payload(intake).dump()


MOTHER = a_patient(id="p2", name=[{"family": "Dunmore"}], birthDate="1990-01-01")
OF_ANOTHER = about("Condition", "SECRET", subject={"reference": "Patient/p2"})


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("element", ["supportingInfo", "reasonReference"])
def test_an_order_that_leads_to_another_patients_resource_is_refused(
    *, inside: bool, element: str
) -> None:
    order, *rest = the_order(MOTHER, *([] if inside else [OF_ANOTHER]))
    leads = {element: [{"reference": "#secret" if inside else "Condition/secret"}]}
    contained = {"contained": [OF_ANOTHER]} if inside else {}
    with pytest.raises(FhirError) as refused:
        read(a_bundle({**order, **leads, **contained}, *rest))
    assert refused.value.issues[0].own_code == "resource-of-another-patient"


@pytest.mark.parametrize("leads", [True, False])
def test_a_resource_with_another_ones_number_does_not_go_along(*, leads: bool) -> None:
    number = {"identifier": {"system": "urn:mrn", "value": "8"}}
    order, *rest = the_order(about("Condition", "SECRET", subject=number))
    if not leads:
        assert words_of(read_one(a_bundle(order, *rest))) == set()
        return
    with pytest.raises(FhirError):
        read(a_bundle({**order, "supportingInfo": [{"reference": "Condition/secret"}]}, *rest))


def test_an_order_may_lead_to_the_family_and_to_what_is_about_nobody() -> None:
    relative = about("RelatedPerson", "MOTHER", patient=PATIENT)
    history = about("FamilyMemberHistory", "HISTORY", patient=PATIENT)
    order, *rest = the_order(relative, history, about("Device", "DEVICE"))
    named = [{"reference": f"{r['resourceType']}/{r['id']}"} for r in rest[2:]]
    assert words_of(read_one(a_bundle({**order, "supportingInfo": named}, *rest))) == {
        *("MOTHER", "HISTORY", "DEVICE")
    }


NUMBER = "urn:mrn"
SOMEBODY_ELSE = {
    "by a literal that leads nowhere": {"subject": {"reference": "Patient/2"}},
    "by an address": {"patient": {"reference": "https://other.example.org/fhir/Patient/pat"}},
    "by an unknown urn": {"subject": {"reference": "urn:uuid:0f0f0f0f-0-4-8-00000000000b"}},
    "by a condition": {"subject": {"reference": "Patient?identifier=urn:mrn|8"}},
    "by another one's number": {"subject": {"identifier": {"system": NUMBER, "value": "8"}}},
    "by a number of a system unknown": {"subject": {"identifier": {"system": "s", "value": "7"}}},
    "in words": {"subject": {"display": "Harold Finch"}},
    "as one of several": {"subject": [PATIENT, {"reference": "Patient/2"}]},
    "as who takes part": {"participant": [{"actor": {"reference": "Patient/2"}}]},
    "as whose target it is": {"target": [{"reference": "Patient/2"}]},
    "as who answered": {"source": {"reference": "Patient/2"}},
    "in what it contains": {
        "contained": [about("Condition", "INNER", subject={"reference": "Patient/2"})]
    },
}
OURS = {
    "by the literal of the order": {"subject": PATIENT},
    "in a version": {"subject": {"reference": "Patient/pat/_history/3"}},
    "by its address": {"patient": {"reference": "https://ehr.example.org/fhir/Patient/pat"}},
    "by a condition": {"subject": {"reference": f"Patient?identifier={NUMBER}|7"}},
    "by number, beside an address unknown": {
        "subject": {"reference": "Patient/88", "identifier": {"system": NUMBER, "value": "7"}}
    },
    "by a number alone": {"subject": {"identifier": {"value": "7"}}},
    "in words": {"subject": {"display": "Whitlock, Marjorie"}},
    "of a group": {"subject": {"reference": "Group/g"}},
    "of a device, and no patient": {"patient": {"reference": "Device/d", "type": "Device"}},
    "of nobody": {},
    "of nobody, by another's hand": {"author": {"reference": "Practitioner/x"}},
    "with a relative beside": {
        "participant": [{"actor": PATIENT}, {"actor": {"reference": "Patient/2"}}]
    },
}


@pytest.mark.parametrize("named", SOMEBODY_ELSE.values(), ids=SOMEBODY_ELSE)
def test_what_is_about_somebody_else_is_left_out_and_said(named: Json) -> None:
    intake = read_one(a_bundle(*the_order(about("Basic", "SECRET", **named))))
    assert words_of(intake) == set()
    assert [w.own_code for w in intake.warnings] == ["left-out"]
    assert [r["text"]["div"] for r in intake.left_out] == ["SECRET"]


@pytest.mark.parametrize("named", OURS.values(), ids=OURS)
def test_what_is_about_the_patient_or_nobody_goes_along(named: Json) -> None:
    intake = read_one(a_bundle(*the_order(about("Basic", "WORD", **named))))
    assert words_of(intake) == {"WORD"}
    assert (intake.left_out, intake.warnings) == ((), ())


def test_a_literal_that_leads_nowhere_is_the_patients_where_the_order_has_it_too() -> None:
    order, patient, coverage = the_order()
    orders = {**order, "subject": {"reference": "Patient/of-the-ehr"}}
    ours, theirs = (
        about("Flag", word, subject={"reference": f"Patient/{name}"})
        for word, name in (("OURS", "of-the-ehr"), ("THEIRS", "2"))
    )
    covered = {**coverage, "beneficiary": orders["subject"]}
    for bundle in (
        a_bundle(orders, patient, covered, ours, theirs),
        a_bundle(orders, ours, theirs),
    ):
        intake = read_one(bundle)
        assert words_of(intake) == {"OURS"}
        assert [r["text"]["div"] for r in intake.left_out] == ["THEIRS"]


@pytest.mark.parametrize("inside", [True, False])
def test_an_order_that_leads_to_what_is_about_somebody_unknown_is_refused(*, inside: bool) -> None:
    secret = about("Condition", "SECRET", subject={"reference": "Patient/2"})
    order, *rest = the_order(*([] if inside else [secret]))
    leads = {"reasonReference": [{"reference": "#secret" if inside else "Condition/secret"}]}
    with pytest.raises(FhirError) as refused:
        read(a_bundle({**order, **leads, **({"contained": [secret]} if inside else {})}, *rest))
    assert refused.value.issues[0].own_code == "resource-of-another-patient"


def test_what_goes_along_with_none_of_several_orders_is_left_out_once() -> None:
    letter, practice = about("DocumentReference", "LETTER"), about("Organization", "PRACTICE")
    first, second = read(a_bundle(*the_order(letter, practice, *OTHERS)))
    assert [r["text"]["div"] for r in first.left_out] == ["LETTER"]
    assert second.left_out == ()
