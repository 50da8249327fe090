"""The report that a simulated clinic writes: the document inside, and its measures."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from local.partners.clinic.offer import Offer, read_offer
from local.partners.clinic.report import Kind, fitting, report
from local.partners.scripts.parts import ReportPart
from referral_core.fhir.inbound.documents import read_diagnostic_report, read_document
from tests.unit.partners.offers import an_offer
from tests.unit.partners.partner_harness import NOW


def a_report(offer: Offer | None = None, **fields: Any) -> dict[str, Any]:
    kind = Kind(**{"loinc": "11488-4", **fields})
    return report(offer or read_offer(an_offer()), NOW, NOW + timedelta(days=3), kind)


def an_order_for(specialty: str) -> dict[str, Any]:
    return {"performerType": {"coding": [{"code": specialty}]}}


def attachment_of(written: dict[str, Any]) -> dict[str, Any]:
    (content,) = written["content"]
    attachment: dict[str, Any] = content["attachment"]
    return attachment


@pytest.mark.parametrize(
    ("media_type", "begins"), [("text/plain", b"Consult note"), ("application/pdf", b"%PDF-1.4\n")]
)
def test_the_report_holds_the_document_and_its_measures(media_type: str, begins: bytes) -> None:
    attachment = attachment_of(a_report(media_type=media_type))

    document = base64.b64decode(attachment["data"])
    assert attachment["contentType"] == media_type
    assert attachment["size"] == len(document)
    assert base64.b64decode(attachment["hash"]) == hashlib.sha1(document).digest()  # noqa: S324
    assert document.startswith(begins)


def test_the_report_says_what_it_is_and_which_order_it_answers() -> None:
    written = a_report(loinc="34099-2")

    assert written["type"]["coding"][0]["code"] == "34099-2"
    assert written["context"]["related"] == [{"reference": "ServiceRequest/r1.b1"}]
    assert written["subject"]["identifier"]["value"] == "LS-10231"
    assert written["date"] == "2026-03-05T14:00:00Z"


def test_a_patient_without_identifier_is_named_by_the_order() -> None:
    offer = read_offer(an_offer())
    nameless = offer._replace(patient={**offer.patient, "identifier": []})

    assert a_report(nameless)["subject"]["display"] == "The patient of r1.b1"


def test_the_pages_of_the_pdf_are_where_its_table_says() -> None:
    pdf = base64.b64decode(attachment_of(a_report(media_type="application/pdf"))["data"])

    table = int(pdf.split(b"startxref\n")[1].split(b"\n")[0])
    rows = pdf[table:].split(b"\n")[3:8]
    assert pdf[table:].startswith(b"xref\n0 6\n")
    for number, row in enumerate(rows, start=1):
        assert pdf[int(row[:10]) :].startswith(b"%d 0 obj\n" % number)


@pytest.mark.parametrize(
    ("specialty", "sent"),
    [
        ("207RC0000X", [("11488-4", "document")]),
        ("261QR0200X", [("18748-4", "diagnostic-report")]),
        ("251E00000X", [("34117-2", "document"), ("18776-5", "document")]),
        ("251B00000X", [("34133-9", "document")]),
    ],
)
def test_what_is_sent_is_what_the_order_calls_for(
    specialty: str, sent: list[tuple[str, str]]
) -> None:
    kinds = fitting(an_order_for(specialty), ReportPart())

    assert [(kind.loinc, kind.form) for kind in kinds] == sent


def test_a_script_may_want_another_document() -> None:
    wanted = ReportPart(loinc="34109-9", final=False, media_type="application/pdf")

    assert fitting(an_order_for("251E00000X"), wanted) == [
        Kind("34109-9", "document", "application/pdf", final=False)
    ]


def test_what_is_critical_is_a_result() -> None:
    (kind,) = fitting(an_order_for("207RC0000X"), ReportPart(critical=True))

    assert (kind.form, kind.critical) == ("diagnostic-report", True)


@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("critical", [True, False])
def test_a_result_is_read_as_it_was_meant(*, final: bool, critical: bool) -> None:
    written = a_report(form="diagnostic-report", final=final, critical=critical)

    read = read_diagnostic_report(json.dumps(written).encode(), "application/fhir+json")

    assert (read.referral_id, read.offer_number) == ("r1", 1)
    assert (read.final, read.critical, read.loinc) == (final, critical, ("11488-4",))


def test_a_preliminary_document_is_none_that_closes_anything() -> None:
    body = json.dumps(a_report(final=False)).encode()

    assert not read_document(body, "application/fhir+json").final
