"""A clinic, or staff for it, say how many places there are: closures, leave, more room.

More room wakes who waits. Where there is less than was promised, the offers that are too many are
given back: the least urgent and youngest first, and never one that has an appointment already,
which the clinic cancels or moves itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, Protocol

from pydantic import Field

from referral_core.domain.directory import Practitioner
from referral_core.domain.directory_facts import Fact, FactSource
from referral_core.domain.errors import Conflict, NotFound
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.model import Model
from referral_core.domain.principal import Principal
from referral_core.domain.referral import Referral
from referral_core.domain.routing.capacity import iso_week
from referral_core.domain.updates import OfferDeclined, Role
from referral_core.domain.waitlist import place_of
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.reactions.appointment import is_booked
from referral_core.lifecycle.reactions.offer import CAPACITY_CHANGED

_MOST_WEEKS: Final = 26
"""As far as any pathway looks ahead."""
_TRIES: Final = 5


class CapacityChange(Model):
    """How many new referrals a week are taken from one day to another.

    Attributes:
        last_day: included; None: until further notice.
        places: a week; none while a clinic is closed or its clinician on leave.
    """

    first_day: date
    last_day: date | None = None
    places: int = Field(ge=0, le=1000)

    def weeks(self) -> tuple[str, ...]:
        """Return the ISO weeks that it is about."""
        furthest = self.first_day + timedelta(weeks=_MOST_WEEKS - 1)
        days = (min(self.last_day or furthest, furthest) - self.first_day).days
        found = (iso_week(self.first_day + timedelta(days=n)) for n in range(days + 1))
        return tuple(dict.fromkeys(found))


class CapacityStore(Protocol):
    """Where the directory's entries and the weeks' limits are written."""

    def replace(self, changes: Sequence[tuple[Practitioner | None, Practitioner]]) -> None:
        """Write entries, each if it is as it was read. Raises: Conflict."""

    def limit(self, tenant: Tenant, npi: str, places: Mapping[str, int]) -> None:
        """Write how many places weeks have: no reservation goes beyond from now on."""

    def holders(self, tenant: Tenant, npi: str, week: str) -> Sequence[ReferralId]:
        """List the referrals that reserve a place of a week."""


def change_capacity(
    engine: Engine, store: CapacityStore, principal: Principal, npi: str, change: CapacityChange
) -> int:
    """Write a capacity, and give back the offers for which there is no place any more.

    Returns:
        How many offers were given back.

    Raises:
        Forbidden: the principal is neither a clinic nor staff.
        NotFound: it is none of the clinic's own.
        Conflict: others were always first; send it again.
    """
    principal.require_role(Role.CLINIC, Role.STAFF)
    weeks = change.weeks()
    entries = _entries_of(engine, principal, npi)
    # First: from now on nobody reserves what is no longer there.
    store.limit(principal.tenant, npi, dict.fromkeys(weeks, change.places))
    for _ in range(_TRIES):
        changed = [(e, _changed(engine, principal, e, change, weeks)) for e in entries]
        try:
            store.replace(changed)
        except Conflict:
            entries = _entries_of(engine, principal, npi)
            continue
        return sum(
            _give_back(engine, store, principal, npi=npi, week=week, places=change.places)
            for week in weeks
        )
    raise Conflict("Others were always first; send it again.")


def _entries_of(engine: Engine, principal: Principal, npi: str) -> Sequence[Practitioner]:
    found = engine.sources.directory.entries_of(principal.tenant, npi)
    is_staff = principal.role is Role.STAFF
    own = [e for e in found if is_staff or e.organization == principal.organization]
    if not own:
        raise NotFound("The directory has no such entry of yours.")
    return own


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
    return entry.but(
        weekly_capacity=entry.weekly_capacity if change.last_day else change.places,
        weeks={**ahead, **dict.fromkeys(weeks, change.places)},
        sources={**entry.sources, Fact.ACCEPTING: source},
    )


def _give_back(
    engine: Engine,
    store: CapacityStore,
    principal: Principal,
    *,
    npi: str,
    week: str,
    places: int,
) -> int:
    """Give back the offers of a week that are too many; return how many they were."""
    tenant = principal.tenant
    reserved = engine.sources.directory.reserved(tenant, npi, [week]).get(week, 0)
    if reserved <= places:
        return 0
    referrals = engine.sources.referrals
    held = [referrals.load(tenant, one).referral for one in store.holders(tenant, npi, week)]
    may_move = [r for r in held if r.offer is not None and not is_booked(r)]
    last_first = sorted(may_move, key=place_of, reverse=True)[: reserved - places]
    for referral in last_first:
        apply_update(engine, tenant, referral.id, _given_back(engine, principal, referral))
    return len(last_first)


def _given_back(engine: Engine, principal: Principal, referral: Referral) -> OfferDeclined:
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
