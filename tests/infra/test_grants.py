"""Each function is given what its builder asks for: no setting, secret or action more or less."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from infra import STACK_NAME
from infra.api import ROUTES
from infra.functions import OTHERS, STEPS, Spec

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers/referral_core/python/referral_core"
Resources = dict[str, dict[str, Any]]
SPECS: Final = (*STEPS, *OTHERS)
SENDS: Final = {
    "sms-voice:SendTextMessage": {"contact_patient", "await_visit"},
    "sms-voice:SendVoiceMessage": {"contact_patient"},
    "sms-voice:PutOptedOutNumber": {"receive_reply", "receive_update"},
    "ses:SendEmail": {"contact_patient"},
    "s3:PutObject": {"contact_patient", "receive_referral", "receive_update", "receive_reply"},
    "states:StartExecution": {"start_lifecycle"},
}
EVERYWHERE: Final = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "LOG_LEVEL"}
"""Set for every function and asked for by none of the builders."""
OPTIONAL: Final = {"CARRY_GRACE_SECONDS"}


# --- what wiring.py asks for ------------------------------------------------------------------


@cache
def builders() -> dict[str, str]:
    tree = ast.parse((PACKAGE / "wiring.py").read_text())
    return {n.name: ast.unparse(n) for n in tree.body if isinstance(n, ast.FunctionDef)}


def reached(name: str) -> set[str]:
    """The builders that one of them uses, itself included."""
    found: set[str] = set()
    ahead = [name]
    while ahead:
        present = ahead.pop()
        if present in builders() and present not in found:
            found.add(present)
            ahead += re.findall(r"\b([a-z_]+)\(", builders()[present])
    return found


def needed(name: str) -> set[str]:
    code = "\n".join(builders()[each] for each in reached(name))
    return {setting.upper() for setting in re.findall(r"need\('(\w+)'\)", code)}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_function_knows_exactly_the_settings_that_its_builder_asks_for(
    spec: Spec, resources: Resources
) -> None:
    environment = set(function(resources, spec.name)["Environment"]["Variables"])

    assert environment - EVERYWHERE - OPTIONAL == needed(spec.name)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_function_reads_secrets_exactly_when_it_speaks_to_partners(
    spec: Spec, resources: Resources
) -> None:
    reads = "secretsmanager:GetSecretValue" in actions(resources, spec.name)

    assert reads == ("http" in reached(spec.name))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_whoever_may_answer_any_step_may_answer_the_state_machine(spec: Spec) -> None:
    if "answering" in reached(spec.name) and spec.name != "deliver_notices":
        assert spec.answers


def test_builders_are_found_through_others() -> None:
    """Guards the two tests above: a reader that finds nothing would agree with anything."""
    assert {"channels", "documents", "http", "client"} <= reached("contact_patient")
    assert needed("contact_patient") == {
        "TABLE_NAME",
        "SMS_ORIGINATION_IDENTITY",
        "EMAIL_FROM",
        "DOCUMENTS_BUCKET",
        "PRINT_QUEUE_URL",
    }


# --- what the template gives -------------------------------------------------------------------


@pytest.mark.parametrize("action", SENDS)
def test_exactly_the_functions_that_do_it_may(action: str, resources: Resources) -> None:
    assert {spec.name for spec in SPECS if action in actions(resources, spec.name)} == SENDS[action]


def test_who_may_put_into_which_queue(resources: Resources) -> None:
    may: dict[str, set[str]] = {}
    for spec in SPECS:
        for statement in statements_of(resources, spec.name):
            if "sqs:SendMessage" in as_list(statement["Action"]):
                may.setdefault(spec.name, set()).update(map(queue_of, targets(statement)))

    assert may == {
        "contact_patient": {"Letters"},
        "start_lifecycle": {"Notices", "StreamDlq"},
        "record_metrics": {"StreamDlq"},
        "receive_reply": {"RepliesDlq"},
    }


def test_email_is_sent_as_the_one_address_or_its_domain(resources: Resources) -> None:
    (statement,) = [
        s
        for s in statements_of(resources, "contact_patient")
        if "ses:SendEmail" in as_list(s["Action"])
    ]
    named = [resource["Fn::Join"][1][-1] for resource in targets(statement)]

    assert named == [
        {"Ref": "EmailFrom"},
        {"Fn::Select": [1, {"Fn::Split": ["@", {"Ref": "EmailFrom"}]}]},
    ]


def test_numbers_are_listed_on_the_one_opt_out_list(resources: Resources) -> None:
    (statement,) = [
        s
        for s in statements_of(resources, "receive_reply")
        if "sms-voice:PutOptedOutNumber" in as_list(s["Action"])
    ]
    (target,) = targets(statement)

    assert target["Fn::Join"][1][-2:] == [":opt-out-list/", {"Ref": "OptOutList"}]


# --- routes ------------------------------------------------------------------------------------


def declared() -> list[tuple[str, str, str]]:
    """The routes of api/routes.py: (function, method, path), path parameters as `{}`."""
    tree = ast.parse((PACKAGE / "api/routes.py").read_text())
    found = []
    for app in (n for n in tree.body if isinstance(n, ast.FunctionDef)):
        (name,) = [b for b, code in builders().items() if f"{app.name}(" in code]
        for use in (n for n in ast.walk(app) if isinstance(n, ast.FunctionDef)):
            for decorator in use.decorator_list:
                assert isinstance(decorator, ast.Call)
                assert isinstance(decorator.func, ast.Attribute)
                path = ast.literal_eval(decorator.args[0]).replace("\\", "")
                method = decorator.func.attr.upper()
                found.append((name, method, re.sub(r"<\w+>", "{}", path)))
    return found


def gateway(method: str, path: str) -> str | None:
    """The function that API Gateway hands a request to: a full match before a greedy one."""
    plain = {re.sub(r"\{\w+\}", "{}", route): name for route, name in ROUTES.items()}
    for candidate in (f"{method} {path}", f"ANY {path}"):
        if candidate in plain:
            return plain[candidate]
    greedy = [r.removesuffix("{proxy+}") for r in ROUTES if r.endswith("{proxy+}")]
    fitting = [r for r in greedy if f"ANY {path}".startswith(r)]
    longest = max(fitting, key=len, default=None)
    return ROUTES[f"{longest}{{proxy+}}"] if longest else None


@pytest.mark.parametrize("route", declared(), ids=" ".join)
def test_every_route_of_the_face_is_reached_through_the_gateway(
    route: tuple[str, str, str],
) -> None:
    name, method, path = route

    assert gateway(method, path) == name


def test_the_face_has_routes() -> None:
    assert {name for name, _, _ in declared()} == {
        "receive_referral",
        "receive_update",
        "read_records",
    }
    assert gateway("GET", "/nowhere") is None


# --- reading the template ----------------------------------------------------------------------


def function(resources: Resources, name: str) -> dict[str, Any]:
    wanted = f"{STACK_NAME}-{name}"
    found: dict[str, Any] = next(
        r["Properties"]
        for r in resources.values()
        if r["Type"] == "AWS::Lambda::Function" and r["Properties"]["FunctionName"] == wanted
    )
    return found


def statements_of(resources: Resources, name: str) -> list[dict[str, Any]]:
    role = function(resources, name)["Role"]["Fn::GetAtt"][0]
    policies = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::IAM::Policy"]
    return [
        statement
        for policy in policies
        if {"Ref": role} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def actions(resources: Resources, name: str) -> set[str]:
    return {a for s in statements_of(resources, name) for a in as_list(s["Action"])}


def targets(statement: dict[str, Any]) -> list[Any]:
    return as_list(statement["Resource"])


def queue_of(target: Any) -> str:
    logical: str = target["Fn::GetAtt"][0]
    return re.sub(r"^Messaging|[0-9A-F]{8}$", "", logical)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
