"""Reach the patient, attempt by attempt, until there is an answer or an appointment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from referral_core.domain.effects import Effect
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.events import ContactFacts, EventKind
from referral_core.domain.lifecycle import End, Next, Outcome, Status, Step
from referral_core.domain.messages import DeliveryUnknown
from referral_core.domain.outreach.plan import METERED
from referral_core.domain.outreach.series import (
    last_channel,
    last_contact,
    series,
    with_call_settled,
    with_contact_ended,
)
from referral_core.domain.pause import Pause, pause_of_channel
from referral_core.domain.referral import Contact, Referral
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, open_work_item, start_draft
from referral_core.lifecycle.evidence import is_unreachable
from referral_core.lifecycle.outreach import ending_message, telling, visit_off_message
from referral_core.lifecycle.outreach.alternates import alternate_at
from referral_core.lifecycle.outreach.attempts import (
    Turn,
    call_by,
    contact_by,
    goes_on_at,
    is_escalated,
    next_turn,
    purpose_of,
    starts_at,
)
from referral_core.lifecycle.outreach.calls import call_due, call_overdue
from referral_core.lifecycle.outreach.messages import Messages, message_claim, unconfirmed_send
from referral_core.lifecycle.outreach.visit_off import is_told_of
from referral_core.lifecycle.reactions.authorization import authorization_ended, revised_unbooked
from referral_core.lifecycle.reactions.patient import replied_to_series
from referral_core.lifecycle.reactions.table import reactions_to
from referral_core.lifecycle.requisition import asking, follow, follows
from referral_core.lifecycle.step import Reacting, Reaction, Recorder

_BREATH: Final = timedelta(minutes=5)
"""What lies between a message and whatever follows it at the earliest."""
_TRY_AGAIN: Final = timedelta(hours=1)
"""After which a channel that was away is tried once more, until the next attempt is due."""


@dataclass(frozen=True)
class ContactPatient(Reacting):
    """Goes on with the patient's yes or a booking; waits between attempts and in quiet hours.

    A call that staff are to make stands on their worklist while this step waits: when nobody
    makes it in time it is overdue, until the next attempt's turn: it was missed then.
    """

    messages: Messages
    name: ClassVar[Step] = Step.CONTACT_PATIENT
    goes_to: ClassVar[frozenset[Next]] = frozenset(
        {
            Step.CHECK_READINESS,
            Step.OFFER_REFERRAL,
            Step.AWAIT_VISIT,
            Step.CONTACT_PATIENT,
            Step.ROUTE_REFERRAL,
            Step.VERIFY_CLOSURE,
            Step.OPEN_WORK_ITEM,
            End.SUPERSEDED,
        }
    )
    reactions: ClassVar[Mapping[UpdateKind, Reaction]] = {
        **reactions_to(
            UpdateKind.CONTACT_RECORDED,
            UpdateKind.DECISION,
            UpdateKind.APPOINTMENT_BOOKED,
            UpdateKind.OFFER_DECLINED,
            UpdateKind.REPORT_RECEIVED,
            UpdateKind.SERVICE_ATTESTED,
            UpdateKind.APPOINTMENT_FULFILLED,
        ),
        UpdateKind.PATIENT_REPLIED: replied_to_series,
        UpdateKind.AUTHORIZATION_DECIDED: revised_unbooked,
    }

    def accepted_updates(self, referral: Referral) -> frozenset[UpdateKind]:
        """Accept what there is a reaction to; while something is only told, little of it."""
        occasion = _occasion(referral)
        return occasion.accepts if occasion else super().accepted_updates(referral)

    def on_update(self, case: Case, update: Update) -> Draft:
        """React with the call that was due settled: the patient is heard of another way."""
        if (occasion := _occasion(case.referral)) is not None:
            return occasion.on_update(case, update)
        match update.kind:
            case UpdateKind.DEADLINE:
                return self.on_deadline(case, update)
            case UpdateKind.CONTACT_RECORDED:
                known = case.referral.but(work_item=None)
            case UpdateKind.AUTHORIZATION_DECIDED:
                known = case.referral  # the payer's word settles no call
            case UpdateKind.DECISION:
                known = case.referral.but(contacts=with_call_settled(case.referral))
            case _:
                settled = with_call_settled(case.referral)
                known = case.referral.but(contacts=settled, work_item=None)
        return self.reactions[update.kind](case.of(known), update)

    def start(self, case: Case) -> Draft:
        """Write the attempt down before the channel is used, so that none is made twice."""
        if (occasion := _occasion(case.referral)) is not None:
            return telling.start(case, occasion)
        first = unconfirmed_send(case, self.name) or authorization_ended(case, self.name)
        if first is not None:
            return first
        placed = case.of(case.referral.but(time_zones=case.zones))
        if (other := asking(placed)) is not None:
            return follow(placed, other)
        started = placed.of(placed.referral.but(outreach_from=starts_at(placed)))
        turn = next_turn(started)
        contacts = (*case.referral.contacts, *turn.skipped)
        claims: tuple[Effect, ...] = ()
        contact = _due_now(started, turn, contacts)
        if contact is not None:
            contacts = (*contacts, contact)
            claims = message_claim(started, contact)
        return start_draft(
            case,
            self.name,
            "Contacting the patient.",
            status=Status.CONTACTING_PATIENT,
            effects=claims,
            contact_by=contact_by(started),
            contacts=contacts,
            outreach_from=started.referral.outreach_from,
            time_zones=started.referral.time_zones,
            work_item=None,
        )

    def execute(self, case: Case) -> Recorder:
        """Make the attempt that `start` wrote down, or wait until one may be made."""
        if (occasion := _occasion(case.referral)) is not None:
            return telling.execute(case, self.messages, occasion)
        if (other := asking(case)) is not None:
            return follows(case, other)
        contact = last_contact(case.referral)
        if contact is not None and contact.state == "sending":
            return self._send(case, contact)
        if contact is not None and contact.state == "due":
            until = call_by(case)
            return lambda current: call_due(current, until)
        if is_escalated(case):
            return _escalate
        turn = next_turn(case)
        if turn.attempt is None:
            return _exhausted(case, turn.at)
        until = goes_on_at(case, turn.at)
        pause = pause_of_channel(case.pauses, turn.attempt.channel)
        return lambda current: _waits(current, until, pause)

    def on_deadline(self, case: Case, update: Update) -> Draft:
        """Draft that the time is up: a late call is called so, until the next attempt."""
        if (ended := authorization_ended(case, self.name, by=update)) is not None:
            return ended
        last, following = last_contact(case.referral), goes_on_at(case, next_turn(case).at)
        if last is not None and last.state == "due" and following > case.now:
            return call_overdue(case, update, following)
        return draft(
            case,
            EventKind.NO_REPLY,
            "The next attempt to reach the patient is due.",
            then=Step.CONTACT_PATIENT,
            by=update,
            facts=ContactFacts(channel=last_channel(case.referral)),
            contacts=with_call_settled(case.referral),
            work_item=None,
        )

    def _send(self, case: Case, contact: Contact) -> Recorder:
        due = goes_on_at(case, next_turn(case).at)
        try:
            parts = self.messages.send(case, contact, purpose_of(case))
        except DeliveryUnknown:
            return lambda current: open_work_item(
                current,
                Reason.MESSAGE_AMBIGUOUS,
                contacts=with_contact_ended(current.referral, "ambiguous"),
            )
        except Retryable:
            if case.now + _TRY_AGAIN < max(due, case.now + _BREATH):
                return _channel_down
            return lambda current: _given_up(current, max(due, current.now + _BREATH))
        except Permanent:
            return _refused
        return lambda current: _contacted(current, contact, due, parts)


def _occasion(referral: Referral) -> telling.Occasion | None:
    """Return what the patient is only told; None where they are asked."""
    if referral.is_ending:
        return ending_message.OF_THE_END
    return visit_off_message.OF_A_VISIT if is_told_of(referral) else None


def _due_now(case: Case, turn: Turn, contacts: tuple[Contact, ...]) -> Contact | None:
    """Return the attempt to make at once; None when none may be made now."""
    attempt = turn.attempt
    waiting = bool(contacts) and contacts[-1].state == "due"
    if attempt is None or turn.at > case.now or waiting or is_escalated(case):
        return None
    return Contact(
        number=len(contacts) + 1,
        channel=attempt.channel,
        at=case.now,
        state="due" if attempt.channel == "call" else "sending",
        position=turn.position,
        day_part=case.hours.part_of(case.now),
        alternate=alternate_at(case, turn.position),
    )


def _contacted(case: Case, contact: Contact, due: datetime, parts: int) -> Draft:
    return draft(
        case,
        EventKind.PATIENT_CONTACTED,
        "The patient was written to; an answer or an appointment is awaited.",
        due_at=max(due, case.now + _BREATH),
        facts=ContactFacts(attempt=contact.number, channel=contact.channel),
        metered={METERED[contact.channel]: parts},
        contacts=with_contact_ended(case.referral, "sent", parts),
    )


def _escalate(case: Case) -> Draft:
    to = case.rules.outreach.escalate_to
    return open_work_item(case, Reason.ESCALATED, queue=to, escalated=True)


def _waits(case: Case, until: datetime, pause: Pause | None = None) -> Draft:
    planned = "The patient did not answer yet; the next attempt is made when it may be."
    return draft(
        case,
        EventKind.NEXT_ATTEMPT_PLANNED,
        pause.sentence if pause else planned,
        due_at=until,
    )


def _given_up(case: Case, following: datetime) -> Draft:
    """Draft that the channel stayed away: the attempt counts for nothing, the next one follows."""
    planned = "The message channel stayed away; the next attempt is made when it may be."
    return _unavailable(case, planned, following, with_contact_ended(case.referral, "failed"))


def _channel_down(case: Case) -> Draft:
    """Draft that nothing was sent: the attempt is made again a little later."""
    planned = "The message channel is not available; the message is sent once it is."
    return _unavailable(case, planned, case.now + _TRY_AGAIN, case.referral.contacts[:-1])


def _unavailable(case: Case, planned: str, due: datetime, contacts: tuple[Contact, ...]) -> Draft:
    facts = ContactFacts(channel=last_channel(case.referral))
    kind = EventKind.CHANNEL_UNAVAILABLE
    return draft(case, kind, planned, due_at=due, facts=facts, contacts=contacts)


def _refused(case: Case) -> Draft:
    ended = with_contact_ended(case.referral, "failed")
    return open_work_item(case, Reason.MESSAGE_REFUSED, contacts=ended)


def _exhausted(case: Case, give_up_at: datetime) -> Recorder:
    if give_up_at > case.now:
        return lambda current: _waits(current, give_up_at)
    if not is_unreachable(case):
        return lambda current: open_work_item(current, Reason.PATIENT_NOT_REACHED)
    team = case.rules.outreach.evidence.sign_off
    if team is not None:
        return lambda current: open_work_item(current, Reason.CLOSING_SIGN_OFF, queue=team)
    return _unable_to_reach


def _unable_to_reach(case: Case) -> Draft:
    return draft(
        case,
        EventKind.PATIENT_NOT_REACHED,
        "The patient cannot be reached, with the evidence on record; the referrer is told.",
        then=Step.VERIFY_CLOSURE,
        facts=ContactFacts(attempts=sum(c.counts for c in series(case.referral))),
        proposed_outcome=Outcome.UNABLE_TO_REACH,
    )
