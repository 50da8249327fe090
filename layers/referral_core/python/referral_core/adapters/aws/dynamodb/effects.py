"""What each effect writes in a commit's transaction: one writer an effect class, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from referral_core.adapters.aws.dynamodb import items, keys
from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.entries import entry_parts
from referral_core.adapters.aws.dynamodb.slot_attributes import holder_of, slot_named
from referral_core.adapters.aws.dynamodb.table import Part, Requests
from referral_core.domain.effects import (
    ClaimDailyMessage,
    CorrectEntry,
    Effect,
    IndexContact,
    IndexIdentifier,
    KeepDecision,
    KeepDemand,
    KeepEvidence,
    KeepMapping,
    RecordUpdate,
    Release,
    Reserve,
    StorePayload,
    TakeNumber,
)
from referral_core.domain.new_referral import Key, KeyKind
from referral_core.domain.referral import Referral
from referral_core.domain.routing.demand import OpenMarket
from referral_core.domain.slots import SlotStatus

RESERVE: Final = "reserve"
RELEASE: Final = "release"
UPDATE: Final = "update"
CLAIM: Final = "claim"
OPT_OUT: Final = "opt-out"
OPTED_IN: Final = "attribute_exists(ended)"
"""That a number was taken off the opt-out list."""
NUMBER: Final = "number"
_ONE: Final[Mapping[str, Any]] = MappingProxyType({":one": {"N": "1"}})


def parts_of(table: Requests, after: Referral, effect: Effect) -> Iterator[Part]:
    """Return what an effect writes with the change to `after`."""
    return WRITERS[type(effect)](table, after, effect)


def _reserve(table: Requests, after: Referral, effect: Reserve) -> Iterator[Part]:
    if effect.reservation.slot is not None:
        yield from _reserved_slot(table, after, effect, effect.reservation.slot.id)
        return
    # A week that nobody counted yet has room, unless the practitioner has none at all. What the
    # clinic says of a week holds whatever the directory said when the place was chosen.
    uncounted = "attribute_not_exists(held) OR " if effect.capacity > 0 else ""
    limit = "(attribute_not_exists(#places) OR held < #places)"
    yield _held_by(
        table,
        after,
        effect,
        RESERVE,
        change="SET held = if_not_exists(held, :zero) + :one ADD holders :own",
        condition=f"({uncounted}held < :most) AND {limit}",
        values={":zero": {"N": "0"}, ":most": {"N": str(effect.capacity)}, **_ONE},
        names={"#places": keys.places_at(effect.organization)},
    )


def _reserved_slot(
    table: Requests, after: Referral, effect: Reserve, slot_id: str
) -> Iterator[Part]:
    before = effect.instead_of
    free = "#slot.#status = :free AND #slot.#organization = :organization"
    condition = f"{free} AND attribute_not_exists(#holder)"
    names = {
        "#slot": slot_named(slot_id),
        "#holder": holder_of(slot_id),
        "#status": "status",
        "#organization": "organization",
    }
    values = {
        ":id": {"S": after.id},
        ":free": {"S": SlotStatus.FREE.value},
        ":organization": {"S": effect.organization},
    }
    change = "SET #holder = :id, held = if_not_exists(held, :zero) + :one"
    counted = {":zero": {"N": "0"}, **_ONE}
    if before is not None and before.week == effect.reservation.week:
        # One item is written once in a transaction: its count stays, the slot is another.
        condition, counted = f"{condition} AND contains(holders, :id)", {}
        condition += " AND #before = :id" if before.slot else ""
        change = f"SET #holder = :id{' REMOVE #before' if before.slot else ''}"
        names |= {"#before": holder_of(before.slot.id)} if before.slot else {}
        before = None
    yield _held_by(
        table,
        after,
        effect,
        RESERVE,
        change=f"{change} ADD holders :own",
        condition=condition,
        values={**values, **counted},
        names=names,
    )
    if before is not None:
        yield from _release(table, after, Release(reservation=before))


def _release(table: Requests, after: Referral, effect: Release) -> Iterator[Part]:
    slot = effect.reservation.slot
    # An expression has no maximum, so the condition alone keeps the count from falling below
    # zero. Where there is nothing to give back it fails, and the commit is written without it.
    yield _held_by(
        table,
        after,
        effect,
        RELEASE,
        change=f"SET held = held - :one{' REMOVE #holder' if slot else ''} DELETE holders :own",
        condition="held > :zero AND (attribute_not_exists(holders) OR contains(holders, :id))"
        f"{' AND #holder = :id' if slot else ''}",
        values={":zero": {"N": "0"}, ":id": {"S": after.id}, **_ONE},
        names={"#holder": holder_of(slot.id)} if slot else None,
    )


def _held_by(
    table: Requests,
    after: Referral,
    effect: Reserve | Release,
    name: str,
    *,
    change: str,
    condition: str,
    values: Mapping[str, Any],
    names: Mapping[str, str] | None = None,
) -> Part:
    reservation = effect.reservation
    request = {
        "TableName": table.name,
        "Key": item(**keys.week_of(after.tenant, reservation.npi, reservation.week)),
        "UpdateExpression": change,
        "ConditionExpression": condition,
        "ExpressionAttributeValues": {":own": {"SS": [after.id]}, **values},
        **({"ExpressionAttributeNames": dict(names)} if names else {}),
    }
    return Part(name, {"Update": request})


def _claim(table: Requests, after: Referral, effect: ClaimDailyMessage) -> Iterator[Part]:
    partitions = table.hashed.phones(after.tenant, effect.contact_hash)
    free = (
        "attribute_not_exists(pk) OR #reference = :own",
        {"#reference": "reference"},
        {":own": {"S": effect.reference}},
    )
    yield table.put(CLAIM, items.claim_item(partitions[0], effect), *free)
    for older in partitions[1:]:
        yield table.check(CLAIM, items.claim_key(older, effect), *free)
    if effect.stoppable:
        for each in partitions:
            allowed = f"attribute_not_exists(pk) OR {OPTED_IN}"
            yield table.check(OPT_OUT, items.opt_out_key(each), allowed)


def _update(table: Requests, after: Referral, effect: RecordUpdate) -> Iterator[Part]:
    yield table.put_new(UPDATE, items.update_item(after.tenant, after.id, effect.update))


def _payload(table: Requests, after: Referral, effect: StorePayload) -> Iterator[Part]:
    yield table.put("payload", items.payload_item(after, effect.body), None)


def _evidence(table: Requests, after: Referral, effect: KeepEvidence) -> Iterator[Part]:
    kept = items.evidence_item(after.tenant, after.id, effect.evidence)
    yield table.put(f"evidence {effect.evidence.sha256}", kept, None)


def _decision(table: Requests, after: Referral, effect: KeepDecision) -> Iterator[Part]:
    kept = items.decision_item(after.tenant, after.id, effect.decision)
    yield table.put_new("decision", kept)


def _demand(table: Requests, after: Referral, effect: KeepDemand) -> Iterator[Part]:
    yield table.put("demand", items.demand_item(after, effect.demand), None)
    if effect.accepts:
        market = OpenMarket(
            tenant=after.tenant, specialty=effect.demand.specialty, accepts=effect.accepts
        )
        yield table.put("market", items.open_market_item(market), None)


def _entry(table: Requests, _after: Referral, effect: CorrectEntry) -> Iterator[Part]:
    yield from entry_parts(table, effect.before, effect.after)


def _mapping(table: Requests, after: Referral, effect: KeepMapping) -> Iterator[Part]:
    yield table.put("mapping", items.mapping_item(table.hashed, after.tenant, effect), None)


def _contact(table: Requests, after: Referral, effect: IndexContact) -> Iterator[Part]:
    yield table.put("contact", items.phone_item(table.hashed, after, effect.contact_hash), None)


def _number(table: Requests, after: Referral, effect: TakeNumber) -> Iterator[Part]:
    key = Key(
        kind=KeyKind.PLACER,
        owner=after.referrer,
        value=effect.number,
        content_hash=effect.content_hash,
    )
    free, own = "attribute_not_exists(pk) OR referral_id = :own", {":own": {"S": after.id}}
    yield table.put(NUMBER, items.key_item(table.hashed, after, key), free, values=own)
    for older in items.older_key_items(table.hashed, after.tenant, key):
        yield table.check(NUMBER, older, free, values=own)


def _identifier(table: Requests, after: Referral, effect: IndexIdentifier) -> Iterator[Part]:
    found_by = items.identifier_item(table.hashed, after, effect.identifier)
    yield table.put("identifier", found_by, None)


WRITERS: Final[Mapping[type[Effect], Callable[[Requests, Referral, Any], Iterator[Part]]]] = (
    MappingProxyType(
        {
            Reserve: _reserve,
            Release: _release,
            ClaimDailyMessage: _claim,
            RecordUpdate: _update,
            StorePayload: _payload,
            KeepEvidence: _evidence,
            KeepDecision: _decision,
            KeepDemand: _demand,
            CorrectEntry: _entry,
            KeepMapping: _mapping,
            IndexContact: _contact,
            IndexIdentifier: _identifier,
            TakeNumber: _number,
        }
    )
)
"""One more thing in the transaction costs one class and one line here."""
