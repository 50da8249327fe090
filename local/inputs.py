"""What the demo posts: any FHIR R4 file, folder or NDJSON, as an EHR would send it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Input:
    """One body to post.

    Attributes:
        source: the file's name, with the line of an NDJSON.
        path: of the API's endpoint that such a body belongs to.
    """

    source: str
    body: bytes
    path: str


def inputs(root: Path) -> list[Input]:
    """Read a file, or every `.json` and `.ndjson` of a folder; sidecars are no inputs.

    Raises:
        FileNotFoundError: there is nothing to post.
    """
    files = sorted(root.iterdir()) if root.is_dir() else [root]
    found = [i for file in files if _is_input(file) for i in _of_file(file)]
    if not found:
        raise FileNotFoundError(f"{root} holds no .json or .ndjson file")
    return found


def _is_input(file: Path) -> bool:
    named = file.suffix in {".json", ".ndjson"}
    return file.is_file() and named and not file.name.endswith(".sidecar.json")


def _of_file(file: Path) -> Iterator[Input]:
    body = file.read_bytes()
    if file.suffix != ".ndjson":
        yield Input(file.name, body, _path(body))
        return
    for number, line in enumerate(body.splitlines(), start=1):
        if line.strip():
            yield Input(f"{file.name}:{number}", line, _path(line))


def _path(body: bytes) -> str:
    """Return where a body belongs; what is no FHIR at all goes where it is refused."""
    try:
        resource: Any = json.loads(body)
    except ValueError:
        return "/fhir"
    if not isinstance(resource, dict):
        return "/fhir"
    if resource.get("resourceType") == "ServiceRequest":
        return "/fhir/ServiceRequest"
    kind = resource.get("resourceType")
    message = kind == "Parameters" or (kind == "Bundle" and resource.get("type") == "message")
    return "/fhir/$process-message" if message else "/fhir"
