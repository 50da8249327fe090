"""The record and the directory in memory, as strict about conditions as the table is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from heapq import heappop, heappush
from threading import RLock

from referral_core.domain.errors import Conflict, Forbidden, NotFound, StaleRun
from referral_core.domain.mailbox import Mailbox
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.network import EhrSystem, Payer, Practitioner, TenantProfile
from referral_core.domain.principal import Principal
from referral_core.domain.referral import Event, Referral
from referral_core.domain.updates import Update
from referral_core.ports import (
    Arrival,
    Commit,
    Delivery,
    Evidence,
    Key,
    KeyKind,
    Loaded,
    NoCapacity,
    NotNow,
    RoutingDecision,
    Taken,
)

_Id = tuple[Tenant, ReferralId]
_Due = tuple[datetime, Tenant, ReferralId]


class MemoryReferrals:
    """Referrals in dictionaries, with one lock around every operation."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._referrals: dict[_Id, Loaded] = {}
        self._events: dict[_Id, list[Event]] = defaultdict(list)
        self._payloads: dict[tuple[_Id, int], bytes] = {}
        self._keys: dict[tuple[Tenant, KeyKind, str], Taken] = {}
        self._phones: dict[tuple[Tenant, str], dict[ReferralId, None]] = defaultdict(dict)
        self._due: list[_Due] = []
        self.updates: dict[_Id, dict[str, Update]] = defaultdict(dict)
        self.decisions: dict[_Id, list[RoutingDecision]] = defaultdict(list)
        self.evidence: dict[_Id, list[Evidence]] = defaultdict(list)
        self.slots: dict[tuple[Tenant, str], dict[date, str]] = defaultdict(dict)
        self.opt_outs: dict[tuple[Tenant, str], datetime] = {}
        self.held: dict[tuple[Tenant, str, str], int] = defaultdict(int)

    def accept(self, arrivals: Sequence[Arrival]) -> tuple[Taken, ...]:
        """Write all arrivals, or return the locks taken already."""
        with self._lock:
            wanted = [(a.referral.tenant, key) for a in arrivals for key in a.keys]
            taken = tuple(held for tenant, key in wanted if (held := self.taken(tenant, key)))
            if taken:
                return taken
            for arrival in arrivals:
                self._write(arrival)
            return ()

    def _write(self, arrival: Arrival) -> None:
        referral = arrival.referral
        at = (referral.tenant, referral.id)
        self._referrals[at] = Loaded(referral=referral, mailbox=Mailbox())
        self._file_due(referral)
        self._events[at].append(arrival.event)
        self._payloads[at, referral.payload_version] = arrival.payload
        for key in arrival.keys:
            self._keys[referral.tenant, key.kind, key.value] = Taken(
                key=key, referral_id=referral.id, content_hash=key.content_hash
            )
        if arrival.phone_hash:
            self._phones[referral.tenant, arrival.phone_hash][referral.id] = None

    def taken(self, tenant: Tenant, key: Key) -> Taken | None:
        """Read a lock; None when nobody holds it."""
        held = self._keys.get((tenant, key.kind, key.value))
        return held.model_copy(update={"key": key}) if held else None

    def load(self, tenant: Tenant, referral_id: ReferralId) -> Loaded:
        """Read a referral and its mailbox."""
        with self._lock:
            found = self._referrals.get((tenant, referral_id))
        if found is None:
            raise NotFound("There is no such referral.")
        return found

    def payload(self, referral: Referral) -> bytes:
        """Read the payload of the referral's version."""
        return self._payloads[(referral.tenant, referral.id), referral.payload_version]

    def events(self, tenant: Tenant, referral_id: ReferralId) -> Sequence[Event]:
        """Read all events, oldest first."""
        return tuple(self._events[tenant, referral_id])

    def due(self, before: datetime, limit: int) -> Iterable[tuple[Tenant, ReferralId]]:
        """Iterate over due referrals, soonest due first."""
        del limit  # there are no pages in memory
        found: dict[_Due, None] = {}
        with self._lock:
            while self._due and self._due[0][0] <= before:
                entry = heappop(self._due)
                if self._is_current(entry):
                    found[entry] = None
            # What cannot be tended stays due.
            for entry in found:
                heappush(self._due, entry)
        yield from ((tenant, referral_id) for _, tenant, referral_id in found)

    def next_due(self) -> datetime | None:
        """Return when the next open referral is due; None when none is open."""
        with self._lock:
            while self._due and not self._is_current(self._due[0]):
                heappop(self._due)
            return self._due[0][0] if self._due else None

    def in_queue(
        self, tenant: Tenant, queue: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List one queue's referrals, soonest due first."""
        listed = [r for r in self._of(tenant) if queue == ("closed" if r.is_closed else r.queue)]
        return _page(sorted(listed, key=lambda r: (r.due_at, r.id)), limit, after)

    def of_performer(
        self, tenant: Tenant, organization: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List the referrals in an organization's hands, oldest change first."""
        listed = [
            r for r in self._of(tenant) if r.offers and r.offers[-1].organization == organization
        ]
        return _page(sorted(listed, key=lambda r: (r.updated_at, r.id)), limit, after)

    def _of(self, tenant: Tenant) -> Sequence[Referral]:
        with self._lock:
            return [
                held.referral for held in self._referrals.values() if held.referral.tenant == tenant
            ]

    def _file_due(self, referral: Referral) -> None:
        if not referral.is_closed:
            heappush(self._due, (referral.due_at, referral.tenant, referral.id))

    def _is_current(self, entry: _Due) -> bool:
        due_at, tenant, referral_id = entry
        referral = self._referrals[tenant, referral_id].referral
        return referral.due_at == due_at and not referral.is_closed

    def by_phone(self, tenant: Tenant, phone_hash: str) -> Sequence[ReferralId]:
        """List the open referrals of a phone number."""
        ids = self._phones[tenant, phone_hash]
        return [i for i in ids if not self.load(tenant, i).referral.is_closed]

    def messaged(self, tenant: Tenant, phone_hash: str, since: date) -> Mapping[date, str]:
        """Return the message of each of a patient's days, from `since` on."""
        return {d: r for d, r in self.slots[tenant, phone_hash].items() if d >= since}

    def opt_out(self, tenant: Tenant, phone_hash: str, at: datetime) -> None:
        """Put a number on the opt-out list; the first time counts."""
        self.opt_outs.setdefault((tenant, phone_hash), at)

    def opted_out(self, tenant: Tenant, phone_hash: str) -> bool:
        """Whether a number is on the opt-out list."""
        return (tenant, phone_hash) in self.opt_outs

    def all(self) -> Sequence[Loaded]:
        """Return every referral: what a test or a simulation looks at."""
        return tuple(self._referrals.values())

    def commit(self, commit: Commit) -> None:
        """Write one commit, conditional on run, version and mailbox version."""
        change = commit.change
        after = change.after
        at = (after.tenant, after.id)
        with self._lock:
            present = self._referrals[at]
            self._require_unchanged(commit, present)
            self._require_slot(commit)
            self._move_capacity(commit)
            self._take_slot(commit)
            mailbox = commit.mailbox or present.mailbox
            self._referrals[at] = Loaded(referral=after, mailbox=mailbox)
            if after.due_at != present.referral.due_at or present.referral.is_closed:
                self._file_due(after)
            self._events[at].append(change.event)
            if commit.update:
                self.updates[at][commit.update.id] = commit.update
            if commit.payload is not None:
                self._payloads[at, after.payload_version] = commit.payload
            if commit.decision:
                self.decisions[at].append(commit.decision)
            if commit.phone_hash:
                self._phones[after.tenant, commit.phone_hash][after.id] = None
            if commit.evidence:
                self.evidence[at].append(commit.evidence)

    def _require_unchanged(self, commit: Commit, present: Loaded) -> None:
        before = commit.change.before
        if present.referral.run != before.run:
            raise StaleRun(f"Run {present.referral.run} carries the referral.")
        if present.referral.version != before.version:
            raise Conflict("Another writer was first.")
        if commit.mailbox and present.mailbox.version != commit.mailbox_before.version:
            raise Conflict("Another writer was first.")
        if commit.update and commit.update.id in self.updates[before.tenant, before.id]:
            raise Conflict("The update is on record.")

    def _take_slot(self, commit: Commit) -> None:
        if slot := commit.slot:
            tenant = commit.change.after.tenant
            self.slots[tenant, slot.phone_hash][slot.day] = slot.reference

    def _require_slot(self, commit: Commit) -> None:
        if (slot := commit.slot) is None:
            return
        at = (commit.change.after.tenant, slot.phone_hash)
        if self.slots[at].get(slot.day, slot.reference) != slot.reference:
            raise NotNow("The patient got a message today.")
        if slot.stoppable and at in self.opt_outs:
            raise NotNow("The patient wants no messages.")

    def _move_capacity(self, commit: Commit) -> None:
        tenant = commit.change.after.tenant
        if hold := commit.hold:
            if self.held[tenant, hold.npi, hold.week] >= commit.hold_capacity:
                raise NoCapacity("The week is full.")
            self.held[tenant, hold.npi, hold.week] += 1
        if release := commit.release:
            if self.held[tenant, release.npi, release.week] <= 0:
                raise Conflict("Nothing is held.")
            self.held[tenant, release.npi, release.week] -= 1


def _page(
    listed: Sequence[Referral], limit: int, after: str | None
) -> tuple[Sequence[Referral], str | None]:
    """Return one page, and the id after which the next one begins."""
    ids = [r.id for r in listed]
    begin = ids.index(ReferralId(after)) + 1 if after in ids else 0
    page = listed[begin : begin + limit]
    return page, page[-1].id if begin + limit < len(listed) else None


class MemoryDirectory:
    """Configuration in lists, with the holds of a MemoryReferrals."""

    def __init__(
        self,
        referrals: MemoryReferrals,
        records: Iterable[TenantProfile | Payer | EhrSystem | Practitioner | Principal],
    ) -> None:
        """Take the records that operations would load."""
        self._referrals = referrals
        self._records = tuple(records)

    def principal(self, client_id: str) -> Principal:
        """Read the principal of a client id."""
        for record in self._records:
            if isinstance(record, Principal) and record.client_id == client_id:
                return record
        raise Forbidden("This client is not registered: ask operations to onboard it.")

    def tenant(self, tenant: Tenant) -> TenantProfile:
        """Read the tenant's profile."""
        for record in self._records:
            if isinstance(record, TenantProfile) and record.tenant == tenant:
                return record
        raise NotFound("The tenant has no profile.")

    def payer(self, tenant: Tenant, payer_id: str) -> Payer:
        """Read one payer."""
        for payer in self.payers(tenant):
            if payer.id == payer_id:
                return payer
        raise NotFound("The tenant has no such payer.")

    def payers(self, tenant: Tenant) -> Sequence[Payer]:
        """List the tenant's payers."""
        return [r for r in self._records if isinstance(r, Payer) and r.tenant == tenant]

    def ehr(self, tenant: Tenant, ehr_id: str) -> EhrSystem:
        """Read one EHR system."""
        for record in self._records:
            if isinstance(record, EhrSystem) and record.tenant == tenant and record.id == ehr_id:
                return record
        raise NotFound("The tenant has no such EHR system.")

    def specialists(self, tenant: Tenant, specialty: str) -> Sequence[Practitioner]:
        """List the practitioners of a specialty."""
        return [
            r
            for r in self._records
            if isinstance(r, Practitioner) and r.tenant == tenant and r.specialty == specialty
        ]

    def held(self, tenant: Tenant, npi: str, weeks: Sequence[str]) -> Mapping[str, int]:
        """Read the holds of some weeks."""
        return {week: self._referrals.held[tenant, npi, week] for week in weeks}


class MemoryWorkflow:
    """Remembers what it was told; a test or a simulation plays the state machine."""

    def __init__(self) -> None:
        self.started: list[Referral] = []
        self.answers: dict[str, str] = {}
        self.faults: dict[str, str] = {}
        self.waiting: set[str] = set()

    def start(self, referral: Referral) -> None:
        """Remember the start, once a run."""
        if all((r.id, r.run) != (referral.id, referral.run) for r in self.started):
            self.started.append(referral)

    def answer(self, token: str, outcome: str) -> Delivery:
        """Hand the answer over when somebody waits for it."""
        if token not in self.waiting:
            return Delivery.NOBODY_WAITS
        self.waiting.discard(token)
        self.answers[token] = outcome
        return Delivery.DELIVERED

    def fault(self, token: str, error: str) -> Delivery:
        """Hand the fault over when somebody waits."""
        if token not in self.waiting:
            return Delivery.NOBODY_WAITS
        self.waiting.discard(token)
        self.faults[token] = error
        return Delivery.DELIVERED
