"""The Lambda functions: one role each, with what that function needs and nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.console import console_code
from infra.layers import Layers
from infra.principals import deny_principals

ROOT = Path(__file__).parents[1]

READ = ("dynamodb:GetItem", "dynamodb:Query")
LIST = (*READ, "dynamodb:BatchGetItem")
WRITE = (
    *READ,
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)
TEXT = ("sms-voice:SendTextMessage",)
TALK = (*TEXT, "sms-voice:SendVoiceMessage")
STOP = ("sms-voice:PutOptedOutNumber",)
STOP_OR_START = (*STOP, "sms-voice:DeleteOptedOutNumber")
STORE = ("s3:PutObject",)
STORE_AND_READ = (*STORE, "s3:GetObject")
QUEUE = ("sqs:SendMessage",)
DELIVER = ("firehose:PutRecordBatch",)
TAKE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
SECRET = ("secretsmanager:GetSecretValue",)
TABLE = "TABLE_NAME"
COUNTED = {"REQUEST_COUNTS_TABLE": ("dynamodb:UpdateItem",)}
"""What every function behind the API that knows its callers may do: count their requests."""
HASH_KEYS = "HASH_KEYS_SECRET"
AUDIT, ADD = "AUDIT_TABLE_NAME", ("dynamodb:PutItem",)
ADD_OR_LOOK = (*ADD, "dynamodb:Query")
FETCH = ("s3:GetObject",)
WATCHED = {**COUNTED, AUDIT: ADD}
RECORD = {TABLE: WRITE, HASH_KEYS: SECRET}
"""The record, whose keys of numbers and identifiers are hashed."""


@dataclass(frozen=True)
class Resource:
    """A resource that functions may be given.

    Attributes:
        name: what the function's environment says of it.
        arns: what IAM calls it.
    """

    name: str
    arns: tuple[str, ...]


@dataclass(frozen=True)
class Spec:
    """What one function is given.

    Attributes:
        uses: setting → the IAM actions on the resource that it names, which is all the function
            gets to know and may do; `tests/infra` compares it with what `wiring/` asks for.
        secrets: whether it speaks to partners.
        completes: whether it completes waiting tasks of the state machine.
        page: whether the console's page and assets lie beside its code.
    """

    name: str
    uses: Mapping[str, tuple[str, ...]]
    secrets: bool = False
    completes: bool = False
    page: bool = False
    timeout_s: int = 30
    memory_mb: int = 512

    @property
    def construct_id(self) -> str:
        """The CDK id, which is the state's name for a step."""
        return "".join(part.capitalize() for part in self.name.split("_"))


def _step(name: str, *, completes: bool = True) -> Spec:
    """Return the spec of a function that needs the record only."""
    return Spec(name, RECORD, completes=completes)


def _partner(name: str, *, completes: bool = True, **uses: tuple[str, ...]) -> Spec:
    """Return the spec of a function that speaks to a partner."""
    return Spec(name, {**RECORD, **uses}, completes=completes, secrets=True, timeout_s=60)


def _receiver(name: str, **uses: tuple[str, ...]) -> Spec:
    """Return the spec of a function that stores what it receives as a document."""
    return Spec(name, {**RECORD, "DOCUMENTS_BUCKET": STORE, **uses}, completes=True)


SHORTLIST = {**RECORD, TABLE: (*WRITE, "dynamodb:BatchGetItem")}
"""What a decision reads at once, and writes."""
OFFERS = {**SHORTLIST, "DOCUMENTS_BUCKET": FETCH}
"""A time that has passed gives way to another one of the clinic, read as a decision reads it."""

STEPS = (
    Spec("check_readiness", SHORTLIST, completes=True),
    _partner("check_eligibility", completes=False, DOCUMENTS_BUCKET=STORE),
    Spec("route_referral", SHORTLIST, completes=True, secrets=True, timeout_s=60),
    _partner("request_authorization", DOCUMENTS_BUCKET=STORE),
    Spec("offer_referral", OFFERS, completes=True, secrets=True, timeout_s=60),
    _partner(
        "contact_patient",
        SMS_ORIGINATION_IDENTITY=TALK,
        EMAIL_FROM=("ses:SendEmail",),
        DOCUMENTS_BUCKET=STORE,
        PRINT_QUEUE_URL=QUEUE,
    ),
    _partner("await_visit", SMS_ORIGINATION_IDENTITY=TEXT),
    _partner("verify_closure"),
    _step("close_referral", completes=False),
    _step("open_work_item"),
)
OTHERS = (
    Spec(
        "authorize_client", {TABLE: ("dynamodb:GetItem",), "TOKEN_KEY_IDS": ("kms:GetPublicKey",)}
    ),
    Spec(
        "issue_token",
        {
            TABLE: ("dynamodb:GetItem", "dynamodb:PutItem"),
            "TOKEN_KEY_IDS": ("kms:GetPublicKey", "kms:Sign"),
        },
    ),
    _receiver("receive_referral", DOCUMENTS_BUCKET=STORE_AND_READ, **WATCHED),
    _receiver(
        "receive_update",
        OPT_OUT_LIST=STOP,
        DOCUMENTS_BUCKET=STORE_AND_READ,
        **{**WATCHED, TABLE: SHORTLIST[TABLE]},
    ),
    _receiver("receive_reply", OPT_OUT_LIST=STOP_OR_START, SMS_ORIGINATION_IDENTITY=TEXT),
    Spec(
        "query_api",
        {TABLE: LIST, HASH_KEYS: SECRET, "DOCUMENTS_BUCKET": FETCH, **WATCHED, AUDIT: ADD_OR_LOOK},
    ),
    Spec("serve_console", {}, page=True),
    Spec(
        "publish_outbox",
        {
            "STATE_MACHINE_ARN": ("states:StartExecution",),
            "NOTICES_QUEUE_URL": QUEUE,
            "WAITLIST_QUEUE_URL": QUEUE,
            "STREAM_DLQ_URL": QUEUE,
        },
    ),
    Spec("record_metrics", {TABLE: ("dynamodb:Query",), "STREAM_DLQ_URL": QUEUE}),
    Spec("export_events", {"LAKE_STREAM": DELIVER, "STREAM_DLQ_URL": QUEUE}, timeout_s=60),
    Spec(
        "query_reports",
        {
            TABLE: READ,
            "LAKE_WORKGROUP": (
                "athena:StartQueryExecution",
                "athena:GetQueryExecution",
                "athena:GetQueryResults",
            ),
            "LAKE_DATABASE": ("glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"),
            "LAKE_RESULTS_BUCKET": STORE_AND_READ,
            **WATCHED,
        },
    ),
    Spec("manage_people", {TABLE: WRITE, HASH_KEYS: SECRET, **WATCHED}),
    Spec(
        "run_operations",
        {**SHORTLIST, **WATCHED, "STREAM_DLQ_URL": (*TAKE, "sqs:GetQueueAttributes")},
        completes=True,
    ),
    Spec("measure_queues", {TABLE: ("dynamodb:Query",), "LAKE_STREAM": DELIVER}, timeout_s=60),
    Spec("fire_timers", RECORD, completes=True, timeout_s=55),
    Spec("publish_prices", {TABLE: (*READ, "dynamodb:PutItem")}, timeout_s=600, memory_mb=1769),
    Spec("serve_waitlist", SHORTLIST, completes=True, timeout_s=150),
    _partner("deliver_notices", NOTICES_QUEUE_URL=("sqs:ChangeMessageVisibility",)),
)


class Functions(Construct):
    """All functions, by name."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        layers: Layers,
        key: kms.IKey,
        resources: Mapping[str, Resource],
        extra_environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._layers = layers
        self._key = key
        self._resources = resources
        self._extra = extra_environment
        self.by_name = {spec.name: self._function(spec) for spec in (*STEPS, *OTHERS)}
        deny_principals(self, self.by_name, resources[TABLE].arns[0])

    @property
    def steps(self) -> Mapping[str, lambda_.Function]:
        """The functions of the state machine, by their state's name."""
        return {spec.construct_id: self.by_name[spec.name] for spec in STEPS}

    @property
    def completing(self) -> Sequence[lambda_.Function]:
        """The functions that complete waiting tasks."""
        return [self.by_name[s.name] for s in (*STEPS, *OTHERS) if s.completes]

    def _function(self, spec: Spec) -> lambda_.Function:
        stack = Stack.of(self)
        log_group = logs.LogGroup(
            self,
            f"{spec.construct_id}Logs",
            encryption_key=self._key,
            retention=logs.RetentionDays.ONE_YEAR,
            removal_policy=RemovalPolicy.RETAIN,
        )
        role = iam.Role(
            self,
            f"{spec.construct_id}Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What {spec.name} may do",
        )
        log_group.grant_write(role)
        self._grant(role, spec, stack)
        return lambda_.Function(
            self,
            spec.construct_id,
            function_name=f"{stack.stack_name}-{spec.name}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{spec.name}.handler",
            code=_code(spec),
            layers=self._layers.all,
            role=role,
            timeout=Duration.seconds(spec.timeout_s),
            memory_size=spec.memory_mb,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE,
            environment=self._environment(spec),
        )

    def _environment(self, spec: Spec) -> Mapping[str, str]:
        return {
            **{setting: self._resources[setting].name for setting in spec.uses},
            "POWERTOOLS_SERVICE_NAME": spec.name,
            "LOG_LEVEL": "INFO",
            "STEP_GRACE_SECONDS": "300",
            # A start need not search the installed packages for plugins of pydantic.
            "PYDANTIC_DISABLE_PLUGINS": "__all__",
            **self._extra,
        }

    def _grant(self, role: iam.Role, spec: Spec, stack: Stack) -> None:
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
                resources=[self._key.key_arn],
            )
        )
        for setting, actions in spec.uses.items():
            arns = list(self._resources[setting].arns)
            role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=arns))
        if spec.secrets:
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=list(SECRET),
                    resources=[
                        stack.format_arn(
                            service="secretsmanager",
                            resource="secret",
                            resource_name="referral-router/*",
                            arn_format=ArnFormat.COLON_RESOURCE_NAME,
                        )
                    ],
                )
            )


def _code(spec: Spec) -> lambda_.AssetCode:
    """Return a function's own file, with the console beside it where the function serves it."""
    only = [f"!{spec.name}.py"]
    if not spec.page:
        return lambda_.Code.from_asset(str(ROOT / "functions"), exclude=["**", *only])
    return lambda_.Code.from_asset(str(console_code(ROOT / f"functions/{spec.name}.py")))
