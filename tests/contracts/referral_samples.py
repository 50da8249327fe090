"""The synthetic referrals of events/referrals/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from local.inputs import inputs
from referral_core.domain.lifecycle import Status

Kind = Literal["resource", "bundle", "message"]

FOLDER = Path(__file__).parents[2] / "events" / "referrals"
SAMPLES = sorted(p for p in FOLDER.glob("*.json") if not p.name.endswith(".sidecar.json"))


_KINDS: Mapping[str, Kind] = {
    "/fhir/ServiceRequest": "resource",
    "/fhir": "bundle",
    "/fhir/$process-message": "message",
}


_LOOKS_AGAIN = [Status.ROUTING, Status.WAITLISTED] * 2


def told_once(statuses: Sequence[Status]) -> list[Status]:
    """Leave out the waitlist's further looks: how many there are hangs on the day of the week."""
    told: list[Status] = []
    for status in statuses:
        told.append(status)
        if told[-len(_LOOKS_AGAIN) :] == _LOOKS_AGAIN:
            del told[-2:]
    return told


def kind_of(path: Path) -> Kind:
    """Return how the demo posts a file."""
    (posted,) = inputs(path)
    return _KINDS[posted.path]
