"""The product's functions composed over the simulation's ports, as wiring.py does on AWS."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any, Final

from local.simulation.services import VirtualQueue
from referral_core.adapters.clinic import HttpClinics
from referral_core.adapters.ehr import HttpEhr
from referral_core.adapters.http import HttpClient
from referral_core.adapters.keys import Sort
from referral_core.adapters.memory import MemoryReferrals
from referral_core.adapters.notices import SqsNotices
from referral_core.adapters.payer import HttpEligibility, HttpPriorAuth
from referral_core.api.intake import ReceiveReferral
from referral_core.api.posting import Poster
from referral_core.api.reads import ReadRecords
from referral_core.api.replies import ReceiveReply
from referral_core.api.routes import intake_app, read_app, update_app
from referral_core.api.updates import ReceiveUpdate
from referral_core.api.work_items import DecideWorkItems
from referral_core.background.delivery import Courier
from referral_core.background.metrics import record
from referral_core.background.outbox import Outbox
from referral_core.background.records import DeadLetters, consume
from referral_core.background.timers import Watchdog
from referral_core.observability import logger
from referral_core.ports import (
    Clock,
    Directory,
    Documents,
    Messenger,
    OptOuts,
    Referrals,
    Workflow,
)
from referral_core.step_entry import StepEntry
from referral_core.steps.await_visit import AwaitVisit
from referral_core.steps.check_eligibility import CheckEligibility
from referral_core.steps.check_readiness import CheckReadiness
from referral_core.steps.close_referral import CloseReferral
from referral_core.steps.contact_patient import ContactPatient
from referral_core.steps.engine import Engine
from referral_core.steps.messaging import Messages
from referral_core.steps.offer_referral import OfferReferral
from referral_core.steps.open_work_item import OpenWorkItem
from referral_core.steps.request_authorization import RequestAuthorization
from referral_core.steps.route_referral import RouteReferral
from referral_core.steps.step import LifecycleStep
from referral_core.steps.verify_closure import VerifyClosure

API: Final = "https://router.example"
_INTAKE: Final = re.compile(
    r"POST /fhir(/ServiceRequest|/\$process-message)?|PUT /fhir/ServiceRequest/\w+"
)


class Context:
    """What Lambda tells a function about its invocation."""

    function_name = "simulated"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:simulated"
    aws_request_id = "simulated"


@dataclass(frozen=True)
class Ports:
    """What the functions are composed over.

    Attributes:
        worklists: the table's lists, for the functions that read.
        notices: the queue of notices.
        stream_dead: the stream's dead-letter queue.
        stdout: where the functions' output goes.
    """

    referrals: Referrals
    worklists: MemoryReferrals
    directory: Directory
    documents: Documents
    http: HttpClient
    messenger: Messenger
    opt_outs: OptOuts
    workflow: Workflow
    clock: Clock
    notices: VirtualQueue
    stream_dead: VirtualQueue
    stdout: Any
    new_id: Callable[[], str]


class Product:
    """Every function by name, each taking the event that its trigger sends."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self.engine = Engine(
            ports.referrals, ports.workflow, ports.clock, {s.name: s for s in _steps(ports)}
        )
        self._entry = StepEntry(engine=self.engine, workflow=ports.workflow)
        engine, directory = self.engine, ports.directory
        referrals, documents, clock = ports.referrals, ports.documents, ports.clock
        poster = Poster(referrals, documents, engine, clock)
        staff = DecideWorkItems(poster, directory, ports.opt_outs)
        self._apps = {
            "receive_referral": intake_app(
                ReceiveReferral(referrals, documents, engine, clock, ports.new_id), directory
            ),
            "receive_update": update_app(ReceiveUpdate(poster), staff, directory),
            "read_records": read_app(
                ReadRecords(referrals, ports.worklists, f"{API}/token"), directory
            ),
        }
        self.receive_reply = ReceiveReply(
            referrals, documents, engine, directory, clock, ports.opt_outs
        ).handle
        self._watchdog = Watchdog(engine, referrals, clock)
        self._courier = Courier(
            engine=engine,
            referrals=referrals,
            directory=directory,
            ehr=HttpEhr(ports.http),
            clock=clock,
            queue=ports.notices,  # type: ignore[arg-type] # the part of the client that it uses
            queue_url="notices",
            base_url=API,
        )
        self._outbox = Outbox(ports.workflow, SqsNotices(ports.notices, "notices"))  # type: ignore[arg-type] # as above

    def step(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry a step, as the state machine's functions do."""
        return self._entry.handle(event)

    def http(self, event: dict[str, Any]) -> Mapping[str, Any]:
        """Answer an event of the HTTP API by the function of its route."""
        return self._apps[function_of(event)].resolve(event, Context())  # type: ignore[arg-type] # Lambda's own is no class

    def start_lifecycle(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Consume stream records of referrals."""
        return consume(event, Sort.REFERRAL, self._outbox.publish, self._dead("start_lifecycle"))

    def record_metrics(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Consume stream records of events."""
        with redirect_stdout(self._ports.stdout):
            return consume(event, Sort.EVENT, record, self._dead("record_metrics"))

    def fire_timers(self, _event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Tend what is due."""
        return self._watchdog.tick()

    def deliver_notices(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Deliver a batch of notices."""
        return self._courier.handle(event)

    def _dead(self, consumer: str) -> DeadLetters:
        return DeadLetters(self._ports.stream_dead, "stream-dlq", consumer)  # type: ignore[arg-type] # as above


def function_of(event: Mapping[str, Any]) -> str:
    """Return the function that the API's route of an event names."""
    http = event["requestContext"]["http"]
    if http["method"] == "GET":
        return "read_records"
    route = f"{http['method']} {http['path']}"
    return "receive_referral" if _INTAKE.fullmatch(route) else "receive_update"


def forget() -> None:
    """Forget the keys that an invocation gave the logger, as the next one's would."""
    logger.clear_state()


def _steps(ports: Ports) -> tuple[LifecycleStep, ...]:
    referrals, directory = ports.referrals, ports.directory
    clinics = HttpClinics(ports.http)
    messages = Messages(referrals, directory, ports.messenger)
    return (
        CheckReadiness(referrals, directory),
        CheckEligibility(referrals, directory, HttpEligibility(ports.http, ports.clock)),
        RouteReferral(referrals, directory, clinics),
        RequestAuthorization(referrals, directory, HttpPriorAuth(ports.http)),
        OfferReferral(referrals, directory, clinics),
        ContactPatient(messages),
        AwaitVisit(messages, clinics),
        VerifyClosure(directory, clinics),
        CloseReferral(),
        OpenWorkItem(messages),
    )
