"""Three judges of FHIR R4 that know nothing of our code."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

ROOT = Path(__file__).parents[2]
_VALIDATE = Path(__file__).parent / "validators" / "validate.js"


def complaints(resources: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return what the judges find wrong with each resource; one Node process for all."""
    node = shutil.which("node")
    assert node, "Node is needed: run `make setup`"
    done = subprocess.run(
        [node, str(_VALIDATE)],
        cwd=ROOT,
        input=json.dumps(resources),
        capture_output=True,
        text=True,
        check=True,
    )
    by_node: list[list[str]] = json.loads(done.stdout)
    assert len(by_node) == len(resources)
    return [
        [*found, *_by_python(resource)] for found, resource in zip(by_node, resources, strict=True)
    ]


def _by_python(resource: dict[str, Any]) -> list[str]:
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValidationError as error:
        return [f"fhir.resources: {e['loc']}: {e['msg']}" for e in error.errors()]
    return []
