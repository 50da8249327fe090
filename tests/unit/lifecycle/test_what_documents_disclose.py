"""What documents disclose, by label, type or text: nobody learns of it before there is consent."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from referral_core.domain.ids import ReferralId
from referral_core.domain.referral import Referral
from referral_core.domain.terminology import ConsentClass
from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.fhir.orders import COMPLETE, Json, a_bundle, an_order, bundled_order

DERMATOLOGY = {"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207N00000X"}]}
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
INLINE_LABEL = (
    "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"
)
SUBSTANCE, MENTAL = ConsentClass.SUBSTANCE_USE, ConsentClass.MENTAL_HEALTH
HIV, RESTRICTED, NONE = ConsentClass.HIV, ConsentClass.RESTRICTED, ConsentClass.NONE


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def a_document(**fields: Any) -> Json:
    base: Json = {
        "resourceType": "DocumentReference",
        "id": "doc",
        "status": "current",
        "subject": {"reference": "Patient/pat"},
        "content": [{"attachment": {"contentType": "application/pdf", "data": "JVBERi0xLjQK"}}],
    }
    return {**base, **fields}


def with_data(content: bytes, kind: str = "text/plain") -> Json:
    data = b64encode(content).decode()
    return a_document(content=[{"attachment": {"contentType": kind, "data": data}}])


def labelled(system: str, code: str) -> Json:
    return a_document(meta={"security": [{"system": system, "code": code}]})


CDA = b"""<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><entry><observation>
<value code="F11.20" codeSystem="2.16.840.1.113883.6.90"/></observation></entry>
</ClinicalDocument>"""
NAMED_IN_CDA = b"""<ClinicalDocument><value displayName="Opioid dependence"/></ClinicalDocument>"""
RTF = rb"{\rtf1\ansi{\b Known} for opioid use\par disorder, stable.}"

DISCLOSING: dict[str, tuple[Json, ConsentClass]] = {
    "labelled part 2": (labelled(ACT, "42CFRPart2"), SUBSTANCE),
    "labelled psychotherapy note": (labelled(ACT, "PSYTHPN"), MENTAL),
    "labelled HIV": (labelled(ACT, "HIV"), HIV),
    "labelled HIV by confidentiality": (labelled(CONFIDENTIALITY, "HIV"), HIV),
    "labelled restricted": (labelled(CONFIDENTIALITY, "R"), RESTRICTED),
    "labelled very restricted": (labelled(CONFIDENTIALITY, "V"), RESTRICTED),
    "labelled by an OID": (labelled("urn:oid:2.16.840.1.113883.5.25", "R"), RESTRICTED),
    "labelled by the old address": (
        labelled("http://hl7.org/fhir/v3/Confidentiality", "R"),
        RESTRICTED,
    ),
    "labelled without a system": (a_document(meta={"security": [{"code": "R"}]}), RESTRICTED),
    "sensitive without a system": (a_document(meta={"security": [{"code": "ETH"}]}), SUBSTANCE),
    "labelled by words": (
        a_document(meta={"security": [{"code": "X", "display": "Opioid dependence"}]}),
        SUBSTANCE,
    ),
    "labelled in small letters": (labelled(CONFIDENTIALITY, "r"), RESTRICTED),
    "domestic violence": (labelled(ACT, "SDV"), RESTRICTED),
    "securityLabel of the document": (
        a_document(securityLabel=[coded(CONFIDENTIALITY, "R")]),
        RESTRICTED,
    ),
    "securityLabel without a system": (
        a_document(securityLabel=[{"coding": [{"code": "R"}]}]),
        RESTRICTED,
    ),
    "securityLabel in small letters": (
        a_document(securityLabel=[coded(CONFIDENTIALITY, "r")]),
        RESTRICTED,
    ),
    "a Composition in small letters": (
        {
            "resourceType": "Composition",
            "id": "k",
            "status": "final",
            "confidentiality": "r",
            "subject": {"reference": "Patient/pat"},
            "section": [{"title": "Notes"}],
        },
        RESTRICTED,
    ),
    "an element's label": (
        a_document(
            description="x",
            _description={
                "extension": [{"url": INLINE_LABEL, "valueCoding": {"system": ACT, "code": "ETH"}}]
            },
        ),
        SUBSTANCE,
    ),
    "psychiatry note by type": (a_document(type=coded("http://loinc.org", "34788-0")), MENTAL),
    "substance abuse note by type": (
        a_document(type=coded("http://loinc.org", "34857-3")),
        SUBSTANCE,
    ),
    "HIV report by category": (a_document(category=[coded("http://loinc.org", "74264-3")]), HIV),
    "psychology note by words": (a_document(type={"text": "Psychology Progress note"}), MENTAL),
    "title of the attachment": (
        a_document(content=[{"attachment": {"title": "Methadone clinic intake.pdf"}}]),
        SUBSTANCE,
    ),
    "text": (with_data(b"Seen in clinic. Known for opioid use disorder, stable."), SUBSTANCE),
    "text of which a line ends within": (
        with_data(b"Known for opioid\r\nuse disorder."),
        SUBSTANCE,
    ),
    "text that denies something else": (
        with_data(b"No known allergies, on methadone since 2019."),
        SUBSTANCE,
    ),
    "text, labelled as something else": (
        with_data(b"Patient is HIV positive since 2011.", "application/octet-stream"),
        HIV,
    ),
    "text in UTF-16": (with_data("History of HIV since 2011.".encode("utf-16"), "text/plain"), HIV),
    "text in an old encoding": (
        with_data(
            "Caf\u00e9 visit. Suicidal ideation denied last year; suicide attempt 2019.".encode(
                "cp1252"
            )
        ),
        MENTAL,
    ),
    "HTML": (with_data(b"<p>opioid <b>use</b>&nbsp;disorder</p>", "text/html"), SUBSTANCE),
    "RTF": (with_data(RTF, "application/rtf"), SUBSTANCE),
    "RTF by bytes": (
        with_data(rb"{\rtf1 Known for \'6fpioid use disorder \'e9}", "application/rtf"),
        SUBSTANCE,
    ),
    "RTF by numbers": (
        with_data(rb"{\rtf1 Known for \u111?pioid use disorder \u55357?}", "application/rtf"),
        SUBSTANCE,
    ),
    "JSON by numbers": (
        with_data(rb'{"note": "opioid\u0020use\u0020disorder \ud83d"}', "application/json"),
        SUBSTANCE,
    ),
    "UTF-16 without a mark": (with_data("History of HIV.".encode("utf-16-le")), HIV),
    "UTF-16 the other way round": (with_data("History of HIV.".encode("utf-16-be")), HIV),
    "Latin-1 that is called bytes": (
        with_data("Señora: opioid use disorder".encode("latin-1"), "application/octet-stream"),
        SUBSTANCE,
    ),
    "Latin-1 without a type": (
        with_data("Señora: opioid use disorder".encode("latin-1"), ""),
        SUBSTANCE,
    ),
    "codes of CDA": (with_data(CDA, "application/hl7-cda+xml"), SUBSTANCE),
    "names in CDA": (with_data(NAMED_IN_CDA, "application/hl7-cda+xml"), SUBSTANCE),
    "FHIR in an attachment": (
        with_data(
            b'{"resourceType":"Condition","code":{"text":"Opioid dependence"}}',
            "application/fhir+json",
        ),
        SUBSTANCE,
    ),
    "HIV by ICD-10-CM": (
        {
            "resourceType": "Condition",
            "id": "c",
            "subject": {"reference": "Patient/pat"},
            "code": coded("http://hl7.org/fhir/sid/icd-10-cm", "B20"),
        },
        HIV,
    ),
    "HIV by SNOMED CT": (
        {
            "resourceType": "Condition",
            "id": "c",
            "subject": {"reference": "Patient/pat"},
            "code": coded("http://snomed.info/sct", "86406008"),
        },
        HIV,
    ),
    "a Binary": (
        {
            "resourceType": "Binary",
            "id": "b",
            "contentType": "text/plain",
            "securityContext": {"reference": "Patient/pat"},
            "data": b64encode(b"Admitted for detoxification.").decode(),
        },
        SUBSTANCE,
    ),
    "a Composition": (
        {
            "resourceType": "Composition",
            "id": "k",
            "status": "final",
            "confidentiality": "R",
            "subject": {"reference": "Patient/pat"},
            "section": [{"title": "Notes"}],
        },
        RESTRICTED,
    ),
    "a section of a Composition": (
        {
            "resourceType": "Composition",
            "id": "k",
            "status": "final",
            "subject": {"reference": "Patient/pat"},
            "section": [{"section": [{"code": coded("http://loinc.org", "34857-3")}]}],
        },
        SUBSTANCE,
    ),
}

SAYS_NOTHING: dict[str, Json] = {
    "normal": labelled(CONFIDENTIALITY, "N"),
    "a moderate label": labelled(CONFIDENTIALITY, "M"),
    "an employee": labelled(ACT, "EMP"),
    "a PDF": a_document(),
    "binary": with_data(bytes(range(256)), "application/octet-stream"),
    "no base64": a_document(content=[{"attachment": {"data": "*** opioid use disorder ***"}}]),
    "denied": with_data(b"Denies opioid use disorder. No HIV infection. HIV test negative."),
    "hearing": with_data(b"Uses hearing aids. Wound culture: sensitive."),
    "a cardiology note": a_document(type=coded("http://loinc.org", "34099-2")),
    "samples": {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": {"reference": "Patient/pat"},
        "valueSampledData": {"origin": {"value": 0}, "period": 1, "dimensions": 1, "data": "1 2 E"},
        "interpretation": [{"text": "Sensitive"}],
    },
}


def posted(api: ApiClient, *others: Json, **meta: Any) -> None:
    body = {**a_bundle(*bundled_order(**COMPLETE), *others), **meta}
    answer = api.call("POST", "/fhir", body, client="ehr-1")
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(("resource", "consent"), DISCLOSING.values(), ids=DISCLOSING.keys())
def test_a_person_decides_before_anybody_learns_of_it(
    resource: Json, consent: ConsentClass
) -> None:
    api = ApiClient(World())
    posted(api, resource)
    assert referral_of(api).service.consent is consent
    (item,) = api.items().body["workItems"]
    assert (item["reason"], "consent" in item["statusReason"]) == ("missing-information", True)
    assert not api.world.clinics.offers
    assert not api.world.payer._requests


@pytest.mark.parametrize("resource", SAYS_NOTHING.values(), ids=SAYS_NOTHING.keys())
def test_what_discloses_nothing_stops_nothing(resource: Json) -> None:
    api = ApiClient(World())
    posted(api, resource)
    assert referral_of(api).service.consent is NONE


def test_the_label_of_a_bundle_is_that_of_all_it_holds() -> None:
    api = ApiClient(World())
    posted(api, meta={"security": [{"system": CONFIDENTIALITY, "code": "R"}]})
    assert referral_of(api).service.consent is RESTRICTED


def test_a_document_within_the_order_is_read_too() -> None:
    api = ApiClient(World())
    data = b64encode(b"Counselled for cocaine use disorder.").decode()
    attached = {"url": "urn:x", "valueAttachment": {"contentType": "text/plain", "data": data}}
    order = an_order(performerType=DERMATOLOGY, extension=[attached])
    answer = api.call("POST", "/fhir/ServiceRequest", order, client="ehr-1")
    assert answer.status == 201
    assert referral_of(api).service.consent is SUBSTANCE


def referral_of(api: ApiClient) -> Referral:
    (row,) = api.items("?_count=5").body["workItems"] or [{}]
    known = row.get("id") or next(iter(api.world.clinics.offers.values())).referral.id
    return api.world.referrals.load(TENANT, ReferralId(known)).referral
