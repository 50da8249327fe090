"""The runbook's commands: of AWS's own models, of our modules, routes and logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import botocore.session
from botocore import xform_name

from referral_core.entrypoints.http.route_matching import route_of

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
BLOCKS = "\n".join(re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL))
_COMMAND = re.compile(r"\baws ([a-z0-9]+) ([a-z0-9-]+)")
_OPTION = re.compile(r"(?<=\s)--(?:no-)?([a-z][a-z0-9-]+)")
OF_THE_CLI = frozenset({"query", "output", "max-items", "cli-binary-format"})
"""Options of every command."""
MADE_BY_THE_CLI = frozenset({"s3 ls", "logs tail"})
"""Commands that are none of a service's operations."""
SERVICES = {"s3api": "s3"}


def commands() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield the commands of AWS: service, operation, options; one inside another by itself."""
    text = re.sub(r"'[^']*'", "''", BLOCKS)  # what is quoted is no option
    inside = re.compile(r"\$\(([^()]*)\)")
    parts = list[str]()
    while (found := inside.search(text)) is not None:
        parts.append(found[1])
        text = text.replace(found[0], "it", 1)
    for line in "\n".join([text, *parts]).splitlines():
        for one in re.split(r"[;|{}]", line):
            if (command := _COMMAND.search(one)) is not None:
                yield command[1], command[2], frozenset(_OPTION.findall(one[command.end() :]))


@cache
def operations(service: str) -> dict[str, frozenset[str]]:
    """Return what a service can be asked: operation → its options, as the CLI writes them."""
    model = botocore.session.get_session().get_service_model(SERVICES.get(service, service))
    return {
        xform_name(name, "-"): frozenset(
            xform_name(member, "-")
            for member in getattr(model.operation_model(name).input_shape, "members", ())
        )
        for name in model.operation_names
    }


def unknown() -> Iterator[str]:
    """Yield what AWS would not understand."""
    for service, operation, options in commands():
        said = f"{service} {operation}"
        if said in MADE_BY_THE_CLI or operation == "wait":
            continue
        known = operations(service).get(operation)
        if known is None:
            yield said
        else:
            yield from (f"{said} --{option}" for option in options - OF_THE_CLI - known)


def test_every_command_is_one_that_aws_has() -> None:
    assert len(list(commands())) > 50
    assert list(unknown()) == []


def test_every_module_that_is_run_is_there() -> None:
    modules = set(re.findall(r"python -m ([a-z_.]+)", RUNBOOK))
    assert len(modules) > 4
    assert [m for m in modules if not (ROOT / f"{m.replace('.', '/')}.py").is_file()] == [
        "tests.unit.timelines"  # a package
    ]


def test_every_address_is_a_route() -> None:
    addresses = re.findall(r'\$\(out ApiUrl\)(/[^"\s]+)"', BLOCKS)
    assert len(addresses) > 6
    assert [url for url in addresses if not route_of("GET", urlsplit(url).path)] == []


def test_every_log_is_a_functions() -> None:
    functions = {path.stem for path in (ROOT / "functions").glob("*.py")}
    assert set(re.findall(r"^log ([a-z_]+)", BLOCKS, re.MULTILINE)) <= functions


def test_every_word_that_is_looked_for_is_logged() -> None:
    code = "\n".join(p.read_text() for p in (ROOT / "layers/referral_core").rglob("*.py"))
    patterns = re.findall(r'\| grep (?:-E )?"([^"]+)"', BLOCKS)
    words = {word for pattern in patterns for word in pattern.split("|")} - {"ERROR"}
    assert len(words) > 6
    assert [word for word in words if word not in code] == []
