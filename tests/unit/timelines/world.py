"""A referral of any pathway in the in-memory world, and its history as a table to be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.calendar import BusinessCalendar
from referral_core.domain.directory import Practitioner, TenantProfile
from referral_core.domain.events import Event
from referral_core.domain.lifecycle import Step
from referral_core.domain.outreach.series import series
from referral_core.domain.pathway import Pathway
from referral_core.domain.referral import Referral
from referral_core.domain.updates import (
    AppointmentBooked,
    AppointmentFulfilled,
    AppointmentNoshow,
    ContactRecorded,
    DecisionMade,
    PatientReplied,
    ReportReceived,
    Role,
)
from referral_core.domain.writes import Commit
from referral_core.pathways import pathway
from tests.in_memory import World, a_new_referral_of, selected_for, service_of
from tests.partner_actions import accepted, acknowledged, notified, reason_of
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order

_ZONE: Final = ZoneInfo("America/New_York")
_NUCC: Final = "http://nucc.org/provider-taxonomy"
_SDOHCC: Final = (
    "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes"
)
_CONSENT: Final = {
    "resourceType": "Consent",
    "id": "consent",
    "status": "active",
    "patient": {"reference": "#pat"},
}
_HOME: Final = {
    "line": ["14 Cedar Lane"],
    "city": "Worcester",
    "state": "MA",
    "postalCode": "01605",
}


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


ORDERS: Final[dict[str, Json]] = {
    "generic-specialist": {"performerType": _coded(_NUCC, "207N00000X")},
    "high-risk-cardiology": {
        "performerType": _coded(_NUCC, "207RC0000X"),
        "priority": "urgent",
    },
    "behavioral-health": {
        "performerType": _coded(_NUCC, "2084P0800X"),
        "supportingInfo": [{"reference": "#consent"}],
    },
    "social-need": {"category": [_coded(_SDOHCC, "food-insecurity")]},
    "routine-imaging": {
        "category": [_coded("http://snomed.info/sct", "363679005")],
        "code": _coded("http://www.ama-assn.org/go/cpt", "70450"),
    },
    "home-based-care": {"performerType": _coded(_NUCC, "251E00000X")},
    "external-provider": {
        "category": [{"coding": [{"code": "external"}]}],
        "performerType": _coded(_NUCC, "207R00000X"),
    },
}
"""What of an order selects each pathway."""


def order(
    pathway_id: str, coverage: Json | None = None, *, consented: bool = True, **patient: Any
) -> Json:
    """Return an order of a pathway that is complete, but for what the patient's fields say."""
    contained = [
        a_patient(**{"address": [_HOME], **patient}),
        coverage or a_coverage(),
        *([_CONSENT] if pathway_id == "behavioral-health" and consented else []),
    ]
    known = {
        "contained": contained,
        "code": {"text": "Consultation"},
        "reasonCode": [_coded("http://hl7.org/fhir/sid/icd-10-cm", "R07.9")],
        **ORDERS[pathway_id],
    }
    if not consented:
        known.pop("supportingInfo", None)
    return an_order(**known)


class PathwayWorld(World):
    """A world that keeps every projection, and lets time pass up to an instant or an end."""

    def __init__(
        self,
        pathway_id: str,
        script: PayerScript | None = None,
        *,
        capacity: int = 5,
        at: datetime | None = None,
        sliding_fee: bool = False,
        wanted: Json | None = None,
        **patient: Any,
    ) -> None:
        super().__init__(script)
        if at is not None:
            self.clock.move_to(at)
        if sliding_fee:
            self._has_a_sliding_fee()
        sent = wanted or order(pathway_id, **patient)
        intake = self.read(json.dumps(sent).encode())
        self.specialty = service_of(intake, self.clock).accepts[0]
        self.clinics_named(self.specialty, capacity=capacity)
        self.passed: list[tuple[Event, Referral]] = []
        commit = self.referrals.commit

        def kept(one: Commit) -> None:
            commit(one)
            self.passed.append((one.change.event, one.change.after))

        self.referrals.commit = kept  # type: ignore[method-assign]
        selected = selected_for(intake, self.clock)
        assert selected.id == pathway_id
        new_referral = a_new_referral_of(intake, self.clock, selected)
        self.referrals.accept([new_referral])
        self.passed.append((new_referral.event, new_referral.referral))
        self.settle()

    @property
    def rules(self) -> Pathway:
        return pathway(self.referral.pathway, self.referral.pathway_version)

    def clinics_named(self, specialty: str, *, capacity: int = 5) -> None:
        """Let five clinics offer a specialty, and no others."""
        others = [
            r
            for r in self.directory._records
            if not (isinstance(r, Practitioner) and r.specialty == specialty)
        ]
        known = next(r for r in self.directory._records if isinstance(r, Practitioner))
        ours = [
            known.but(
                npi=f"19999{number:05d}",
                specialty=specialty,
                organization=f"clinic-{number}",
                weekly_capacity=capacity,
                tier=1,
            )
            for number in range(1, 6)
        ]
        self.directory._records = (*others, *ours)

    def _has_a_sliding_fee(self) -> None:
        """Make the tenant an FQHC."""
        self.directory._records = tuple(
            r.but(sliding_fee=True) if isinstance(r, TenantProfile) else r
            for r in self.directory._records
        )

    def until(self, reached: Callable[[Referral], bool], days: int = 200) -> None:
        """Let time pass, deadline by deadline, until the referral is where it is wanted."""
        end = self.clock.now() + timedelta(days=days)
        while not reached(self.referral):
            assert self.clock.now() < end, f"{self.referral.status}: {self.referral.status_reason}"
            self.wait()

    def later(self, hours: float) -> None:
        """Let hours pass; what falls due meanwhile is processed."""
        instant = self.clock.now() + timedelta(hours=hours)
        while not self.referral.is_closed and self.referral.due_at <= instant:
            self.wait()
        self.clock.move_to(instant)

    def supplies(self, wanted: Json) -> None:
        """PUT the author's new version of the order."""
        self.supplied(self.read(json.dumps(wanted).encode()))

    # --- what partners do ------------------------------------------------------------------------

    def clinic_accepts(self) -> None:
        self.later(1)
        accepted(self)

    def patient_is_asked(self) -> None:
        """Let time pass until the patient was asked since the last booking."""

        def asked(referral: Referral) -> bool:
            return any(c.state in {"sent", "due"} for c in series(referral))

        self.until(asked)

    def patient_agrees(self) -> None:
        """Agree when asked: by text, or on the call that staff make."""
        self.patient_is_asked()
        self.later(0.5)
        self.patient_says("yes", "agreed")

    def patient_says(self, reply: str, result: str) -> None:
        """Reply by text, or say the like on the call that staff make."""
        if reason_of(self) is None:
            self.report(PatientReplied, reply=reply)
        else:
            self.staff_call(result)

    def staff_call(self, result: str) -> None:
        self.report(ContactRecorded, role=Role.STAFF, result=result)

    def clinic_books(self) -> None:
        """Book the tenant's next working day at ten."""
        self.later(1)
        profile = self.directory.tenant(self.referral.tenant)
        calendar = BusinessCalendar(profile.time_zone, profile.holidays)
        day = calendar.after(self.clock.now(), "1bd").astimezone(_ZONE).date()
        start = datetime.combine(day, time(10), _ZONE)
        self.report(AppointmentBooked, start=start)

    def patient_is_seen(self) -> None:
        visit = self.referral.appointment
        assert visit is not None
        self.later((visit.start - self.clock.now()).total_seconds() / 3600 + 1)
        self.report(AppointmentFulfilled)

    def no_show(self) -> None:
        visit = self.referral.appointment
        assert visit is not None
        self.later((visit.start - self.clock.now()).total_seconds() / 3600 + 1)
        self.report(AppointmentNoshow)

    def reports(self) -> None:
        """Send every document that the pathway wants and does not have yet, a day apart."""
        present = {report.loinc for report in self.referral.current_reports}
        for wanted in self.rules.closure.evidence:
            if not present & set(wanted.loinc):
                self.sends_document(wanted.loinc[0])

    def sends_document(self, loinc: str, *, critical: bool = False) -> None:
        """Send a document."""
        self.later(24)
        sha256 = f"{len(self.referral.reports):064d}"
        self.report(ReportReceived, sha256=sha256, loinc=loinc, critical=critical)

    def referrer_acknowledges(self) -> None:
        self.later(0.1)
        notified(self)
        self.later(6)
        if not self.referral.is_closed:
            acknowledged(self)

    def decide(self, action: str, **fields: Any) -> None:
        self.later(2)
        self.report(DecisionMade, role=Role.STAFF, action=action, **fields)


def at_work_item(referral: Referral) -> bool:
    """Whether a person must decide."""
    item = referral.work_item
    return item is not None and referral.current_step is Step.OPEN_WORK_ITEM and bool(item.due_at)
