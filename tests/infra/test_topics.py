"""Who may publish, and who may write: only this account, and only functions that have to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra import STACK_NAME

Resources = dict[str, dict[str, Any]]
WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
WITHOUT_WRITES = {
    "authorize_client",
    "query_api",
    "query_reports",
    "serve_console",
    "record_metrics",
    "measure_queues",
    "export_events",
    "publish_outbox",
}
"""What only reads, or only reads the stream; to count a client's requests is no write of these."""


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def by_service(resources: Resources, kind: str, service: str) -> Iterator[dict[str, Any]]:
    """The statements of a kind of resource policy that let a service in."""
    for resource in resources.values():
        if resource["Type"] == kind:
            properties = resource["Properties"]
            policy = properties.get("PolicyDocument") or properties["KeyPolicy"]
            for statement in policy["Statement"]:
                principal = statement.get("Principal", {})
                named = as_list(principal.get("Service")) if isinstance(principal, dict) else []
                if service in named:
                    yield statement


@pytest.mark.parametrize("kind", ["AWS::SNS::TopicPolicy", "AWS::KMS::Key"])
def test_the_carrier_publishes_replies_for_this_account_only(
    kind: str, resources: Resources
) -> None:
    found = list(by_service(resources, kind, "sms-voice.amazonaws.com"))
    assert found
    for statement in found:
        source = statement["Condition"]["StringEquals"]["aws:SourceAccount"]
        assert source == {"Ref": "AWS::AccountId"}


def test_a_function_that_only_reads_may_not_write(resources: Resources) -> None:
    may_write: set[str] = set()
    functions = {
        properties["FunctionName"].removeprefix(f"{STACK_NAME}-"): properties["Role"]
        for properties in (
            r["Properties"] for r in resources.values() if r["Type"] == "AWS::Lambda::Function"
        )
        if str(properties.get("FunctionName", "")).startswith(f"{STACK_NAME}-")
    }
    for name, role in functions.items():
        logical = role["Fn::GetAtt"][0]
        for resource in resources.values():
            if resource["Type"] != "AWS::IAM::Policy":
                continue
            if {"Ref": logical} not in resource["Properties"]["Roles"]:
                continue
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                # To count a client's requests, or to add to the audit, is no write of these.
                beside = re.search("RequestCounts|AuditTable", json.dumps(statement["Resource"]))
                if WRITES & set(as_list(statement["Action"])) and not beside:
                    may_write.add(name)
    assert set(functions) - may_write == WITHOUT_WRITES
