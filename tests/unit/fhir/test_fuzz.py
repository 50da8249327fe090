"""Whatever is sent: a result, or a FhirError with at least one issue; never anything else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain import exact_json
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.fhir.errors import FhirError
from referral_core.fhir.inbound.acknowledgements import read_acknowledgement
from referral_core.fhir.inbound.documents import read_document
from referral_core.fhir.inbound.partner_updates import (
    read_appointment,
)
from referral_core.fhir.inbound.task_updates import read_task_update
from referral_core.fhir.intake.orders import Intake, read_referrals, read_update
from referral_core.fhir.outbound.offers import offer_bundle
from referral_core.fhir.outbound.responses import message_response, service_request_as_stored
from referral_core.fhir.outbound.tasks import task_a
from tests.unit.builders import a_referral
from tests.unit.fhir.orders import (
    FHIR_JSON,
    Json,
    a_bundle,
    a_coverage,
    a_patient,
    an_order,
    bundled_order,
)
from tests.unit.fhir.partners import (
    a_document,
    a_payload,
    a_payload_with,
    a_performer,
    a_task,
    a_visit,
    an_acknowledgement,
    an_offered_referral,
)

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
MESSAGE_HEADER: Json = {
    "resourceType": "MessageHeader",
    "id": "m",
    "eventCoding": {"system": "s", "code": "c"},
    "source": {"endpoint": "https://ehr.example.org"},
    "focus": [{"reference": "ServiceRequest/o1"}],
}
CLAIM: Json = {
    "resourceType": "ExplanationOfBenefit",
    "contained": [
        an_order(id="referral", contained=None, insurance=None),
        a_coverage(),
        a_patient(),
    ],
    "referral": {"reference": "#referral"},
    "diagnosis": [{"diagnosisCodeableConcept": {"coding": [{"system": "s", "code": "c"}]}}],
    "provider": {"reference": "Practitioner/d"},
}
GOAL: Json = {
    "resourceType": "Goal",
    "id": "g",
    "identifier": [{"value": "1"}],
    "subject": {"identifier": {"system": "s", "value": "1"}},
}
NESTED: Json = {
    "resourceType": "Bundle",
    "id": "b",
    "identifier": {"system": "s", "value": "1"},
    "type": "document",
    "entry": [{"resource": GOAL}],
}
WRITTEN_AT: list[Json] = [
    {"resourceType": "Practitioner", "id": "d", "identifier": [{"value": "1"}], "meta": {}},
    {
        "resourceType": "Encounter",
        "id": "e",
        "contained": [{"resourceType": "Location", "id": "l", "identifier": [{"value": "1"}]}],
        "location": [{"location": {"reference": "#l"}}],
    },
]
WORDS = [
    *("resourceType", "ServiceRequest", "Patient", "Coverage", "Bundle", "contained"),
    *("#pat", "#cov", "Patient/pat", "reference", "id", "active", "order"),
    *("2026-03-02", "2026-02-30", "http://snomed.info/sct"),
]
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(WORDS)
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """List every (container, key) of JSON."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [(value, key) for key, _ in items] + [p for _, inner in items for p in places(inner)]


@st.composite
def damaged(draw: st.DrawFn, whole: Json) -> Json:
    """Replace or remove a few elements, at any depth, of a resource that is in order."""
    resource = copy.deepcopy(whole)
    for _ in range(draw(st.integers(0, 4))):
        container, key = draw(st.sampled_from(places(resource)))
        if draw(st.booleans()) or isinstance(container, list):
            container[key] = draw(values)
        else:
            del container[key]
        if not places(resource):
            break
    return resource


def tried(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except FhirError as error:
        return error


def told(read: Callable[[], Any]) -> Any:
    """Return what was understood; None when it was refused as it should be."""
    outcome = tried(read)
    if not isinstance(outcome, FhirError):
        return outcome
    assert outcome.status in {400, 413, 415, 422}
    assert outcome.issues
    assert all(issue.own_code and issue.diagnostics for issue in outcome.issues)
    return None


def used(intake: Intake) -> None:
    """Make of a referral everything that we make of one."""
    payload = a_payload(intake)
    assert ClinicalPayload.load(payload.dump()) == payload
    service_request_as_stored(a_referral(), intake.service_request)
    task_a(a_referral(), intake.service_request)
    offer = offer_bundle(an_offered_referral(), a_performer(), a_payload(intake))
    exact_json.dumps(offer).encode()


SENT: dict[str, tuple[Any, list[Json]]] = {
    "resource": ("resource", [an_order()]),
    "bundle": (
        "bundle",
        [
            a_bundle(*bundled_order(), kind="transaction"),
            a_bundle(CLAIM, *bundled_order()),
            a_bundle(*bundled_order(supportingInfo=[{"reference": "Goal/g"}]), GOAL, NESTED),
            a_bundle(
                *bundled_order(
                    requester={"reference": "Practitioner/d"},
                    encounter={"reference": "Encounter/e"},
                ),
                *WRITTEN_AT,
            ),
        ],
    ),
    "message": (
        "message",
        [a_bundle(MESSAGE_HEADER, *bundled_order(), kind="message")],
    ),
}


@pytest.mark.parametrize("kind", SENT)
@given(data=st.data())
def test_any_damage_to_a_referral_is_understood_or_refused(kind: Any, data: st.DataObject) -> None:
    resource = data.draw(st.sampled_from(SENT[kind][1]).flatmap(damaged))
    body = json.dumps(resource).encode()
    intakes = told(lambda: read_referrals(body, FHIR_JSON, kind, NOW))
    for intake in intakes or []:
        used(intake)
    if intakes and kind == "message":
        json.dumps(message_response(body, ["ServiceRequest/r1"], NOW), allow_nan=False)


@given(damaged(an_order(id="r1")))
def test_any_damage_to_an_update_is_understood_or_refused(resource: Json) -> None:
    known = a_payload_with({"Patient/pat": a_patient()})
    body = json.dumps(resource).encode()
    intake = told(lambda: read_update(body, FHIR_JSON, "r1", NOW, known))
    if intake:
        used(intake)


@given(values, st.sampled_from(["resource", "bundle", "message"]))
def test_any_json_is_understood_or_refused(value: Any, kind: Any) -> None:
    assert told(lambda: read_referrals(json.dumps(value).encode(), FHIR_JSON, kind, NOW)) is None


PARTNERS: list[tuple[Callable[[bytes], Any], Json]] = [
    (lambda body: read_task_update(body, FHIR_JSON, "r1.b1"), a_task()),
    (lambda body: read_appointment(body, FHIR_JSON, NOW), a_visit()),
    (lambda body: read_document(body, FHIR_JSON), a_document()),
    (lambda body: read_acknowledgement(body, FHIR_JSON), an_acknowledgement()),
]


@pytest.mark.parametrize(("read", "whole"), PARTNERS)
@given(data=st.data())
def test_any_damage_to_a_partners_word_is_understood_or_refused(
    read: Callable[[bytes], Any], whole: Json, data: st.DataObject
) -> None:
    body = json.dumps(data.draw(damaged(whole))).encode()
    told(lambda: read(body))
