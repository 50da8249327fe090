"""Reach the patient, attempt by attempt, until there is an answer or an appointment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final as Constant
from typing import NamedTuple

from referral_core.domain.errors import Final, Retryable
from referral_core.domain.lifecycle import Outcome, Party, Status, Step
from referral_core.domain.outreach import CAPPED, METERED, Purpose, Reply
from referral_core.domain.pathway import OutreachAttempt
from referral_core.domain.referral import Contact, Referral, WorkItem, change, with_contact_ended
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import DESKS, Reason, actions_of
from referral_core.ports import Ambiguous
from referral_core.steps.decisions import decided
from referral_core.steps.evidence import is_unreachable, series
from referral_core.steps.messaging import Messages, half_sent
from referral_core.steps.offer_referral import offer_lost
from referral_core.steps.patient_words import AGREED, REROUTED, called, replied
from referral_core.steps.step import (
    AGAIN,
    CLOSING,
    ROUTER,
    Draft,
    Moment,
    Recording,
    begun,
    calendar_of,
    needs_person,
    rules,
)
from referral_core.steps.visits import attended, booked, report_in

_BREATH: Constant = timedelta(minutes=5)
"""What lies between a message and whatever follows it at the earliest."""
_TRY_AGAIN: Constant = timedelta(hours=1)
"""After which a channel that was away is tried once more, until the next attempt is due."""
_OUTCOMES = {
    Step.AWAIT_VISIT: AGREED,
    Step.CONTACT_PATIENT: AGAIN,
    Step.ROUTE_REFERRAL: REROUTED,
    Step.VERIFY_CLOSURE: CLOSING,
}
"""What the state machine is told when a person decides on a call that was due."""


class Turn(NamedTuple):
    """The next attempt of the series and when it may be made; None when all were."""

    attempt: OutreachAttempt | None
    position: int
    at: datetime
    skipped: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class ContactPatient:
    """Ends `agreed` or `booked`; waits for an answer between attempts and in quiet hours.

    A call that staff are to make stands on their worklist while this step waits: when nobody
    makes it in time it is overdue, until the next attempt's turn: it was missed then.
    """

    messages: Messages
    name: Step = Step.CONTACT_PATIENT

    def accepts(self, _referral: Referral) -> frozenset[UpdateKind]:
        """Accept the patient's word, by text or through staff, and what the clinic does."""
        return frozenset(
            {
                UpdateKind.PATIENT_REPLIED,
                UpdateKind.CONTACT_RECORDED,
                UpdateKind.DECISION,
                UpdateKind.APPOINTMENT_BOOKED,
                UpdateKind.OFFER_DECLINED,
                UpdateKind.REPORT_RECEIVED,
                UpdateKind.SERVICE_ATTESTED,
                UpdateKind.VISIT_ATTENDED,
            }
        )

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Write the attempt down before the channel is used, so that none is made twice."""
        contacts = referral.contacts
        if (unsure := half_sent(referral, moment, self.name)) is not None:
            return unsure
        placed = referral.model_copy(update={"time_zones": self.messages.zones(referral)})
        started = placed.model_copy(update={"outreach_from": self._starts_at(placed, moment)})
        turn = self._turn(started, moment)
        contacts = (*contacts, *turn.skipped)
        attempt, slot = turn.attempt, None
        waiting = bool(contacts) and contacts[-1].state == "due"
        may = not waiting and not self._is_escalated(started, moment)
        if attempt is not None and turn.at <= moment.now and may:
            contact = Contact(
                number=len(contacts) + 1,
                channel=attempt.channel,
                at=moment.now,
                state="due" if attempt.channel == "call" else "sending",
                position=turn.position,
                day_part=self.messages.hours(started).part_of(moment.now),
            )
            contacts = (*contacts, contact)
            slot = self.messages.slot(started, contact)
        draft = begun(
            referral,
            self.name,
            moment,
            "Contacting the patient.",
            status=Status.CONTACTING_PATIENT,
            contacts=contacts,
            outreach_from=started.outreach_from,
            time_zones=started.time_zones,
            work_item=None,
        )
        return Draft(draft.change, slot=slot)

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Make the attempt that `begin` wrote down, or wait until one may be made."""
        contact = referral.contacts[-1] if referral.contacts else None
        if contact is not None and contact.state == "sending":
            return self._send(referral, contact, moment)
        turn = self._turn(referral, moment)
        if contact is not None and contact.state == "due":
            until = self._call_by(referral, moment)
            return lambda current, at: _call_due(current, at, until)
        if self._is_escalated(referral, moment):
            return _escalate
        if turn.attempt is None:
            return self._exhausted(referral, turn.at, moment)
        until = self._goes_on_at(referral, turn.at, moment)
        return lambda current, at: _waits(current, at, until)

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Read the patient's word, the clinic's booking, or the silence."""
        known = referral.model_copy(update={"work_item": None, "contacts": _uncalled(referral)})
        match update.kind:
            case UpdateKind.PATIENT_REPLIED if _is_stale(referral, update):
                return needs_person(
                    known,
                    Reason.PATIENT_WROTE,
                    moment,
                    actor=update.actor,
                    facts=update.facts,
                    status=Status.CONTACTING_PATIENT,
                )
            case UpdateKind.PATIENT_REPLIED:
                return replied(known, update, moment)
            case UpdateKind.CONTACT_RECORDED:
                call_due = referral.model_copy(update={"work_item": None})
                return called(call_due, update, moment, self.messages.hours(referral))
            case UpdateKind.DECISION:
                decider = referral.model_copy(update={"contacts": known.contacts})
                draft = decided(decider, update, moment)
                return replace(draft, outcome=_OUTCOMES[Step(str(draft.outcome))])
            case UpdateKind.APPOINTMENT_BOOKED:
                calendar = calendar_of(self.messages.directory, referral)
                return booked(known, update, moment, calendar, outcome="booked")
            case UpdateKind.OFFER_DECLINED:
                return offer_lost(known, update, moment, "withdrawn")
            case UpdateKind.REPORT_RECEIVED:
                return report_in(known, update, moment, outcome=CLOSING)
            case UpdateKind.VISIT_ATTENDED | UpdateKind.SERVICE_ATTESTED:
                return attended(known, update, moment, outcome=CLOSING)
            case _:
                return self._silence(referral, update, moment)

    # --- the series --------------------------------------------------------------------------

    def _turn(self, referral: Referral, moment: Moment) -> Turn:
        """Find the next attempt that can be made at all, and when.

        A message that the caps hold back until after a later attempt's turn is left out.
        """
        outreach = rules(referral).outreach
        calendar = calendar_of(self.messages.directory, referral)
        start = referral.outreach_from or moment.now
        ahead: list[tuple[int, OutreachAttempt, datetime | None]] = []
        for position, attempt in enumerate(outreach.attempts):
            if position < _position(referral):
                continue
            at = None
            if self.messages.reachable(referral, attempt.channel):
                planned = max(calendar.after(start, attempt.at), moment.now)
                at = self.messages.free_at(referral, attempt.channel, planned, attempt.day_part)
            ahead.append((position, attempt, at))
        skipped: list[Contact] = []
        for index, (position, attempt, at) in enumerate(ahead):
            later = [other for _, _, other in ahead[index:] if other is not None]
            if at is not None and (attempt.channel not in CAPPED or at == min(later)):
                return Turn(attempt, position, at, tuple(skipped))
            skipped.append(
                Contact(
                    number=len(referral.contacts) + len(skipped) + 1,
                    channel=attempt.channel,
                    at=moment.now,
                    state="skipped",
                    position=position,
                )
            )
        give_up_at = calendar.after(start, outreach.give_up_at)
        return Turn(None, len(outreach.attempts), give_up_at, tuple(skipped))

    def _starts_at(self, referral: Referral, moment: Moment) -> datetime:
        """Return when the series starts: its attempts keep their distance over a weekend."""
        if referral.outreach_from is not None:
            return referral.outreach_from
        first = self._turn(referral, moment)
        if first.attempt is None:
            return moment.now
        calendar = calendar_of(self.messages.directory, referral)
        planned = calendar.after(moment.now, first.attempt.at)
        return moment.now + max(first.at - planned, timedelta(0))

    def _is_escalated(self, referral: Referral, moment: Moment) -> bool:
        """Whether clinicians are to take over: once in a series, by attempts or by time."""
        outreach = rules(referral).outreach
        if outreach.escalate_after is None or referral.escalated:
            return False
        if sum(c.counts for c in series(referral)) >= outreach.escalate_after:
            return True
        by_time = self._escalates_at(referral)
        return by_time is not None and by_time <= moment.now

    def _escalates_at(self, referral: Referral) -> datetime | None:
        """Return when clinicians take over in any case; None when they do not, or did."""
        outreach, start = rules(referral).outreach, referral.outreach_from
        if outreach.escalate_at is None or start is None or referral.escalated:
            return None
        return calendar_of(self.messages.directory, referral).after(start, outreach.escalate_at)

    def _goes_on_at(self, referral: Referral, following: datetime, moment: Moment) -> datetime:
        """Return when the series goes on: with the attempt that follows, or with clinicians."""
        by_time = self._escalates_at(referral)
        return following if by_time is None else min(following, max(by_time, moment.now))

    def _call_by(self, referral: Referral, moment: Moment) -> datetime:
        """Return when a call must have been made: sooner still while nothing was."""
        outreach, start = rules(referral).outreach, referral.outreach_from or moment.now
        calendar = calendar_of(self.messages.directory, referral)
        until = calendar.after(moment.now, outreach.call_within)
        if any(c.counts for c in series(referral)):
            return until
        limit = calendar.after(start, outreach.contacted_within)
        return min(until, limit) if limit > moment.now else until

    def _silence(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Draft that the time is up: a call that is late is called so, until the next attempt."""
        contacts = referral.contacts
        following = self._goes_on_at(referral, self._turn(referral, moment).at, moment)
        if contacts and contacts[-1].state == "due" and following > moment.now:
            return _call_overdue(referral, update, moment, following)
        return _next_attempt(referral.model_copy(update={"work_item": None}), update, moment)

    def _send(self, referral: Referral, contact: Contact, moment: Moment) -> Recording:
        due = self._goes_on_at(referral, self._turn(referral, moment).at, moment)
        try:
            parts = self.messages.send(referral, contact, Purpose.INVITATION)
        except Ambiguous:
            return lambda current, at: needs_person(
                current,
                Reason.MESSAGE_AMBIGUOUS,
                at,
                contacts=with_contact_ended(current, "ambiguous"),
            )
        except Retryable:
            again = moment.now + _TRY_AGAIN
            if again < max(due, moment.now + _BREATH):
                return _channel_down
            return lambda current, at: _given_up(current, at, max(due, at.now + _BREATH))
        except Final:
            return _refused
        return lambda current, at: Draft(
            change(
                current,
                "patient-contacted",
                at=at.now,
                actor=ROUTER,
                why="The patient was written to; an answer or an appointment is awaited.",
                due_at=max(due, at.now + _BREATH),
                facts={"attempt": contact.number, "channel": contact.channel},
                metered={METERED[contact.channel]: parts},
                contacts=with_contact_ended(current, "sent", parts),
            )
        )

    def _exhausted(self, referral: Referral, give_up_at: datetime, moment: Moment) -> Recording:
        if give_up_at > moment.now:
            return lambda current, at: _waits(current, at, give_up_at)
        evidence = rules(referral).outreach.evidence
        if not is_unreachable(referral):
            return lambda current, at: needs_person(current, Reason.PATIENT_NOT_REACHED, at)
        if evidence.sign_off is not None:
            team = evidence.sign_off
            return lambda current, at: needs_person(
                current, Reason.CLOSING_SIGN_OFF, at, queue=team
            )
        return _unable_to_reach


def _is_stale(referral: Referral, update: Update) -> bool:
    """Whether a word was said before this series asked: of another clinic, or of nothing yet.

    What it meant then it need not mean now, so a person reads it; a stop is one at any time.
    """
    if update.facts.get("keyword") == Reply.STOP:
        return False
    return referral.outreach_from is None or update.received_at < referral.outreach_from


def _position(referral: Referral) -> int:
    used = [c.position for c in series(referral) if c.position is not None]
    return max(used, default=-1) + 1


def _uncalled(referral: Referral) -> tuple[Contact, ...]:
    """Return the contacts; a call that was due needs not be made any more."""
    contacts = referral.contacts
    return (
        with_contact_ended(referral, "missed")
        if contacts and contacts[-1].state == "due"
        else contacts
    )


def _next_attempt(referral: Referral, update: Update, moment: Moment) -> Draft:
    contacts = referral.contacts
    if contacts and contacts[-1].state == "due":
        contacts = with_contact_ended(referral, "missed")
    return Draft(
        change(
            referral,
            "no-reply",
            at=moment.now,
            actor=update.actor,
            why="The next attempt to reach the patient is due.",
            due_at=moment.soon,
            contacts=contacts,
        ),
        outcome=AGAIN,
    )


def _call_due(referral: Referral, moment: Moment, until: datetime) -> Draft:
    item = WorkItem(
        reason=Reason.CALL_DUE,
        opened_at=moment.now,
        resume_at=Step.CONTACT_PATIENT,
        actions=actions_of(Reason.CALL_DUE, Step.CONTACT_PATIENT),
        due_at=until,
    )
    return Draft(
        change(
            referral,
            "call-due",
            at=moment.now,
            actor=ROUTER,
            why=DESKS[Reason.CALL_DUE].why,
            due_at=until,
            queue=DESKS[Reason.CALL_DUE].queue,
            waits_for=Party.STAFF,
            facts={"attempt": referral.contacts[-1].number},
            work_item=item,
        )
    )


def _call_overdue(referral: Referral, update: Update, moment: Moment, until: datetime) -> Draft:
    return Draft(
        change(
            referral,
            "call-overdue",
            at=moment.now,
            actor=update.actor,
            why=f"Overdue. {DESKS[Reason.CALL_DUE].why}",
            due_at=until,
            queue=referral.queue,
            waits_for=Party.STAFF,
            facts={"attempt": referral.contacts[-1].number},
        )
    )


def _escalate(referral: Referral, moment: Moment) -> Draft:
    team = rules(referral).outreach.escalate_to
    return needs_person(referral, Reason.ESCALATED, moment, queue=team, escalated=True)


def _waits(referral: Referral, moment: Moment, until: datetime) -> Draft:
    return Draft(
        change(
            referral,
            "next-attempt-planned",
            at=moment.now,
            actor=ROUTER,
            why="The patient did not answer yet; the next attempt is made when it may be.",
            due_at=until,
        )
    )


def _given_up(referral: Referral, moment: Moment, following: datetime) -> Draft:
    """Draft that the channel stayed away: the attempt counts for nothing, the next one follows."""
    return Draft(
        change(
            referral,
            "channel-unavailable",
            at=moment.now,
            actor=ROUTER,
            why="The message channel stayed away; the next attempt is made when it may be.",
            due_at=following,
            contacts=with_contact_ended(referral, "failed"),
        )
    )


def _channel_down(referral: Referral, moment: Moment) -> Draft:
    """Draft that nothing was sent: the attempt is made again a little later."""
    return Draft(
        change(
            referral,
            "channel-unavailable",
            at=moment.now,
            actor=ROUTER,
            why="The message channel is not available; the message is sent once it is.",
            due_at=moment.now + _TRY_AGAIN,
            contacts=referral.contacts[:-1],
        )
    )


def _refused(referral: Referral, moment: Moment) -> Draft:
    return needs_person(
        referral, Reason.MESSAGE_REFUSED, moment, contacts=with_contact_ended(referral, "failed")
    )


def _unable_to_reach(referral: Referral, moment: Moment) -> Draft:
    return Draft(
        change(
            referral,
            "patient-not-reached",
            at=moment.now,
            actor=ROUTER,
            why="The patient cannot be reached, with the evidence on record; the referrer is told.",
            due_at=moment.soon,
            facts={"attempts": len([c for c in series(referral) if c.counts])},
            closing=Outcome.UNABLE_TO_REACH,
        ),
        outcome=CLOSING,
    )
