"""The audit's own table: apart from the record and from logs, and only ever added to."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.functions import Resource
from referral_core.adapters.aws.audit_table import PARTITION_KEY, SORT_KEY

_CHANGES = ("dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem")
_BY_STATEMENT = ("dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete")
_AT_ONCE = ("dynamodb:DeleteTable", "dynamodb:UpdateTimeToLive")
"""What would end all entries: the law wants them for six years, and nothing here expires."""


class Audit(Construct):
    """The table of who saw what; no principal of the account may change or delete an entry."""

    def __init__(self, scope: Construct, construct_id: str, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(
                name=PARTITION_KEY, type=dynamodb.AttributeType.STRING
            ),
            sort_key=dynamodb.Attribute(name=SORT_KEY, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
            resource_policy=iam.PolicyDocument(
                statements=[
                    iam.PolicyStatement(
                        sid="OnlyEverAddedTo",
                        effect=iam.Effect.DENY,
                        principals=[iam.AnyPrincipal()],
                        actions=[*_CHANGES, *_BY_STATEMENT, *_AT_ONCE],
                        resources=["*"],
                    )
                ]
            ),
        )

    @property
    def resource(self) -> Resource:
        """The table, as a resource that functions may be given."""
        return Resource(self.table.table_name, (self.table.table_arn,))
