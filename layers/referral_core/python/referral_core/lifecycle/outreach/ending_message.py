"""What the patient is told when a referral ends that they were asked about, or are booked for.

Whoever was texted waits for more, and whoever is booked comes. VerifyClosure sees that the clinic
and the referrer learn of the end first; then ContactPatient says it to the patient, once, in the
hours and by the channels that all messages keep to. A visit that no message may call off is
called off by a person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from referral_core.domain.effects import Effect
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.events import ContactFacts, EventKind
from referral_core.domain.lifecycle import COMPLETED, Outcome, Step
from referral_core.domain.messages import DeliveryUnknown
from referral_core.domain.outreach.plan import METERED, Channel, Purpose
from referral_core.domain.outreach.replies import Reply
from referral_core.domain.outreach.series import last_contact, series, with_contact_ended
from referral_core.domain.referral import Contact, Referral
from referral_core.domain.referral.contact import ContactState
from referral_core.domain.updates import PatientReplied, ReportReceived, Update, UpdateKind
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.disclosure import has_consent, needs_consent
from referral_core.lifecycle.draft import (
    Draft,
    continue_to,
    draft,
    open_work_item,
    record_only,
    start_draft,
)
from referral_core.lifecycle.outreach.messages import (
    Messages,
    free_at,
    is_opted_out,
    message_claim,
    reachable,
)
from referral_core.lifecycle.reactions.closing_report import received_while_verifying
from referral_core.lifecycle.step import Recorder

_KNOWN_TO_THEM: Final = frozenset(
    {Outcome.PATIENT_DECLINED, Outcome.DECEASED_OR_MOVED, Outcome.UNABLE_TO_REACH}
)
"""Ends that the patient brought about, or that no message reaches them with."""
_ONLY_OF_A_VISIT: Final = frozenset({Outcome.SUPERSEDED, Outcome.CARE_RECEIVED_ELSEWHERE})
"""Ends after which a question to the patient is moot: only who is booked must hear of it."""
_ASKED: Final[frozenset[ContactState]] = frozenset({"sent", "made", "sending", "ambiguous"})
ACCEPTS: Final = frozenset({UpdateKind.PATIENT_REPLIED, UpdateKind.REPORT_RECEIVED})
"""What is used while the message waits for its hour; what else comes waits for the closure."""
_TRY_AGAIN: Final = timedelta(hours=1)
_TRIED_FOR: Final = timedelta(days=1)


def is_owed(case: Case) -> bool:
    """Whether the patient is still to be told that nothing more comes of the referral."""
    outcome = case.referral.proposed_outcome
    if outcome is None or outcome in COMPLETED | _KNOWN_TO_THEM or case.content.patient.deceased:
        return False
    visit_is_off = is_visit_off(case)
    if any(_settles(c, visit_is_off=visit_is_off) for c in _told(case.referral)):
        return False
    if visit_is_off:
        return True
    referral, visit = case.referral, case.referral.appointment
    if visit is not None and visit.status == "fulfilled":
        return False
    asked = referral.asked_with is not None or any(c.state in _ASKED for c in series(referral))
    is_moot = outcome in _ONLY_OF_A_VISIT or _others_ask(case)
    return asked and not is_moot and _channel(case) is not None


def is_visit_off(case: Case) -> bool:
    """Whether a visit that lies ahead does not take place, and the patient does not know it yet.

    Of one that was cancelled before, the series that follows tells: it begins with saying so.
    """
    visit = case.referral.appointment
    if visit is None or visit.start <= case.now:
        return False
    knows = any(c.state in {"sent", "made"} for c in series(case.referral))
    return visit.is_booked or (visit.status == "cancelled" and (visit.called_off or not knows))


def leads_to(case: Case) -> Draft:
    """Draft that the patient is told next: by a message, or by a person where none may go out."""
    if _channel(case) is None:
        return open_work_item(case, Reason.PATIENT_NOT_TOLD)
    return continue_to(
        case,
        Step.CONTACT_PATIENT,
        EventKind.PATIENT_TO_BE_TOLD,
        "The patient is told that the visit is off, or no longer arranged.",
    )


def start(case: Case) -> Draft:
    """Write the message down before it is sent; back to the closure where none is owed any more.

    One that was being sent when the step died is not sent again: nobody knows whether it was.
    """
    last, contacts = last_contact(case.referral), case.referral.contacts
    if last is not None and last.state == "sending":
        contacts = with_contact_ended(case.referral, "ambiguous")
        case = case.of(case.referral.but(contacts=contacts))
    channel = _channel(case)
    if channel is None or not is_owed(case):
        return _verified(case, EventKind.PATIENT_TO_BE_TOLD)
    claims: tuple[Effect, ...] = ()
    if free_at(case, channel, case.now) <= case.now:
        contact = Contact(
            number=len(contacts) + 1,
            channel=channel,
            at=case.now,
            state="sending",
            purpose="ending",
            day_part=case.hours.part_of(case.now),
        )
        contacts, claims = (*contacts, contact), message_claim(case, contact)
    return start_draft(
        case,
        Step.CONTACT_PATIENT,
        "The patient is being told that nothing more comes of it.",
        effects=claims,
        contacts=contacts,
    )


def execute(case: Case, messages: Messages) -> Recorder:
    """Send what `start` wrote down, or wait until it may be sent."""
    contact = last_contact(case.referral)
    if contact is None or contact.state != "sending":
        return _waits
    purpose = Purpose.CALLED_OFF if is_visit_off(case) else Purpose.WITHDRAWN
    try:
        parts = messages.send(case, contact, purpose)
    except DeliveryUnknown:
        return lambda current: _ended(current, "ambiguous")
    except Retryable:
        return _channel_down
    except Permanent:
        return lambda current: _ended(current, "failed")
    return lambda current: _ended(current, "sent", parts)


def on_update(case: Case, update: Update) -> Draft:
    """React while the message waits for its hour: a reply changes only whether it may go out.

    A report is read at once, as it is once the patient was told.
    """
    if isinstance(update, ReportReceived):
        return received_while_verifying(case, update).to(Step.VERIFY_CLOSURE)
    if isinstance(update, PatientReplied) and update.reply is Reply.STOP and is_visit_off(case):
        # A person calls at once: by the hour of the message there may be no time left.
        facts = ContactFacts(reply=update.reply)
        stopped = record_only(
            case, update, EventKind.PATIENT_OPTED_OUT, facts=facts, opted_out=True
        )
        return stopped.to(Step.VERIFY_CLOSURE)
    if isinstance(update, PatientReplied):
        wanted = {Reply.STOP: True, Reply.START: False}
        return record_only(
            case, update, opted_out=wanted.get(update.reply, case.referral.opted_out)
        )
    return draft(
        case,
        EventKind.PATIENT_TO_BE_TOLD,
        "The hour has come at which the patient may be told.",
        then=Step.CONTACT_PATIENT,
        by=update,
        same_owner=True,
    )


def told_by_a_person(referral: Referral, at: datetime, *, reached: bool) -> tuple[Contact, ...]:
    """Return the contacts with the call about a visit that is off, or that reached nobody."""
    call = Contact(
        number=len(referral.contacts) + 1,
        channel="call",
        at=at,
        state="made" if reached else "missed",
        purpose="ending",
    )
    return (*referral.contacts, call)


def due_at(case: Case) -> datetime:
    """Return when the message may be sent."""
    channel = _channel(case)
    return case.soon if channel is None else free_at(case, channel, case.now)


def _channel(case: Case) -> Channel | None:
    """Return by which channel the patient may be told in time; None: by none."""
    if is_opted_out(case) or (needs_consent(case) and not has_consent(case)):
        return None
    asked: list[Channel] = ["sms", "email"]
    limit = None
    if is_visit_off(case) and case.referral.appointment is not None:
        limit = case.referral.appointment.start
    else:
        asked += [c.channel for c in series(case.referral) if c.channel in {"portal", "letter"}]
    in_vain = {c.channel for c in _told(case.referral) if c.state in {"failed", "ambiguous"}}
    return next(
        (
            channel
            for channel in asked
            if channel not in in_vain
            and reachable(case, channel)
            and (limit is None or free_at(case, channel, case.now) < limit)
        ),
        None,
    )


def _others_ask(case: Case) -> bool:
    """Whether another order of the requisition goes on: the patient was asked about it too."""
    referral, referrals = case.referral, case.sources.referrals
    if referral.requisition is None:
        return False
    ids = referrals.identified(referral.tenant, referral.requisition)
    others = [referrals.load(referral.tenant, one).referral for one in ids if one != referral.id]
    return any(not r.is_closed and r.proposed_outcome is None for r in others)


def _told(referral: Referral) -> tuple[Contact, ...]:
    recent = referral.contacts[referral.contacts_window_start :]
    return tuple(c for c in recent if c.purpose == "ending")


def _settles(contact: Contact, *, visit_is_off: bool) -> bool:
    """Whether a try to tell the patient ends it: of a visit they must surely know."""
    surely = contact.state in {"sent", "made", "missed"}
    return surely or (not visit_is_off and contact.state in {"failed", "ambiguous"})


def _verified(case: Case, kind: EventKind) -> Draft:
    return draft(
        case,
        kind,
        case.referral.status_reason,
        then=Step.VERIFY_CLOSURE,
        same_owner=True,
        contacts=case.referral.contacts,
    )


def _waits(case: Case) -> Draft:
    return draft(
        case,
        EventKind.PATIENT_TO_BE_TOLD,
        "The patient is told that the visit is off, or no longer arranged, once a message may go.",
        due_at=due_at(case),
    )


def _channel_down(case: Case) -> Draft:
    """Draft that nothing was sent: it is tried again, and a visit is called off by a person."""
    visit, again = case.referral.appointment, case.now + _TRY_AGAIN
    limit = case.referral.status_since + _TRIED_FOR
    if visit is not None and is_visit_off(case):
        limit = min(max(limit, again), visit.start)
    if again >= limit:
        return _ended(case, "failed")
    return draft(
        case,
        EventKind.CHANNEL_UNAVAILABLE,
        "The message channel is not available; the message is sent once it is.",
        due_at=again,
        contacts=case.referral.contacts[:-1],
    )


def _ended(case: Case, state: ContactState, parts: int = 0) -> Draft:
    contact = case.referral.contacts[-1]
    return draft(
        case,
        EventKind.PATIENT_TOLD if state == "sent" else EventKind.CHANNEL_UNAVAILABLE,
        "The patient was told that nothing more comes of it."
        if state == "sent"
        else "The message that tells the patient of the end did not surely arrive.",
        then=Step.VERIFY_CLOSURE,
        facts=ContactFacts(attempt=contact.number, channel=contact.channel),
        metered={METERED[contact.channel]: parts} if parts else None,
        contacts=with_contact_ended(case.referral, state, parts),
    )
