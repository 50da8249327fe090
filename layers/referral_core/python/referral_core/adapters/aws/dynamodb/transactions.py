"""The transactions of the table: their parts, and the events that count what these cost.

An event is part of the transaction whose write units it states, so they are counted with the
statement in it. Adapters that only play the table count by the same functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from referral_core.adapters.aws.dynamodb import items
from referral_core.adapters.aws.dynamodb.attributes import Item
from referral_core.adapters.aws.dynamodb.table import Part, Requests
from referral_core.adapters.aws.dynamodb.write_units import Write, item_size, units_of
from referral_core.domain.errors import TooLarge
from referral_core.domain.events import Event
from referral_core.domain.money.cost_ledger import STREAM_RECORDS, WRITE_UNITS
from referral_core.domain.new_referral import NewReferral

EVENT: Final = "event"
NOTHING: Final[Mapping[str, int]] = MappingProxyType({})
REFERRAL: Final = "referral"
LARGEST_ITEM: Final = 390 * 1024
"""Bytes; DynamoDB takes ten KB more, which are kept for a last word on what does not fit."""
LARGEST_TRANSACTION: Final = 3_900_000
"""Bytes; DynamoDB takes 4 MB in one transaction."""
_LEAST: Final = 2
"""The write units of an event of up to one KB: nearly always the answer, found at once."""


def parts_of_new(
    table: Requests,
    new: NewReferral,
    used: Mapping[str, int] = NOTHING,
    *,
    older_checked: bool = True,
) -> list[Part]:
    """Return what accepting a referral writes, its event with the units counted.

    Args:
        table: composes the parts.
        new: what is accepted.
        used: what the process used for it until now, by unit; its event carries it.
        older_checked: whether its keys under older secret keys are conditions of the write.
    """
    referral = new.referral
    others = [
        table.put_new(REFERRAL, items.referral_item(referral)),
        table.put_new("payload", items.payload_item(referral, new.payload)),
        *(table.put_new("key", items.key_item(table.hashed, referral, key)) for key in new.keys),
    ]
    others += [
        table.check("key", older)
        for key in new.keys
        for older in items.older_key_items(table.hashed, referral.tenant, key)
        if older_checked
    ]
    others += [
        table.put("identifier", items.identifier_item(table.hashed, referral, one), None)
        for one in new.identifiers
    ]
    others += [
        table.put("evidence", items.evidence_item(referral.tenant, referral.id, one), None)
        for one in new.evidence
    ]
    if new.left_out is not None:
        # Few requests have any, and only these load the models of it.
        from referral_core.adapters.aws.dynamodb.unmatched import (  # noqa: PLC0415
            unmatched_item,
        )
        from referral_core.domain.unmatched import of_left_out  # noqa: PLC0415

        others.append(table.put("unmatched", unmatched_item(of_left_out(new, new.left_out)), None))
    if new.contact_hash:
        found_by = items.phone_item(table.hashed, referral, new.contact_hash)
        others.append(table.put("contact", found_by, None))
    return with_event(table, others, _pseudonymous(table, new), {}, used)


def metered(event: Event, others: Sequence[Write]) -> Event:
    """Return an event that states the write units of its transaction, its own included.

    The figure makes the event's item longer, by which the item may need one KB more: so it is
    counted again until it holds. It only grows, so it comes to rest.

    Args:
        event: as it was drafted.
        others: the other writes of its transaction.
    """
    return _metered(event, others)[0]


def _metered(
    event: Event, others: Sequence[Write], besides: Mapping[str, int] = NOTHING
) -> tuple[Event, Item]:
    """Return the event with its figure and what it counts besides, and its item."""
    beside = units_of(others)
    stated = beside + _LEAST
    while True:
        counted = event.but(metered={**event.metered, **besides, WRITE_UNITS: stated})
        entry = items.event_item(counted)
        units = beside + units_of([Write(None, entry)])
        if units == stated:
            return counted, entry
        stated = units


def with_event(
    table: Requests,
    others: Sequence[Part],
    event: Event,
    before: Mapping[str, Item],
    used: Mapping[str, int],
) -> list[Part]:
    """Return the other parts with the event between, which counts what all of them cost."""
    _require_fitting(others)
    streamed = 1 + sum(part.is_written for part in others)
    writes = [_write_of(part, before) for part in others]
    _, entry = _metered(event, writes, {**used, STREAM_RECORDS: streamed})
    first, *rest = others
    return [first, table.put_new(EVENT, entry), *rest]


def _pseudonymous(table: Requests, new: NewReferral) -> Event:
    """Return the first event, which says in figures whose referral it is."""
    if new.patient is None:
        return new.event
    patient = table.hashed.pseudonym(new.referral.tenant, new.patient)
    facts = {**dict(iter(new.event.facts)), "patient": patient}
    return new.event.but(facts=facts)


def _require_fitting(parts: Sequence[Part]) -> None:
    """Refuse what the table would refuse, before it is asked, by naming the item.

    Raises:
        TooLarge: an item is over the limit.
    """
    sizes = [(item_size(p.request["Put"]["Item"]), p.name) for p in parts if p.is_put]
    largest, name = max(sizes)
    if largest > LARGEST_ITEM:
        raise TooLarge(f"The {name} has {largest} bytes and does not fit the table.")


def require_one_transaction(parts: Sequence[Part]) -> None:
    """Refuse what is too much for one transaction, before the table is asked.

    Raises:
        TooLarge: the items together are over the limit.
    """
    together = sum(item_size(part.request["Put"]["Item"]) for part in parts if part.is_put)
    if together > LARGEST_TRANSACTION:
        raise TooLarge(
            "The referrals of this Bundle are over 3.9 MB together: send fewer at once, "
            "or upload the documents and send them by reference."
        )


def _write_of(part: Part, before: Mapping[str, Item]) -> Write:
    """Return a part as a write: what it updates or only checks has less than one KB."""
    return Write(before.get(part.name), part.request["Put"]["Item"] if part.is_put else None)
