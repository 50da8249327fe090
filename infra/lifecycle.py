"""The state machine: one execution is one run of one referral."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

DEFINITION = Path(__file__).parents[1] / "statemachines/referral_lifecycle.asl.json"


class Lifecycle(Construct):
    """The Standard state machine, its log, and who may complete its waiting tasks."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        steps: Mapping[str, lambda_.Function],
        completing: Sequence[lambda_.Function],
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = logs.LogGroup(
            self,
            "Logs",
            encryption_key=key,
            retention=logs.RetentionDays.ONE_YEAR,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.machine = sfn.StateMachine(
            self,
            "ReferralLifecycle",
            state_machine_name="referral_lifecycle",
            state_machine_type=sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_string(DEFINITION.read_text(encoding="utf-8")),
            definition_substitutions={
                f"{state}Arn": function.function_arn for state, function in steps.items()
            },
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=False
            ),
        )
        self.machine.add_to_role_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"],
                resources=[function.function_arn for function in steps.values()],
            )
        )
        self._let_complete(completing)

    def _let_complete(self, functions: Sequence[lambda_.Function]) -> None:
        # A policy of its own: granted on the roles, it would make the machine and its functions
        # depend on each other.
        iam.ManagedPolicy(
            self,
            "CompleteTasks",
            roles=[function.role for function in functions if function.role],
            statements=[
                iam.PolicyStatement(
                    actions=["states:SendTaskSuccess", "states:SendTaskFailure"],
                    resources=[self.machine.state_machine_arn],
                )
            ],
        )
