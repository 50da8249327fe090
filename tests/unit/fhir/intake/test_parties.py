from __future__ import annotations

from datetime import date

import pytest

from referral_core.domain.orders.clinical_content import (
    CoverageContent,
    PatientContent,
    RequesterContent,
)
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order, read_one

NPI = "http://hl7.org/fhir/sid/us-npi"
TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


def patient_of(**fields: object) -> PatientContent:
    return read_one(an_order(contained=[a_patient(**fields), a_coverage()])).clinical.patient


def coverage_of(*coverages: Json, **fields: object) -> CoverageContent:
    return read_one(an_order(contained=[a_patient(), *coverages], **fields)).clinical.coverage


def requester_of(reference: Json, *contained: Json) -> RequesterContent:
    order = an_order(contained=[a_patient(), a_coverage(), *contained], requester=reference)
    return read_one(order).clinical.requester


def test_a_plain_patient_is_read() -> None:
    assert patient_of(
        address=[{"line": ["14 Cedar Lane", None], "city": "Worcester", "postalCode": "01605"}],
        communication=[{"language": {"coding": [{"code": "en-US"}]}}],
    ) == PatientContent(
        family="Whitlock",
        given="Marjorie",
        middle="Ann",
        birth_date=date(1961, 4, 17),
        gender="female",
        phone="+15085550131",
        address_lines=("14 Cedar Lane",),
        city="Worcester",
        postal_code="01605",
        language="en",
    )


def test_the_name_in_use_counts() -> None:
    names = [
        {"family": "Old", "period": {"end": "2020-07-22"}},
        {"use": "nickname", "family": "Nick"},
        {"family": "Current"},
        {"use": "maiden", "family": "Maiden"},
    ]
    assert patient_of(name=names).family == "Current"
    assert patient_of(name=[*names, {"use": "official", "family": "Official"}]).family == "Official"


def test_the_preferred_language_counts() -> None:
    spoken = [
        {"language": {"coding": [{"code": "en"}]}},
        {"language": {"coding": [{"code": "es-MX"}]}, "preferred": True},
    ]
    assert patient_of(communication=spoken).language == "es"


def test_a_partial_birth_date_counts_as_missing() -> None:
    assert patient_of(birthDate="1961-04").birth_date is None


@pytest.mark.parametrize("fields", [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-01-04"}])
def test_a_death_is_noticed(fields: Json) -> None:
    assert patient_of(**fields).deceased
    assert not patient_of(deceasedBoolean=False).deceased


@pytest.mark.parametrize(
    "day",
    [
        *("2062-01-04", "2030", "2029-05", "2027-01-04T10:00:00Z", "9999-12-31"),
        *("1961-04-16", "1961-03", "1960", "1899-12-31", "1800", "0001-01-01"),
        "1961-04-16T23:59:59-05:00",
    ],
)
def test_a_death_that_cannot_be_is_none_and_is_to_be_corrected(day: str) -> None:
    patient = patient_of(deceasedDateTime=day)
    assert not patient.deceased
    assert patient.not_understood == ("patient.deceased",)


@pytest.mark.parametrize("day", ["1961", "1961-04", "1961-04-17", "1961-04-17T03:00:00Z"])
def test_who_died_on_the_day_of_birth_has_died(day: str) -> None:
    assert patient_of(deceasedDateTime=day).deceased


def test_without_a_birth_date_a_death_is_bounded_by_a_life() -> None:
    assert not patient_of(birthDate=None, deceasedDateTime="1880-01-01").deceased
    assert patient_of(birthDate=None, deceasedDateTime="1990-01-01").deceased


def test_the_medical_record_number_is_the_identifier_typed_so() -> None:
    numbers = [
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-22-1962"},
        {"type": {"coding": [{"system": TYPES, "code": "MR"}]}, "system": "urn:mrn", "value": "7"},
    ]
    patient = patient_of(identifier=numbers)
    assert patient.mrn == "7"
    assert patient.identifiers == ("http://hl7.org/fhir/sid/us-ssn|999-22-1962", "urn:mrn|7")


def test_the_place_of_the_address_is_read_from_its_geolocation() -> None:
    place = {
        "url": "http://hl7.org/fhir/StructureDefinition/geolocation",
        "extension": [
            {"url": "latitude", "valueDecimal": 42.5},
            {"url": "longitude", "valueDecimal": -71},
        ],
    }
    patient = patient_of(address=[{"extension": [place], "city": "Peabody"}])
    assert (patient.latitude, patient.longitude) == (42.5, -71.0)


def test_of_a_patient_who_was_not_sent_only_the_identifier_is_known() -> None:
    mrn = {"system": "urn:mrn", "value": "7"}
    order = an_order(contained=None, insurance=None, subject={"identifier": mrn})
    assert read_one(order).clinical.patient == PatientContent(identifiers=("urn:mrn|7",))


def test_the_coverage_in_force_counts_and_then_the_first_in_order() -> None:
    old = a_coverage(id="a", status="cancelled", subscriberId="OLD")
    second = a_coverage(id="b", order=2, subscriberId="TWO")
    first = a_coverage(id="c", order=1, subscriberId="ONE")
    assert coverage_of(old, second, first, insurance=None).member_id == "ONE"


def test_the_coverage_that_the_order_names_counts() -> None:
    named, other = a_coverage(), a_coverage(id="other", subscriberId="OTHER", order=1)
    assert coverage_of(other, named).member_id == "M-1"


def test_a_member_id_may_be_an_identifier() -> None:
    number = {"type": {"coding": [{"system": TYPES, "code": "MB"}]}, "value": "M-9"}
    without = a_coverage(subscriberId=None, identifier=[{"value": "P-1"}, number])
    del without["subscriberId"]
    assert coverage_of(without).member_id == "M-9"


def test_a_payor_is_a_name_or_an_identifier() -> None:
    payer = {
        "resourceType": "Organization",
        "id": "payer",
        "name": "Harbor Health Plan",
        "identifier": [{"system": "urn:naic", "value": "99101"}],
    }
    resolved = coverage_of(a_coverage(payor=[{"reference": "#payer"}]), payer).payor
    assert resolved is not None
    assert (resolved.name, resolved.identifiers) == ("Harbor Health Plan", ("urn:naic|99101",))
    logical = coverage_of(a_coverage(payor=[{"identifier": {"value": "99101"}}])).payor
    assert logical is not None
    assert logical.identifiers == ("|99101",)
    assert coverage_of(a_coverage(payor=[])).payor is None


def test_plan_group_and_period_are_read() -> None:
    classes = [
        {"type": {"coding": [{"code": "group"}]}, "value": "G1"},
        {"type": {"coding": [{"code": "plan"}]}, "value": "P1", "name": "Gold"},
    ]
    period = {"start": "2025-01-01", "end": "2026-12"}
    coverage = coverage_of(a_coverage(**{"class": classes, "period": period}))
    assert (coverage.plan, coverage.group) == ("Gold", "G1")
    assert (coverage.start, coverage.end) == (date(2025, 1, 1), date(2026, 12, 31))


DOCTOR = {
    "resourceType": "Practitioner",
    "id": "doc",
    "identifier": [{"system": NPI, "value": "1999900016"}],
    "name": [{"family": "Okonjo", "given": ["Ruth"], "prefix": ["Dr."]}],
}
PRACTICE = {
    "resourceType": "Organization",
    "id": "org",
    "identifier": [{"system": NPI, "value": "1999900008"}],
    "name": "Lakeside Family Medicine",
    "telecom": [
        {"system": "phone", "value": "508-555-0100"},
        {"system": "fax", "value": "508-555-0101"},
    ],
}
ROLE = {
    "resourceType": "PractitionerRole",
    "id": "role",
    "practitioner": {"reference": "#doc"},
    "organization": {"reference": "#org"},
}


def test_a_requester_in_a_role_is_the_person_and_the_organization() -> None:
    assert requester_of({"reference": "#role"}, DOCTOR, PRACTICE, ROLE) == RequesterContent(
        name="Dr. Ruth Okonjo",
        npi="1999900016",
        organization="Lakeside Family Medicine",
        organization_npi="1999900008",
        phone="+15085550100",
        fax="+15085550101",
    )


def test_a_requester_may_be_an_organization_or_words_or_a_number() -> None:
    assert requester_of({"reference": "#org"}, PRACTICE).organization_npi == "1999900008"
    assert requester_of({"display": "Dr. Beverly"}).name == "Dr. Beverly"
    by_number = {"identifier": {"system": NPI, "value": "1999900016"}}
    assert requester_of(by_number).npi == "1999900016"
    assert requester_of({"reference": "Practitioner/kept-at-home"}) == RequesterContent()


# --- who pays alone ---------------------------------------------------------------------------

PAYS = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/coverage-selfpay", "code": "pay"}]
}


def a_class(value: str, code: str = "class", system: str | None = None) -> Json:
    system = system or "http://terminology.hl7.org/CodeSystem/coverage-class"
    return {"type": {"coding": [{"system": system, "code": code}]}, "value": value}


def paying(**fields: object) -> CoverageContent:
    order = an_order(contained=[a_patient(), a_coverage(**fields)])
    return read_one(order).clinical.coverage


def test_a_patient_who_pays_says_so_by_the_type_of_the_coverage() -> None:
    assert paying(type=PAYS).self_pay
    assert paying(type={"coding": [{"code": "pay"}]}).self_pay
    assert not paying().self_pay
    assert not paying(type={"coding": [{"code": "EHCPOL"}]}).self_pay


@pytest.mark.parametrize(
    ("classes", "fee_class"),
    [
        ([a_class("B")], "B"),
        ([a_class(" d ")], "D"),
        ([{"type": {"coding": [{"code": "class"}]}, "value": "A"}], "A"),
        ([a_class("gold", "plan"), a_class("C")], "C"),
        ([a_class("premium"), a_class("C")], "C"),
        ([a_class("E")], None),
        ([a_class("A", "plan")], None),
        ([], None),
    ],
)
def test_the_class_of_the_sliding_fee_scale_is_a_class_of_the_coverage(
    classes: list[Json], fee_class: str | None
) -> None:
    assert paying(type=PAYS, **{"class": classes}).fee_class == fee_class
