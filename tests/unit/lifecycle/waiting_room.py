"""Many referrals for few places: each is routed and no more, so that who gets a place is seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from referral_core.adapters.clock import ManualClock
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.partners import MemoryClinics, MemoryDocuments
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.adapters.memory.workflow import MemoryWorkflow
from referral_core.domain.directory import Practitioner
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Next, Status, Step
from referral_core.domain.pathway import Pathway
from referral_core.domain.referral import Referral
from referral_core.domain.terminology import Priority, Urgency
from referral_core.domain.updates import OfferDeclined, Role
from referral_core.lifecycle.case import Sources
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.engine.conflicts import Conflicts
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.engine.run_step import run_step
from referral_core.lifecycle.routing.waitlist import serve_joined, serve_opening
from referral_core.lifecycle.step import StepInput
from referral_core.lifecycle.steps.offer_referral import OfferReferral
from referral_core.lifecycle.steps.request_authorization import RequestAuthorization
from referral_core.lifecycle.steps.route_referral import RouteReferral
from referral_core.pathways import pathway
from tests.in_memory import START, TENANT, World, a_directory, a_new_referral_of
from tests.unit.timelines.world import order

RULES: Final = pathway("generic-specialist", 1)
ORDER: Final = World.read(json.dumps(order("generic-specialist", None)).encode())


class WaitingRoom:
    """Referrals at RouteReferral and a directory of their specialty, over any store.

    Args:
        practitioners: the directory; they are given the specialty of the order.
        store: the record.
        directory: over the same store; in memory when None.
        rules: the pathway.
    """

    def __init__(
        self,
        *practitioners: Practitioner,
        store: Any = None,
        directory: Any = None,
        rules: Pathway = RULES,
    ) -> None:
        self.clock = ManualClock(START)
        self.rules = rules
        self.store: Any = store if store is not None else MemoryReferrals()
        self.specialty = self.new("0").service.accepts[0]
        self.practitioners = [p.but(specialty=self.specialty) for p in practitioners]
        profile = a_directory(MemoryReferrals()).tenant(TENANT)
        records = [profile, *self.practitioners]
        self.directory = directory or MemoryDirectory(self.store, records)
        clinics: Any = MemoryClinics()
        payer: Any = None
        steps = (
            RouteReferral(clinics),
            RequestAuthorization(payer, payer),
            OfferReferral(clinics, MemoryDocuments),
        )
        self.engine = Engine(
            sources=Sources(self.store, self.directory, lambda *_: self.rules),
            workflow=MemoryWorkflow(),
            clock=self.clock,
            steps={step.name: step for step in steps},
            conflicts=Conflicts(pause=lambda _: None),
        )

    # --- referrals --------------------------------------------------------------------------------

    def new(
        self,
        referral_id: str,
        at: datetime = START,
        priority: Priority = Priority.ROUTINE,
        **fields: Any,
    ) -> Referral:
        """Return a referral that is about to be routed."""
        base = a_new_referral_of(ORDER, self.clock, self.rules).referral
        urgency = Urgency(level=priority)
        # A person agreed to later: so what is urgent may wait in line too.
        service = base.service.but(urgency=urgency, later_accepted=priority is not Priority.ROUTINE)
        return base.but(
            id=referral_id,
            received_at=at,
            service=service,
            priority=priority.value,
            status=Status.CHECKING_ELIGIBILITY,
            current_step=Step.ROUTE_REFERRAL,
            **fields,
        )

    def accept(self, referral_id: str, *args: Any, **fields: Any) -> ReferralId:
        """Accept a referral that is about to be routed."""
        referral = self.new(referral_id, *args, **fields)
        arrived = a_new_referral_of(ORDER, self.clock, self.rules)
        event = arrived.event.but(referral_id=referral.id)
        self.store.accept([arrived.but(referral=referral, event=event)])
        return referral.id

    def route(self, referral_id: str) -> Next | None:
        """Run RouteReferral for a referral, as its execution does."""
        referral_id = ReferralId(referral_id)
        entry = StepInput(
            tenant=TENANT,
            referral_id=referral_id,
            run=self.read(referral_id).run,
            step=Step.ROUTE_REFERRAL,
            token=f"token-{referral_id}",
        )
        return run_step(self.engine, entry)

    def arrive(self, referral_id: str, *args: Any, **fields: Any) -> Referral:
        """Accept and route a referral."""
        self.accept(referral_id, *args, **fields)
        self.route(referral_id)
        return self.read(referral_id)

    def decline(self, referral_id: str) -> None:
        """Let the clinic decline: its place becomes free."""
        referral = self.read(referral_id)
        offer = referral.offers[-1]
        said = OfferDeclined(
            id=f"declined-{referral_id}-{offer.number}",
            actor="clinic-1",
            role=Role.CLINIC,
            organization=offer.organization,
            received_at=self.clock.now(),
            offer=offer.number,
        )
        # It is about to be authorized; what it needs for that is not what is looked at here.
        apply_update(self.engine, TENANT, ReferralId(referral_id), said)

    # --- the waitlist, as the stream has it served ------------------------------------------------

    def opened(self, npi: str, week: str | None) -> int:
        return serve_opening(self.engine, TENANT, npi, week)

    def joined(self, referral_id: str) -> int:
        return serve_joined(self.engine, TENANT, ReferralId(referral_id))

    def free(self, npi: str, week: str, places: int = 1) -> None:
        """Let somebody's places become free, whose referral is not looked at."""
        self.store.reserved[TENANT, npi, week] -= places

    # --- what is seen -----------------------------------------------------------------------------

    def read(self, referral_id: str) -> Referral:
        found: Referral = self.store.load(TENANT, ReferralId(referral_id)).referral
        return found

    def is_reserved(self, referral_id: str) -> bool:
        offer = self.read(referral_id).offer
        return offer is not None and offer.reservation is not None

    def waiting(self) -> list[str]:
        """Return who waits, in the order of their turns."""
        return [str(w.referral_id) for w in self.store.waiting(TENANT, self.specialty)]

    def reserved(self, ids: Sequence[str]) -> list[str]:
        return [i for i in ids if self.is_reserved(i)]
