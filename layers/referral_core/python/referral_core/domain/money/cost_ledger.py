"""What referrals cost: counted units times the prices in force when they were counted.

What has no price is counted and named as not priced: it never looks free.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from referral_core.domain.events import Event

if TYPE_CHECKING:
    from referral_core.domain.money.price_book import PriceBook

WRITE_UNITS: Final = "write_units"
"""The unit that the table's adapter counts of each transaction and states in its event."""
STREAM_RECORDS: Final = "stream_records"
"""The same: the items that the transaction writes, each of which the stream tells of."""
Part = Literal["cloud", "messages", "letters", "payer", "staff"]
"""What a cost is made of: each part is shown on its own line."""


class Unit(NamedTuple):
    """One metered unit. Attributes: part: of the cost; means: what one of it is."""

    part: Part
    means: str


UNITS: Final[Mapping[str, Unit]] = MappingProxyType(
    {
        "states": Unit("cloud", "States of the state machine entered."),
        WRITE_UNITS: Unit("cloud", "Write units of the table, as it bills them."),
        "single_write_units": Unit(
            "cloud",
            "Write units beside the record: requests counted, reads audited, refusals.",
        ),
        "read_units": Unit("cloud", "Read units of the table, as it bills them."),
        STREAM_RECORDS: Unit("cloud", "Records that the writes put into the table's stream."),
        "lambda_requests": Unit("cloud", "Invocations of functions."),
        "lambda_ms": Unit("cloud", "Milliseconds of functions, at 512 MB."),
        "api_requests": Unit("cloud", "Requests of the HTTP API."),
        "queue_operations": Unit("cloud", "Requests of queues."),
        "documents_stored": Unit("cloud", "Documents put into the bucket."),
        "document_kb": Unit("cloud", "Kilobytes of documents, begun, that are kept from then on."),
        "documents_read": Unit("cloud", "Documents read from the bucket."),
        "lake_rows": Unit("cloud", "Rows delivered to the lake."),
        "other_calls": Unit("cloud", "Calls of other services: keys, secrets, queries."),
        "sms_parts": Unit("messages", "Parts of text messages sent."),
        "voice_calls": Unit("messages", "Automatic calls, of a minute each."),
        "emails": Unit("messages", "Emails sent."),
        "portal_messages": Unit("messages", "Messages in the EHR's own portal."),
        "letters": Unit("letters", "Letters printed and posted."),
        "payer_transactions": Unit("payer", "Eligibility and authorization requests."),
        "staff_calls": Unit("staff", "Calls that staff made to patients."),
        "staff_decisions": Unit("staff", "Decisions that staff made on work items."),
    }
)
"""Every unit that an event may count."""


class PriceLine(NamedTuple):
    """The price of a unit from a day on, until (not on) another; None: for good."""

    unit: str
    from_day: date
    until_day: date | None
    usd: Decimal


class Cost(NamedTuple):
    """What some events cost.

    Attributes:
        not_priced: unit → count of what has no price.
        parts: the same dollars by what they are for.
    """

    usd: Decimal
    not_priced: Mapping[str, int]
    parts: Mapping[Part, Decimal]


def price_lines(
    cloud: Sequence[PriceBook], tenant: Sequence[PriceBook] = (), known_on: date = date.max
) -> tuple[PriceLine, ...]:
    """Return the price of each unit at each time, at most one: lines of a unit never overlap.

    A tenant's contract goes before the cloud's list; of two books of one owner that one which was
    known last corrects the other.

    Args:
        cloud: books of list prices.
        tenant: books of the tenant's contracts.
        known_on: books that became known later do not count yet.
    """
    ranked = [
        *sorted(cloud, key=_known),
        *sorted(tenant, key=_known),
    ]
    known = [book for book in ranked if _known(book)[0] <= known_on]
    return tuple(line for unit in UNITS for line in _lines(unit, known))


def _known(book: PriceBook) -> tuple[date, str]:
    return (book.known_from or date.min, book.version)


def _lines(unit: str, ranked: Sequence[PriceBook]) -> Iterable[PriceLine]:
    """Cut time where a book begins or ends; in each stretch the book ranked last has its price."""
    books = [book for book in ranked if book.price(unit) is not None]
    edges = sorted({day for b in books for day in (b.valid_from, b.until or date.max)})
    for start, end in pairwise(edges):
        in_force = [b for b in books if b.valid_from <= start and end <= (b.until or date.max)]
        usd = in_force[-1].price(unit) if in_force else None
        if usd is not None:
            yield PriceLine(unit, start, None if end == date.max else end, usd)


def units(events: Iterable[Event]) -> Mapping[str, int]:
    """Count the units of some events."""
    counted: Counter[str] = Counter()
    for event in events:
        counted.update(event.metered)
    return counted


def cost(events: Iterable[Event], lines: Sequence[PriceLine]) -> Cost:
    """Return what some events cost, each by the price in force on its (UTC) day."""
    not_priced = Counter[str]()
    parts: dict[Part, Decimal] = {unit.part: Decimal(0) for unit in UNITS.values()}
    by_unit: dict[str, list[PriceLine]] = {}
    for line in lines:
        by_unit.setdefault(line.unit, []).append(line)
    for event in events:
        day = event.at.date()
        for unit, count in event.metered.items():
            found = [line for line in by_unit.get(unit, ()) if _covers(line, day)]
            if found:
                parts[UNITS[unit].part] += found[0].usd * count
            elif count:
                not_priced[unit] += count
    return Cost(sum(parts.values(), Decimal(0)), not_priced, parts)


def _covers(line: PriceLine, day: date) -> bool:
    return line.from_day <= day and (line.until_day is None or day < line.until_day)
