"""The routes of the directory: who keeps an entry states its places; people verify the rest."""

from __future__ import annotations

from typing import Final

from referral_core.domain.access.scopes import READ, WRITE
from referral_core.domain.update_kinds import Role
from referral_core.entrypoints.http.route import READ_RECORDS, RECEIVE_UPDATE, Route

_KEEPERS: Final = frozenset({Role.CLINIC, Role.STAFF})
_WITNESSES: Final = frozenset({Role.CLINIC, Role.EHR, Role.STAFF})
_STAFF: Final = frozenset({Role.STAFF})
_CLINIC: Final = frozenset({Role.CLINIC})


def _published(method: str, path: str, operation: str, does: str) -> Route:
    return Route(method, path, RECEIVE_UPDATE, operation, WRITE, _CLINIC, does)


def _shown(path: str, operation: str, does: str) -> Route:
    return Route("GET", path, READ_RECORDS, operation, READ, _KEEPERS, does)


DIRECTORY_ROUTES: Final = (
    Route(
        "PUT",
        "/directory/{id}/capacity",
        RECEIVE_UPDATE,
        "state-capacity",
        WRITE,
        _KEEPERS,
        "A clinic, or staff for it, states the places of weeks: closures, leave, more room.",
    ),
    Route(
        "PUT",
        "/directory/{id}/status",
        RECEIVE_UPDATE,
        "state-status",
        WRITE,
        _KEEPERS,
        "A community resource says whether it takes people now.",
    ),
    Route(
        "POST",
        "/directory/{id}/dispute",
        RECEIVE_UPDATE,
        "dispute-fact",
        WRITE,
        _WITNESSES,
        "Say that a fact is wrong: nobody is sent there until a person has verified it.",
    ),
    Route(
        "POST",
        "/directory/{id}/verification",
        RECEIVE_UPDATE,
        "verify-facts",
        WRITE,
        _STAFF,
        "Staff say what they verified, corrected where it was wrong.",
    ),
    # Before the next one, whose id it would else be.
    Route(
        "GET",
        "/directory/to-verify",
        READ_RECORDS,
        "list-to-verify",
        READ,
        _STAFF,
        "List the entries that somebody contradicted.",
    ),
    Route(
        "GET",
        "/directory/{id}",
        READ_RECORDS,
        "read-entry",
        READ,
        _KEEPERS,
        "Read what the directory says of one's own entries, with places and reservations.",
    ),
    _published(
        "POST", "/fhir/Schedule", "create-schedule", "A clinic's places are its slots from now on."
    ),
    _published("PUT", "/fhir/Schedule/{id}", "update-schedule", "The same, named by its NPI."),
    _published(
        "POST",
        "/fhir/Schedule/{id}/$publish",
        "publish-slots",
        "Publish up to 200 slots of a Schedule, in a Bundle: all, or none.",
    ),
    _published(
        "POST", "/fhir/Slot", "create-slot", "A clinic publishes a time that may be booked."
    ),
    _published("PUT", "/fhir/Slot/{id}", "update-slot", "It is free, busy, or entered in error."),
    _shown("/fhir/Schedule/{id}", "read-schedule", "Read whose slots a clinic publishes."),
    _shown("/fhir/Slot/{id}", "read-slot", "Read one slot, and whether it is reserved."),
    _shown("/fhir/Slot", "search-slots", "Find the slots of a Schedule by status and start."),
)
"""Every route of the directory."""
