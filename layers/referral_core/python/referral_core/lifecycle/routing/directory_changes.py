"""What people and clinics change of the directory's entries: disputes, verified facts, statuses.

A clinic changes its own entries only; who disputes a fact need not own it; who verifies is staff.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Final, Protocol

from pydantic import Field

from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import Practitioner
from referral_core.domain.directory_facts import (
    CapacityStatus,
    Dispute,
    Fact,
    FactSource,
    ServiceKind,
)
from referral_core.domain.errors import Conflict, NotFound, NotLegal
from referral_core.domain.model import Model
from referral_core.domain.updates import Role
from referral_core.lifecycle.engine.engine import Engine

_TRIES: Final = 5


_Network = Annotated[str, Field(min_length=1, max_length=64)]


class Correction(Model):
    """What a person found to be so, where an entry was wrong; what is absent was right."""

    accepting: bool | None = None
    phone: str | None = Field(default=None, max_length=32)
    networks: tuple[_Network, ...] | None = Field(default=None, max_length=100)
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)


_FACT_OF: Final = {
    "accepting": Fact.ACCEPTING,
    "phone": Fact.CONTACT,
    "networks": Fact.NETWORK,
    "latitude": Fact.LOCATION,
    "longitude": Fact.LOCATION,
}


class EntryStore(Protocol):
    """Where the directory's entries are written."""

    def replace(self, changes: Sequence[tuple[Practitioner | None, Practitioner]]) -> None:
        """Write entries, each if it is as it was read. Raises: Conflict."""


def entries_for(
    engine: Engine, principal: Principal, npi: str, *, own: bool = True
) -> Sequence[Practitioner]:
    """Return the entries of an NPI that a principal may change: a clinic its own, staff all.

    Args:
        engine: the mechanism.
        principal: who asks.
        npi: whose entries.
        own: whether others than staff have their own only.

    Raises:
        NotFound: there are none.
    """
    found = engine.sources.directory.entries_of(principal.tenant, npi)
    if own and principal.role is not Role.STAFF:
        found = [e for e in found if e.organization == principal.organization]
    if not found:
        raise NotFound("The directory has no such entry of yours.")
    return found


def of_organization(
    entries: Sequence[Practitioner], organization: str | None
) -> Sequence[Practitioner]:
    """Return the entries of one organization: what is so of one is not so of another.

    Raises:
        NotLegal: there are several, and none is named.
        NotFound: there is none.
    """
    organizations = {entry.organization for entry in entries}
    if organization is None and len(organizations) > 1:
        raise NotLegal(f"Say of which organization: {', '.join(sorted(organizations))}.")
    own = [entry for entry in entries if organization in {None, entry.organization}]
    if not own:
        raise NotFound("The directory has no such entry of yours.")
    return own


def change_entries(
    store: EntryStore,
    entries: Callable[[], Sequence[Practitioner]],
    changed: Callable[[Practitioner], Practitioner],
) -> Sequence[Practitioner]:
    """Write entries as they are changed, read anew as often as somebody else was first.

    Raises:
        Conflict: others were always first; send it again.
    """
    for _ in range(_TRIES):
        changes = [(entry, changed(entry)) for entry in entries()]
        new = [(before, after) for before, after in changes if after != before]
        try:
            store.replace(new)
        except Conflict:
            continue
        return [after for _, after in changes]
    raise Conflict("Others were always first; send it again.")


def dispute_fact(
    engine: Engine, store: EntryStore, principal: Principal, npi: str, fact: Fact
) -> Sequence[Practitioner]:
    """Record that a fact is wrong: nobody is sent there until a person has verified it.

    A clinic says so of its own entries only, or it could take others out of routing.

    Raises:
        Forbidden, NotFound, Conflict.
    """
    principal.require_role(Role.CLINIC, Role.EHR, Role.STAFF)
    dispute = Dispute(fact=fact, said_by=principal.role.value, at=engine.clock.now())
    is_clinic = principal.role is Role.CLINIC
    return change_entries(
        store,
        lambda: entries_for(engine, principal, npi, own=is_clinic),
        lambda entry: entry.with_dispute(dispute),
    )


def verify_facts(
    engine: Engine,
    store: EntryStore,
    principal: Principal,
    npi: str,
    *,
    facts: Sequence[Fact],
    correction: Correction,
    organization: str | None = None,
) -> Sequence[Practitioner]:
    """Record what a person verified, corrected where it was wrong: it is disputed no longer.

    Raises:
        Forbidden, NotFound, Conflict.
    """
    principal.require_role(Role.STAFF)
    found = correction.model_dump(exclude_none=True)
    verified = {*facts, *(_FACT_OF[name] for name in found)}
    source = FactSource(source=principal.role.value, as_of=engine.clock.now().date())
    return change_entries(
        store,
        lambda: of_organization(entries_for(engine, principal, npi), organization),
        lambda entry: entry.but(**found).verified(verified, source),
    )


def change_status(
    engine: Engine, store: EntryStore, principal: Principal, npi: str, status: CapacityStatus
) -> Sequence[Practitioner]:
    """Write whether a community resource takes people now.

    Raises:
        Forbidden, NotFound, Conflict.
        NotLegal: it publishes places, which say so themselves.
    """
    principal.require_role(Role.CLINIC, Role.STAFF)

    def entries() -> Sequence[Practitioner]:
        found = entries_for(engine, principal, npi)
        if any(entry.kind is not ServiceKind.COMMUNITY_RESOURCE for entry in found):
            raise NotLegal("It publishes places: state those of its weeks.")
        return found

    source = FactSource(source=principal.role.value, as_of=engine.clock.now().date())
    return change_entries(
        store,
        entries,
        lambda entry: entry.but(
            capacity_status=status, sources={**entry.sources, Fact.ACCEPTING: source}
        ),
    )
