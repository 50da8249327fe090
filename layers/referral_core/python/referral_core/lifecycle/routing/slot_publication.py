"""A clinic publishes its slots: what is free may be reserved, what is not any more is given back.

The week's places in the directory are counted anew with each write, so that whoever reads places
(the published market, the waitlist, the worklist's figures) reads those of slots as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import Practitioner
from referral_core.domain.directory_facts import Fact, FactSource
from referral_core.domain.errors import Conflict, NotLegal
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.referral import Referral
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.slots import Slot, SlotStatus, SlotWeek, StatedSlot
from referral_core.domain.updates import ClinicClosed, Role
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.reactions.appointment import is_booked
from referral_core.lifecycle.routing.capacity_changes import (
    MOST_WEEKS,
    CapacityStore,
    given_back,
)
from referral_core.lifecycle.routing.directory_changes import change_entries, entries_for
from referral_core.lifecycle.routing.slot_plan import plan
from referral_core.ports.lifecycle import Directory

_TRIES: Final = 5


class SlotStore(CapacityStore, Protocol):
    """Where slots are written, with the entries and limits of the directory."""

    def write_slots(
        self, tenant: Tenant, npi: str, week: str, before: SlotWeek, slots: Mapping[str, Slot]
    ) -> None:
        """Write the slots of a week, if they are as they were read. Raises: Conflict."""


class PublishedSlots(NamedTuple):
    """What became of a publication.

    Attributes:
        slots: as they are kept, in the order stated; None: entered in error.
        are_new: whether each was unknown before.
        given_back: offers whose slot is free no more.
    """

    slots: tuple[Slot | None, ...]
    are_new: tuple[bool, ...]
    given_back: int


def begin_publishing(
    engine: Engine, store: SlotStore, principal: Principal, npi: str
) -> Sequence[Practitioner]:
    """Record that a clinic's places are its slots from now on, and no number of a week any more.

    Raises:
        Forbidden, NotFound, Conflict.
    """
    _limit(engine, store, principal, npi)
    return _counted(engine, store, principal, npi, is_active=True)


def end_publishing(
    engine: Engine, store: SlotStore, principal: Principal, npi: str
) -> Sequence[Practitioner]:
    """Record that no slot of a clinic is to be had any more, until it publishes its Schedule anew.

    What is offered is given back, and about who is booked a person asks: each slot that is still
    to begin becomes busy-unavailable, and is published anew once the clinic is there again.

    Raises:
        Forbidden, NotFound, Conflict.
    """
    _limit(engine, store, principal, npi)
    closed = _counted(engine, store, principal, npi, is_active=False)
    away, now = SlotStatus.BUSY_UNAVAILABLE, engine.clock.now()
    for week in read_weeks(engine.sources.directory, closed[0], now).values():
        own = (s for s in week.slots.values() if s.organization == closed[0].organization)
        stated = [
            StatedSlot(s.id, s.start, s.end, away, s.specialties) for s in own if s.start > now
        ]
        if stated:
            publish_slots(engine, store, principal, npi, stated)
    return closed


def publish_slots(
    engine: Engine,
    store: SlotStore,
    principal: Principal,
    npi: str,
    stated: Sequence[StatedSlot],
) -> PublishedSlots:
    """Write slots, all of them or none if one cannot be; offers of what is taken are given back.

    Raises:
        Forbidden, NotFound: it is none of the clinic's own.
        NotLegal: the clinic has published no Schedule.
        SlotRefused: a slot cannot be as it is stated.
        Conflict: others were always first; send it again.
    """
    own = _own(engine, principal, npi)
    if not own[0].publishes_slots:
        raise NotLegal("Publish the Schedule first: until then its places are a number a week.")
    if not own[0].schedule_active and any(one.status is SlotStatus.FREE for one in stated):
        raise NotLegal("The Schedule is not active: publish it as active first.")
    for _ in range(_TRIES):
        read = read_weeks(engine.sources.directory, own[0], engine.clock.now())
        planned = plan(own[0], read, stated, zone_of(engine, own[0]), engine.clock.now())
        try:
            for week, slots in planned.items():
                if slots != read.get(week, SlotWeek()).slots:
                    before = read.get(week, SlotWeek())
                    store.write_slots(principal.tenant, npi, week, before, slots)
        except Conflict:
            continue
        break
    else:
        raise Conflict("Others were always first; send it again.")
    _counted(engine, store, principal, npi)
    known = {k for week in read.values() for k in week.slots}
    kept = {slot.id: slot for slots in planned.values() for slot in slots.values()}
    return PublishedSlots(
        tuple(kept.get(one.id) for one in stated),
        tuple(one.id not in known for one in stated),
        _given_back(engine, principal, own[0], stated),
    )


def _limit(engine: Engine, store: SlotStore, principal: Principal, npi: str) -> None:
    """Write first of all that nobody reserves a place that is no slot, whatever was read before."""
    organization = _own(engine, principal, npi)[0].organization
    weeks = weeks_from(engine.clock.now().date(), MOST_WEEKS + 1)
    store.limit(principal.tenant, npi, organization, dict.fromkeys(weeks, 0))


def read_weeks(directory: Directory, entry: Practitioner, now: datetime) -> Mapping[str, SlotWeek]:
    """Read the weeks in which a slot may be, this one and those to come."""
    # The week that is over in one zone goes on in another.
    weeks = weeks_from(now.date() - timedelta(days=1), MOST_WEEKS + 2)
    return directory.slots(entry.tenant, entry.npi, weeks)


def zone_of(engine: Engine, entry: Practitioner) -> ZoneInfo:
    """Return the zone in which an entry's days and weeks are counted."""
    return ZoneInfo(entry.time_zone or engine.sources.directory.tenant(entry.tenant).time_zone)


def _own(engine: Engine, principal: Principal, npi: str) -> Sequence[Practitioner]:
    principal.require_role(Role.CLINIC)
    return entries_for(engine, principal, npi)


def _counted(
    engine: Engine,
    store: SlotStore,
    principal: Principal,
    npi: str,
    *,
    is_active: bool | None = None,
) -> Sequence[Practitioner]:
    """Write how many slots each week of the clinic's entries has, as they are now.

    Args:
        engine: the mechanism.
        store: where entries are written.
        principal: the clinic.
        npi: whose slots.
        is_active: whether they may be reserved from now on; None: as until now.
    """
    source = FactSource(source=principal.role.value, as_of=engine.clock.now().date())

    def counted(entry: Practitioner) -> Practitioner:
        # Read after the entry: whoever writes it last has counted what was written last.
        read = read_weeks(engine.sources.directory, entry, engine.clock.now())
        found = {w: len(s.of_entry(entry.organization, entry.specialty)) for w, s in read.items()}
        open_now = entry.schedule_active if is_active is None else is_active
        return entry.but(
            publishes_slots=True,
            schedule_active=open_now,
            weekly_capacity=0,
            weeks={week: count for week, count in found.items() if count and open_now},
            sources={**entry.sources, Fact.ACCEPTING: source},
        )

    return change_entries(store, lambda: _own(engine, principal, npi), counted)


def _given_back(
    engine: Engine, principal: Principal, entry: Practitioner, stated: Sequence[StatedSlot]
) -> int:
    """Give back what reserves a slot that is free no more; return how many offers it were.

    Sent again, it gives back once. Who is booked is looked at by a person, if nobody is seen then.
    """
    named, count = {one.id for one in stated}, 0
    for week in read_weeks(engine.sources.directory, entry, engine.clock.now()).values():
        for slot_id, holder in week.holders.items():
            slot = week.slots.get(slot_id)
            if slot_id not in named or (slot is not None and slot.is_free):
                continue
            loaded = engine.sources.referrals.load(principal.tenant, ReferralId(holder)).referral
            count += _taken_from(engine, principal, loaded, slot_id, slot)
    return count


def _taken_from(
    engine: Engine, principal: Principal, referral: Referral, slot_id: str, slot: Slot | None
) -> bool:
    """Let a referral know that its slot is free no more; return whether its offer is given back."""
    offer = referral.offer
    reserved = offer.reservation.slot if offer and offer.reservation else None
    if offer is None or reserved is None or reserved.id != slot_id or referral.is_closed:
        return False
    is_kept_for_it = slot is not None and slot.status is not SlotStatus.BUSY_UNAVAILABLE
    if is_kept_for_it and (is_booked(referral) or offer.status == "accepted"):
        # Whoever took the patient is busy then with nobody else, for all that is known.
        return False
    if not is_booked(referral):
        update = given_back(engine, principal, referral)
        apply_update(engine, principal.tenant, referral.id, update)
        return True
    apply_update(
        engine,
        principal.tenant,
        referral.id,
        ClinicClosed(
            id=f"clinic-closed-{offer.npi}-slot-{slot_id}-{slot.version if slot else 'gone'}",
            actor=principal.client_id,
            role=Role.ROUTER,
            received_at=engine.clock.now(),
            npi=offer.npi,
        ),
    )
    return False
