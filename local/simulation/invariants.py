"""What must hold of the record after any day, however bad: each check says what it found wrong.

The numbers are those of the list "Invariants that hold under every fault" (targets.md); ledger.py
recounts (8), privacy.py looks for what must not be there (10).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from local.simulation.accountability import every_update_counts, one_patient
from local.simulation.day import Day
from referral_core.domain.directory import Practitioner
from referral_core.domain.events import EventKind
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import LEGAL, Party
from referral_core.domain.mailbox import Mailbox
from referral_core.domain.outreach.series import reference_of
from referral_core.domain.referral import Referral
from referral_core.pathways import pathway

Check = Callable[[Day], Iterator[str]]

_OWN: Final = ("deadline-", "opened-")
"""Begin the ids of what the router itself ends a wait with, which is on record in events only."""
_OVERWRITTEN: Final = frozenset({"portal", "letter"})
_AFTER_CLOSURE: Final = frozenset({"version", "updated_at"})
"""What alone a late update changes: the count of what happened, and when."""


def ended_or_on_a_worklist(day: Day) -> Iterator[str]:
    """1: every accepted referral has an outcome, or is on a team's worklist with a due time."""
    for referral in day.referrals:
        if referral.is_closed:
            if referral.outcome is None or referral.closed_at is None:
                yield f"{referral.id} is closed without an outcome"
            continue
        item = referral.work_item
        if referral.waits_for is not Party.STAFF or item is None:
            yield f"{referral.id} is {referral.status} and waits for {referral.waits_for}"
        elif item.due_at is None or referral.due_at <= referral.updated_at:
            yield f"{referral.id} is a work item that is never due"
        elif referral.queue is None or not item.actions:
            yield f"{referral.id} is a work item that nobody can decide"


def accepted_once(day: Day) -> Iterator[str]:
    """2: the same body under the same key is one referral; another body was refused."""
    known = {r.id for r in day.referrals}
    answered: dict[tuple[str, int], set[str]] = defaultdict(set)
    for posted in day.posted:
        if posted.referral_id is not None:
            answered[posted.body, posted.position].add(posted.referral_id)
    for (body, _), ids in answered.items():
        if len(ids) > 1:
            yield f"the body {body[:12]} became several referrals: {sorted(ids)}"
    accepted = {referral_id for ids in answered.values() for referral_id in ids}
    for referral_id in sorted(known ^ accepted):
        where = "there, but never answered" if referral_id in known else "accepted, but not there"
        yield f"{referral_id} is {where}"
    placers = Counter((r.tenant, r.placer_identifier) for r in day.referrals if r.placer_identifier)
    for (_, placer), count in placers.items():
        if count > 1:
            yield f"{count} referrals have the placer identifier {placer}"
    for key in day.table.existing_keys():
        if key.referral_id not in known:
            yield f"an idempotency key names {key.referral_id}, which is not there"


def capacity_kept(day: Day) -> Iterator[str]:
    """3: what is reserved is what the offers reserve, never above capacity, never below none."""
    capacity = {
        (r.tenant, r.npi): r.weekly_capacity for r in day.configured if isinstance(r, Practitioner)
    }
    reserved: Counter[tuple[Tenant, str, str]] = Counter(day.reserved)
    for referral in day.referrals:
        for offer in referral.offers:
            if offer.reservation is not None:
                reserved[referral.tenant, offer.reservation.npi, offer.reservation.week] += 1
    for at in sorted({*reserved, *day.table.reserved}):
        tenant, npi, week = at
        stored = day.table.reserved[at]
        if stored != reserved[at]:
            yield f"{npi} has {stored} reservations in {week}, the offers have {reserved[at]}"
        most = capacity.get((tenant, npi), 0)
        if not 0 <= stored <= most:
            yield f"{npi} has {stored} reservations in {week}, and a capacity of {most}"


def one_message_per_attempt(day: Day) -> Iterator[str]:
    """4: at most one message per attempt, each on record, none for an attempt not made."""
    sent: Counter[str] = Counter(message["reference"] for message in day.messages)
    # Repeated under its reference it overwrites itself, so one whose answer was lost may lie there.
    overwritten = {m["reference"] for m in day.messages if m.get("channel") in _OVERWRITTEN}
    on_record: set[str] = set()
    for referral in day.referrals:
        for contact in referral.contacts:
            if contact.channel == "call":
                continue
            reference = reference_of(referral, contact)
            on_record.add(reference)
            if contact.state == "sent" and sent[reference] == 0:
                yield f"{reference} is recorded as sent, and was not"
            if contact.state in {"skipped", "due", "missed"} and sent[reference]:
                yield f"{reference} is recorded as {contact.state}, and was sent"
    for reference, count in sent.items():
        if count > 1:
            yield f"{reference} was sent {count} times"
        if reference not in on_record | overwritten:
            yield f"{reference} was sent, and is not on record"


def moves_are_legal(day: Day) -> Iterator[str]:
    """5: only legal moves; versions rise by one; the record is what its last event says."""
    for referral in day.referrals:
        events = day.events(referral)
        if [e.version for e in events] != list(range(1, len(events) + 1)):
            yield f"{referral.id} has the versions {[e.version for e in events]}"
        for before, after in pairwise(events):
            event = f"event {after.version} of {referral.id}"
            if after.from_status is not before.to_status:
                yield f"{event} leaves {after.from_status}, not {before.to_status}"
            elif after.to_status not in {before.to_status, *LEGAL[before.to_status]}:
                yield f"{event} moves {before.to_status} -> {after.to_status}"
            if after.run < before.run:
                yield f"{event} goes back to run {after.run}"
        last = events[-1]
        if (last.version, last.to_status, last.run) != (
            referral.version,
            referral.status,
            referral.run,
        ):
            yield f"{referral.id} is not what its last event says"


def late_changes_nothing(day: Day) -> Iterator[str]:
    """6: what comes after the closure is recorded and alters nothing."""
    for referral in day.referrals:
        at = (referral.tenant, referral.id)
        updates = day.table.updates[at]
        for late in day.table.late[at]:
            before, after = late.before.model_dump(), late.after.model_dump()
            changed = {k for k in before if before[k] != after[k]} - _AFTER_CLOSURE
            if changed:
                yield f"{referral.id} was closed, and {late.event.kind} changed {sorted(changed)}"
        for event in day.events(referral):
            used = event.update
            if used is not None and used not in updates and not used.startswith(_OWN):
                yield f"{referral.id} used {used} in event {event.version}, which is not on record"
        named = {event.update for event in day.events(referral)}
        for update in sorted(updates.keys() - named):
            yield f"{referral.id} has {update} on record, and no event says what became of it"


def pathway_is_kept(day: Day) -> Iterator[str]:
    """7: a referral stays on the pathway and the version on which it was accepted."""
    for referral in day.referrals:
        pinned = day.table.new_referrals[referral.tenant, referral.id].referral
        if (referral.pathway, referral.pathway_version) != (pinned.pathway, pinned.pathway_version):
            yield f"{referral.id} moved from {pinned.pathway} to {referral.pathway}"
        if any(event.dimensions.pathway != pinned.pathway for event in day.events(referral)):
            yield f"{referral.id} has events of another pathway than {pinned.pathway}"
        pathway(referral.pathway, referral.pathway_version)


def mailbox_is_sound(day: Day) -> Iterator[str]:
    """Nobody waits where nothing comes: waits, resolutions and pending updates fit the record."""
    for state in day.table.all():
        referral, mailbox = state.referral, state.mailbox
        wait = mailbox.open_wait
        if wait is not None:
            if referral.is_closed:
                yield f"{referral.id} is closed, and {wait.step} waits"
            elif wait.step is not referral.current_step:
                yield f"{referral.id} is at {referral.current_step}, and {wait.step} waits"
            used = mailbox.acceptable(wait.accepts)
            if used is not None:
                yield f"{referral.id} waits, and {used.kind}, which it accepts, is pending"
        yield from _used_once(day, referral, mailbox)


def _used_once(day: Day, referral: Referral, mailbox: Mailbox) -> Iterator[str]:
    """Each update is pending, or was used by one event: never both, never by two."""
    uses = Counter(e.update for e in day.events(referral) if e.kind is not EventKind.UPDATE_PENDING)
    pending = Counter(update.id for update in mailbox.pending)
    for update in day.table.updates[referral.tenant, referral.id]:
        count = uses[update] + pending[update]
        if count != 1:
            yield f"{referral.id} has {update} pending or used {count} times"


def documents_are_kept(day: Day) -> Iterator[str]:
    """Whatever names a document by its hash names one that is stored."""
    for referral in day.referrals:
        at = (referral.tenant, referral.id)
        named = {r.sha256 for r in referral.reports} | {e.sha256 for e in day.table.evidence[at]}
        for digest in sorted(named):
            if (referral.tenant, digest) not in day.documents:
                yield f"{referral.id} names the document {digest[:12]}, which is not stored"


def loops_are_closed_by_evidence(day: Day) -> Iterator[str]:
    """A closed loop has its notice delivered, and a completed one its acknowledgement."""
    for referral in day.referrals:
        if not referral.loop_closed:
            continue
        notice = referral.notice
        if notice is None or notice.delivered_at is None:
            yield f"{referral.id} has a closed loop, and nobody was notified"
        if referral.loop_completed and (notice is None or notice.acknowledged_at is None):
            yield f"{referral.id} is completed, and nobody acknowledged it"


CHECKS: Final[Mapping[str, Check]] = {
    "1 ended or on a worklist": ended_or_on_a_worklist,
    "2 accepted once": accepted_once,
    "3 capacity kept": capacity_kept,
    "4 one message per attempt": one_message_per_attempt,
    "5 moves are legal": moves_are_legal,
    "6 late changes nothing": late_changes_nothing,
    "7 pathway is kept": pathway_is_kept,
    "mailbox is sound": mailbox_is_sound,
    "documents are kept": documents_are_kept,
    "loops closed by evidence": loops_are_closed_by_evidence,
    "one patient": one_patient,
    "every update counts": every_update_counts,
}
