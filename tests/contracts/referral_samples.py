"""The synthetic referrals of events/referrals/."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).parents[2] / "events" / "referrals"
SAMPLES = sorted(p for p in FOLDER.glob("*.json") if not p.name.endswith(".sidecar.json"))


def kind_of(resource: dict[str, Any]) -> Literal["resource", "bundle", "message"]:
    """Return where a resource is posted to."""
    if resource.get("resourceType") == "Bundle":
        return "message" if resource.get("type") == "message" else "bundle"
    return "message" if resource.get("resourceType") == "Parameters" else "resource"
