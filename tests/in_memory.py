"""The product in memory: the real ASL, engine and steps over the in-memory adapters.

The interpreter of `local/simulation/machine.py` runs the real ASL, so that a test can stop between
any two states, lose a start, kill a run or let time pass.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from local.simulation.machine import InMemoryStateMachine
from referral_core.adapters.clock import ManualClock
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.metering import Uncounted
from referral_core.adapters.memory.partners import (
    MemoryClinics,
    MemoryDocuments,
    MemoryMessenger,
)
from referral_core.adapters.memory.payer import MemoryPayer, PayerScript
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.adapters.memory.workflow import MemoryWorkflow
from referral_core.domain.change import received
from referral_core.domain.directory import Payer, Practitioner, TenantProfile
from referral_core.domain.effects import StorePayload
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import RESPONSIBLE, Status
from referral_core.domain.new_referral import NewReferral
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.selection import order_of
from referral_core.domain.pathway import Pathway
from referral_core.domain.referral import NoticeTopic, Origin, Referral, WantedService
from referral_core.domain.terminology import understand
from referral_core.domain.updates import (
    InformationSupplied,
    NoticeDelivered,
    Reported,
    Role,
    Update,
)
from referral_core.fhir.intake.orders import Intake, read_referrals
from referral_core.lifecycle.case import Pathways, Sources
from referral_core.lifecycle.engine.apply_update import Receipt, apply_update
from referral_core.lifecycle.engine.conflicts import Conflicts
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.engine.process_due import process_due
from referral_core.lifecycle.engine.sweep_notices import came_of
from referral_core.lifecycle.outreach.messages import Messages
from referral_core.lifecycle.step import LifecycleStep
from referral_core.lifecycle.steps.await_visit import AwaitVisit
from referral_core.lifecycle.steps.check_eligibility import CheckEligibility
from referral_core.lifecycle.steps.check_readiness import CheckReadiness
from referral_core.lifecycle.steps.close_referral import CloseReferral
from referral_core.lifecycle.steps.contact_patient import ContactPatient
from referral_core.lifecycle.steps.offer_referral import OfferReferral
from referral_core.lifecycle.steps.open_work_item import OpenWorkItem
from referral_core.lifecycle.steps.request_authorization import RequestAuthorization
from referral_core.lifecycle.steps.route_referral import RouteReferral
from referral_core.lifecycle.steps.verify_closure import VerifyClosure
from referral_core.pathways import pathway, pathway_for
from referral_core.ports.lifecycle import Workflow
from tests.unit.builders import role_of

# --- a tenant, its partners, and referrals -------------------------------------------------------

TENANT = Tenant("lakeside")
SAMPLES = Path(__file__).parents[1] / "events/referrals"
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in Boston
_SECRET = "referral-router/partners"
PROFILE = TenantProfile(
    tenant=TENANT,
    name="Lakeside Family Medicine",
    npi="1999900107",
    time_zone="America/New_York",
    holidays="US-MA",
    sender_name="Lakeside Care",
    call_back="508-555-0101",
)


def a_directory(referrals: MemoryReferrals) -> MemoryDirectory:
    """A tenant with two payers and two clinics for every specialty of the samples."""
    payers = [
        Payer(
            tenant=TENANT,
            id=payer_id,
            name=name,
            aliases=(number,),
            eligibility_url="https://payer.example.org/270",
            authorization_url="https://payer.example.org/fhir",
            secret=_SECRET,
        )
        for payer_id, name, number in (
            ("harbor", "Harbor Health Plan", "99101"),
            ("pioneer", "Pioneer Valley Medicare Advantage", "99102"),
        )
    ]
    practitioners = [
        Practitioner(
            tenant=TENANT,
            npi=f"199990{number}{clinic}00",
            name=f"Dr. {number}-{clinic}",
            specialty=specialty,
            organization=f"clinic-{clinic}",
            networks=("*",),
            tier=clinic,
            latitude=42.26,
            longitude=-71.8,
            weekly_capacity=5,
            clinic_url="https://clinic.example.org",
            secret=_SECRET,
        )
        for number, specialty in enumerate(("207N00000X", "207RG0100X", "207Y00000X"))
        for clinic in (1, 2)
    ]
    return MemoryDirectory(referrals, [PROFILE, *payers, *practitioners])


class World:
    """Steps, adapters and a clock in memory; `report` applies what a partner reports.

    What writes cost is counted only where a test brings referrals that count.

    Attributes:
        ehr_is_up: whether the referrer's EHR takes notices about anything but the end.
    """

    def __init__(
        self,
        script: PayerScript | None = None,
        workflow: Workflow | None = None,
        referrals: MemoryReferrals | None = None,
        pathways: Pathways = pathway,
    ) -> None:
        self.clock = ManualClock(START)
        self.referrals = referrals or MemoryReferrals(Uncounted())
        self.directory = a_directory(self.referrals)
        self.workflow = MemoryWorkflow()
        self.payer = MemoryPayer({REFERRAL: script} if script else None)
        self.clinics, self.messenger = MemoryClinics(), MemoryMessenger()
        self.documents = MemoryDocuments()
        self.engine = Engine(
            sources=Sources(self.referrals, self.directory, pathways),
            workflow=workflow or self.workflow,
            clock=self.clock,
            steps={step.name: step for step in self._steps()},
            conflicts=Conflicts(pause=lambda _: None),
        )
        self.machine = InMemoryStateMachine(self.referrals, self.engine, self.workflow)
        self._numbers = count(1)
        self.ehr_is_up = True

    def _steps(self) -> tuple[LifecycleStep, ...]:
        messages = Messages(self.messenger)
        return (
            CheckReadiness(pathway_for),
            CheckEligibility(self.payer, self.documents),
            RouteReferral(self.clinics),
            RequestAuthorization(self.payer, self.documents),
            OfferReferral(self.clinics, lambda: self.documents),
            ContactPatient(messages),
            AwaitVisit(messages, self.clinics),
            VerifyClosure(self.clinics),
            CloseReferral(),
            OpenWorkItem(),
        )

    @property
    def referral(self) -> Referral:
        return self.referrals.load(TENANT, REFERRAL).referral

    def accept(self, sample: str) -> None:
        """Accept a sample of events/referrals, as intake does."""
        body = (SAMPLES / f"{sample}.json").read_bytes()
        intake = self.read(body)
        self.referrals.accept([a_new_referral_of(intake, self.clock)])

    @staticmethod
    def read(body: bytes) -> Intake:
        resource = json.loads(body)
        kind: Any = {"Bundle": "bundle"}.get(resource["resourceType"], "resource")
        kind = "message" if resource.get("type") == "message" else kind
        return read_referrals(body, "application/fhir+json", kind, START)[0]

    def report(
        self, reported: type[Reported], *, role: Role | None = None, **fields: Any
    ) -> Receipt:
        """Apply an update and let the referral go as far as it goes.

        Args:
            reported: the class of its kind.
            role: who posts it; the first that may, when None.
            **fields: what it says.
        """
        receipt = apply_update(
            self.engine, TENANT, REFERRAL, self.update(reported, role=role, **fields)
        )
        self.settle()
        return receipt

    def update(
        self, reported: type[Reported], *, role: Role | None = None, **fields: Any
    ) -> Update:
        """Make an update of now, with an id of its own unless it is given one."""
        by = role or role_of(reported.model_fields["kind"].default)
        made: Any = reported.model_validate(
            {
                "id": f"reported-{next(self._numbers)}",
                "actor": f"{by}-1",
                "role": by,
                "organization": self._organization(by),
                "received_at": self.clock.now(),
                **fields,
            }
        )
        typed: Update = made
        return typed

    def _organization(self, role: Role) -> str:
        """Return whom a partner speaks for that has the referral: the clinic asked last, …."""
        referral = self.referral
        of_role = {
            Role.EHR: referral.referrer,
            Role.CLINIC: referral.offers[-1].organization if referral.offers else "",
            Role.PAYER: referral.eligibility.payer if referral.eligibility else "",
        }
        return of_role.get(role, "")

    def supply(self, sample: str) -> None:
        """PUT the author's new version."""
        body = (SAMPLES / f"supplied/{sample}.json").read_bytes()
        self.supplied(
            read_referrals(body, "application/fhir+json", "resource", self.clock.now())[0]
        )

    def supplied(self, intake: Intake) -> None:
        """Apply the author's new version of the order."""
        supplied = self.update(InformationSupplied, role=Role.EHR)
        stored = StorePayload(body=payload_of(intake).dump())
        apply_update(self.engine, TENANT, REFERRAL, supplied, effects=(stored,))
        self.settle()

    def settle(self) -> None:
        """Let starts and steps happen until nothing moves at this instant."""
        while True:
            self.machine.start_requested()
            if not self.machine.advance() and not (self.ehr_is_up and self._notify()):
                return

    def _notify(self) -> bool:
        """Let the EHR take what nobody waits for; a test says what becomes of the others."""
        taken = [
            (referral, notice)
            for referral in (state.referral for state in self.referrals.all())
            for notice in referral.notices_under_way
            if notice.topic is not NoticeTopic.CLOSURE and not referral.is_closed
        ]
        for referral, notice in taken:
            update = came_of(notice, NoticeDelivered, self.clock.now())
            apply_update(self.engine, referral.tenant, referral.id, update)
        return bool(taken)

    def wait(self) -> None:
        """Let time pass until the referral is due, and process it, as fire_timers does."""
        self.clock.move_to(self.referral.due_at)
        for tenant, referral_id in list(self.referrals.due(self.clock.now(), 100)):
            process_due(self.engine, tenant, referral_id)
        self.settle()

    def statuses(self) -> list[Status]:
        """Every status the referral had, in order."""
        found: list[Status] = []
        for event in self.referrals.events(TENANT, REFERRAL):
            if not found or found[-1] is not event.to_status:
                found.append(event.to_status)
        return found

    def entered(self) -> list[str]:
        """Every state entered, over all runs."""
        return [state for e in self.machine.executions.values() for state in e.entered]


REFERRAL = ReferralId("0123456789abcdef0123456789abcdef")


def payload_of(intake: Intake) -> ClinicalPayload:
    """Make the payload that intake would store."""
    return ClinicalPayload(
        service_request=intake.service_request,
        resources=intake.resources,
        content=intake.clinical,
        source_sha256="0" * 64,
        content_hash=intake.canonical_hash,
    )


def service_of(intake: Intake, clock: ManualClock) -> WantedService:
    """Read the service of an order, as intake does."""
    return WantedService.of(understand(intake.clinical.service.wanted.but(received_at=clock.now())))


def selected_for(intake: Intake, clock: ManualClock) -> Pathway:
    """Select the pathway of an order, as intake does."""
    return pathway_for(order_of(intake.clinical, service_of(intake, clock)))


def a_new_referral_of(
    intake: Intake, clock: ManualClock, pinned: Pathway | None = None, **fields: Any
) -> NewReferral:
    """Make the new referral that intake would write, of the generic specialist's pathway."""
    responsible, now = RESPONSIBLE[Status.RECEIVED], clock.now()
    rules = pinned or pathway("generic-specialist", 1)
    service = service_of(intake, clock)
    referral = Referral(
        tenant=TENANT,
        id=REFERRAL,
        pathway=rules.id,
        pathway_version=rules.version,
        priority=service.urgency.level.value,
        service=service,
        referrer="lakeside-ehr",
        origin=Origin(kind=rules.kind),
        placer_identifier=intake.placer_identifier,
        received_at=now,
        updated_at=now,
        status_since=now,
        due_at=now + clock.grace(),
        queue=responsible.queue,
        waits_for=responsible.waits_for,
        status_reason="Received.",
    ).but(**fields)
    return NewReferral(
        referral=referral,
        event=received(referral, actor="ehr-1", metered={"states": 1}),
        payload=payload_of(intake).dump(),
        keys=(),
    )
