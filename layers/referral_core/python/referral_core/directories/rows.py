"""What a reader of a directory yields: one row after another, each an entry or a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from referral_core.domain.directory import Practitioner
from referral_core.domain.directory_facts import Fact, FactSource
from referral_core.domain.ids import Tenant
from referral_core.domain.modality import imaging_said_by, says_imaging
from referral_core.domain.outreach.languages import language_named_in, language_of_code
from referral_core.domain.states import state_code

_TIME: Final = re.compile(r"\d{1,2}:\d{2}(?=$|[:Z+-])")
_HH_MM: Final = 5
_MIDNIGHT: Final = "24:00"
Place = tuple[float, float]
"""Latitude and longitude in degrees."""
Places = Callable[[str], Place | None]
"""Returns where a postal code lies."""
_DATES: Final = ("%Y-%m-%d", "%m/%d/%Y")


class Row(NamedTuple):
    """One row of a source.

    Attributes:
        line: where it stands, from 1.
        npi, specialty: which entry it is about; empty in a row that is refused.
        says: the fields that the source states; of the others it knows nothing.
        as_of: the day that it was true on.
        vouches_for: the facts that it states.
        refused: why it is no entry; None when it is one.
    """

    line: int
    npi: str = ""
    specialty: str = ""
    says: Mapping[str, Any] = {}
    as_of: date | None = None
    vouches_for: Sequence[Fact] = ()
    refused: str | None = None


@dataclass(frozen=True)
class Assumed:
    """What a new entry has that no directory knows: the tenant's operations say it.

    Attributes:
        weekly_capacity: places a week; none until somebody states them.
    """

    tenant: Tenant
    source: str
    today: date
    clinic_url: str = ""
    secret: str = ""
    weekly_capacity: int = 0
    networks: tuple[str, ...] = ()
    tier: int = 2
    payers: Mapping[str, str] = field(default_factory=dict)

    def entry(self, row: Row, known: Practitioner | None) -> Practitioner:
        """Return the entry that a row leads to: what the source states, and the rest as it was.

        What somebody said is wrong stays disputed: a directory that repeats it verifies nothing.

        Raises:
            ValidationError: the source states what no entry can hold.
        """
        seen = FactSource(source=self.source, as_of=row.as_of or self.today)
        sources = {**(known.sources if known else {}), **dict.fromkeys(row.vouches_for, seen)}
        if known is not None:
            return known.but(**row.says, sources=sources)
        return Practitioner.model_validate(
            {
                "tenant": self.tenant,
                "npi": row.npi,
                "specialty": row.specialty,
                "networks": self.networks,
                "tier": self.tier,
                "weekly_capacity": self.weekly_capacity,
                "clinic_url": self.clinic_url,
                "secret": self.secret,
                **row.says,
                "sources": sources,
            }
        )


def is_older(row: Row, known: Practitioner) -> bool:
    """Whether the directory has every fact of a row from a later day."""
    if row.as_of is None or not row.vouches_for:
        return False
    stated = [known.sources.get(fact) for fact in row.vouches_for]
    return all(source is not None and source.as_of > row.as_of for source in stated)


def readable(line: int, read: Callable[[], Iterable[Row]]) -> Iterator[Row]:
    """Yield what a row leads to; one that is not as its format says is refused, and stops nothing.

    Args:
        line: where it stands.
        read: reads it.
    """
    try:
        rows = list(read())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        yield Row(line, refused=f"not as its format says: {type(error).__name__}")
    else:
        yield from rows


def spoken(languages: Iterable[str]) -> Mapping[str, Any]:
    """Return what is spoken, as a field: codes or names in any form; without any, no field."""
    found = {language_of_code(one) or language_named_in(one) for one in languages if one}
    named = tuple(sorted(one for one in found if one))
    return {"languages": named} if named else {}


def state(text: str | None) -> str | None:
    """Return a state as licences name it, by its USPS code; what is none as it is written."""
    return state_code(text) or text or None


def clock(text: Any) -> str | None:
    """Return a time of the day as HH:MM; at the day's end it is none, and else as it is written."""
    written = str(text or "").strip()
    found = _TIME.match(written)
    if found is None:
        return written[:_HH_MM] or None
    at = written[: found.end()].zfill(_HH_MM)
    return None if at == _MIDNIGHT else at


def imaging(specialties: Sequence[str]) -> Mapping[str, Any]:
    """Return what images are taken with, as a field; where NUCC codes tell of none, no field.

    Codes that leave it open say that it may be any: what they said before holds no longer.
    """
    return {"imaging": imaging_said_by(specialties)} if says_imaging(specialties) else {}


def day_in(text: str | None) -> date | None:
    """Read a day as directories write it; None where it is none."""
    for form in _DATES:
        try:
            return datetime.strptime((text or "")[:10], form).date()  # noqa: DTZ007 - a day
        except ValueError:
            continue
    return None


def reason_of(error: ValidationError) -> str:
    """Return in one sentence what is wrong with a row; it names the field and no value."""
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['type']}"
