"""The handed orders by name: each as it was posted, and what the running stack makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import httpx
import pytest

from local.follow import Followed, Follower
from local.inputs import inputs
from local.seed import records as seeded
from local.stack import ROOT, Stack
from referral_core.domain.directory import Practitioner
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Party, ReferralKind, Status, Step
from referral_core.domain.orders.clinical_content import ClinicalPayload, PatientContent
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.referral import Referral
from referral_core.domain.terminology import Priority
from referral_core.domain.work_items import Reason
from tests.end_to_end.callers import Caller
from tests.end_to_end.records import Records, text_of
from tests.end_to_end.waiting import until

Json = dict[str, Any]
CASES: Final = ROOT.parent / "shared/cases/orders"
DERMATOLOGY: Final = "207N00000X"
CARDIOLOGY: Final = "207RC0000X"
HOSPICE: Final = "251G00000X"
A_WEEK: Final = timedelta(days=7)
NAMED: Final = "1999900024"
"""Whom `named-performer` names."""

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="../shared/cases is not there: handed cases are not in the project"
)


@dataclass(frozen=True)
class Handed:
    """All of them, posted once, and everybody whom they may reach."""

    stack: Stack
    records: Records
    staff: Caller
    posted: Mapping[str, Followed]

    def referral(self, name: str) -> Referral:
        """Read the referral of a case as it is now."""
        followed = self.posted[f"{name}.json"]
        assert followed.referral is not None, followed.refusal
        return self.records.referral(followed.referral.id)

    def refusal(self, name: str) -> tuple[int, str]:
        followed = self.posted[f"{name}.json"]
        assert followed.refusal is not None
        (code,) = followed.refusal["issue"][0]["details"]["coding"]
        return followed.http_status, str(code["code"])

    def once(self, name: str, holds: Callable[[Referral], Any], what: str) -> Referral:
        """Wait until something holds of a case's referral."""

        def look() -> Referral | None:
            referral = self.referral(name)
            return referral if holds(referral) else None

        return until(look, f"{name}: {what}")

    def asks(self, name: str, reason: Reason) -> Referral:
        """Wait until a person is asked something of a case."""

        def asked(referral: Referral) -> bool:
            return referral.work_item is not None and referral.work_item.reason is reason

        return self.once(name, asked, reason.value)

    def named(self, name: str) -> Referral:
        """Let a coordinator say that dermatology is meant, where nothing says which service."""
        if self.referral(name).service.specialty is None:
            item = self.asks(name, Reason.SERVICE_UNCLEAR)
            body = {"action": "name-service", "specialty": DERMATOLOGY}
            self.staff.post(f"/work-items/{item.id}/decision", body).accepted()
        return self.once(name, lambda r: r.service.specialty, "the service is named")

    def specialty_of(self, npi: str) -> str:
        """Return what the practitioner is who was asked, as the directory was loaded."""
        (entry,) = (
            one
            for one in seeded(self.stack.partners_url)
            if isinstance(one, Practitioner) and one.npi == npi
        )
        return entry.specialty

    def patient(self, name: str) -> PatientContent:
        """Return who the order is about, as it was understood."""
        payload = self.records.table.payload(self.referral(name))
        return ClinicalPayload.load(payload).content.patient

    def heard(self, partner: str, referral_id: ReferralId) -> list[Json]:
        """List what a partner was sent about a referral."""
        log: list[Json] = httpx.get(f"{self.stack.partners_url}/{partner}/log", timeout=60).json()
        sent = [one for one in log if one.get("did") == "received"]
        return [one for one in sent if referral_id in text_of(one)]

    def inquiry(self, name: str) -> str:
        """Wait for the 270 of a case and return it."""
        referral_id = self.named(name).id

        def look() -> str | None:
            sent = self.heard("payer", referral_id)
            return next((str(o["body"]) for o in sent if "eligibility" in o["path"]), None)

        return until(look, f"{name}: a 270")

    def at_the_clinic(self, name: str) -> str:
        """Wait for the offer of a case and return all that the clinic was sent, as text."""
        referral_id = self.named(name).id

        def look() -> list[Json]:
            self._later(name)
            return self.heard("clinic", referral_id)

        return text_of(until(look, f"{name}: at the clinic"))

    def _later(self, name: str) -> None:
        """Agree on later where the time of an urgent order was up: this machine may be slow."""
        item = self.referral(name).work_item
        if item is not None and item.reason is Reason.NOT_IN_TIME:
            # What was overtaken meanwhile is refused, and looked at again.
            self.staff.post(f"/work-items/{item.id}/decision", {"action": "accept-later"})


@pytest.fixture(scope="module")
def handed(stack: Stack, records: Records, caller: Callable[..., Caller]) -> Handed:
    followed = Follower(stack).post(inputs(CASES))
    return Handed(stack, records, caller("staff"), {f.source: f for f in followed})


# --- which service, and when ---------------------------------------------------------------------


def test_performer_type_snomed_dermatology(handed: Handed) -> None:
    name = "performer-type-snomed-dermatology"
    assert handed.referral(name).service.specialty == DERMATOLOGY
    offered = handed.once(name, lambda r: r.offers, "a clinic is asked")
    assert handed.specialty_of(offered.offers[0].npi) == DERMATOLOGY


def test_code_referral_to_cardiology_urgent(handed: Handed) -> None:
    referral = handed.referral("code-referral-to-cardiology-urgent")
    assert (referral.service.specialty, referral.pathway) == (CARDIOLOGY, "high-risk-cardiology")
    assert referral.priority == "urgent"


def test_text_only_cardiology(handed: Handed) -> None:
    item = handed.asks("text-only-cardiology", Reason.SERVICE_UNCLEAR)
    shown = handed.staff.get(f"/work-items?reason={Reason.SERVICE_UNCLEAR}&_count=200").accepted()
    text = text_of(handed.staff.get(f"/referrals/{item.id}").accepted()) + text_of(shown)
    assert "cardiology" in text.lower()
    assert item.eligibility is None


def test_lab_order(handed: Handed) -> None:
    assert handed.refusal("lab-order") == (422, "not-a-referral")


def test_hospice_category(handed: Handed) -> None:
    referral = handed.asks("hospice-category", Reason.NO_CANDIDATE)
    assert referral.service.specialty == HOSPICE
    assert referral.origin.kind is not ReferralKind.HOME_BASED_CARE
    assert referral.offers == ()


def test_alcohol_rehabilitation(handed: Handed) -> None:
    referral = handed.once("alcohol-rehabilitation", lambda r: r.missing, "consent is asked for")
    assert referral.missing == ("consent",)
    referral = handed.records.ended(referral.id)
    assert referral.work_item is not None
    assert (referral.eligibility, referral.offers, referral.contacts) == (None, (), ())
    for partner in ("payer", "clinic", "carrier"):
        assert handed.heard(partner, referral.id) == [], partner


def test_named_performer(handed: Handed) -> None:
    referral = handed.once("named-performer", lambda r: r.offers, "a clinic is asked")
    assert referral.offers[0].npi == NAMED


def in_time_or_seen(handed: Handed, name: str) -> Referral:
    """Wait until a case has gone all the way in its time, or a person has it for its time."""
    referral = handed.once(name, lambda r: r.is_closed or r.work_item, "in time, or seen")
    item = referral.work_item
    assert item is None or item.reason is Reason.NOT_IN_TIME
    assert item is None or item.due_at is None or item.due_at < referral.received_at + A_WEEK
    return referral


def test_dermatology_routine_and_stat_are_of_other_urgencies(handed: Handed) -> None:
    assert handed.referral("dermatology-routine").priority == "routine"
    assert handed.referral("dermatology-stat").priority == "stat"
    in_time_or_seen(handed, "dermatology-stat")
    handed.once("dermatology-routine", lambda r: r.offers, "a clinic is asked")


def test_occurrence_in_two_days(handed: Handed) -> None:
    referral = in_time_or_seen(handed, "occurrence-in-two-days")
    assert Priority(referral.priority).rank > Priority.ROUTINE.rank


def test_task_priority_urgent(handed: Handed) -> None:
    assert handed.referral("task-priority-urgent").priority == "asap"
    sent = handed.at_the_clinic("task-priority-urgent")
    assert "CALL-BEFORE-NOON" in sent
    assert "NOTE-IN-TASK-INPUT" in sent


def test_status_draft(handed: Handed) -> None:
    assert handed.posted["status-draft.json"].http_status == HTTPStatus.CREATED
    referral = handed.once(
        "status-draft", lambda r: r.waits_for is Party.REFERRER, "its author is waited for"
    )
    assert referral.status is Status.RECEIVED
    assert (referral.eligibility, referral.offers, referral.contacts) == (None, (), ())
    for partner in ("payer", "clinic", "carrier"):
        assert handed.heard(partner, referral.id) == [], partner


# --- one referral, one patient -------------------------------------------------------------------


def test_placer_without_system_and_of_another_patient(handed: Handed, ehr: Caller) -> None:
    first, other = (handed.referral(f"placer-without-system{of}") for of in ("", "-other-patient"))
    assert first.id != other.id
    body = json.loads((CASES / "placer-without-system-other-patient.json").read_text())
    refused = ehr.put(f"/fhir/ServiceRequest/{first.id}", {**body, "id": first.id})
    assert refused.refusal().status in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
    assert "PUT" not in refused.http.text
    known = handed.patient("placer-without-system")
    assert known.identifiers != handed.patient("placer-without-system-other-patient").identifiers
    assert handed.referral("placer-without-system").payload_version == 1


def test_one_requisition_three_orders(handed: Handed) -> None:
    names = [f"one-requisition-three-orders.json#{number}" for number in (1, 2, 3)]
    ids = [followed.referral.id for n in names if (followed := handed.posted[n]).referral]
    assert len(set(ids)) == len(names)

    def reached() -> list[Referral] | None:
        found = [handed.records.referral(one) for one in ids]
        return found if all(r.patient_reply is Reply.YES for r in found) else None

    found = until(reached, "the answer of the patient is everybody's")
    # One of them asked, the two others went with it.
    assert sum(bool([c for c in r.contacts if c.state == "sent"]) for r in found) == 1
    assert sum(r.asked_with is not None for r in found) == len(names) - 1


# --- the patient is found ------------------------------------------------------------------------

FOUND: Final = {
    "conditional-references-inside-bundle": "Testcase5",
    "uuid-case-differs": None,
    "subject-leads-nowhere-one-patient-in-bundle": "Testcase",
    "patient-only-in-nested-document": "Testcase",
}


@pytest.mark.parametrize("name", FOUND)
def test_the_patient_is_found(handed: Handed, name: str) -> None:
    patient = handed.patient(name)
    assert patient.family
    assert patient.family == (FOUND[name] or patient.family)
    assert patient.birth_date is not None
    assert patient.phone


# --- content -------------------------------------------------------------------------------------

PLANTED: Final = {
    "things-that-point-at-the-order": (
        "ANAPHYLAXIS-TO-CONTRAST",
        "LATEX-ALLERGY",
        "PHONE-THE-RESULT-TO-DR-COPY",
        "UkVGRVJSQUwtTEVUVEVS",
    ),
    "letter-in-a-Binary-by-attachment-url": ("UkVGRVJSQUwtTEVUVEVS",),
}


@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_word_is_at_the_clinic(handed: Handed, name: str) -> None:
    sent = handed.at_the_clinic(name)
    for word in PLANTED[name]:
        assert word in sent


def test_modifier_extension(handed: Handed) -> None:
    status, code = handed.refusal("modifier-extension")
    assert (status, code) == (422, "modifier-extension-unknown")


def test_document_bundle(handed: Handed) -> None:
    assert handed.posted["document-bundle.json"].http_status == HTTPStatus.OK
    assert handed.patient("document-bundle").family


# --- people and payers ---------------------------------------------------------------------------


def test_child_dependent_of_subscriber(handed: Handed) -> None:
    sent = handed.inquiry("child-dependent-of-subscriber")
    levels = [segment.split("*")[3] for segment in sent.split("~") if segment.startswith("HL*")]
    assert levels == ["20", "21", "22", "23"]
    assert "HHP000011" in sent
    assert "PARENT" in sent.upper()


def test_child_with_mothers_phone(handed: Handed) -> None:
    referral = handed.named("child-with-mothers-phone")
    patient = handed.patient("child-with-mothers-phone")
    assert (patient.phone, patient.through_contact) == ("+15085557999", True)
    sent = until(lambda: handed.heard("carrier", referral.id), "the mother is texted")
    assert {message["body"]["DestinationPhoneNumber"] for message in sent} == {"+15085557999"}


def test_member_id_on_patient_mb(handed: Handed) -> None:
    assert "12345678901" in handed.inquiry("member-id-on-patient-MB")


def test_payor_is_the_patient(handed: Handed) -> None:
    name = "payor-is-the-patient"
    payload = handed.records.table.payload(handed.named(name))
    assert ClinicalPayload.load(payload).content.coverage.self_pay
    referral = handed.once(name, lambda r: r.self_pay or r.work_item, "a self-payer's way")
    assert handed.heard("payer", referral.id) == []


def test_phone_seven_digits(handed: Handed) -> None:
    handed.named("phone-seven-digits")
    asked = handed.once(
        "phone-seven-digits", lambda r: "patient.phone" in r.status_reason, "a number is asked for"
    )
    assert "Not understood: patient.phone" in asked.status_reason
    assert "lacks" not in asked.status_reason


def test_contact_period_ends_2099(handed: Handed) -> None:
    referral = handed.named("contact-period-ends-2099")
    phone = handed.patient("contact-period-ends-2099").phone
    sent = until(lambda: handed.heard("carrier", referral.id), "the patient is texted")
    assert {message["body"]["DestinationPhoneNumber"] for message in sent} == {phone}


@pytest.mark.waits
def test_interpreter_required(handed: Handed) -> None:
    handed.named("interpreter-required")
    asked = handed.asks("interpreter-required", Reason.INTERPRETER_NEEDED)
    assert asked.current_step is Step.OPEN_WORK_ITEM or asked.appointment is not None


def test_language_iso_639_2(handed: Handed) -> None:
    assert handed.referral("language-iso-639-2").origin.language == "es"


def test_name_letters_that_do_not_decompose(handed: Handed) -> None:
    sent = handed.inquiry("name-letters-that-do-not-decompose")
    assert "LUKASIK*BJ" in sent.upper()
    assert sent.isascii()
    assert handed.patient("name-letters-that-do-not-decompose").family == "Łukasik"


# --- and nothing else ----------------------------------------------------------------------------


TRIED: Final = frozenset(
    {
        *FOUND,
        *PLANTED,
        *("performer-type-snomed-dermatology", "code-referral-to-cardiology-urgent"),
        *("text-only-cardiology", "lab-order", "hospice-category", "alcohol-rehabilitation"),
        *("named-performer", "dermatology-routine", "dermatology-stat", "task-priority-urgent"),
        *("occurrence-in-two-days", "status-draft", "placer-without-system"),
        *("placer-without-system-other-patient", "one-requisition-three-orders"),
        *("modifier-extension", "document-bundle", "child-dependent-of-subscriber"),
        *("child-with-mothers-phone", "member-id-on-patient-MB", "payor-is-the-patient"),
        *("phone-seven-digits", "contact-period-ends-2099", "interpreter-required"),
        *("language-iso-639-2", "name-letters-that-do-not-decompose"),
    }
)


def test_every_case_is_tried() -> None:
    assert {path.stem for path in CASES.glob("*.json")} == TRIED
