"""What a patient's reply means, whether texted or told to staff, wherever it arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Unpack

from referral_core.domain.change import Regions
from referral_core.domain.events import ContactFacts, EventKind, WorkItemFacts
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.outreach.series import call_state, last_channel, with_call_made
from referral_core.domain.outreach.vocabulary import CallResult, Reply
from referral_core.domain.referral import Contact
from referral_core.domain.updates import ContactRecorded, PatientReplied
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, open_work_item, record_only
from referral_core.lifecycle.outreach.alternates import is_speaker
from referral_core.lifecycle.reactions.appointment import is_booked
from referral_core.lifecycle.reactions.offer import (
    PATIENT_PREFERENCE,
    cancelled_appointment,
    taken_back,
)

UNREACHED: Final = frozenset({CallResult.VOICEMAIL, CallResult.NO_ANSWER})
"""Results of calls after which the series goes on."""
_MEANING: Final[Mapping[CallResult, Reply]] = {
    CallResult.AGREED: Reply.YES,
    CallResult.DECLINED: Reply.NO,
    # Staff agreed on the time with the patient: the clinic books it.
    CallResult.ANOTHER_TIME: Reply.YES,
    CallResult.ANOTHER_CLINIC: Reply.ANOTHER_CLINIC,
}
_ABOUT_THE_NUMBER: Final = frozenset({CallResult.WRONG_NUMBER, CallResult.OPTED_OUT})
"""What of another person's number says nothing of the patient's."""
_CALL: Final = {"staff_calls": 1}


def replied(case: Case, update: PatientReplied) -> Draft:
    """Draft what follows from a patient's message; what is not understood, a person reads."""
    reply, booked = update.reply, is_booked(case.referral)
    match reply:
        case Reply.YES if booked:
            return record_only(
                case,
                update,
                EventKind.APPOINTMENT_CONFIRMED,
                facts=ContactFacts(reply=reply),
                patient_reply=reply,
            )
        case Reply.STOP if booked and update.may_mean_visit:
            # The law reads it as a stop; whether the visit is meant too, a person asks.
            return _person(case, update, Reason.PATIENT_CANCELS, opted_out=True)
        case Reply.STOP if booked:
            # The visit stands; nothing more is sent about it.
            return record_only(
                case,
                update,
                EventKind.PATIENT_OPTED_OUT,
                facts=ContactFacts(reply=reply, channel=last_channel(case.referral)),
                opted_out=True,
            )
        case Reply.START:
            return record_only(case, update, facts=None, opted_out=False)
        case Reply.HELP:
            return record_only(case, update)  # answered already, by the carrier or receive_reply
        case Reply.NO if booked:
            return _person(case, update, Reason.PATIENT_CANCELS)
        case Reply.ANOTHER_TIME:
            return _person(case, update, Reason.ANOTHER_TIME_WANTED)
        case Reply.STOP:
            return _person(case, update, Reason.PATIENT_OPTED_OUT, opted_out=True)
        case Reply.OTHER:
            return _person(case, update, Reason.PATIENT_WROTE)
        case _:
            facts = ContactFacts(reply=reply, channel=last_channel(case.referral))
            return _meant(case, update, reply, facts)


def read_by_a_person(case: Case, update: PatientReplied, status: Status) -> Draft:
    """Draft that a person reads a reply that answers no present question."""
    return open_work_item(
        case,
        Reason.PATIENT_WROTE,
        by=update,
        status=status,
        facts=WorkItemFacts(reply=update.reply),
    )


def replied_to_series(case: Case, update: PatientReplied) -> Draft:
    """Draft what a reply leads to; one to an earlier question is read by a person."""
    if _is_stale(case, update):
        return read_by_a_person(case, update, Status.CONTACTING_PATIENT)
    return replied(case, update)


def _is_stale(case: Case, update: PatientReplied) -> bool:
    """Whether it was sent before this series asked: about another clinic, or nothing yet.

    What it meant then it need not mean now, so a person reads it; a stop is one at any time.
    """
    if update.reply in {Reply.STOP, Reply.START, Reply.HELP}:
        return False
    asked = case.referral.outreach_from
    return asked is None or update.received_at < asked


def called(case: Case, update: ContactRecorded) -> Draft:
    """Draft what came of a call that staff made: it counts as an attempt."""
    result, referral = update.result, case.referral
    call = Contact(
        number=len(referral.contacts) + 1,
        channel="call",
        at=case.now,
        state=call_state(result),
        day_part=case.hours.part_of(case.now),
        result=result,
    )
    known = case.of(referral.but(contacts=with_call_made(referral, call), work_item=None))
    facts = ContactFacts(result=result, channel=call.channel)
    if result in UNREACHED or _says_nothing_of_the_patient(known, update):
        return draft(
            known,
            EventKind.CALL_RECORDED,
            "The call did not reach the patient; the next attempt follows.",
            then=Step.CONTACT_PATIENT,
            by=update,
            facts=facts,
            metered=_CALL,
        )
    if result is CallResult.WRONG_NUMBER:
        # A stranger answered: nothing more goes to this number until somebody looked into it.
        return _called_in_vain(known, update, Reason.MESSAGE_REFUSED)
    if result is CallResult.OPTED_OUT:
        return _called_in_vain(known, update, Reason.PATIENT_OPTED_OUT, opted_out=True)
    reply = _MEANING[result]
    if result is CallResult.ANOTHER_TIME and is_booked(known.referral):
        return _to_be_rebooked(known, update)
    if reply is Reply.YES and is_booked(known.referral):
        return _confirmed(known, update)
    return _meant(known, update, reply, facts, metered=_CALL)


def _says_nothing_of_the_patient(case: Case, update: ContactRecorded) -> bool:
    """Whether somebody else spoke: of their own number, or of what is not theirs to decide."""
    called = case.referral.contacts[-1].alternate
    speaker = update.spoke_with or ("patient" if called is None else "contact")
    if speaker == "patient":
        return False
    decides = called is not None and is_speaker(case, called)
    return update.result in _ABOUT_THE_NUMBER or (
        update.result is CallResult.DECLINED and not decides
    )


def unreached_while_booked(case: Case, update: ContactRecorded) -> Draft:
    """Draft a call after the booking: one that reached nobody settles nothing."""
    recorded = called(case, update)
    if update.result not in UNREACHED:
        return recorded
    kept = {
        name: getattr(case.referral, name)
        for name in ("status_reason", "due_at", "queue", "waits_for", "work_item")
    }
    return recorded.with_after(recorded.after.but(**kept)).to(None)


def _called_in_vain(
    case: Case, update: ContactRecorded, reason: Reason, **regions: Unpack[Regions]
) -> Draft:
    return open_work_item(
        case,
        reason,
        by=update,
        facts=WorkItemFacts(result=update.result),
        metered=_CALL,
        **regions,
    )


def _meant(
    case: Case,
    update: PatientReplied | ContactRecorded,
    reply: Reply,
    facts: ContactFacts,
    *,
    metered: Mapping[str, int] | None = None,
) -> Draft:
    match reply:
        case Reply.ANOTHER_CLINIC:
            return taken_back(case, update, PATIENT_PREFERENCE, metered=metered)
        case Reply.NO:
            return draft(
                case,
                EventKind.PATIENT_DECLINED,
                "The patient declined; the clinic and the referrer are told.",
                then=Step.VERIFY_CLOSURE,
                by=update,
                facts=facts,
                metered=metered,
                patient_reply=reply,
                proposed_outcome=Outcome.PATIENT_DECLINED,
                work_item=None,
            )
        case _:
            return draft(
                case,
                EventKind.PATIENT_AGREED,
                "The patient agreed; the clinic books the appointment next.",
                then=Step.AWAIT_VISIT,
                by=update,
                facts=facts,
                metered=metered,
                patient_reply=Reply.YES,
                offers=case.referral.with_booking_asked(None),
                work_item=None,
            )


def _confirmed(case: Case, update: ContactRecorded) -> Draft:
    return draft(
        case,
        EventKind.APPOINTMENT_CONFIRMED,
        "The patient will come; the visit is awaited.",
        then=Step.AWAIT_VISIT,
        by=update,
        facts=ContactFacts(result=update.result),
        metered=_CALL,
        patient_reply=Reply.YES,
    )


def _to_be_rebooked(case: Case, update: ContactRecorded) -> Draft:
    return draft(
        case,
        EventKind.REBOOKING_WANTED,
        "The patient wants another time; the clinic is to book it.",
        then=Step.AWAIT_VISIT,
        by=update,
        status=Status.APPOINTMENT_CANCELLED,
        facts=ContactFacts(result=update.result),
        metered=_CALL,
        appointment=cancelled_appointment(case.referral),
        work_item=None,
    )


def _person(
    case: Case, update: PatientReplied, reason: Reason, *, opted_out: bool = False
) -> Draft:
    return open_work_item(
        case,
        reason,
        by=update,
        facts=WorkItemFacts(reply=update.reply),
        patient_reply=update.reply,
        opted_out=opted_out or case.referral.opted_out,
    )
