"""The shapes of the table's items: one function an item. `bodies.py` reads those with a body."""

from __future__ import annotations

import base64
import gzip
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import Item, item, plain
from referral_core.adapters.aws.dynamodb.bodies import body_of, update_body
from referral_core.adapters.aws.dynamodb.hashed_keys import HashedKeys
from referral_core.adapters.aws.dynamodb.stored_text import Body, fitted, gzipped, text_of
from referral_core.adapters.aws.dynamodb.write_units import item_size
from referral_core.domain.errors import TooLarge
from referral_core.domain.evidence import ORDER_DOCUMENT, REPORT, Evidence
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.new_referral import Key, KeyKind
from referral_core.domain.numbers import folded_number
from referral_core.domain.referral import Referral
from referral_core.domain.work_items import EXCEPTIONS
from referral_core.domain.work_items.lists import place_in_list

if TYPE_CHECKING:
    from referral_core.domain.effects import ClaimDailyMessage, KeepMapping, RoutingDecision
    from referral_core.domain.events import Event
    from referral_core.domain.evidence import Evidence
    from referral_core.domain.routing.demand import KeptDemand, OpenMarket
    from referral_core.domain.updates import Update

MAX_PAYLOAD_BYTES: Final = 350 * 1024
"""Compressed; DynamoDB's item limit is 400 KB and the rest of the item needs room."""
_BESIDE: Final = {ORDER_DOCUMENT: "#order", REPORT: "#report"}
"""What the order brought stands beside a report of the same bytes: each is read by others.

Neither takes the place of what was kept before they were told apart.
"""
_GZIP: Final = b"\x1f\x8b"
"""How payloads and published markets begin; all other bodies are as `stored_text` keeps them."""
_WEEK_S: Final = 7 * 86_400
_CLAIMS_KEPT_S: Final = 30 * 86_400
"""How long a day's message is remembered: longer than the week that the cap looks back on."""


class PayloadTooLarge(TooLarge):
    """The clinical payload does not fit one item, even compressed."""


def readable(entry: Item) -> Item:
    """Return an item with its body as JSON, for those who look into the table."""
    if "body" not in entry:
        return entry
    body = plain(entry)["body"]
    is_gzip = isinstance(body, bytes) and body.startswith(_GZIP)
    text = gzip.decompress(body).decode() if is_gzip else text_of(body)
    return {**entry, **item(body=text)}


def image_of(entry: Item) -> Item:
    """Return an item as Lambda's stream records have it: what is binary is base64 text."""
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in entry.items()
    }


# --- a referral and what is written with each change ------------------------------------------


def referral_item(referral: Referral) -> Item:
    """Return the projection's item; a closed referral leaves the due index."""
    queue = "closed" if referral.is_closed else referral.queue.value
    offer = referral.offers[-1] if referral.offers else None
    return with_body(
        body_of(referral),
        pk=keys.referral(referral.tenant, referral.id),
        sk=keys.Sort.REFERRAL.value,
        version=referral.version,
        run=referral.run,
        status=referral.status.value,
        notice_asks=sum(notice.asks for notice in referral.notices) or None,
        due_shard=None if referral.is_closed else keys.due_shard(referral.id),
        due_at=None if referral.is_closed else keys.minute(referral.next_due_at),
        received_at=keys.second(referral.received_at),
        queue_key=keys.queue(referral.tenant, queue),
        performer_key=keys.performer(referral.tenant, offer.organization) if offer else None,
        referrer_key=keys.referrer(referral.tenant, referral.referrer),
        revised_at=keys.millisecond(referral.revised_at or referral.received_at),
        **_item_keys(referral),
    )


def _item_keys(referral: Referral) -> Mapping[str, str]:
    """Return in which lists of people the referral stands, and where."""
    tenant, team, item = referral.tenant, referral.queue.value, referral.work_item
    place = {"item_place": place_in_list(referral)}
    if referral.is_closed:
        return {"item_team": keys.closed(tenant), **place}
    if item is None:
        return {}
    owner = keys.owner(tenant, item.owner) if item.owner else keys.unassigned(tenant, team)
    failed = {"exception_team": keys.team(tenant, team)} if item.reason in EXCEPTIONS else {}
    return {"item_team": keys.team(tenant, team), "item_owner": owner, **failed, **place}


def event_item(event: Event) -> Item:
    """Return an event's item; always JSON, for whoever reads an export of the table."""
    return item(
        pk=keys.referral(event.tenant, event.referral_id),
        sk=keys.event(event.version),
        body=body_of(event),
    )


def payload_item(referral: Referral, body: bytes) -> Item:
    """Return the item of the clinical payload of a referral's version.

    Raises:
        PayloadTooLarge: over 350 KB compressed.
    """
    return item(
        pk=keys.referral(referral.tenant, referral.id),
        sk=keys.payload(referral.payload_version),
        body=compressed(body),
    )


def mapping_item(hashed: HashedKeys, tenant: Tenant, kept: KeepMapping) -> Item:
    """Return the item of what a code or words of the tenant's orders mean."""
    return item(
        pk=hashed.mappings(tenant, kept.key)[0],
        sk=keys.Sort.MAPPING.value,
        body=kept.override.model_dump_json(),
    )


def payload_in(found: Mapping[str, Any]) -> bytes:
    """Read the clinical payload in its item."""
    return gzip.decompress(bytes(found["body"]))


def compressed(payload: bytes) -> bytes:
    """Compress a payload, refusing one that would not fit.

    Raises:
        PayloadTooLarge: over 350 KB compressed.
    """
    small = gzipped(payload)
    if len(small) > MAX_PAYLOAD_BYTES:
        raise PayloadTooLarge(
            "The referral is over 350 KB compressed: send documents by reference."
        )
    return small


# --- items of single effects --------------------------------------------------------------------


def update_item(tenant: Tenant, referral_id: ReferralId, update: Update) -> Item:
    """Return the item that records an update."""
    return item(
        pk=keys.referral(tenant, referral_id), sk=keys.update(update.id), body=update_body(update)
    )


def decision_item(tenant: Tenant, referral_id: ReferralId, decision: RoutingDecision) -> Item:
    """Return a routing decision's item."""
    return with_body(
        decision.model_dump_json(exclude_none=True),
        pk=keys.referral(tenant, referral_id),
        sk=keys.decision(decision.number),
    )


def demand_item(referral: Referral, demand: KeptDemand) -> Item:
    """Return the item of what a referral asked of a market; it expires."""
    # Intake writes none of it, and loads none of it.
    from referral_core.domain.routing.demand import KEPT_WEEKS  # noqa: PLC0415

    return item(
        pk=keys.demand(referral.tenant, demand.specialty),
        sk=f"{keys.Sort.DEMAND}{keys.second(demand.at)}#{referral.id}",
        body=demand.model_dump_json(),
        expires_at=int(time.time()) + KEPT_WEEKS * _WEEK_S,
    )


def open_market_item(market: OpenMarket) -> Item:
    """Return the item by which a market is published from now on."""
    return item(
        pk=keys.MARKETS,
        sk=f"{market.tenant}#{market.specialty}",
        body=market.model_dump_json(),
    )


def evidence_item(tenant: Tenant, referral_id: ReferralId, evidence: Evidence) -> Item:
    """Return the item that keeps what proves a fact."""
    return item(
        pk=keys.referral(tenant, referral_id),
        sk=keys.evidence(f"{evidence.sha256}{_BESIDE.get(evidence.kind, '')}"),
        body=evidence.model_dump_json(),
    )


def phone_item(hashed: HashedKeys, referral: Referral, contact_hash: str) -> Item:
    """Return the item that lets a phone number find its referral."""
    return item(
        pk=hashed.phones(referral.tenant, contact_hash)[0],
        sk=keys.under(referral.id),
    )


def identifier_item(hashed: HashedKeys, referral: Referral, identifier: str) -> Item:
    """Return the item that lets an identifier find its referrals."""
    return item(
        pk=hashed.identifiers(referral.tenant, identifier)[0],
        sk=keys.under(referral.id),
    )


def claim_key(partition: str, claim: ClaimDailyMessage) -> Item:
    """Return the key of a day's message in a number's partition."""
    return item(pk=partition, sk=f"{keys.Sort.MESSAGE_DAY}{claim.day.isoformat()}")


def claim_item(partition: str, claim: ClaimDailyMessage) -> Item:
    """Return the item of a day's message; it expires once no cap looks back on it."""
    beside = item(reference=claim.reference, expires_at=int(time.time()) + _CLAIMS_KEPT_S)
    return {**claim_key(partition, claim), **beside}


def opt_out_key(partition: str) -> Item:
    """Return the key of an opt-out in its number's partition."""
    return item(pk=partition, sk=keys.Sort.OPT_OUT.value)


def opt_out_item(partition: str, at: datetime) -> Item:
    """Return the item of a number that wants no messages."""
    return {**opt_out_key(partition), **item(at=at.astimezone(UTC).isoformat())}


def key_item(hashed: HashedKeys, referral: Referral, key: Key) -> Item:
    """Return the item of a uniqueness lock; an order's number is listed as people write it."""
    number = folded_number(key.value) if key.kind is KeyKind.PLACER else None
    return item(
        pk=hashed.locks(referral.tenant, key.kind, key.value)[0],
        sk=f"{keys.Sort.KEY_OF}{key.owner}",
        referral_id=referral.id,
        content_hash=key.content_hash,
        number_key=hashed.numbers(referral.tenant, number)[0] if number else None,
        number_place=keys.number_place(referral.received_at, referral.id) if number else None,
    )


def older_key_items(hashed: HashedKeys, tenant: Tenant, key: Key) -> list[Item]:
    """Return the keys that a lock has if it was taken under an older secret key."""
    partitions = hashed.locks(tenant, key.kind, key.value)[1:]
    return [item(pk=pk, sk=f"{keys.Sort.KEY_OF}{key.owner}") for pk in partitions]


def waiting_key(tenant: Tenant, specialty: str, place: str) -> Item:
    """Return the key of a referral's place in a line; the item holds nothing else but its id."""
    return item(pk=keys.waitlist(tenant, specialty), sk=f"{keys.Sort.PLACE}{place}")


def waiting_item(referral: Referral, specialty: str, place: str) -> Item:
    """Return the item of a referral's place in a line."""
    key = waiting_key(referral.tenant, specialty, place)
    return {**key, **item(referral_id=referral.id)}


def capacity_item(tenant: Tenant, npi: str, week: str, held: int) -> Item:
    """Return the item that counts what is reserved of a practitioner's week."""
    return item(**keys.week_of(tenant, npi, week), held=held)


def with_body(body: str, **fields: Any) -> Item:
    """Return an item with a body, as it fits, beside its other attributes."""
    others = item(**fields)
    stored: Body = fitted(body, beside=item_size(others) + len("body"))
    return {**others, **item(body=stored)}
