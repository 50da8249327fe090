"""The template's policies with its references resolved, and what they say to a call.

Names are logical ids without their hash. The evaluation is the emulator's, which follows AWS's own
order: an explicit Deny, then an Allow, else nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from ministack.core.iam_evaluator import EvalContext, ParsedStatement, evaluate
from ministack.core.iam_evaluator import parse_policy_document as parsed

from infra import STACK_NAME
from local.leading_keys import LEADING_KEYS

REGION, ACCOUNT = "us-east-1", "123456789012"
_HASH: Final = re.compile(r"[0-9A-F]{8}$")
_PSEUDO: Final = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": STACK_NAME,
    "AWS::URLSuffix": "amazonaws.com",
}
_ARNS: Final = {
    "AWS::DynamoDB::Table": "dynamodb:{r}:{a}:table/",
    "AWS::SQS::Queue": "sqs:{r}:{a}:",
    "AWS::S3::Bucket": "s3:::",
    "AWS::KMS::Key": "kms:{r}:{a}:key/",
    "AWS::Lambda::Function": "lambda:{r}:{a}:function:",
    "AWS::StepFunctions::StateMachine": "states:{r}:{a}:stateMachine:",
    "AWS::KinesisFirehose::DeliveryStream": "firehose:{r}:{a}:deliverystream/",
    "AWS::Logs::LogGroup": "logs:{r}:{a}:log-group:",
    "AWS::Cognito::UserPool": "cognito-idp:{r}:{a}:userpool/",
    "AWS::SNS::Topic": "sns:{r}:{a}:",
}
_CALLED_BY_ARN: Final = {"AWS::StepFunctions::StateMachine", "AWS::SNS::Topic"}
"""What a Ref says of these is their ARN."""
NAMED: Final = {
    "LifecycleReferralLifecycle": "referral_lifecycle",
    "LakeDeliveryStream": "referral-events",
}
"""Resources that the template gives a name of its own."""


def short(logical_id: str) -> str:
    """A logical id without its hash, or the name that the template gives it."""
    name = _HASH.sub("", logical_id)
    return NAMED.get(name, name)


class Policies:
    """What each role of a template may do."""

    def __init__(self, resources: Mapping[str, Mapping[str, Any]]) -> None:
        self._resources = resources

    def says(
        self, role: str, action: str, resource: str, keys: Sequence[str] = ()
    ) -> str:  # "Allow", "Deny" or "ImplicitDeny"
        """What IAM says when a role asks."""
        context = EvalContext(
            principal_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/it",
            principal_type="AssumedRole",
            principal_account=ACCOUNT,
            action=action,
            resource_arn=resource,
            region=REGION,
            service_context={LEADING_KEYS.lower(): list(keys)} if keys else {},
        )
        return str(evaluate(context, self.of_role[role]).decision)

    @cached_property
    def of_role(self) -> Mapping[str, list[list[ParsedStatement]]]:
        """Role → its policies, parsed."""
        return {
            role: [parsed({"Version": "2012-10-17", "Statement": found}) for found in documents]
            for role, documents in self.statements.items()
        }

    @cached_property
    def statements(self) -> Mapping[str, list[list[dict[str, Any]]]]:
        """Role → the statements of each of its policies, references resolved."""
        found: dict[str, list[list[dict[str, Any]]]] = {}
        for resource in self._resources.values():
            if resource["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
                properties = resource["Properties"]
                document = self.resolved(properties["PolicyDocument"]["Statement"])
                for role in properties.get("Roles", ()):
                    found.setdefault(short(role["Ref"]), []).append(document)
        return found

    def resolved(self, value: Any) -> Any:
        """A value of the template with its references resolved. Raises: one it does not know."""
        if isinstance(value, list):
            return [self.resolved(one) for one in value]
        if not isinstance(value, dict):
            return value
        match list(value.items()):
            case [("Ref", name)]:
                return _PSEUDO.get(name) or self._named(name)
            case [("Fn::GetAtt", [name, str(attribute)])]:
                return self._attribute(name, attribute)
            case [("Fn::Join", [between, parts])]:
                return between.join(self.resolved(part) for part in parts)
            case [("Fn::Select", [index, parts])]:
                return [*self.resolved(parts), ""][int(index)]
            case [("Fn::Split", [between, text])]:
                return self.resolved(text).split(between)
            case [(str(function), _)] if function.startswith("Fn::"):
                raise AssertionError(f"What does {function} say?")
        return {key: self.resolved(one) for key, one in value.items()}

    def _named(self, name: str) -> str:
        kind = self._resources.get(name, {}).get("Type")
        return self._attribute(name, "Arn") if kind in _CALLED_BY_ARN else short(name)

    def _attribute(self, name: str, attribute: str) -> str:
        if attribute != "Arn":
            return f"{short(name)}.{attribute}"
        kind = self._resources[name]["Type"]
        return f"arn:aws:{_ARNS[kind].format(r=REGION, a=ACCOUNT)}{short(name)}"


def grants(statements: Sequence[Sequence[Mapping[str, Any]]]) -> Iterator[tuple[str, str]]:
    """Yield the actions and resources that statements allow."""
    for statement in (one for document in statements for one in document):
        if statement["Effect"] == "Allow":
            actions, resources = statement["Action"], statement["Resource"]
            for action in actions if isinstance(actions, list) else [actions]:
                for resource in resources if isinstance(resources, list) else [resources]:
                    yield action, resource
