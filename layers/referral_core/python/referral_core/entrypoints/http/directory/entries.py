"""What an entry of the directory says, for those who keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from referral_core.domain.directory import Practitioner


def shown_entry(entry: Practitioner, today: date, weeks: Sequence[str]) -> Mapping[str, Any]:
    """Return what an entry says, for those who keep it: no address, no secret of a partner's.

    Args:
        entry: the entry.
        today: by which a fact is stale.
        weeks: ISO weeks whose places are shown.
    """
    return {
        "npi": entry.npi,
        "name": entry.name,
        "specialty": entry.specialty,
        "mainSpecialty": entry.main_specialty or entry.specialty,
        "organization": entry.organization,
        "kind": entry.kind.value,
        "accepting": entry.accepting,
        "status": entry.capacity_status.value if entry.capacity_status else None,
        "places": {week: entry.places_in(week) for week in weeks},
        "phone": entry.phone,
        "networks": list(entry.networks),
        "imaging": list(entry.imaging),
        "hours": [each.model_dump(mode="json") for each in entry.location.hours],
        "disputes": [
            {"fact": d.fact.value, "saidBy": d.said_by, "at": d.at.isoformat()}
            for d in entry.disputes
        ],
        "sources": {
            fact.value: {"source": source.source, "asOf": source.as_of.isoformat()}
            for fact, source in entry.sources.items()
        },
        "stale": [fact.value for fact in entry.stale_facts(today)],
    }
