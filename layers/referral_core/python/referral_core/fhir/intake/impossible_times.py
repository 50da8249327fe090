"""Times of an order that cannot be: nothing is done by them, and their author learns so.

A death that lies ahead, before the birth or in another century says that something is wrong, and
not what: nobody is written to, and no referral ends, before its author has corrected it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

from referral_core.fhir.dates import first_day, instant, is_ahead, last_day
from referral_core.fhir.errors import Issue
from referral_core.fhir.intake.references import Node
from referral_core.fhir.r4.orders import ServiceRequest
from referral_core.fhir.r4.parties import Patient

_OLDEST: Final = timedelta(days=130 * 366)
"""Nobody is older: what is written before stands for a day that nobody knew."""
_OLDEST_ORDER: Final = timedelta(days=25 * 366)
"""What is older stands for a day that a program did not know (1900, 1970)."""
_GRACE: Final = timedelta(days=1)
"""For zones, and for clocks that go wrong."""


def birth_day(text: str | None, at: datetime) -> date | None:
    """Return a day of birth; a partial one identifies nobody, and of one to come nobody was born.

    Args:
        text: a valid FHIR date.
        at: when it is read.
    """
    if not text or len(text) != len("YYYY-MM-DD"):
        return None
    day = date.fromisoformat(text)
    return day if at.date() - _OLDEST < day <= at.date() + _GRACE else None


def died(patient: Patient, at: datetime) -> bool:
    """Whether a Patient says that the person has died, at a time that can be."""
    stated = patient.deceased_date_time is not None and not death_cannot_be(patient, at)
    return bool(patient.deceased_boolean) or stated


def death_cannot_be(patient: Patient, at: datetime) -> bool:
    """Whether a death is stated that lies ahead, before the birth, or longer ago than a life."""
    stated, born = patient.deceased_date_time, patient.birth_date
    if stated is None:
        return False
    return (
        _cannot_be(stated, at, _OLDEST)
        # By days: a birth has no hour.
        or (born is not None and last_day(stated) < first_day(born))
    )


def authored_at(order: ServiceRequest, at: datetime) -> datetime | None:
    """Return when an order was written, as far as it can have been then; a bare day begins it."""
    stated = order.authored_on
    if not stated or _cannot_be(stated, at, _OLDEST_ORDER):
        return None
    return instant(stated, at.tzinfo or UTC)


def warned_of_times(
    request: Node, order: ServiceRequest, subject: Node | None, at: datetime
) -> Iterator[Issue]:
    """Warn of each time of an order, or of its patient, that cannot be."""
    if subject and isinstance(subject.model, Patient) and death_cannot_be(subject.model, at):
        yield Issue(
            "warning",
            "value",
            "death-impossible",
            f"{subject.path}.deceasedDateTime",
            "A death cannot be then: nothing is done before the date is corrected",
        )
    if order.authored_on and _cannot_be(order.authored_on, at, _OLDEST_ORDER):
        yield Issue(
            "warning",
            "value",
            "authored-impossible",
            f"{request.path}.authoredOn",
            "An order cannot have been written then: the time is left aside; correct it",
        )


def _cannot_be(text: str, at: datetime, oldest: timedelta) -> bool:
    return is_ahead(text, at + _GRACE) or last_day(text) < at.date() - oldest
