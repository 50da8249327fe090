"""The table of clients' requests by the minute; nothing in it is about a patient."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.functions import Resource
from referral_core.adapters.aws.dynamodb.request_counts import KEY
from referral_core.adapters.aws.dynamodb.schema import TTL_ATTRIBUTE


class RequestCountsTable(Construct):
    """The table; what is an hour old removes itself."""

    def __init__(self, scope: Construct, construct_id: str, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name=KEY, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute=TTL_ATTRIBUTE,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.resources = {
            "REQUEST_COUNTS_TABLE": Resource(self.table.table_name, (self.table.table_arn,))
        }
