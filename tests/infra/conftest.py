"""One synth, checked by cdk-nag, for all tests of the template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra import STACK_NAME
from infra.app import build_app
from infra.build_once import build_once


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Given the assembly that `make synth` writes; a finding of cdk-nag would raise here.

    All workers of a run read one assembly, so a test must not change it.
    """
    run = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        run = run.parent
    return build_once(run / "assembly", "cdk.out", lambda out: build_app(out=out).synth())


@pytest.fixture(scope="session")
def template(assembly: Path) -> dict[str, Any]:
    """Given the synthesised template."""
    found: dict[str, Any] = json.loads((assembly / f"{STACK_NAME}.template.json").read_text())
    return found


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Given the template's resources by logical id."""
    found: dict[str, dict[str, Any]] = template["Resources"]
    return found
