"""One builder per function: what it needs and nothing more, built once per process.

Imports stand inside the builders so that a function loads only what it uses: intake's cold start
does not pay for X12, and a step does not pay for the HTTP face.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from referral_core.adapters.clock import VirtualClock, WallClock
from referral_core.adapters.directory import TableDirectory
from referral_core.adapters.keys import Sort
from referral_core.adapters.table import Table
from referral_core.adapters.workflow import StepFunctionsWorkflow
from referral_core.ports import Clock
from referral_core.settings import settings
from referral_core.step_entry import StepEntry
from referral_core.steps.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
    from types_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

    from referral_core.adapters.http import HttpClient
    from referral_core.api.replies import ReceiveReply
    from referral_core.background.delivery import Courier
    from referral_core.background.records import DeadLetters
    from referral_core.background.timers import Watchdog
    from referral_core.ports import Documents, Messenger, OptOuts
    from referral_core.steps.messaging import Messages
    from referral_core.steps.step import LifecycleStep


@cache
def client(service: str, *, attempts: int = 4) -> Any:
    """Return the process's one client of an AWS service."""
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]


@cache
def clock() -> Clock:
    """Return the wall clock on AWS, the virtual one where the environment sets its origin."""
    env = settings()
    if env.clock_origin is None or env.clock_started is None:
        return WallClock(env.carry_grace_seconds)
    return VirtualClock(
        env.clock_origin, env.clock_started, env.clock_rate, env.carry_grace_seconds
    )


@cache
def table() -> Table:
    """Return the record."""
    return Table(client("dynamodb"), settings().need("table_name"))


@cache
def directory() -> TableDirectory:
    """Return the configuration items."""
    return TableDirectory(client("dynamodb"), settings().need("table_name"))


@cache
def workflow() -> StepFunctionsWorkflow:
    """Return the state machine; steps only answer it and need no ARN."""
    return StepFunctionsWorkflow(client("stepfunctions"), settings().state_machine_arn or "")


@cache
def http() -> HttpClient:
    """Return the client for partners; their bearer tokens come from Secrets Manager."""
    from referral_core.adapters.http import HttpClient  # noqa: PLC0415

    secrets = client("secretsmanager")

    @cache
    def secret(name: str) -> str:
        return str(secrets.get_secret_value(SecretId=name)["SecretString"])

    return HttpClient(secret)


def engine(*steps: LifecycleStep) -> Engine:
    """Return the engine over the steps that a function may carry or answer."""
    return Engine(
        referrals=table(), workflow=workflow(), clock=clock(), steps={s.name: s for s in steps}
    )


def _entry(step: LifecycleStep) -> StepEntry:
    return StepEntry(engine=engine(step), workflow=workflow())


def messages(messenger: Messenger) -> Messages:
    """Return what plans messages to patients, over a messenger that sends them."""
    from referral_core.steps.messaging import Messages  # noqa: PLC0415

    return Messages(table(), directory(), messenger)


@cache
def carrier() -> PinpointSMSVoiceV2Client:
    """Return the carrier's client; it tries once, since a repeat is a second message."""
    return client("pinpoint-sms-voice-v2", attempts=1)  # type: ignore[no-any-return]


@cache
def text_messages() -> Messenger:
    """Return the channels of what can only be a text message."""
    from referral_core.adapters.channels import Channels  # noqa: PLC0415
    from referral_core.adapters.messenger import EndUserMessaging  # noqa: PLC0415

    sender = EndUserMessaging(carrier(), settings().need("sms_origination_identity"))
    return Channels({"sms": sender})


@cache
def channels() -> Messenger:
    """Return all channels to patients."""
    from referral_core.adapters.channels import Channels  # noqa: PLC0415
    from referral_core.adapters.ehr import HttpEhr  # noqa: PLC0415
    from referral_core.adapters.email import SesEmail  # noqa: PLC0415
    from referral_core.adapters.letters import PrintedLetters  # noqa: PLC0415
    from referral_core.adapters.messenger import EndUserMessaging  # noqa: PLC0415
    from referral_core.adapters.portal import PortalMessages  # noqa: PLC0415

    env = settings()
    by_phone = EndUserMessaging(carrier(), env.need("sms_origination_identity"))
    return Channels(
        {
            "sms": by_phone,
            "voice": by_phone,
            "email": SesEmail(client("sesv2", attempts=1), env.need("email_from")),
            "letter": PrintedLetters(documents(), client("sqs"), env.need("print_queue_url")),
            "portal": PortalMessages(HttpEhr(http()), directory(), clock()),
        }
    )


@cache
def check_readiness() -> StepEntry:
    """Build the function check_readiness."""
    from referral_core.steps.check_readiness import CheckReadiness  # noqa: PLC0415

    return _entry(CheckReadiness(table(), directory()))


@cache
def check_eligibility() -> StepEntry:
    """Build the function check_eligibility."""
    from referral_core.adapters.payer import HttpEligibility  # noqa: PLC0415
    from referral_core.steps.check_eligibility import CheckEligibility  # noqa: PLC0415

    return _entry(CheckEligibility(table(), directory(), HttpEligibility(http(), clock())))


@cache
def route_referral() -> StepEntry:
    """Build the function route_referral."""
    from referral_core.adapters.clinic import HttpClinics  # noqa: PLC0415
    from referral_core.steps.route_referral import RouteReferral  # noqa: PLC0415

    return _entry(RouteReferral(table(), directory(), HttpClinics(http())))


@cache
def request_authorization() -> StepEntry:
    """Build the function request_authorization."""
    from referral_core.adapters.payer import HttpPriorAuth  # noqa: PLC0415
    from referral_core.steps.request_authorization import RequestAuthorization  # noqa: PLC0415

    return _entry(RequestAuthorization(table(), directory(), HttpPriorAuth(http())))


@cache
def offer_referral() -> StepEntry:
    """Build the function offer_referral."""
    from referral_core.adapters.clinic import HttpClinics  # noqa: PLC0415
    from referral_core.steps.offer_referral import OfferReferral  # noqa: PLC0415

    return _entry(OfferReferral(table(), directory(), HttpClinics(http())))


@cache
def contact_patient() -> StepEntry:
    """Build the function contact_patient."""
    from referral_core.steps.contact_patient import ContactPatient  # noqa: PLC0415

    return _entry(ContactPatient(messages(channels())))


@cache
def await_visit() -> StepEntry:
    """Build the function await_visit."""
    from referral_core.adapters.clinic import HttpClinics  # noqa: PLC0415
    from referral_core.steps.await_visit import AwaitVisit  # noqa: PLC0415

    return _entry(AwaitVisit(messages(text_messages()), HttpClinics(http())))


@cache
def verify_closure() -> StepEntry:
    """Build the function verify_closure."""
    from referral_core.adapters.clinic import HttpClinics  # noqa: PLC0415
    from referral_core.steps.verify_closure import VerifyClosure  # noqa: PLC0415

    return _entry(VerifyClosure(directory(), HttpClinics(http())))


@cache
def close_referral() -> StepEntry:
    """Build the function close_referral."""
    from referral_core.steps.close_referral import CloseReferral  # noqa: PLC0415

    return _entry(CloseReferral())


@cache
def open_work_item() -> StepEntry:
    """Build the function open_work_item."""
    from referral_core.steps.open_work_item import OpenWorkItem  # noqa: PLC0415

    return _entry(OpenWorkItem(messages(_elsewhere())))


# --- the HTTP face ----------------------------------------------------------------------------


class _Elsewhere:
    """Stands for a port that only the step's own function uses; answering a step needs none."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"{name} is used only by the step's own function")


def _elsewhere() -> Any:
    return _Elsewhere()


@cache
def answering() -> Engine:
    """Return the engine that reads answers to every waiting step."""
    from referral_core.steps.await_visit import AwaitVisit  # noqa: PLC0415
    from referral_core.steps.check_readiness import CheckReadiness  # noqa: PLC0415
    from referral_core.steps.contact_patient import ContactPatient  # noqa: PLC0415
    from referral_core.steps.offer_referral import OfferReferral  # noqa: PLC0415
    from referral_core.steps.open_work_item import OpenWorkItem  # noqa: PLC0415
    from referral_core.steps.request_authorization import RequestAuthorization  # noqa: PLC0415
    from referral_core.steps.route_referral import RouteReferral  # noqa: PLC0415
    from referral_core.steps.verify_closure import VerifyClosure  # noqa: PLC0415

    elsewhere = _elsewhere()
    return engine(
        CheckReadiness(table(), directory()),
        RouteReferral(table(), directory(), elsewhere),
        RequestAuthorization(table(), directory(), elsewhere),
        OfferReferral(table(), directory(), elsewhere),
        ContactPatient(messages(elsewhere)),
        AwaitVisit(messages(elsewhere), elsewhere),
        VerifyClosure(directory(), elsewhere),
        OpenWorkItem(messages(elsewhere)),
    )


@cache
def documents() -> Documents:
    """Return the document store."""
    from referral_core.adapters.documents import S3Documents  # noqa: PLC0415

    return S3Documents(client("s3"), settings().need("documents_bucket"))


@cache
def receive_referral() -> APIGatewayHttpResolver:
    """Build the function receive_referral."""
    from referral_core.api.intake import ReceiveReferral  # noqa: PLC0415
    from referral_core.api.routes import intake_app  # noqa: PLC0415

    return intake_app(ReceiveReferral(table(), documents(), answering(), clock()), directory())


@cache
def receive_update() -> APIGatewayHttpResolver:
    """Build the function receive_update."""
    from referral_core.api.posting import Poster  # noqa: PLC0415
    from referral_core.api.routes import update_app  # noqa: PLC0415
    from referral_core.api.updates import ReceiveUpdate  # noqa: PLC0415
    from referral_core.api.work_items import DecideWorkItems  # noqa: PLC0415

    poster = Poster(table(), documents(), answering(), clock())
    staff = DecideWorkItems(poster, directory(), _opt_outs())
    return update_app(ReceiveUpdate(poster), staff, directory())


@cache
def read_records() -> APIGatewayHttpResolver:
    """Build the function read_records."""
    from referral_core.api.reads import ReadRecords  # noqa: PLC0415
    from referral_core.api.routes import read_app  # noqa: PLC0415

    return read_app(ReadRecords(table(), table(), settings().need("token_url")), directory())


@cache
def receive_reply() -> ReceiveReply:
    """Build the function receive_reply."""
    from referral_core.api.replies import ReceiveReply  # noqa: PLC0415

    return ReceiveReply(table(), documents(), answering(), directory(), clock(), _opt_outs())


def _opt_outs() -> OptOuts:
    """Return the carrier's list; naming a number twice is naming it once, so it may try again."""
    from referral_core.adapters.opt_outs import CarrierOptOuts  # noqa: PLC0415

    return CarrierOptOuts(client("pinpoint-sms-voice-v2"), settings().need("opt_out_list"))


# --- behind the lifecycle -----------------------------------------------------------------------

_Consumer = Callable[["Mapping[str, Any]"], dict[str, list[dict[str, str]]]]


def _dead_letters(consumer: str) -> DeadLetters:
    from referral_core.background.records import DeadLetters  # noqa: PLC0415

    return DeadLetters(client("sqs"), settings().need("stream_dlq_url"), consumer)


@cache
def start_lifecycle() -> _Consumer:
    """Build the function start_lifecycle."""
    from referral_core.adapters.notices import SqsNotices  # noqa: PLC0415
    from referral_core.background.outbox import Outbox  # noqa: PLC0415
    from referral_core.background.records import consume  # noqa: PLC0415

    notices = SqsNotices(client("sqs"), settings().need("notices_queue_url"))
    settings().need("state_machine_arn")
    outbox = Outbox(workflow(), notices)
    dead_letters = _dead_letters("start_lifecycle")
    return lambda event: consume(event, Sort.REFERRAL, outbox.publish, dead_letters)


@cache
def record_metrics() -> _Consumer:
    """Build the function record_metrics."""
    from referral_core.background.metrics import record  # noqa: PLC0415
    from referral_core.background.records import consume  # noqa: PLC0415

    dead_letters = _dead_letters("record_metrics")
    return lambda event: consume(event, Sort.EVENT, record, dead_letters)


@cache
def fire_timers() -> Watchdog:
    """Build the function fire_timers."""
    from referral_core.background.timers import Watchdog  # noqa: PLC0415

    return Watchdog(answering(), table(), clock())


@cache
def deliver_notices() -> Courier:
    """Build the function deliver_notices."""
    from referral_core.adapters.ehr import HttpEhr  # noqa: PLC0415
    from referral_core.background.delivery import Courier  # noqa: PLC0415

    env = settings()
    return Courier(
        engine=answering(),
        referrals=table(),
        directory=directory(),
        ehr=HttpEhr(http()),
        clock=clock(),
        queue=client("sqs"),
        queue_url=env.need("notices_queue_url"),
        base_url=env.need("public_base_url"),
    )
