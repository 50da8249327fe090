"""People as they are: children with parents, subscribers, languages, numbers of any country."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from referral_core.domain.orders.clinical_content import ClinicalContent, ContactPerson, Subscriber
from referral_core.domain.outreach.languages import language_named_in, language_of_code
from referral_core.fhir.telecom import e164
from tests.unit.fhir.orders import Json, a_bundle, a_coverage, a_patient, an_order, read_one

CHILD = {"birthDate": "2019-05-05", "telecom": []}
MOTHER = {
    "relationship": [{"coding": [{"code": "N"}]}],
    "name": {"family": "Whitlock", "given": ["Mother"]},
    "telecom": [{"system": "phone", "value": "508-555-7999"}],
}


def content(patient: Json | None = None, coverage: Json | None = None) -> ClinicalContent:
    contained = [patient or a_patient(), coverage or a_coverage()]
    return read_one(an_order(contained=contained)).clinical


def test_a_child_is_reached_through_the_mother_and_she_is_a_contact() -> None:
    patient = content(a_patient(**CHILD, contact=[MOTHER])).patient
    assert (patient.phone, patient.through_contact) == ("+15085557999", True)
    assert patient.contacts == (
        ContactPerson(name="Mother Whitlock", relationship="N", phone="+15085557999"),
    )


@pytest.mark.parametrize(
    ("born", "number", "through"),
    [
        ("2019-05-05", "+15085557999", True),
        ("2008-03-03", "+15085557999", True),  # eighteen tomorrow
        ("2008-03-02", None, False),
        ("1961-04-17", None, False),
    ],
)
def test_of_a_grown_patient_nobody_else_is_written_to(
    born: str, number: str | None, *, through: bool
) -> None:
    patient = content(a_patient(birthDate=born, telecom=[], contact=[MOTHER])).patient
    assert (patient.phone, patient.through_contact) == (number, through)
    assert len(patient.contacts) == 1


def test_a_childs_own_number_comes_first_and_a_contact_that_ended_is_none() -> None:
    own = [{"system": "phone", "value": "508-555-0131"}]
    ended = {**MOTHER, "period": {"end": "2020"}}
    patient = content(a_patient(birthDate="2019-05-05", telecom=own, contact=[ended])).patient
    assert (patient.phone, patient.through_contact, patient.contacts) == ("+15085550131", False, ())


def test_a_related_person_of_the_body_is_a_contact() -> None:
    child = a_patient(**CHILD)
    parent = {
        "resourceType": "RelatedPerson",
        "id": "mum",
        "patient": {"reference": "Patient/pat"},
        "relationship": [{"coding": [{"code": "MTH"}]}],
        "name": [{"family": "Whitlock", "given": ["Pat"]}],
        "telecom": [{"system": "phone", "value": "508-555-0777"}],
    }
    order = an_order(contained=None, subject={"reference": "Patient/pat"}, insurance=None, id="o1")
    patient = read_one(a_bundle(order, child, parent)).clinical.patient
    assert (patient.phone, patient.contacts[0].relationship) == ("+15085550777", "MTH")


# --- coverage -----------------------------------------------------------------------------------


def a_family(**coverage: Any) -> Subscriber | None:
    parent = {
        "resourceType": "RelatedPerson",
        "id": "mum",
        "patient": {"reference": "#pat"},
        "name": [{"family": "Parent", "given": ["Pat"]}],
        "birthDate": "1985-01-01",
        "gender": "female",
    }
    order = an_order(contained=[a_patient(), a_coverage(**coverage), parent])
    return read_one(order).clinical.coverage.subscriber


def relationship(code: str) -> Json:
    return {"coding": [{"code": code}]}


@pytest.mark.parametrize(
    ("code", "known"),
    [("child", "child"), ("19", "child"), ("spouse", "spouse"), ("01", "spouse"), ("34", "other")],
)
def test_the_subscriber_is_a_person_of_their_own(code: str, known: str) -> None:
    found = a_family(subscriber={"reference": "#mum"}, relationship=relationship(code))
    assert found is not None
    assert (found.family, found.given, found.gender) == ("Parent", "Pat", "female")
    assert (str(found.birth_date), found.relationship) == ("1985-01-01", known)


@pytest.mark.parametrize(
    "coverage",
    [
        {},
        {"subscriber": {"reference": "#pat"}},
        {"relationship": relationship("self")},
        {"relationship": relationship("18")},
        {"subscriber": {"reference": "#pat"}, "relationship": relationship("child")},
    ],
)
def test_a_patient_who_is_the_subscriber_is_one_person(coverage: Json) -> None:
    assert a_family(**coverage) is None


def test_a_dependent_of_somebody_not_sent_is_a_dependent() -> None:
    found = a_family(subscriber={"display": "Pat Parent"}, relationship=relationship("child"))
    assert found == Subscriber(relationship="child")


def test_a_member_number_of_the_patient_is_the_coverages_where_it_has_none() -> None:
    member = {"type": {"coding": [{"code": "MB"}]}, "system": "s", "value": "12345678901"}
    patient = a_patient(identifier=[member])
    found = content(patient, a_coverage(subscriberId=None))
    assert found.coverage.member_id == "12345678901"
    assert content(patient).coverage.member_id == "M-1"


@pytest.mark.parametrize("payor", ["#pat", "#mum"])
def test_a_person_who_pays_is_self_pay(payor: str) -> None:
    parent = {"resourceType": "RelatedPerson", "id": "mum", "patient": {"reference": "#pat"}}
    coverage = a_coverage(payor=[{"reference": payor}])
    order = an_order(contained=[a_patient(), coverage, parent])
    assert read_one(order).clinical.coverage.self_pay


@pytest.mark.parametrize(
    ("period", "status"),
    [({"end": "2025"}, "active"), ({"start": "2026-04"}, "active"), (None, "cancelled")],
)
def test_the_coverage_in_force_counts(period: Json | None, status: str) -> None:
    other = a_coverage(id="old", subscriberId="OLD", status=status, order=1)
    old = {**other, **({"period": period} if period else {})}
    now = a_coverage(period={"start": "2020", "end": "2026"}, order=2)
    insurance = [{"reference": "#old"}, {"reference": "#cov"}]
    order = an_order(contained=[a_patient(), old, now], insurance=insurance)
    assert read_one(order).clinical.coverage.member_id == "M-1"


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("van der Berg, Anna Maria", ("van der Berg", "Anna", "Maria")),
        ("SMITH, JOHN JR.", ("SMITH", "JOHN", None)),
        ("O\u2019Brien, Se\u00e1n", ("O\u2019Brien", "Se\u00e1n", None)),
        ("Nguyễn, Thị-Minh", ("Nguyễn", "Thị-Minh", None)),
        ("Anna Maria Berg", (None, None, None)),
        ("John Smith, MD", (None, None, None)),
        ("John Smith, Jr.", (None, None, None)),
        ("Smith, John, 2nd floor", (None, None, None)),
        ("Smith, John (call 555)", (None, None, None)),
        (", Anna", (None, None, None)),
    ],
)
def test_a_name_as_text_is_parted_where_it_says_how(
    text: str, parts: tuple[str | None, str | None, str | None]
) -> None:
    patient = content(a_patient(name=[{"text": text}])).patient
    assert (patient.family, patient.given, patient.middle) == parts


def test_the_parts_of_a_name_count_before_its_text() -> None:
    name = {"text": "Berg, Anna", "family": "Smith", "given": ["Eva"]}
    patient = content(a_patient(name=[name])).patient
    assert (patient.family, patient.given) == ("Smith", "Eva")


# --- languages, interpreters ----------------------------------------------------------------


def spoken(**concept: Any) -> str | None:
    communication = [{"language": concept, "preferred": True}]
    return content(a_patient(communication=communication)).patient.language


@pytest.mark.parametrize(
    ("concept", "language"),
    [
        ({"coding": [{"system": "urn:iso:std:iso:639:-2", "code": "spa"}]}, "es"),
        ({"coding": [{"system": "urn:ietf:bcp:47", "code": "es-MX"}]}, "es"),
        ({"coding": [{"code": "SPA"}]}, "es"),
        ({"coding": [{"code": "ger"}]}, "de"),
        ({"coding": [{"code": "deu"}]}, "de"),
        ({"coding": [{"code": "pt_BR"}]}, "pt"),
        ({"coding": [{"code": "und"}, {"code": "vie"}]}, "vi"),
        ({"coding": [{"code": "x-1", "display": "Spanish"}]}, "es"),
        ({"text": "Spanish (Latin America)"}, "es"),
        ({"text": "Español"}, "es"),
        ({"text": "Haitian Creole"}, "ht"),
        ({"text": "French Creole"}, "ht"),
        ({"text": "Kreyòl ayisyen"}, "ht"),
        ({"text": "Portuguese Creole"}, "kea"),
        ({"text": "Chinese - Cantonese"}, "yue"),
        ({"text": "Chinese, Mandarin"}, "zh"),
        ({"text": "中文"}, "zh"),
        ({"text": "廣東話"}, "yue"),
        ({"text": "SPA"}, "es"),
        ({"text": "eng"}, "en"),
        ({"text": "French"}, "fr"),
        ({"text": "Creole"}, None),
        ({"text": "No"}, None),
        ({"coding": [{"code": "cmn"}]}, "cmn"),
        ({"coding": [{"system": "urn:iso:std:iso:639:-2", "code": "nav"}]}, "nv"),
        ({"text": "nav"}, "nv"),
        ({"text": "non_english_speaking"}, None),
        ({"text": "हिन्दी"}, "hi"),
        ({"coding": [{"code": "UNK"}]}, None),
        ({"text": "unknown"}, None),
    ],
)
def test_a_language_is_known_in_any_form(concept: Json, language: str | None) -> None:
    assert spoken(**concept) == language


@given(st.text(max_size=20))
def test_any_text_is_a_language_or_none(text: str) -> None:
    for found in (language_of_code(text), language_named_in(text)):
        assert found is None or (found.isascii() and len(found) in {2, 3})


@pytest.mark.parametrize(
    ("extension", "needed"),
    [
        ({"url": "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"}, False),
        (
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired",
                "valueBoolean": True,
            },
            True,
        ),
        (
            {
                "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-interpreter-needed",
                "valueCoding": {"system": "http://snomed.info/sct", "code": "373066001"},
            },
            True,
        ),
        (
            {
                "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-interpreter-needed",
                "valueCoding": {"system": "http://snomed.info/sct", "code": "373067005"},
            },
            False,
        ),
    ],
)
def test_who_needs_an_interpreter_is_known(extension: Json, *, needed: bool) -> None:
    assert content(a_patient(extension=[extension])).patient.interpreter is needed


# --- numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("55 1234 5678", "MX", "+525512345678"),
        ("0113 496 0000", "GB", "+441134960000"),
        ("+44 113 496 0000", "US", "+441134960000"),
        ("508-555-0131", "PR", "+15085550131"),
        ("(416) 555-0131", "CA", "+14165550131"),
        ("508-555-0131", "XX", None),
        ("1", "MX", None),
    ],
)
def test_a_number_is_written_in_the_way_of_its_country(
    written: str, country: str, number: str | None
) -> None:
    assert e164(written, country) == number


@example("00310000000", "US")
@example("00)10000000", "MX")
@given(st.text("0123456789 -()+.", max_size=25), st.sampled_from(["US", "MX", "GB", "FR", "XX"]))
def test_a_number_in_e164_reads_as_itself(written: str, region: str) -> None:
    number = e164(written, region)
    if number is not None:
        assert e164(number, region) == number


@pytest.mark.parametrize("value", ["555-0142", "call the neighbour", "0"])
def test_a_number_that_nobody_can_dial_is_not_understood_rather_than_missing(value: str) -> None:
    patient = content(a_patient(telecom=[{"system": "phone", "value": value}])).patient
    assert (patient.phone, patient.not_understood) == (None, ("patient.phone",))


def test_a_number_that_was_not_sent_is_missing_and_a_year_is_no_birth_date() -> None:
    assert content(a_patient(telecom=[])).patient.not_understood == ()
    assert content(a_patient(birthDate="1961")).patient.not_understood == ("patient.birth_date",)


@pytest.mark.parametrize(
    ("language", "interpreter"),
    [
        ({"text": "American Sign Language"}, True),
        ({"coding": [{"code": "sgn-US"}]}, True),
        ({"text": "K'iche'"}, True),
        ({"coding": [{"code": "sp"}]}, True),
        ({"coding": [{"code": "ASL"}]}, True),
        ({"coding": [{"code": "Non-English"}]}, True),
        ({"coding": [{"code": "NON_ENGLISH"}]}, True),
        (
            {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK"}
                ]
            },
            False,
        ),
        ({"coding": [{"code": "ASKU"}]}, False),
        ({"text": "Does not speak English"}, True),
        ({"text": "Declined to answer"}, False),
        ({"coding": [{"code": "und"}]}, False),
        ({"text": "Farsi"}, False),
        ({"text": "English"}, False),
    ],
)
def test_a_language_that_nobody_understands_is_for_an_interpreter(
    language: Json, *, interpreter: bool
) -> None:
    patient = content(a_patient(communication=[{"language": language}])).patient
    assert patient.interpreter is interpreter


@pytest.mark.parametrize(
    ("text", "language"),
    [("Mandarin", "zh"), ("Farsi", "fa"), ("Cape Verdean Creole", "kea"), ("Punjabi", "pa")],
)
def test_a_language_is_known_by_what_people_call_it(text: str, language: str) -> None:
    assert language_named_in(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *(("Espanol", "es"), ("ESPAÑOL", "es"), ("francais", "fr"), ("portugues (Brasil)", "pt")),
        *(("Kreyol", "ht"), ("हिंदी", "hi"), ("বাংলা", "bn"), ("தமிழ்", "ta"), ("Tiếng Việt", "vi")),
    ],
)
def test_a_language_is_known_with_accents_and_without(text: str, language: str) -> None:
    for form in ("NFC", "NFD"):
        assert language_named_in(normalize(form, text)) == language


@pytest.mark.parametrize(("code", "language"), [("iw", "he"), ("in-ID", "id"), ("ase", "sgn")])
def test_a_code_that_was_withdrawn_is_still_understood(code: str, language: str) -> None:
    assert language_of_code(code) == language


@pytest.mark.parametrize("born", ["9999-12-31", "2026-03-05", "0001-01-01", "1880-01-01", "1961"])
def test_a_birth_that_cannot_be_is_not_understood(born: str) -> None:
    patient = content(a_patient(birthDate=born)).patient
    assert (patient.birth_date, patient.not_understood) == (None, ("patient.birth_date",))


def test_a_number_of_which_nobody_says_that_it_is_a_telephones_is_not_missing() -> None:
    patient = content(a_patient(telecom=[{"value": "508-555-0131"}])).patient
    assert (patient.phone, patient.not_understood) == (None, ("patient.phone",))


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ({"family": "Rivera", "suffix": ["Jr."]}, "Jr"),
        ({"family": "Rivera", "suffix": ["MD", "III"]}, "III"),
        ({"family": "Rivera", "suffix": ["PhD"]}, None),
        ({"text": "John Rivera, Sr."}, "Sr"),
        ({"text": "Rivera, Ana V"}, None),
        ({"family": "Rivera"}, None),
    ],
)
def test_a_suffix_counts_where_it_tells_generations_apart(
    name: dict[str, Any], suffix: str | None
) -> None:
    order = an_order(contained=[a_patient(name=[name]), a_coverage()])
    assert read_one(order).clinical.patient.suffix == suffix
