"""The record and the directory in memory, as strict about conditions as the table is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from heapq import heappop, heappush
from threading import RLock
from typing import Final

from referral_core.adapters.memory.effects import At, Shelves, require_possible, write
from referral_core.adapters.memory.metering import AsTheTable, Metering
from referral_core.adapters.memory.unmatched import MemoryUnmatched
from referral_core.domain.effects import RecordUpdate, Release, RoutingDecision
from referral_core.domain.errors import Conflict, NotFound, StaleRun
from referral_core.domain.events import Event
from referral_core.domain.evidence import Evidence
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.mailbox import Mailbox
from referral_core.domain.new_referral import ExistingKey, Key, KeyKind, NewReferral
from referral_core.domain.referral import Referral
from referral_core.domain.run import pause_after
from referral_core.domain.unmatched import of_left_out
from referral_core.domain.waitlist import Waiting, lines_of
from referral_core.domain.writes import Commit, DuplicateUpdate, ReferralState

_Due = tuple[datetime, Tenant, ReferralId]
_EVER: Final = datetime.min.replace(tzinfo=UTC)


class MemoryReferrals(Shelves):
    """Referrals in dictionaries, with one lock around every operation."""

    def __init__(self, metering: Metering | None = None) -> None:
        """Start empty. Args: metering: counts what writes cost; as the table does, when None."""
        super().__init__()
        self._metering = metering or AsTheTable()
        self.unmatched = MemoryUnmatched()
        self._lock = RLock()
        self._referrals: dict[At, ReferralState] = {}
        self._events: dict[At, list[Event]] = defaultdict(list)
        self._due: list[_Due] = []
        self._set_back: dict[At, tuple[int, datetime]] = {}

    def accept(self, new_referrals: Sequence[NewReferral]) -> tuple[ExistingKey, ...]:
        """Write all arrivals, or return the locks taken already."""
        with self._lock:
            wanted = [(a.referral.tenant, key) for a in new_referrals for key in a.keys]
            taken = tuple(held for tenant, key in wanted if (held := self.taken(tenant, key)))
            if taken:
                return taken
            self._metering.require_together(new_referrals)
            for new_referral in new_referrals:
                self._write(new_referral)
            return ()

    def _write(self, new_referral: NewReferral) -> None:
        referral = new_referral.referral
        at = (referral.tenant, referral.id)
        # First: what does not fit the table changes nothing.
        event = self._metering.event_of_new(new_referral)
        self._referrals[at] = ReferralState(referral=referral, mailbox=Mailbox())
        self._file_due(referral)
        self._events[at].append(event)
        self.payloads[at, referral.payload_version] = new_referral.payload
        for key in new_referral.keys:
            self.keys[referral.tenant, key.kind, key.value, key.owner] = ExistingKey(
                key=key, referral_id=referral.id, content_hash=key.content_hash
            )
        for identifier in new_referral.identifiers:
            self.identifiers[referral.tenant, identifier][referral.id] = None
        self.evidence[at].extend(new_referral.evidence)
        if new_referral.left_out:
            self.unmatched.keep(of_left_out(new_referral, new_referral.left_out))
        if new_referral.contact_hash:
            self.phones[referral.tenant, new_referral.contact_hash][referral.id] = None

    def taken(self, tenant: Tenant, key: Key) -> ExistingKey | None:
        """Read a lock; None when nobody holds it."""
        held = self.keys.get((tenant, key.kind, key.value, key.owner))
        return held.but(key=key) if held else None

    def identified(self, tenant: Tenant, identifier: str) -> Sequence[ReferralId]:
        """List the referrals that have an identifier, as their own number or with others."""
        sought = (tenant, KeyKind.PLACER, identifier)
        own = [held.referral_id for at, held in list(self.keys.items()) if at[:3] == sought]
        return sorted({*own, *self.identifiers[tenant, identifier]})

    def load(self, tenant: Tenant, referral_id: ReferralId) -> ReferralState:
        """Read a referral and its mailbox."""
        with self._lock:
            found = self._referrals.get((tenant, referral_id))
        if found is None:
            raise NotFound("There is no such referral.")
        return found

    def those_of(self, tenant: Tenant, ids: Sequence[ReferralId]) -> Sequence[Referral]:
        """Read some referrals, in their order; what is not there is left out."""
        found = (self._referrals.get((tenant, one)) for one in ids)
        return [state.referral for state in found if state]

    def payload(self, referral: Referral) -> bytes:
        """Read the payload of the referral's version."""
        return self.payloads[(referral.tenant, referral.id), referral.payload_version]

    def has_update(self, tenant: Tenant, referral_id: ReferralId, update_id: str) -> bool:
        """Whether an update of this id is on record."""
        return update_id in self.updates[tenant, referral_id]

    def events(self, tenant: Tenant, referral_id: ReferralId) -> Sequence[Event]:
        """Read all events, oldest first."""
        return tuple(self._events[tenant, referral_id])

    def routing_decisions(
        self, tenant: Tenant, referral_id: ReferralId
    ) -> Sequence[RoutingDecision]:
        """Read all routing decisions, oldest first."""
        return tuple(self.decisions[tenant, referral_id])

    def documents_of(self, tenant: Tenant, referral_id: ReferralId) -> Sequence[Evidence]:
        """List what proves a referral's facts."""
        return tuple(self.evidence[tenant, referral_id])

    def due(self, before: datetime, limit: int) -> Iterable[tuple[Tenant, ReferralId]]:
        """Iterate over due referrals, soonest due first."""
        del limit  # there are no pages in memory
        found: dict[_Due, None] = {}
        with self._lock:
            while self._due and self._due[0][0] <= before:
                entry = heappop(self._due)
                if self._is_current(entry):
                    found[entry] = None
            # What cannot be processed stays due.
            for entry in found:
                heappush(self._due, entry)
        yield from ((tenant, referral_id) for _, tenant, referral_id in found)

    def oldest(self, before: datetime) -> datetime | None:
        """Return since when the referral is due that waits for the longest."""
        first = self.next_due()
        return first if first is not None and first <= before else None

    def set_back(self, tenant: Tenant, referral_id: ReferralId, now: datetime) -> int:
        """Let a due referral rest, until somebody writes it; return its failures since then."""
        at = (tenant, referral_id)
        with self._lock:
            failures = self._set_back.get(at, (0, now))[0] + 1
            self._set_back[at] = (failures, now + pause_after(failures))
            self._file_due(self._referrals[at].referral)
        return failures

    def next_due(self) -> datetime | None:
        """Return when the next open referral is due; None when none is open."""
        with self._lock:
            while self._due and not self._is_current(self._due[0]):
                heappop(self._due)
            return self._due[0][0] if self._due else None

    def in_queue(
        self, tenant: Tenant, queue: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List one queue's referrals, first received first."""
        listed = [r for r in self._of(tenant) if queue == ("closed" if r.is_closed else r.queue)]
        return _page(sorted(listed, key=_received), limit, after)

    def of_performer(
        self, tenant: Tenant, organization: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List the referrals in an organization's hands, first received first."""
        listed = [
            r for r in self._of(tenant) if r.offers and r.offers[-1].organization == organization
        ]
        return _page(sorted(listed, key=_received), limit, after)

    def of_referrer(
        self, tenant: Tenant, organization: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List the orders of an EHR, in the order of their last versions."""
        places = sorted(
            (_revised(r), r.id, r) for r in self._of(tenant) if r.referrer == organization
        )
        name, _, at = (after or "").partition("|")
        rest = [place for place in places if place[:2] > (at, name)]
        page = rest[:limit]
        following = f"{page[-1][1]}|{page[-1][0]}" if len(rest) > limit else None
        return [place[2] for place in page], following

    def _of(self, tenant: Tenant) -> Sequence[Referral]:
        with self._lock:
            return [
                held.referral for held in self._referrals.values() if held.referral.tenant == tenant
            ]

    def _file_due(self, referral: Referral) -> None:
        if not referral.is_closed:
            heappush(self._due, (self._due_at(referral), referral.tenant, referral.id))

    def _due_at(self, referral: Referral) -> datetime:
        _, rests_until = self._set_back.get((referral.tenant, referral.id), (0, _EVER))
        return max(referral.next_due_at, rests_until)

    def _is_current(self, entry: _Due) -> bool:
        due_at, tenant, referral_id = entry
        referral = self._referrals[tenant, referral_id].referral
        return self._due_at(referral) == due_at and not referral.is_closed

    def waiting(self, tenant: Tenant, specialty: str) -> Iterable[Waiting]:
        """Iterate over the referrals that wait for a specialty, in the order of their turns."""
        lines = ((lines_of(r).get(specialty), r.id) for r in self._of(tenant))
        return sorted(Waiting(place, referral_id) for place, referral_id in lines if place)

    def by_phone(self, tenant: Tenant, contact_hash: str) -> Sequence[ReferralId]:
        """List the open referrals of a phone number."""
        ids = self.with_phone(tenant, contact_hash)
        return [i for i in ids if not self.load(tenant, i).referral.is_closed]

    def with_phone(self, tenant: Tenant, contact_hash: str) -> Sequence[ReferralId]:
        """List the referrals of a phone number, closed ones too."""
        return tuple(self.phones[tenant, contact_hash])

    def messaged(self, tenant: Tenant, contact_hash: str, since: date) -> Mapping[date, str]:
        """Return the message of each of a patient's days, from `since` on."""
        return {d: r for d, r in self.message_claims[tenant, contact_hash].items() if d >= since}

    def opt_out(self, tenant: Tenant, contact_hash: str, at: datetime) -> None:
        """Put a number on the opt-out list; the first time counts."""
        self.opt_outs.setdefault((tenant, contact_hash), at)

    def opt_in(self, tenant: Tenant, contact_hash: str) -> None:
        """Take a number off the opt-out list."""
        self.opt_outs.pop((tenant, contact_hash), None)

    def opted_out(self, tenant: Tenant, contact_hash: str) -> bool:
        """Whether a number is on the opt-out list."""
        return (tenant, contact_hash) in self.opt_outs

    def all(self) -> Sequence[ReferralState]:
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
            for effect in commit.effects:
                require_possible(self, after, effect)
            event = self._metering.event_of_commit(commit, releases=self._releases(commit))
            for effect in commit.effects:
                write(self, after, effect)
            mailbox = commit.mailbox or present.mailbox
            self._referrals[at] = ReferralState(referral=after, mailbox=mailbox)
            if self._due_at(present.referral) != after.next_due_at or present.referral.is_closed:
                self._set_back.pop(at, None)
                self._file_due(after)
            self._events[at].append(event)

    def _releases(self, commit: Commit) -> bool:
        """Whether every reservation that is given back is there; as the table, all or none."""
        tenant = commit.change.after.tenant
        given = (e.reservation for e in commit.effects if isinstance(e, Release))
        return all(self.reserved[tenant, r.npi, r.week] > 0 for r in given)

    def _require_unchanged(self, commit: Commit, present: ReferralState) -> None:
        before = commit.change.before
        for effect in commit.effects:
            # Whoever wrote meanwhile: what is on record is not to be tried again.
            if isinstance(effect, RecordUpdate) and self.has_update(
                before.tenant, before.id, effect.update.id
            ):
                raise DuplicateUpdate("The update is on record.")
        if present.referral.run != before.run:
            raise StaleRun(f"Run {present.referral.run} is at work.")
        if present.referral.version != before.version:
            raise Conflict("Another writer was first.")
        if commit.mailbox and present.mailbox.version != commit.mailbox_before.version:
            raise Conflict("Another writer was first.")


def _received(referral: Referral) -> tuple[datetime, ReferralId]:
    return referral.received_at, referral.id


def _page(
    listed: Sequence[Referral], limit: int, after: str | None
) -> tuple[Sequence[Referral], str | None]:
    """Return one page, and the id after which the next one begins."""
    ids = [r.id for r in listed]
    begin = ids.index(ReferralId(after)) + 1 if after in ids else 0
    page = listed[begin : begin + limit]
    return page, page[-1].id if begin + limit < len(listed) else None


def _revised(referral: Referral) -> str:
    moment = (referral.revised_at or referral.received_at).astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
