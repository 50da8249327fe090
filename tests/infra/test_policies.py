"""The template's policies, evaluated: what functions call they may, and little else they may."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from infra.functions import OTHERS, STEPS, Spec
from infra.principals import MAKES_PEOPLE
from referral_core.adapters.aws.dynamodb import keys
from referral_core.domain.ids import ReferralId, Tenant
from tests.infra.calls import Call, known_calls, recorded_calls, refused_calls
from tests.infra.policies import ACCOUNT, REGION, Policies, grants

Resources = dict[str, dict[str, Any]]
SPECS: Final = (*STEPS, *OTHERS)
PACKAGE: Final = Path(__file__).parents[2] / "layers/referral_core/python"
RECORD: Final = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/RecordTable"
AUDIT: Final = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/AuditTable"
CHANGES: Final = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
TENANT: Final = Tenant("lakeside")
A_PRINCIPAL: Final = keys.principal("maria")
A_REFERRAL: Final = keys.referral(TENANT, ReferralId("0" * 32))
ON_ITS_BEHALF: Final = frozenset(
    {
        *("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),  # what is stored under our key
        *("logs:CreateLogStream", "logs:PutLogEvents"),  # Lambda writes the log
        *("xray:PutTraceSegments", "xray:PutTelemetryRecords"),  # and the traces
        *("glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"),  # Athena reads the catalog
        *("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),  # and the lake
        "s3:AbortMultipartUpload",
        "athena:GetWorkGroup",
    }
)
"""What services do as the function, without a call in its code."""
BY_THE_TRIGGER: Final = frozenset(
    {
        *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
        *("dynamodb:ListStreams", "sqs:ReceiveMessage", "sqs:DeleteMessage"),
        *("sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"),
        *("sqs:SendMessage", "kms:DescribeKey", "kms:ReEncrypt*", "kms:GenerateDataKey*"),
    }
)
"""What Lambda's pollers do as the function, for the stream and the queues that feed it."""
POLLED: Final = frozenset(
    {
        *("publish_outbox", "record_metrics", "export_events"),
        *("deliver_notices", "serve_waitlist", "receive_reply"),
    }
)
CALLED_AS: Final = {
    "dynamodb:ConditionCheckItem": "transact_write_items",
    "lambda:InvokeFunction": "invoke",
    "cognito-idp:AdminUserGlobalSignOut": "admin_user_global_sign_out",
    "sms-voice:PutOptedOutNumber": "put_opted_out_number",
}
WRITTEN_IN_TRANSACTIONS: Final = frozenset(CHANGES)


@pytest.fixture(scope="module")
def policies(resources: Resources) -> Policies:
    return Policies(resources)


def role_of(name: str) -> str:
    return next(f"Functions{spec.construct_id}Role" for spec in SPECS if spec.name == name)


def test_every_function_is_known_to_call_something() -> None:
    assert {call.function for call in known_calls()} == {s.name for s in SPECS} - {"serve_console"}


@pytest.mark.parametrize("call", known_calls(), ids=str)
def test_what_a_function_calls_it_may(call: Call, policies: Policies) -> None:
    """A grant that is missing here is an outage on AWS."""
    named = [key.replace("…", "x") for key in call.keys]
    resource = call.resource.replace("…", "x")

    assert policies.says(role_of(call.function), call.action, resource, named) == "Allow"


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_what_a_function_may_its_code_calls(spec: Spec, policies: Policies) -> None:
    """A grant that no reachable code uses is somebody else's chance."""
    allowed = {action for action, _ in grants(policies.statements[role_of(spec.name)])}
    excused = ON_ITS_BEHALF | (BY_THE_TRIGGER if spec.name in POLLED else frozenset())
    if spec.name == "query_reports":
        excused |= {"s3:GetObject", "s3:PutObject"}  # Athena reads rows and writes results
    called = names_called(spec.name)

    assert {a for a in allowed - excused if called.isdisjoint(ways_to_call(a))} == set()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
@pytest.mark.parametrize("action", CHANGES)
def test_one_function_makes_principals_and_that_one_writes_no_referral(
    spec: Spec, action: str, policies: Policies
) -> None:
    role, makes_people = role_of(spec.name), spec.name == MAKES_PEOPLE

    for key, may in ((A_PRINCIPAL, makes_people), (A_REFERRAL, not makes_people)):
        said = policies.says(role, action, RECORD, [key])
        assert said in ({"Allow", "ImplicitDeny"} if may else {"Deny"})
    # Nor beside something that it may write.
    assert policies.says(role, action, RECORD, [A_PRINCIPAL, A_REFERRAL]) == "Deny"


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_nobody_changes_the_audit_or_deletes_a_table(spec: Spec, policies: Policies) -> None:
    role = role_of(spec.name)
    for action in ("dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:DeleteTable"):
        assert policies.says(role, action, AUDIT) != "Allow"
    for action in ("dynamodb:DeleteTable", "dynamodb:Scan", "dynamodb:UpdateTimeToLive"):
        assert policies.says(role, action, RECORD) != "Allow"


def test_a_call_that_nobody_granted_is_noticed(policies: Policies) -> None:
    """Guards the tests above: an evaluation that allows everything would agree with anything."""
    role = role_of("query_api")

    assert policies.says(role, "dynamodb:PutItem", RECORD, [A_REFERRAL]) == "ImplicitDeny"
    assert policies.says(role, "dynamodb:GetItem", RECORD, [A_REFERRAL]) == "Allow"
    assert policies.says(role, "s3:GetObject", "arn:aws:s3:::AnotherBucket/x") == "ImplicitDeny"


def test_what_the_emulator_writes_down_is_read_in_the_templates_names(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    line = (
        '{"role": "referral-router-FunctionsQueryApiRole156F687A-3636C505090FA", '
        '"action": "dynamodb:GetItem", "resource": "arn:aws:dynamodb:us-east-1:000000000000:'
        'table/referral-router-RecordTableDC0C661A-72655C46C4761", "keys": ["T#…#R#…"], '
        '"refused": %s}\n'
    )
    file.write_text(line % "false" + line % "true", encoding="utf-8")

    assert recorded_calls(file) == {Call("query_api", "dynamodb:GetItem", RECORD, ("T#…#R#…",))}
    assert len(refused_calls(file)) == 1


def test_a_key_that_the_emulator_calls_by_its_id_is_the_one_that_signs(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    key = "arn:aws:kms:us-east-1:000000000000:key/c54690c0-1edb-4ec4-989b-3200fb57c1e8"
    role = "referral-router-FunctionsIssueTokenRole156F687A-3636C505090FA"
    call = {"role": role, "action": "kms:Sign", "resource": key, "keys": [], "refused": False}
    file.write_text(json.dumps(call), encoding="utf-8")

    (found,) = recorded_calls(file)
    assert found.resource == f"arn:aws:kms:{REGION}:{ACCOUNT}:key/TokenKey"


# --- what code can call -------------------------------------------------------------------------


def ways_to_call(action: str) -> set[str]:
    """The names under which code calls an action of IAM."""
    operation = action.partition(":")[2]
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")
    also = {"transact_write_items"} if action in WRITTEN_IN_TRANSACTIONS else set()
    return {CALLED_AS.get(action, snake), *also}


def names_called(function: str) -> set[str]:
    """The names of what the code calls that a function can reach by its imports."""
    found, ahead = set[str](), [f"referral_core.wiring.{function}"]
    seen: set[str] = set()
    while ahead:
        module = ahead.pop()
        if module not in seen and (tree := tree_of(module)) is not None:
            seen.add(module)
            ahead += imported_by(tree)
            found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            found |= {str(n.value) for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    return found


@cache
def tree_of(module: str) -> ast.Module | None:
    path = PACKAGE / (module.replace(".", "/") + ".py")
    return ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else None


def imported_by(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("referral_core"):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
