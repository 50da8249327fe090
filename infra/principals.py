"""Who may make a principal: operations, and no function, whatever else its role comes to allow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from referral_core.adapters.aws.dynamodb.keys import principal

_WRITES: Final = (
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)


def deny_principals(
    scope: Construct, functions: Iterable[lambda_.Function], table_arn: str
) -> None:
    """Deny every function's role to write under the keys of principals."""
    iam.ManagedPolicy(
        scope,
        "NoPrincipals",
        roles=[function.role for function in functions if function.role],
        statements=[
            iam.PolicyStatement(
                sid="NobodyIsMadeAPrincipal",
                effect=iam.Effect.DENY,
                actions=list(_WRITES),
                resources=[table_arn],
                conditions={"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": [principal("*")]}},
            )
        ],
    )
