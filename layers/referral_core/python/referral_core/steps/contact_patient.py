"""Reach the patient, attempt by attempt, until there is an answer or an appointment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from referral_core.domain.errors import Final, Retryable
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.outreach import Reply, invitation, read_reply
from referral_core.domain.referral import Contact, Referral, change
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import Reason
from referral_core.ports import Ambiguous, Directory, Messenger, Referrals, Sms
from referral_core.steps.await_visit import attended, booked, report_in
from referral_core.steps.content import content_of
from referral_core.steps.offer_referral import offer_lost
from referral_core.steps.step import (
    AGAIN,
    CLOSING,
    ROUTER,
    Draft,
    Moment,
    Recording,
    begun,
    calendar_of,
    due_after,
    needs_person,
    rules,
)


@dataclass(frozen=True)
class ContactPatient:
    """Ends `agreed` or `booked`; waits for a reply between attempts and in quiet hours."""

    referrals: Referrals
    directory: Directory
    messenger: Messenger
    name: Step = Step.CONTACT_PATIENT
    accepts: frozenset[UpdateKind] = frozenset(
        {
            UpdateKind.PATIENT_REPLIED,
            UpdateKind.APPOINTMENT_BOOKED,
            UpdateKind.OFFER_DECLINED,
            UpdateKind.REPORT_RECEIVED,
            UpdateKind.VISIT_ATTENDED,
        }
    )

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Write the attempt down before the carrier is called, so that none is made twice."""
        contacts = referral.contacts
        if contacts and contacts[-1].state == "sending":
            # The last try died between writing and recording: nobody knows whether it was sent.
            return needs_person(
                referral,
                Reason.MESSAGE_AMBIGUOUS,
                moment,
                contacts=_ended(referral, "ambiguous"),
                phase=self.name,
            )
        if _may_send(self.directory, referral, moment) and _attempts_left(referral):
            attempt = Contact(
                number=len(contacts) + 1, channel="sms", at=moment.now, state="sending"
            )
            contacts = (*contacts, attempt)
        return begun(
            referral,
            self.name,
            moment,
            "Contacting the patient.",
            status=Status.CONTACTING_PATIENT,
            contacts=contacts,
        )

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Send the attempt that `begin` wrote down, or wait until one may be sent."""
        attempt = referral.contacts[-1] if referral.contacts else None
        if attempt is None or attempt.state != "sending":
            if not _attempts_left(referral):
                return lambda current, at: needs_person(current, Reason.PATIENT_NOT_REACHED, at)
            opens = calendar_of(self.directory, referral).messaging_opens(moment.now)
            return lambda current, at: _quiet(current, at, opens)
        rule = rules(referral).outreach[_in_series(referral) - 1]
        due = due_after(self.directory, referral, moment, rule.answer_within)
        profile = self.directory.tenant(referral.tenant)
        phone = content_of(self.referrals, referral).patient.phone
        try:
            parts = self.messenger.send_sms(
                Sms(
                    to=phone or "",
                    body=invitation(profile.sender_name, profile.call_back),
                    reference=f"{referral.id}-c{attempt.number}",
                )
            )
        except Ambiguous:
            return lambda current, at: needs_person(
                current,
                Reason.MESSAGE_AMBIGUOUS,
                at,
                contacts=_ended(current, "ambiguous"),
            )
        except Retryable:
            return _carrier_down
        except Final:
            return lambda current, at: needs_person(
                current, Reason.MESSAGE_REFUSED, at, contacts=_ended(current, "failed")
            )
        return lambda current, at: Draft(
            change(
                current,
                "patient-contacted",
                at=at.now,
                actor=ROUTER,
                why="The patient was sent a message; a reply or an appointment is awaited.",
                due_at=due,
                facts={"attempt": attempt.number, "channel": attempt.channel},
                metered={"sms_parts": parts},
                contacts=_ended(current, "sent", parts),
            )
        )

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Read the reply, the clinic's booking, or the silence."""
        match update.kind:
            case UpdateKind.PATIENT_REPLIED:
                return _replied(referral, update, moment)
            case UpdateKind.APPOINTMENT_BOOKED:
                return booked(referral, update, moment, outcome="booked")
            case UpdateKind.OFFER_DECLINED:
                return offer_lost(referral, update, moment, "withdrawn")
            case UpdateKind.REPORT_RECEIVED:
                return report_in(referral, update, moment, outcome=CLOSING)
            case UpdateKind.VISIT_ATTENDED:
                return attended(referral, update, moment, outcome=CLOSING)
            case _:
                return Draft(
                    change(
                        referral,
                        "no-reply",
                        at=moment.now,
                        actor=update.actor,
                        why="The next attempt to reach the patient is due.",
                        due_at=moment.soon,
                    ),
                    outcome=AGAIN,
                )


def _in_series(referral: Referral) -> int:
    """Count the attempts since the last rebooking: each rebooking starts a new series."""
    return len(referral.contacts) - referral.contacts_before


def _attempts_left(referral: Referral) -> bool:
    return _in_series(referral) < len(rules(referral).outreach)


def _may_send(directory: Directory, referral: Referral, moment: Moment) -> bool:
    return calendar_of(directory, referral).messaging_opens(moment.now) <= moment.now


def _ended(referral: Referral, state: str, parts: int = 0) -> tuple[Contact, ...]:
    *before, last = referral.contacts
    return (*before, last.model_copy(update={"state": state, "parts": parts}))


def _carrier_down(referral: Referral, moment: Moment) -> Draft:
    return Draft(
        change(
            referral,
            "carrier-unavailable",
            at=moment.now,
            actor=ROUTER,
            why="The message carrier is not available; the message is sent once it is.",
            due_at=moment.soon,
            contacts=referral.contacts[:-1],
        )
    )


def _quiet(referral: Referral, moment: Moment, opens: datetime) -> Draft:
    return Draft(
        change(
            referral,
            "quiet-hours",
            at=moment.now,
            actor=ROUTER,
            why="It is night where the patient lives; the message is sent in the morning.",
            due_at=opens,
        )
    )


def _replied(referral: Referral, update: Update, moment: Moment) -> Draft:
    reply = read_reply(str(update.facts.get("keyword") or ""))
    match reply:
        case Reply.YES:
            return Draft(
                change(
                    referral,
                    "patient-agreed",
                    at=moment.now,
                    actor=update.actor,
                    why="The patient agreed; the clinic books the appointment next.",
                    due_at=moment.soon,
                    patient_answer=reply.value,
                ),
                outcome="agreed",
            )
        case Reply.NO:
            return Draft(
                change(
                    referral,
                    "patient-declined",
                    at=moment.now,
                    actor=update.actor,
                    why="The patient declined; the clinic and the referrer are told.",
                    due_at=moment.soon,
                    patient_answer=reply.value,
                    closing=Outcome.PATIENT_DECLINED,
                ),
                outcome=CLOSING,
            )
        case Reply.STOP:
            return needs_person(
                referral,
                Reason.PATIENT_OPTED_OUT,
                moment,
                actor=update.actor,
                patient_answer=reply.value,
            )
        case _:
            return needs_person(referral, Reason.PATIENT_WROTE, moment, actor=update.actor)
