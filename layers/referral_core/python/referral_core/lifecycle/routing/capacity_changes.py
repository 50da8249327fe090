"""A clinic, or staff for it, say how many places there are: closures, leave, more room.

More room wakes who waits. Where there is less than was promised, the offers that are too many are
given back: the least urgent and youngest first, and never one that has an appointment already,
which the clinic cancels or moves itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from pydantic import Field

from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import Practitioner
from referral_core.domain.directory_facts import Closure, Fact, FactSource
from referral_core.domain.errors import NotLegal
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.model import Model
from referral_core.domain.referral import Referral
from referral_core.domain.routing.capacity import iso_week, weeks_from
from referral_core.domain.updates import OfferDeclined, Role
from referral_core.domain.waitlist import place_of
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.reactions.appointment import is_booked
from referral_core.lifecycle.reactions.offer import CAPACITY_CHANGED
from referral_core.lifecycle.routing.directory_changes import (
    EntryStore,
    change_entries,
    entries_for,
    of_organization,
)

MOST_WEEKS: Final = 26
"""As far as any pathway looks ahead."""
_MOST_CLOSURES: Final = 20
"""Closures to come that an entry holds: no clinic plans more of its leave at once."""


class CapacityChange(Model):
    """How many new referrals a week are taken from one day to another.

    Attributes:
        last_day: included; None: until further notice.
        places: a week; none while a clinic is closed or its clinician on leave.
        organization: whose places, where staff state those of somebody with several.
        visits_stand: whether no places mean no new patients only: who is booked is seen.
    """

    first_day: date
    last_day: date | None = None
    places: int = Field(ge=0, le=1000)
    organization: str | None = Field(default=None, max_length=128)
    visits_stand: bool = False

    def weeks(self, today: date = date.min) -> tuple[str, ...]:
        """Return the ISO weeks that it is about, from today on."""
        first = max(self.first_day, today)
        last = self.last_day or first + timedelta(weeks=MOST_WEEKS - 1)
        days = (last - first).days
        found = (iso_week(first + timedelta(days=n)) for n in range(days + 1))
        return tuple(dict.fromkeys(found))


class CapacityStore(EntryStore, Protocol):
    """Where the directory's entries and the weeks' limits are written."""

    def limit(self, tenant: Tenant, npi: str, organization: str, places: Mapping[str, int]) -> None:
        """Write how many places weeks have at an organization: none is reserved beyond."""

    def holders(self, tenant: Tenant, npi: str, weeks: Sequence[str]) -> Sequence[ReferralId]:
        """List the referrals that reserve a place of one of some weeks that follow each other."""


def change_capacity(
    engine: Engine, store: CapacityStore, principal: Principal, npi: str, change: CapacityChange
) -> int:
    """Write a capacity, and give back the offers for which there is no place any more.

    Returns:
        How many offers were given back.

    Raises:
        Forbidden: the principal is neither a clinic nor staff.
        NotFound: it is none of the clinic's own.
        NotLegal: it is about no week to come, or does not say whose places.
        Conflict: others were always first; send it again.
    """
    principal.require_role(Role.CLINIC, Role.STAFF)
    today = engine.clock.now().date()
    furthest = today + timedelta(weeks=MOST_WEEKS)
    # What is beyond could not be written, and would count as if it had not been said.
    is_near = max(change.first_day, change.last_day or change.first_day) <= furthest
    weeks = change.weeks(today) if is_near else ()
    if not weeks:
        raise NotLegal(f"State days between today and {MOST_WEEKS} weeks from now, in order.")
    own = of_organization(entries_for(engine, principal, npi), change.organization)
    organization = own[0].organization
    if own[0].publishes_slots:
        raise NotLegal("Its places are the slots that it publishes: state those.")
    # First: from now on nobody reserves what is no longer there.
    store.limit(principal.tenant, npi, organization, dict.fromkeys(weeks, change.places))
    change_entries(
        store,
        lambda: of_organization(entries_for(engine, principal, npi), organization),
        lambda entry: _changed(engine, principal, entry, change, weeks),
    )
    return sum(
        _give_back(engine, store, principal, npi=npi, week=week, own=own, places=change.places)
        for week in weeks
    )


def _changed(
    engine: Engine,
    principal: Principal,
    entry: Practitioner,
    change: CapacityChange,
    weeks: Sequence[str],
) -> Practitioner:
    today = engine.clock.now().date()
    ahead = {week: n for week, n in entry.weeks.items() if week >= iso_week(today)}
    source = FactSource(source=principal.role.value, as_of=today)
    # What holds until further notice begins with its first week: those before keep their places.
    before = weeks_from(today, MOST_WEEKS + 1) if change.last_day is None else ()
    until = {week: entry.places_in(week) for week in before if week < weeks[0]}
    return entry.but(
        closures=_closures(entry, change, engine.clock.now(), today),
        weekly_capacity=entry.weekly_capacity if change.last_day else change.places,
        weeks={**until, **ahead, **dict.fromkeys(weeks, change.places)},
        sources={**entry.sources, Fact.ACCEPTING: source},
    )


def _closures(
    entry: Practitioner, change: CapacityChange, now: datetime, today: date
) -> tuple[Closure, ...]:
    """Return the days on which nobody is seen: those of the past are forgotten, the latest kept.

    Where somebody is seen again, no closure holds those days any more.
    """
    said = Closure(first_day=change.first_day, last_day=change.last_day, stated_at=now)
    open_again = change.places > 0 or change.visits_stand
    known = [c for c in entry.closures if c.last_day is None or c.last_day >= today]
    if open_again:
        return tuple(left for c in known for left in _left_of(c, said))
    if any((c.first_day, c.last_day) == (said.first_day, said.last_day) for c in known):
        return tuple(known)
    return (*known, said)[-_MOST_CLOSURES:]


def _left_of(closure: Closure, opened: Closure) -> Iterator[Closure]:
    """Iterate over what is left of a closure once people are seen again on some days."""
    ends, closed_until = opened.last_day or date.max, closure.last_day or date.max
    if ends < closure.first_day or closed_until < opened.first_day:
        yield closure
        return
    if closure.first_day < opened.first_day:
        yield closure.but(last_day=opened.first_day - timedelta(days=1))
    if ends < closed_until:
        yield closure.but(first_day=ends + timedelta(days=1))


def _give_back(
    engine: Engine,
    store: CapacityStore,
    principal: Principal,
    *,
    npi: str,
    week: str,
    own: Sequence[Practitioner],
    places: int,
) -> int:
    """Give back the offers of a week that are too many; return how many they were."""
    tenant, referrals = principal.tenant, engine.sources.referrals
    if engine.sources.directory.reserved(tenant, npi, [week]).get(week, 0) <= places:
        return 0
    loaded = referrals.those_of(tenant, store.holders(tenant, npi, [week]))
    held = [r for r in loaded if r.offer is None or r.offer.organization == own[0].organization]
    may_move = [r for r in held if r.offer is not None and not is_booked(r)]
    last_first = sorted(may_move, key=place_of, reverse=True)[: max(0, len(held) - places)]
    for referral in last_first:
        apply_update(engine, tenant, referral.id, given_back(engine, principal, referral))
    return len(last_first)


def given_back(engine: Engine, principal: Principal, referral: Referral) -> OfferDeclined:
    """Return the update by which a clinic gives an offer back: said twice, it is one."""
    offer = referral.offers[-1]
    return OfferDeclined(
        id=f"{CAPACITY_CHANGED}-{offer.number}",
        actor=principal.client_id,
        role=principal.role,
        organization=principal.organization,
        received_at=engine.clock.now(),
        offer=offer.number,
        reason=CAPACITY_CHANGED,
    )
