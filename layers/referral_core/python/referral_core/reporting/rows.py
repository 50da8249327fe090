"""From an event to its row: flat, typed, the same whatever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final

from referral_core.domain.events import Event, EventKind
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import RESPONSIBLE
from referral_core.reporting.columns import COLUMNS, FACTS

OVERHEAD: Final = "overhead"
"""The kind of a row that is no event: what no referral carries, of one tenant and hour."""
Row = Mapping[str, str | int | bool | None]
"""Column → value; the partition keys among them. A time is in milliseconds."""

_VISITS: Final = frozenset({EventKind.APPOINTMENT_FULFILLED, EventKind.APPOINTMENT_NOSHOW})
"""What is reported of a visit happened when the visit was to be."""
_MS: Final = "_ms"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class UnknownUnit(Exception):
    """An event counts a unit that the ledger does not list: a newer release wrote it."""


def row_of(event: Event) -> Row:
    """Return the row of an event.

    Raises:
        UnknownUnit: it counts a unit without a column; no row may drop it silently.
    """
    known = {column.name for column in COLUMNS}
    if unknown := event.metered.keys() - known:
        raise UnknownUnit(f"no column for {sorted(unknown)}")
    responsible = RESPONSIBLE[event.to_status]
    found: dict[str, Any] = {
        "tenant": event.tenant,
        "day": event.at.astimezone(UTC).date().isoformat(),
        "referral_id": event.referral_id,
        "version": event.version,
        "run": event.run,
        "event": event.kind,
        "at_ms": event.at,
        "occurred_ms": _occurred(event),
        "actor": event.actor,
        "from_status": event.from_status,
        "to_status": event.to_status,
        "step": event.step,
        "queue": event.queue or responsible.queue,
        "waits_for": event.waits_for or responsible.waits_for,
        "outcome": event.outcome,
        "schema_version": event.schema_version,
        **dict(event.dimensions),
        **_facts(event),
        **event.metered,
    }
    return _flat(found)


def overhead_row(
    tenant: Tenant, hour: datetime, units: Mapping[str, int], recorded_at: datetime
) -> Row:
    """Return the row of what a tenant's share of one hour's overhead is.

    Args:
        tenant: whose share it is.
        hour: when the hour began, UTC.
        units: metered unit → count.
        recorded_at: of an hour's rows the one recorded last counts.
    """
    found = {
        "tenant": tenant,
        "day": hour.astimezone(UTC).date().isoformat(),
        "version": (hour - _EPOCH) // timedelta(hours=1),
        "event": OVERHEAD,
        "at_ms": recorded_at,
        "occurred_ms": hour,
        **units,
    }
    return _flat(found)


def _flat(found: Mapping[str, Any]) -> Row:
    return {name: _plain(found.get(name)) for name in ("tenant", "day", *_NAMES)}


def _facts(event: Event) -> dict[str, Any]:
    said = dict(event.facts)
    return {column.name: said.get(column.name.removesuffix(_MS)) for column in FACTS}


def _occurred(event: Event) -> datetime:
    """Return when it happened; a visit reported before its own time happened when reported."""
    start = getattr(event.facts, "start", None) if event.kind in _VISITS else None
    return min(start, event.at) if start is not None else event.at


def _plain(value: Any) -> str | int | bool | None:
    match value:
        case datetime():
            return ms_of(value)
        case Enum():
            return str(value.value)
        case _:
            plain: str | int | bool | None = value
            return plain


def ms_of(at: datetime) -> int:
    """Return the milliseconds since 1970 of an instant."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


_NAMES: Final = tuple(column.name for column in COLUMNS)
