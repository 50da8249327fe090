"""When a visit can be: no clinic books the past, a year far ahead, or reports what is to come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NoReturn

from referral_core.fhir.dates import instant
from referral_core.fhir.errors import FhirError
from referral_core.fhir.r4.messaging import Appointment

LONGEST_AHEAD: Final = timedelta(days=365)
"""How far ahead a visit may be booked: the lifecycle itself waits no longer."""
_LONGEST_AGO: Final = timedelta(days=365)
_LONGEST: Final = timedelta(days=31)
_AT_ONCE: Final = timedelta(0)
_TO_COME: Final = frozenset({"booked", "proposed", "pending", "waitlist"})
_HAPPENED: Final = frozenset({"fulfilled", "noshow"})
_BOOKED_LATE: Final = timedelta(hours=12)
"""How long after its start a visit may still be reported as booked: entered after a busy day."""
_SEEN_EARLY: Final = timedelta(hours=1)


def check_times(visit: Appointment, at: datetime) -> None:
    """Raise unless a visit can be when its clinic says that it is.

    Args:
        visit: as it was sent.
        at: when it came.

    Raises:
        FhirError: it ends before it starts, takes a month, or its status belies its time.
    """
    start = instant(visit.start) if visit.start else None
    end = instant(visit.end) if visit.end else None
    if start is not None and end is not None and not _AT_ONCE <= end - start <= _LONGEST:
        _refuse("end", "Let the visit end after its start, within a month.")
    if start is None:
        return
    if start - at > LONGEST_AHEAD:
        _refuse("start", f"Book a visit at most {LONGEST_AHEAD.days} days ahead.")
    if at - start > _LONGEST_AGO:
        _refuse("start", f"Report visits of the last {_LONGEST_AGO.days} days only.")
    if visit.status in _TO_COME and at - start > _BOOKED_LATE:
        _refuse("start", "Book a visit that lies ahead; report one that was as fulfilled.")
    if visit.status in _HAPPENED and start - at > _SEEN_EARLY:
        _refuse("start", "Report what became of a visit once it has begun.")


def check_begun(start: datetime, at: datetime) -> None:
    """Raise unless a visit has begun that its clinic's Task says is done.

    Raises:
        FhirError: it lies ahead.
    """
    if start - at > _SEEN_EARLY:
        raise FhirError(
            "impossible-time",
            "The visit lies ahead. Complete this Task once the patient was seen; if that was "
            "earlier than booked, report the Appointment as fulfilled, with its time.",
            expression="Task.status",
            code="business-rule",
        )


def _refuse(element: str, diagnostics: str) -> NoReturn:
    raise FhirError(
        "impossible-time",
        diagnostics,
        expression=f"Appointment.{element}",
        code="business-rule",
    )
