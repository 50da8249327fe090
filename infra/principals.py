"""Who may make a principal: operations, and the one function with which managers manage people.

No other function may, whatever else its role comes to allow; and that one writes nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from referral_core.adapters.aws.dynamodb.keys import config, principal
from referral_core.domain.ids import Tenant

MAKES_PEOPLE: Final = "manage_people"
_WRITES: Final = (
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)


def deny_principals(
    scope: Construct, functions: Mapping[str, lambda_.Function], table_arn: str
) -> None:
    """Deny every role to write principals, and the one that does to write anything else."""
    people = [principal("*"), config(Tenant("*"))]
    others = [function for name, function in functions.items() if name != MAKES_PEOPLE]
    iam.ManagedPolicy(
        scope,
        "NoPrincipals",
        roles=_roles(others),
        statements=[_deny(table_arn, "StringLike", [principal("*")])],
    )
    iam.ManagedPolicy(
        scope,
        "PeopleOnly",
        roles=_roles([functions[MAKES_PEOPLE]]),
        statements=[_deny(table_arn, "StringNotLike", people)],
    )


def _roles(functions: Sequence[lambda_.Function]) -> list[iam.IRole]:
    return [function.role for function in functions if function.role]


def _deny(table_arn: str, how: str, keys: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        effect=iam.Effect.DENY,
        actions=list(_WRITES),
        resources=[table_arn],
        conditions={f"ForAnyValue:{how}": {"dynamodb:LeadingKeys": list(keys)}},
    )
