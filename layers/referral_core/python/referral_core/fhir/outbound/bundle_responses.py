"""Answers to Bundles: what became of each entry, in its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from referral_core.fhir.outbound.tasks import fhir_instant
from referral_core.fhir.parse import Json


class EntryAnswer(NamedTuple):
    """What is answered of one referral of a Bundle.

    Attributes:
        location, etag, created: of the referral, and whether it is new.
        resource: the order as it is stored, where the sender wants it.
        outcome: an OperationOutcome of what was forgiven, or refused.
        refused: the status with which it was refused; None: it was done.
    """

    location: str
    etag: str
    created: bool
    resource: Json | None = None
    outcome: Json | None = None
    refused: int | None = None


def transaction_response(
    entries: Sequence[EntryAnswer | None], at: datetime, *, kind: str = "transaction-response"
) -> Json:
    """Answer a Bundle.

    Args:
        entries: of each referral; None in the place of an entry that only came along with one.
        at: now.
        kind: the Bundle's type.
    """
    return {
        "resourceType": "Bundle",
        "type": kind,
        "timestamp": fhir_instant(at),
        "entry": [_entry_response(entry, at) for entry in entries],
    }


def _entry_response(entry: EntryAnswer | None, at: datetime) -> Json:
    if entry is None:
        return {"response": {"status": "204"}}
    if entry.refused is not None:
        return {"response": {"status": str(int(entry.refused)), "outcome": entry.outcome}}
    response = {
        "status": "201" if entry.created else "200",
        "location": entry.location,
        "etag": entry.etag,
        "lastModified": fhir_instant(at),
        **({"outcome": entry.outcome} if entry.outcome else {}),
    }
    return {**({"resource": entry.resource} if entry.resource else {}), "response": response}
