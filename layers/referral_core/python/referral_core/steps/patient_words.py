"""What a patient's word means, whether texted or told to staff, the same wherever it is heard."""

from __future__ import annotations

from typing import Any, Final

from referral_core.domain.calendar import MessagingHours
from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.outreach import Reply
from referral_core.domain.referral import Contact, Referral, change
from referral_core.domain.updates import Update
from referral_core.domain.work import Reason
from referral_core.steps.offer_referral import PATIENT_PREFERENCE, taken_back
from referral_core.steps.step import AGAIN, CLOSING, Draft, Moment, needs_person, noted

AGREED: Final = "agreed"
"""The patient wants the visit: its booking or itself is awaited."""
REROUTED: Final = "declined"
"""The clinic in hand is none any more: another is chosen."""

_FRUITLESS: Final = frozenset({"voicemail", "no-answer"})
_WRONG_NUMBER: Final = "wrong-number"
OPTED_OUT: Final = "opted-out"
"""A stop said on the telephone is one as much as a stop that was texted."""
_MEANING: Final = {
    "agreed": Reply.YES,
    "declined": Reply.NO,
    "another-time": Reply.ANOTHER_TIME,
    "another-clinic": Reply.ANOTHER_CLINIC,
}
RESULTS: Final = frozenset({*_FRUITLESS, _WRONG_NUMBER, OPTED_OUT, *_MEANING})
"""What may come of a call."""


def replied(referral: Referral, update: Update, moment: Moment) -> Draft:
    """Draft what follows from a patient's message; what is not understood, a person reads."""
    keyword = str(update.facts.get("keyword") or "other")
    reply = Reply(keyword) if keyword in set(Reply) else Reply.OTHER
    booked = is_booked(referral)
    match reply:
        case Reply.YES if booked:
            return noted(referral, update, moment, "visit-confirmed", patient_answer=reply.value)
        case Reply.STOP if booked and update.facts.get("cancels"):
            # The law reads it as a stop; whether the visit is meant too, a person asks.
            return _person(referral, update, moment, Reason.PATIENT_CANCELS, opted_out=True)
        case Reply.STOP if booked:
            # The visit stands; nothing more is sent about it.
            return noted(referral, update, moment, "patient-opted-out", opted_out=True)
        case Reply.NO if booked:
            return _person(referral, update, moment, Reason.PATIENT_CANCELS)
        case Reply.ANOTHER_TIME:
            return _person(referral, update, moment, Reason.ANOTHER_TIME_WANTED)
        case Reply.STOP:
            return _person(referral, update, moment, Reason.PATIENT_OPTED_OUT, opted_out=True)
        case Reply.OTHER:
            return _person(referral, update, moment, Reason.PATIENT_WROTE)
        case _:
            return _meant(referral, update, moment, reply)


def called(referral: Referral, update: Update, moment: Moment, hours: MessagingHours) -> Draft:
    """Draft what came of a call that staff made: it counts as an attempt."""
    result = str(update.facts.get("result"))
    contacts = _with_call(referral, moment, hours, result)
    known = referral.model_copy(update={"contacts": contacts, "work_item": None})
    if result in _FRUITLESS:
        return Draft(
            change(
                known,
                "call-recorded",
                at=moment.now,
                actor=update.actor,
                why="The call did not reach the patient; the next attempt follows.",
                due_at=moment.soon,
                facts=update.facts,
                metered={"staff_calls": 1},
            ),
            outcome=AGAIN,
        )
    if result == _WRONG_NUMBER:
        # A stranger answered: nothing more goes to this number until somebody looked into it.
        return needs_person(
            known,
            Reason.MESSAGE_REFUSED,
            moment,
            actor=update.actor,
            facts=update.facts,
            metered={"staff_calls": 1},
        )
    if result == OPTED_OUT:
        return needs_person(
            known,
            Reason.PATIENT_OPTED_OUT,
            moment,
            actor=update.actor,
            facts=update.facts,
            metered={"staff_calls": 1},
            opted_out=True,
        )
    reply = _MEANING[result]
    if reply is Reply.ANOTHER_TIME:
        reply = Reply.YES  # staff agreed on the time with the patient: the clinic books it
        if is_booked(known):
            return _to_be_rebooked(known, update, moment)
    if reply is Reply.YES and is_booked(known):
        return _confirmed(known, update, moment)
    return _meant(known, update, moment, reply, metered={"staff_calls": 1})


def unmoved(draft: Draft, referral: Referral) -> Draft:
    """Let the wait go on as it is after a call that reached nobody: nothing is settled by it."""
    kept = ("why", "due_at", "queue", "waits_for", "work_item")
    after = draft.change.after.model_copy(update={name: getattr(referral, name) for name in kept})
    return Draft(draft.change.model_copy(update={"after": after}))


def _meant(
    referral: Referral,
    update: Update,
    moment: Moment,
    reply: Reply,
    metered: dict[str, int] | None = None,
) -> Draft:
    match reply:
        case Reply.ANOTHER_CLINIC:
            return taken_back(
                referral, update, moment, PATIENT_PREFERENCE, REROUTED, metered=metered
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
                    facts=update.facts,
                    metered=metered,
                    patient_answer=reply.value,
                    closing=Outcome.PATIENT_DECLINED,
                    work_item=None,
                ),
                outcome=CLOSING,
            )
        case _:
            return Draft(
                change(
                    referral,
                    "patient-agreed",
                    at=moment.now,
                    actor=update.actor,
                    why="The patient agreed; the clinic books the appointment next.",
                    due_at=moment.soon,
                    facts=update.facts,
                    metered=metered,
                    patient_answer=Reply.YES.value,
                    work_item=None,
                ),
                outcome=AGREED,
            )


def _confirmed(referral: Referral, update: Update, moment: Moment) -> Draft:
    return Draft(
        change(
            referral,
            "visit-confirmed",
            at=moment.now,
            actor=update.actor,
            why="The patient will come; the visit is awaited.",
            due_at=moment.soon,
            facts=update.facts,
            metered={"staff_calls": 1},
            patient_answer=Reply.YES.value,
        ),
        outcome=AGREED,
    )


def _to_be_rebooked(referral: Referral, update: Update, moment: Moment) -> Draft:
    visit = referral.appointment
    return Draft(
        change(
            referral,
            "rebooking-wanted",
            at=moment.now,
            actor=update.actor,
            why="The patient wants another time; the clinic is to book it.",
            due_at=moment.soon,
            status=Status.VISIT_CANCELLED,
            facts=update.facts,
            metered={"staff_calls": 1},
            appointment=visit.model_copy(update={"status": "cancelled"}) if visit else None,
            work_item=None,
        ),
        outcome=AGREED,
    )


def _person(
    referral: Referral, update: Update, moment: Moment, reason: Reason, **regions: Any
) -> Draft:
    return needs_person(
        referral,
        reason,
        moment,
        actor=update.actor,
        facts=update.facts,
        patient_answer=str(update.facts.get("keyword")),
        **regions,
    )


def is_booked(referral: Referral) -> bool:
    """Whether a visit is to take place."""
    return referral.appointment is not None and referral.appointment.status == "booked"


def _with_call(
    referral: Referral, moment: Moment, hours: MessagingHours, result: str
) -> tuple[Contact, ...]:
    """Return the contacts with the call: the one that was due, or one more."""
    fields = {
        "at": moment.now,
        "state": "made" if result != _WRONG_NUMBER else "failed",
        "day_part": hours.part_of(moment.now),
        "result": result,
    }
    contacts = referral.contacts
    if contacts and contacts[-1].state == "due":
        return (*contacts[:-1], contacts[-1].model_copy(update=fields))
    call = Contact(number=len(contacts) + 1, channel="call", at=moment.now, state="made")
    return (*contacts, call.model_copy(update={**fields, "number": call.number}))
