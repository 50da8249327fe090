"""The product's functions composed over the simulation's ports, as wiring.py does on AWS."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import redirect_stdout
from functools import partial
from typing import Any

from local.simulation.http_apps import API, PRICES, http_apps, kept
from local.simulation.ports import Ports
from referral_core.adapters.aws.dynamodb.bodies import event_in
from referral_core.adapters.aws.dynamodb.keys import PUBLISHED, Sort
from referral_core.adapters.aws.dynamodb.openings import closings_in, opening_in
from referral_core.adapters.aws.dynamodb.projections import projected_in
from referral_core.adapters.aws.sqs import SqsNotices, SqsWaitlistRequests
from referral_core.adapters.http.clinic import HttpClinics
from referral_core.adapters.http.ehr import HttpEhr
from referral_core.adapters.http.payer import HttpEligibility, HttpPriorAuth
from referral_core.adapters.memory.directory_store import MemoryDirectoryStore
from referral_core.adapters.protocols import (
    ClinicsByProtocol,
    EhrByProtocol,
    EligibilityByProtocol,
    PriorAuthByProtocol,
)
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.money.cost_ledger import Cost, cost, price_lines
from referral_core.domain.unmatched import of_standing
from referral_core.entrypoints.http import route_matching
from referral_core.entrypoints.lake import export
from referral_core.entrypoints.metrics import record
from referral_core.entrypoints.notice_delivery import NoticeDelivery
from referral_core.entrypoints.outbox import Outbox
from referral_core.entrypoints.sms_replies import ReceiveReply
from referral_core.entrypoints.step import StepEntry
from referral_core.entrypoints.stream import DeadLetters, consume
from referral_core.entrypoints.waitlist import WaitlistService
from referral_core.entrypoints.watchdog import Watchdog
from referral_core.lifecycle.case import Sources
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.engine.process_due import process_due
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
from referral_core.observability import logger
from referral_core.pathways import pathway, pathway_for


class Context:
    """What Lambda tells a function about its invocation."""

    function_name = "simulated"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:simulated"
    aws_request_id = "simulated"


class Product:
    """Every function by name, each taking the event that its trigger sends."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        ehr = EhrByProtocol({"fhir-communication": HttpEhr(ports.http, API)})
        self.engine = Engine(
            sources=Sources(ports.referrals, ports.directory, pathway),
            workflow=ports.workflow,
            clock=ports.clock,
            steps={step.name: step for step in _steps(ports)},
            conflicts=ports.conflicts,
        )
        self._entry = StepEntry(engine=self.engine, workflow=ports.workflow)
        self._apps = http_apps(ports, self.engine)
        engine, directory = self.engine, ports.directory
        referrals, documents, clock = ports.referrals, ports.documents, ports.clock
        self.receive_reply = ReceiveReply(
            *(referrals, documents, engine, directory, clock),
            *(ports.opt_outs, kept(ports), ports.messenger),
        ).handle
        self._watchdog = Watchdog(partial(process_due, engine), ports.due, clock, self._last_resort)
        self._notice_delivery = NoticeDelivery(
            engine=engine,
            referrals=referrals,
            directory=directory,
            ehr=ehr,
            clock=clock,
            queue=ports.notices,  # type: ignore[arg-type] # the part of the client that it uses
            queue_url="notices",
        )
        self._outbox = Outbox(
            ports.workflow,
            lambda: SqsNotices(ports.notices, "notices"),  # type: ignore[arg-type] # as above
            projected_in,
            lambda: SqsWaitlistRequests(ports.waitlist, "waitlist"),  # type: ignore[arg-type] # as above
            opening_in,
            closings_in,
        )
        self._waitlist = WaitlistService(engine, MemoryDirectoryStore(ports.worklists))

    def step(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run a step, as the state machine's functions do."""
        with redirect_stdout(self._ports.stdout):
            return self._entry.handle(event)

    def http(self, event: dict[str, Any]) -> Mapping[str, Any]:
        """Answer an event of the HTTP API by the function of its route."""
        return self._apps[function_of(event)].resolve(event, Context())

    def publish_outbox(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Consume stream records of referrals."""
        dead, deleted = self._dead("publish_outbox"), self._outbox.deleted
        return consume(event, PUBLISHED, self._outbox.publish, dead, deleted=deleted)

    def record_metrics(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Consume stream records of events."""
        with redirect_stdout(self._ports.stdout):
            use = partial(record, cost_of=self._cost)
            return consume(event, Sort.EVENT, use, self._dead("record_metrics"))

    def export_events(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Consume stream records of events, as rows of the lake."""
        return export(event, Sort.EVENT, event_in, self._ports.lake, self._dead("export_events"))

    def _last_resort(self, tenant: Tenant, referral_id: ReferralId) -> None:
        ports = self._ports
        ports.unmatched.keep(of_standing(tenant, referral_id, ports.clock.now()))

    def fire_timers(self, _event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Process what is due."""
        with redirect_stdout(self._ports.stdout):
            return self._watchdog.tick()

    def deliver_notices(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Deliver a batch of notices."""
        return self._notice_delivery.handle(event)

    def serve_waitlist(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Serve the waitlist for a batch of requests."""
        with redirect_stdout(self._ports.stdout):
            return self._waitlist.handle(event)

    def _cost(self, tenant: str, referral_id: str) -> Cost:
        events = self._ports.referrals.events(Tenant(tenant), ReferralId(referral_id))
        return cost(events, price_lines(PRICES))

    def _dead(self, consumer: str) -> DeadLetters:
        client: Any = self._ports.stream_dead  # the part of it that dead letters use
        return DeadLetters(lambda: client, "stream-dlq", consumer)


def function_of(event: Mapping[str, Any]) -> str:
    """Return the function that the API's route of an event names."""
    http = event["requestContext"]["http"]
    return route_matching.function_of(http["method"], http["path"])


def forget() -> None:
    """Forget the keys that an invocation gave the logger, as the next one's would."""
    logger.clear_state()


def _steps(ports: Ports) -> tuple[LifecycleStep, ...]:
    http, documents = ports.http, ports.documents
    clinics = ClinicsByProtocol({"fhir-task": HttpClinics(http)})
    eligibility = EligibilityByProtocol({"x12-271": HttpEligibility(http, ports.clock)})
    prior_auth = PriorAuthByProtocol({"davinci-pas": HttpPriorAuth(http)})
    messages = Messages(ports.messenger)
    return (
        CheckReadiness(pathway_for),
        CheckEligibility(eligibility, documents),
        RouteReferral(clinics),
        RequestAuthorization(prior_auth, documents),
        OfferReferral(clinics, lambda: documents),
        ContactPatient(messages),
        AwaitVisit(messages, clinics),
        VerifyClosure(clinics),
        CloseReferral(),
        OpenWorkItem(),
    )
