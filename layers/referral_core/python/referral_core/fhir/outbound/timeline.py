"""The answer of `$timeline`: what happened to a referral, what will, and who acts next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from referral_core.domain.events import Event
from referral_core.domain.planned import Planned
from referral_core.domain.referral import Referral
from referral_core.fhir.outbound.tasks import fhir_instant
from referral_core.fhir.parse import Json


def timeline(
    referral: Referral,
    events: Sequence[Json],
    plan: Sequence[Planned],
    now: datetime,
    left_out: int = 0,
) -> Json:
    """Make the Parameters of a timeline; it holds codes, times and our sentences, no PHI.

    Args:
        referral: as it is now.
        events: what happened, the first first, as `happened` makes it.
        plan: what is going to happen, the first first.
        now: the business instant: what is later is planned.
        left_out: how many earlier events are not shown.
    """
    parameters = [
        _parameter("now", "Instant", fhir_instant(now)),
        _parameter("status", "Code", referral.status.value),
        _parameter("statusReason", "String", referral.status_reason),
        _parameter("outcome", "Code", referral.outcome and referral.outcome.value),
        _parameter("actsNext", "Code", None if referral.is_closed else referral.waits_for.value),
        _parameter("team", "Code", None if referral.is_closed else referral.queue.value),
        _parameter(
            "lookedAt", "Instant", None if referral.is_closed else fhir_instant(referral.due_at)
        ),
        _parameter("leftOut", "UnsignedInt", left_out or None),
        *events,
        *({"name": "planned", "part": _planned(one)} for one in plan),
    ]
    return {"resourceType": "Parameters", "parameter": _given(parameters)}


def happened(event: Event, actors: frozenset[str] | None) -> Json:
    """Make what is told of an event.

    Args:
        event: one of the referral's.
        actors: whose names are shown; None: everybody's.
    """
    is_named = actors is None or event.actor in actors
    before = event.from_status.value if event.from_status else None
    parts = _given(
        [
            _parameter("at", "Instant", fhir_instant(event.at)),
            _parameter("version", "PositiveInt", event.version),
            _parameter("what", "Code", event.kind.value),
            _parameter("from", "Code", before),
            _parameter("to", "Code", event.to_status.value),
            _parameter("says", "String", event.status_reason),
            _parameter("by", "String", event.actor if is_named else None),
        ]
    )
    return {"name": "happened", "part": parts}


def _planned(one: Planned) -> list[Json]:
    return _given(
        [
            _parameter("at", "Instant", fhir_instant(one.at)),
            _parameter("what", "Code", one.act.value),
            _parameter("acts", "Code", one.acts.value),
            _parameter("team", "Code", one.queue and one.queue.value),
            _parameter("reason", "Code", one.reason and one.reason.value),
            _parameter("channel", "Code", one.channel),
            _parameter("says", "String", one.says),
        ]
    )


def _parameter(name: str, of: str, value: Any) -> Json:
    return {} if value is None else {"name": name, f"value{of}": value}


def _given(parameters: Iterable[Json]) -> list[Json]:
    return [parameter for parameter in parameters if parameter]
