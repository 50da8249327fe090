from __future__ import annotations

import base64
import hashlib

import pytest

from referral_core.domain.updates import ProgressNoted, ReportReceived
from referral_core.fhir.errors import FhirError
from referral_core.fhir.inbound.documents import (
    DocumentUpdate,
    read_diagnostic_report,
    read_document,
)
from tests.unit.fhir.orders import FHIR_JSON, Json, sent
from tests.unit.fhir.partners import REPORT, a_document

SHA1 = base64.b64encode(hashlib.sha1(REPORT, usedforsecurity=False).digest()).decode()


def document(**fields: object) -> DocumentUpdate:
    return read_document(sent(a_document(**fields)), FHIR_JSON)


def attached(**fields: object) -> Json:
    inline = {"contentType": "application/pdf", "data": base64.b64encode(REPORT).decode()}
    return {"content": [{"attachment": {**inline, **fields}}]}


def test_an_inline_report_is_read_with_its_hash() -> None:
    read = document(**attached(size=len(REPORT), hash=SHA1))
    assert read.kind_class is ReportReceived
    assert read.referral_id == "r1"
    assert read.loinc == ("11488-4",)
    assert (read.content, read.content_type) == (REPORT, "application/pdf")
    assert (read.sha256, read.size) == (hashlib.sha256(REPORT).hexdigest(), len(REPORT))


def test_base64_may_be_broken_into_lines() -> None:
    data = base64.encodebytes(REPORT * 9).decode()
    assert document(**attached(data=data)).content == REPORT * 9


def test_a_report_elsewhere_is_told_by_its_address() -> None:
    read = document(
        content=[{"attachment": {"url": "https://clinic.example.org/Binary/1", "size": 9}}]
    )
    assert (read.content, read.sha256) == (None, None)
    assert (read.url, read.size) == ("https://clinic.example.org/Binary/1", 9)


@pytest.mark.parametrize(
    "fields",
    [{"docStatus": "preliminary"}, {"status": "superseded"}],
)
def test_a_report_that_is_not_final_only_informs(fields: Json) -> None:
    assert document(**fields).kind_class is ProgressNoted


@pytest.mark.parametrize("fields", [{"docStatus": None}, {"docStatus": "amended"}])
def test_a_report_is_final_unless_it_says_otherwise(fields: Json) -> None:
    assert document(**fields).kind_class is ReportReceived


@pytest.mark.parametrize("fields", [{"context": None}, {"context": {"related": []}}])
def test_a_document_that_names_no_referral_is_for_a_person(fields: Json) -> None:
    assert document(**fields).referral_id is None


def test_the_order_may_be_named_as_r5_does() -> None:
    read = document(context=None, basedOn=[{"reference": "ServiceRequest/r1.b1"}])
    assert (read.referral_id, read.offer_number) == ("r1", 1)


@pytest.mark.parametrize(
    ("fields", "own_code", "place"),
    [
        ({"content": []}, "missing-content", "content"),
        ({"content": [{"format": {"code": "x"}}]}, "missing-attachment", "content[0].attachment"),
        (
            {"content": [{"attachment": {"title": "x"}}]},
            "missing-document",
            "content[0].attachment",
        ),
        (attached(data="%%%"), "invalid-base64", "content[0].attachment.data"),
        (attached(data="QUJ"), "invalid-base64", "content[0].attachment.data"),
        (attached(size=1), "size-mismatch", "content[0].attachment.size"),
        (attached(hash="x"), "hash-mismatch", "content[0].attachment.hash"),
        ({"status": "final"}, "unknown-code", "status"),
    ],
)
def test_a_document_that_is_not_what_it_says_is_refused(
    fields: Json, own_code: str, place: str
) -> None:
    with pytest.raises(FhirError) as caught:
        document(**fields)
    issue = caught.value.issues[0]
    assert (issue.own_code, issue.expression) == (own_code, f"DocumentReference.{place}")


# --- the result of a diagnostic service -------------------------------------------------------


def a_result(**fields: object) -> Json:
    form = {"contentType": "application/pdf", "data": base64.b64encode(REPORT).decode()}
    base: Json = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "24627-2"}]},
        "basedOn": [{"reference": "ServiceRequest/r1.b2"}],
        "presentedForm": [form],
    }
    return {**base, **fields}


def result(**fields: object) -> DocumentUpdate:
    return read_diagnostic_report(sent(a_result(**fields)), FHIR_JSON)


def flagged(*codes: str) -> Json:
    """An Observation that is flagged with interpretation codes."""
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Finding"},
        "interpretation": [{"coding": [{"system": system, "code": code}]} for code in codes],
    }


def test_a_result_is_read_as_a_document_of_its_referral() -> None:
    read = result()
    assert read.kind_class is ReportReceived
    assert (read.referral_id, read.offer_number) == ("r1", 2)
    assert (read.content, read.sha256) == (REPORT, hashlib.sha256(REPORT).hexdigest())
    assert read.loinc == ("24627-2",)
    assert (read.final, read.critical) == (True, False)


@pytest.mark.parametrize("status", ["final", "amended", "corrected", "appended"])
def test_a_result_is_final_once_it_is_issued_so(status: str) -> None:
    assert result(status=status).final


@pytest.mark.parametrize("status", ["preliminary", "partial"])
def test_a_preliminary_result_is_on_record_and_not_final(status: str) -> None:
    read = result(status=status)
    assert read.kind_class is ReportReceived
    assert not read.final


@pytest.mark.parametrize("status", ["registered", "unknown"])
def test_a_result_that_is_not_issued_only_informs(status: str) -> None:
    assert result(status=status).kind_class is ProgressNoted


@pytest.mark.parametrize(
    ("codes", "critical"),
    [
        ((), False),
        (("H",), False),
        (("A",), False),
        (("HH",), True),
        (("N", "LL"), True),
        (("AA",), True),
    ],
)
def test_a_result_is_critical_when_a_measurement_of_it_is(
    codes: tuple[str, ...], *, critical: bool
) -> None:
    assert result(contained=[flagged("N"), flagged(*codes)]).critical is critical


def test_a_result_is_critical_when_its_conclusion_is() -> None:
    assert result(conclusionCode=[{"coding": [{"code": "AA"}]}]).critical
    assert result(status="preliminary", conclusionCode=[{"coding": [{"code": "AA"}]}]).critical


@pytest.mark.parametrize(
    "category",
    [
        {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"},
        {"system": "http://loinc.org", "code": "LP29684-5"},
        {"code": "RAD"},
    ],
)
def test_an_imaging_result_is_an_imaging_study_whatever_the_study(category: Json) -> None:
    # Its own code is one of thousands: a pathway names the type of document.
    assert result(category=[{"coding": [category]}]).loinc == ("24627-2", "18748-4")
    assert result(code={"text": "CT"}, category=[{"coding": [category]}]).loinc == ("18748-4",)
    assert result(category=[{"coding": [{"code": "LAB"}]}]).loinc == ("24627-2",)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"presentedForm": []}, "missing-document"),
        ({"presentedForm": [{"contentType": "application/pdf"}]}, "missing-document"),
        ({"presentedForm": [{"data": "%%%"}]}, "invalid-base64"),
    ],
)
def test_a_result_that_cannot_be_taken_says_why(fields: Json, code: str) -> None:
    with pytest.raises(FhirError) as refused:
        result(**fields)
    assert refused.value.issues[0].own_code == code
