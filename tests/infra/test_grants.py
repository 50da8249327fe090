"""Each function is given what its builder asks for: no setting, secret or action more or less."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from infra import STACK_NAME
from infra.api import PUBLIC, SLASHED
from infra.functions import OTHERS, STEPS, Spec
from referral_core.entrypoints.http.route import Route
from referral_core.entrypoints.http.route_table import FALLBACK, ROUTES
from referral_core.wiring.parts.reacting_steps import WAITING

ROOT = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "layers/referral_core/python/referral_core"
WIRING: Final = "referral_core.wiring."
Resources = dict[str, dict[str, Any]]
SPECS: Final = (*STEPS, *OTHERS)
SENDS: Final = {
    "sms-voice:SendTextMessage": {"contact_patient", "await_visit", "receive_reply"},
    "sms-voice:SendVoiceMessage": {"contact_patient"},
    "sms-voice:DeleteOptedOutNumber": {"receive_reply"},
    "sms-voice:PutOptedOutNumber": {"receive_reply", "receive_update"},
    "ses:SendEmail": {"contact_patient"},
    "s3:PutObject": {
        "check_eligibility",
        "request_authorization",
        "contact_patient",
        "receive_referral",
        "receive_update",
        "receive_reply",
        "query_reports",
    },
    "s3:GetObject": {
        "offer_referral",
        "query_api",
        "query_reports",
        "receive_referral",
        "receive_update",
    },
    "states:StartExecution": {"publish_outbox"},
}
EVERYWHERE: Final = {
    "POWERTOOLS_SERVICE_NAME",
    "LOG_LEVEL",
    "PYDANTIC_DISABLE_PLUGINS",
}
"""Set for every function and asked for by none of the builders."""
OPTIONAL: Final = {"STEP_GRACE_SECONDS"}


# --- what wiring/ asks for --------------------------------------------------------------------

Builder = tuple[str, str]
"""A module of wiring/ and a function in it."""


@cache
def modules() -> dict[str, Path]:
    """The modules of wiring/ and of its parts, each under a name of its own."""
    return {path.stem: path for path in (PACKAGE / "wiring").rglob("*.py")}


@cache
def builders() -> dict[Builder, ast.FunctionDef]:
    return {
        (name, node.name): node
        for name, path in modules().items()
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }


@cache
def taken_from(module: str) -> dict[str, Builder]:
    """What a module takes from the others: its name there → the builder."""
    tree = ast.parse(modules()[module].read_text())
    return {
        alias.asname or alias.name: (node.module.rpartition(".")[2], alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(WIRING)
        for alias in node.names
        if node.module
    }


def reached(function: str) -> set[Builder]:
    """The builders that a function's own uses, itself included."""
    found: set[Builder] = set()
    ahead = [(function, "build")]
    while ahead:
        present = ahead.pop()
        if present in builders() and present not in found:
            found.add(present)
            module = present[0]
            ahead += [
                taken_from(module).get(node.id, (module, node.id))
                for node in ast.walk(builders()[present])
                if isinstance(node, ast.Name)
            ]
    return found


def needed(function: str) -> set[str]:
    """The settings that a function's builders ask for."""
    code = "\n".join(ast.unparse(builders()[each]) for each in reached(function))
    return {setting.upper() for setting in re.findall(r"need\('(\w+)'\)", code)}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_function_knows_exactly_the_settings_that_its_builder_asks_for(
    spec: Spec, resources: Resources
) -> None:
    environment = set(function(resources, spec.name)["Environment"]["Variables"])

    assert environment - EVERYWHERE - OPTIONAL == needed(spec.name)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_function_reads_the_secrets_that_its_builder_asks_for(
    spec: Spec, resources: Resources
) -> None:
    """Partners' are under one name; those that keys are hashed under are beside it, not in it."""
    reads = {
        "".join(part for part in target["Fn::Join"][1] if isinstance(part, str)).rpartition(
            ":secret:"
        )[2]
        for statement in statements_of(resources, spec.name)
        if "secretsmanager:GetSecretValue" in as_list(statement["Action"])
        for target in targets(statement)
    }
    asked = {
        "referral-router/*": ("partners", "http") in reached(spec.name),
        f"{STACK_NAME}-hash-keys-??????": "HASH_KEYS_SECRET" in needed(spec.name),
    }

    assert reads == {secret for secret, is_asked in asked.items() if is_asked}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_whoever_applies_updates_or_runs_a_step_that_waits_may_complete_its_task(
    spec: Spec,
) -> None:
    applies = ("reacting_steps", "reacting_engine") in reached(spec.name)
    waits = spec in STEPS and spec.construct_id in WAITING

    assert spec.completes == (applies or waits)


def test_builders_are_found_through_others() -> None:
    """Guards the two tests above: a reader that finds nothing would agree with anything."""
    assert {
        ("channels", "channels"),
        ("documents", "documents"),
        ("partners", "http"),
        ("clients", "aws_client"),
    } <= reached("contact_patient")
    assert needed("contact_patient") == {
        "TABLE_NAME",
        "HASH_KEYS_SECRET",
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
        "publish_outbox": {"Notices", "StreamDlq", "Waitlist"},
        "record_metrics": {"StreamDlq"},
        "export_events": {"StreamDlq"},
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


def gateway(resources: Resources, method: str, path: str) -> str:
    """The function that API Gateway hands a request to: a full match, a greedy one, the last.

    What a greedy route takes is not empty, and a path with a slash behind it is another path.
    """
    behind = {
        r["Properties"]["RouteKey"]: function_behind(resources, r["Properties"])
        for r in resources.values()
        if r["Type"] == "AWS::ApiGatewayV2::Route"
    }
    for candidate in (f"{method} {path}", f"ANY {path}"):
        if candidate in behind:
            return behind[candidate]
    greedy = [key.removesuffix("{proxy+}") for key in behind if key.endswith("{proxy+}")]
    asked = (f"ANY {path}", f"{method} {path}")
    fitting = [key for key in greedy if any(a.startswith(key) and a != key for a in asked)]
    longest = max(fitting, key=len, default=None)
    return behind[f"{longest}{{proxy+}}" if longest else "$default"]


def function_behind(resources: Resources, route: dict[str, Any]) -> str:
    """The name of the function that a route's integration calls."""
    integration = resources[route["Target"]["Fn::Join"][1][1]["Ref"]]["Properties"]
    logical = integration["IntegrationUri"]["Fn::GetAtt"][0]
    name: str = resources[logical]["Properties"]["FunctionName"]
    return name.removeprefix(f"{STACK_NAME}-")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
def test_every_route_of_the_table_is_reached_through_the_gateway(
    route: Route, resources: Resources
) -> None:
    assert gateway(resources, route.method, route.path) == route.function


@pytest.mark.parametrize("key", [*sorted(PUBLIC - {SLASHED}), *(r.key for r in ROUTES)])
def test_every_route_is_reached_with_a_slash_behind_it(key: str, resources: Resources) -> None:
    method, path = key.split(" ")
    # It answers itself, or sends the request on to the path without the slash.
    assert gateway(resources, method, f"{path}/") in {FALLBACK, "serve_console"}


def test_what_no_route_names_is_answered_as_fhir(resources: Resources) -> None:
    assert gateway(resources, "GET", "/nowhere") == FALLBACK
    assert gateway(resources, "GET", "/fhir/Nowhere/1") == FALLBACK


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
