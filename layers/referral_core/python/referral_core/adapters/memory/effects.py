"""What each effect does to the record in memory: what must be true first, and what it writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from referral_core.domain.directory import Practitioner
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
    RoutingDecision,
    StorePayload,
    TakeNumber,
)
from referral_core.domain.errors import Conflict
from referral_core.domain.evidence import ORDER_DOCUMENT, Evidence
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.new_referral import ExistingKey, Key, KeyKind
from referral_core.domain.referral import Referral, Reservation
from referral_core.domain.routing.demand import KeptDemand
from referral_core.domain.routing.published import PublishedMarket
from referral_core.domain.slots import SlotWeek
from referral_core.domain.terminology import Override
from referral_core.domain.updates import Update
from referral_core.domain.writes import KeyTaken, MessageNotAllowed, NoCapacity

At = tuple[Tenant, ReferralId]


class Shelves:
    """What effects write, beside referrals and their events.

    Attributes:
        phones: (tenant, contact hash) → the referrals it belongs to, in order.
        message_claims: (tenant, contact hash) → day → the message's reference.
        entries: (tenant, specialty, npi) → an entry of the directory that was corrected.
        holders: (tenant, npi, week) → who reserved.
        slot_weeks: (tenant, npi, week) → the slots that were published.
        limits: (tenant, npi, week, organization) → the places that the clinic states.
        reserved: (tenant, npi, week) → units of capacity.
        mappings: (tenant, key) → what a code or words of an order mean.
        demands: (tenant, specialty) → what referrals asked of a market.
        open_markets: (tenant, specialty) → who may serve it, of markets to be published.
        markets: (tenant, specialty) → what was published of it.
    """

    def __init__(self) -> None:
        self.payloads: dict[tuple[At, int], bytes] = {}
        self.updates: dict[At, dict[str, Update]] = defaultdict(dict)
        self.decisions: dict[At, list[RoutingDecision]] = defaultdict(list)
        self.evidence: dict[At, list[Evidence]] = defaultdict(list)
        self.phones: dict[tuple[Tenant, str], dict[ReferralId, None]] = defaultdict(dict)
        self.message_claims: dict[tuple[Tenant, str], dict[date, str]] = defaultdict(dict)
        self.opt_outs: dict[tuple[Tenant, str], datetime] = {}
        self.reserved: dict[tuple[Tenant, str, str], int] = defaultdict(int)
        self.holders: dict[tuple[Tenant, str, str], dict[ReferralId, None]] = defaultdict(dict)
        self.slot_weeks: dict[tuple[Tenant, str, str], SlotWeek] = defaultdict(SlotWeek)
        self.limits: dict[tuple[Tenant, str, str, str], int] = {}
        self.entries: dict[tuple[Tenant, str, str], Practitioner] = {}
        self.keys: dict[tuple[Tenant, KeyKind, str, str], ExistingKey] = {}
        self.identifiers: dict[tuple[Tenant, str], dict[ReferralId, None]] = defaultdict(dict)
        self.mappings: dict[tuple[Tenant, str], Override] = {}
        self.demands: dict[tuple[Tenant, str], dict[ReferralId, KeptDemand]] = defaultdict(dict)
        self.open_markets: dict[tuple[Tenant, str], tuple[str, ...]] = {}
        self.markets: dict[tuple[Tenant, str], PublishedMarket] = {}


def require_possible(shelves: Shelves, after: Referral, effect: Effect) -> None:
    """Raise unless an effect may be written with the change to `after`.

    Raises:
        NoCapacity, MessageNotAllowed: as the port says.
    """
    require = _REQUIRED.get(type(effect))
    if require is not None:
        require(shelves, after, effect)


def write(shelves: Shelves, after: Referral, effect: Effect) -> None:
    """Write an effect with the change to `after`."""
    WRITERS[type(effect)](shelves, after, effect)


# --- what must be true first --------------------------------------------------------------------


def _require_capacity(shelves: Shelves, after: Referral, effect: Reserve) -> None:
    reservation = effect.reservation
    at = (after.tenant, reservation.npi, reservation.week)
    if reservation.slot is not None:
        week = shelves.slot_weeks[at]
        slot, holder = week.slots.get(reservation.slot.id), week.holders.get(reservation.slot.id)
        is_theirs = slot is not None and slot.is_free and slot.organization == effect.organization
        before = effect.instead_of
        is_moved = before is not None and before.week == reservation.week
        if not is_theirs or holder is not None:
            raise NoCapacity("The slot is taken.")
        if before is not None and is_moved and not _has(shelves, after, before, is_listed=True):
            raise NoCapacity("What it is taken instead of was given back.")
        return
    stated = shelves.limits.get((*at, effect.organization), effect.capacity)
    if shelves.reserved[at] >= min(effect.capacity, stated):
        raise NoCapacity("The week is full.")


def _has(
    shelves: Shelves, after: Referral, reservation: Reservation, *, is_listed: bool = False
) -> bool:
    """Whether a reservation is there to be given back; of a week that lists nobody, any is."""
    at, slot = (after.tenant, reservation.npi, reservation.week), reservation.slot
    holders = shelves.holders[at]
    if slot is not None and shelves.slot_weeks[at].holders.get(slot.id) != after.id:
        return False
    is_its_own = after.id in holders or not (holders or is_listed)
    return shelves.reserved[at] > 0 and is_its_own


def _require_day(shelves: Shelves, after: Referral, effect: ClaimDailyMessage) -> None:
    at = (after.tenant, effect.contact_hash)
    if shelves.message_claims[at].get(effect.day, effect.reference) != effect.reference:
        raise MessageNotAllowed("The patient got a message today.")
    if effect.stoppable and at in shelves.opt_outs:
        raise MessageNotAllowed("The patient wants no messages.")


def _require_entry(shelves: Shelves, after: Referral, effect: CorrectEntry) -> None:
    at = (after.tenant, effect.before.specialty, effect.before.npi)
    if shelves.entries.get(at, effect.before) != effect.before:
        raise Conflict("The directory was written meanwhile.")


def _require_number(shelves: Shelves, after: Referral, effect: TakeNumber) -> None:
    held = shelves.keys.get((after.tenant, KeyKind.PLACER, effect.number, after.referrer))
    if held is not None and held.referral_id != after.id:
        raise KeyTaken("The number is another referral's.")


_REQUIRED: Final[Mapping[type[Effect], Callable[[Shelves, Referral, Any], None]]] = (
    MappingProxyType(
        {
            Reserve: _require_capacity,
            ClaimDailyMessage: _require_day,
            CorrectEntry: _require_entry,
            TakeNumber: _require_number,
        }
    )
)


# --- what is written ----------------------------------------------------------------------------


def _reserve(shelves: Shelves, after: Referral, effect: Reserve) -> None:
    at = (after.tenant, effect.reservation.npi, effect.reservation.week)
    if effect.instead_of is not None:
        _release(shelves, after, Release(reservation=effect.instead_of))
    shelves.reserved[at] += 1
    shelves.holders[at][after.id] = None
    if effect.reservation.slot is not None:
        week, own = shelves.slot_weeks[at], {effect.reservation.slot.id: after.id}
        shelves.slot_weeks[at] = week.but(holders={**week.holders, **own})


def _release(shelves: Shelves, after: Referral, effect: Release) -> None:
    at = (after.tenant, effect.reservation.npi, effect.reservation.week)
    slot = effect.reservation.slot
    if not _has(shelves, after, effect.reservation):
        return
    if slot is not None:
        week = shelves.slot_weeks[at]
        left = {held: by for held, by in week.holders.items() if held != slot.id}
        shelves.slot_weeks[at] = week.but(holders=left)
    shelves.reserved[at] -= 1
    shelves.holders[at].pop(after.id, None)


def _claim(shelves: Shelves, after: Referral, effect: ClaimDailyMessage) -> None:
    shelves.message_claims[after.tenant, effect.contact_hash][effect.day] = effect.reference


def _update(shelves: Shelves, after: Referral, effect: RecordUpdate) -> None:
    shelves.updates[after.tenant, after.id][effect.update.id] = effect.update


def _payload(shelves: Shelves, after: Referral, effect: StorePayload) -> None:
    shelves.payloads[(after.tenant, after.id), after.payload_version] = effect.body


def _evidence(shelves: Shelves, after: Referral, effect: KeepEvidence) -> None:
    kept = shelves.evidence[after.tenant, after.id]
    new = effect.evidence
    # What the order brought stands beside a report of the same bytes.
    same = (new.sha256, new.kind == ORDER_DOCUMENT)
    kept[:] = [e for e in kept if (e.sha256, e.kind == ORDER_DOCUMENT) != same]
    kept.append(new)


def _decision(shelves: Shelves, after: Referral, effect: KeepDecision) -> None:
    shelves.decisions[after.tenant, after.id].append(effect.decision)


def _demand(shelves: Shelves, after: Referral, effect: KeepDemand) -> None:
    at = (after.tenant, effect.demand.specialty)
    shelves.demands[at][after.id] = effect.demand
    if effect.accepts:
        shelves.open_markets[at] = effect.accepts


def _entry(shelves: Shelves, after: Referral, effect: CorrectEntry) -> None:
    at = (after.tenant, effect.after.specialty, effect.after.npi)
    shelves.entries[at] = effect.after


def _mapping(shelves: Shelves, after: Referral, effect: KeepMapping) -> None:
    shelves.mappings[after.tenant, effect.key] = effect.override


def _contact(shelves: Shelves, after: Referral, effect: IndexContact) -> None:
    shelves.phones[after.tenant, effect.contact_hash][after.id] = None


def _number(shelves: Shelves, after: Referral, effect: TakeNumber) -> None:
    key = Key(
        kind=KeyKind.PLACER,
        owner=after.referrer,
        value=effect.number,
        content_hash=effect.content_hash,
    )
    shelves.keys[after.tenant, key.kind, key.value, key.owner] = ExistingKey(
        key=key, referral_id=after.id, content_hash=effect.content_hash
    )


def _identifier(shelves: Shelves, after: Referral, effect: IndexIdentifier) -> None:
    shelves.identifiers[after.tenant, effect.identifier][after.id] = None


WRITERS: Final[Mapping[type[Effect], Callable[[Shelves, Referral, Any], None]]] = MappingProxyType(
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
"""One more thing in the transaction costs one class and one line here."""
