"""The synthetic referrals of events/referrals/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from local.inputs import inputs

Kind = Literal["resource", "bundle", "message"]

FOLDER = Path(__file__).parents[2] / "events" / "referrals"
SAMPLES = sorted(p for p in FOLDER.glob("*.json") if not p.name.endswith(".sidecar.json"))


_KINDS: Mapping[str, Kind] = {
    "/fhir/ServiceRequest": "resource",
    "/fhir": "bundle",
    "/fhir/$process-message": "message",
}


def kind_of(path: Path) -> Kind:
    """Return how the demo posts a file."""
    (posted,) = inputs(path)
    return _KINDS[posted.path]
