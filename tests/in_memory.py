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
from referral_core.adapters.clock import HandClock
from referral_core.adapters.memory import MemoryDirectory, MemoryReferrals, MemoryWorkflow
from referral_core.adapters.memory_partners import MemoryClinics, MemoryMessenger
from referral_core.adapters.memory_payer import MemoryPayer, PayerScript
from referral_core.domain.lifecycle import RESPONSIBLE, Status
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.network import Payer, Practitioner, TenantProfile
from referral_core.domain.referral import Event, Referral
from referral_core.domain.updates import Role, Update, UpdateKind
from referral_core.fhir.intake import Intake, read_referrals
from referral_core.ports import Arrival, Workflow
from referral_core.steps.await_visit import AwaitVisit
from referral_core.steps.check_eligibility import CheckEligibility
from referral_core.steps.check_readiness import CheckReadiness
from referral_core.steps.close_referral import CloseReferral
from referral_core.steps.contact_patient import ContactPatient
from referral_core.steps.content import Payload
from referral_core.steps.engine import Engine, Receipt
from referral_core.steps.messaging import Messages
from referral_core.steps.offer_referral import OfferReferral
from referral_core.steps.open_work_item import OpenWorkItem
from referral_core.steps.request_authorization import RequestAuthorization
from referral_core.steps.route_referral import RouteReferral
from referral_core.steps.step import LifecycleStep
from referral_core.steps.verify_closure import VerifyClosure

# --- a tenant, its partners, and referrals -------------------------------------------------------

TENANT = Tenant("lakeside")
SAMPLES = Path(__file__).parents[1] / "events/referrals"
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in Boston
_SECRET = "referral-router/partners"


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
    specialists = [
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
    profile = TenantProfile(
        tenant=TENANT,
        name="Lakeside Family Medicine",
        npi="1999900107",
        time_zone="America/New_York",
        holidays="US-MA",
        sender_name="Lakeside Care",
        call_back="508-555-0101",
    )
    return MemoryDirectory(referrals, [profile, *payers, *specialists])


class World:
    """Steps, adapters and a clock in memory; `tell` posts what a partner says."""

    def __init__(self, script: PayerScript | None = None, workflow: Workflow | None = None) -> None:
        self.clock = HandClock(START)
        self.referrals = MemoryReferrals()
        self.directory = a_directory(self.referrals)
        self.workflow = MemoryWorkflow()
        self.payer = MemoryPayer({REFERRAL: script} if script else None)
        self.clinics, self.messenger = MemoryClinics(), MemoryMessenger()
        self.messages = Messages(self.referrals, self.directory, self.messenger)
        steps: tuple[LifecycleStep, ...] = (
            CheckReadiness(self.referrals, self.directory),
            CheckEligibility(self.referrals, self.directory, self.payer),
            RouteReferral(self.referrals, self.directory, self.clinics),
            RequestAuthorization(self.referrals, self.directory, self.payer),
            OfferReferral(self.referrals, self.directory, self.clinics),
            ContactPatient(self.messages),
            AwaitVisit(self.messages, self.clinics),
            VerifyClosure(self.directory, self.clinics),
            CloseReferral(),
            OpenWorkItem(self.messages),
        )
        self.engine = Engine(
            self.referrals,
            workflow or self.workflow,
            self.clock,
            {step.name: step for step in steps},
        )
        self.machine = InMemoryStateMachine(self.referrals, self.engine, self.workflow)
        self._told = count(1)

    @property
    def referral(self) -> Referral:
        return self.referrals.load(TENANT, REFERRAL).referral

    def accept(self, sample: str) -> None:
        """Accept a sample of events/referrals, as intake does."""
        body = (SAMPLES / f"{sample}.json").read_bytes()
        intake = self.read(body)
        self.referrals.accept([an_arrival_of(intake, self.clock)])

    @staticmethod
    def read(body: bytes) -> Intake:
        told = json.loads(body)
        kind: Any = {"Bundle": "bundle"}.get(told["resourceType"], "resource")
        kind = "message" if told.get("type") == "message" else kind
        return read_referrals(body, "application/fhir+json", kind)[0]

    def tell(self, kind: UpdateKind, role: Role = Role.CLINIC, **facts: Any) -> Receipt:
        """Post an update and let the referral go as far as it goes."""
        update = Update(
            id=f"told-{next(self._told)}",
            kind=kind,
            actor=f"{role}-1",
            role=role,
            received_at=self.clock.now(),
            facts=facts,
        )
        receipt = self.engine.post(TENANT, REFERRAL, update)
        self.settle()
        return receipt

    def supply(self, sample: str) -> None:
        """PUT the author's new version."""
        body = (SAMPLES / f"supplied/{sample}.json").read_bytes()
        intake = read_referrals(body, "application/fhir+json", "resource")[0]
        update = Update(
            id=f"put-{next(self._told)}",
            kind=UpdateKind.INFORMATION_SUPPLIED,
            actor="ehr-1",
            role=Role.EHR,
            received_at=self.clock.now(),
        )
        self.engine.post(TENANT, REFERRAL, update, payload=Payload.of(intake, "0" * 64).dump())
        self.settle()

    def settle(self) -> None:
        """Let starts and steps happen until nothing moves at this instant."""
        while True:
            self.machine.start_requested()
            if not self.machine.advance():
                return

    def wait(self) -> None:
        """Let time pass until the referral is due, and tend it, as fire_timers does."""
        self.clock.move_to(self.referral.due_at)
        for tenant, referral_id in list(self.referrals.due(self.clock.now(), 100)):
            self.engine.tend(tenant, referral_id)
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


def an_arrival_of(intake: Intake, clock: HandClock) -> Arrival:
    """Make the arrival that intake would write."""
    responsible, now = RESPONSIBLE[Status.RECEIVED], clock.now()
    referral = Referral(
        tenant=TENANT,
        id=REFERRAL,
        pathway="generic-specialist",
        pathway_version=1,
        priority=intake.priority,
        referrer="lakeside-ehr",
        placer_identifier=intake.placer_identifier,
        received_at=now,
        updated_at=now,
        status_since=now,
        due_at=now + clock.grace(),
        queue=responsible.queue,
        waits_for=responsible.waits_for,
        why="Received.",
    )
    event = Event(
        tenant=TENANT,
        referral_id=REFERRAL,
        version=1,
        run=1,
        kind="received",
        at=now,
        actor="ehr-1",
        from_status=None,
        to_status=Status.RECEIVED,
        why=referral.why,
        pathway=referral.pathway,
        metered={"states": 1},
    )
    payload = Payload.of(intake, "0" * 64).dump()
    return Arrival(referral=referral, event=event, payload=payload, keys=())
