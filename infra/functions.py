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

from infra.layers import Layers

ROOT = Path(__file__).parents[1]

READ = ("dynamodb:GetItem", "dynamodb:Query")
WRITE = ("dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem")


@dataclass(frozen=True)
class Spec:
    """What one function is given.

    Attributes:
        table: DynamoDB actions on the table and its indexes.
        environment: names of the resources whose names it reads.
        secrets: whether it speaks to partners.
        answers: whether it answers waiting steps of the state machine.
    """

    name: str
    table: tuple[str, ...] = (*READ, *WRITE)
    environment: tuple[str, ...] = ("TABLE_NAME",)
    secrets: bool = False
    answers: bool = False
    timeout_s: int = 30
    memory_mb: int = 512

    @property
    def construct_id(self) -> str:
        """The CDK id, which is the state's name for a step."""
        return "".join(part.capitalize() for part in self.name.split("_"))


def _partner(name: str, *environment: str, answers: bool = True) -> Spec:
    """Return the spec of a function that speaks to a partner."""
    names = ("TABLE_NAME", *environment)
    return Spec(name, environment=names, answers=answers, secrets=True, timeout_s=60)


STEPS = (
    Spec("check_readiness", answers=True),
    _partner("check_eligibility", answers=False),
    _partner("route_referral"),
    _partner("request_authorization"),
    _partner("offer_referral"),
    Spec(
        "contact_patient",
        answers=True,
        environment=("TABLE_NAME", "SMS_ORIGINATION_IDENTITY"),
    ),
    Spec("await_visit", answers=True),
    _partner("verify_closure"),
    Spec("close_referral"),
    Spec("open_work_item", answers=True),
)
OTHERS = (
    Spec("receive_referral", answers=True, environment=("TABLE_NAME", "DOCUMENTS_BUCKET")),
    Spec("receive_update", answers=True, environment=("TABLE_NAME", "DOCUMENTS_BUCKET")),
    Spec("receive_reply", answers=True, environment=("TABLE_NAME", "DOCUMENTS_BUCKET")),
    Spec("read_records", table=READ),
    Spec(
        "start_lifecycle",
        table=(),
        environment=("STATE_MACHINE_ARN", "NOTICES_QUEUE_URL", "STREAM_DLQ_URL"),
    ),
    Spec("record_metrics", table=(), environment=("STREAM_DLQ_URL",)),
    Spec("fire_timers", answers=True, timeout_s=55),
    _partner("deliver_notices", "NOTICES_QUEUE_URL"),
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
        table_arn: str,
        resources: Mapping[str, str],
        extra_environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._layers = layers
        self._key = key
        self._table_arn = table_arn
        self._resources = resources
        self._extra = extra_environment
        self.by_name = {spec.name: self._function(spec) for spec in (*STEPS, *OTHERS)}

    @property
    def steps(self) -> Mapping[str, lambda_.Function]:
        """The functions of the state machine, by their state's name."""
        return {spec.construct_id: self.by_name[spec.name] for spec in STEPS}

    @property
    def answering(self) -> Sequence[lambda_.Function]:
        """The functions that answer waiting steps."""
        return [self.by_name[s.name] for s in (*STEPS, *OTHERS) if s.answers]

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
            code=lambda_.Code.from_asset(
                str(ROOT / "functions"), exclude=["**", f"!{spec.name}.py"]
            ),
            layers=self._layers.all,
            role=role,
            timeout=Duration.seconds(spec.timeout_s),
            memory_size=spec.memory_mb,
            log_group=log_group,
            environment={
                **{name: self._resources[name] for name in spec.environment},
                "POWERTOOLS_SERVICE_NAME": spec.name,
                "POWERTOOLS_METRICS_NAMESPACE": "ReferralRouter",
                "LOG_LEVEL": "INFO",
                "CARRY_GRACE_SECONDS": "300",
                **self._extra,
            },
        )

    def _grant(self, role: iam.Role, spec: Spec, stack: Stack) -> None:
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
                resources=[self._key.key_arn],
            )
        )
        if spec.table:
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=list(spec.table),
                    resources=[self._table_arn, f"{self._table_arn}/index/*"],
                )
            )
        if spec.secrets:
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=["secretsmanager:GetSecretValue"],
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
        if spec.name == "contact_patient":
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=["sms-voice:SendTextMessage"],
                    resources=[
                        stack.format_arn(service="sms-voice", resource=kind, resource_name="*")
                        for kind in ("phone-number", "pool", "sender-id")
                    ],
                )
            )
