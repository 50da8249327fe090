"""What a patient says while nothing is asked of them: a person reads it, whatever is waited for."""

from __future__ import annotations

from typing import Final

from referral_core.domain.events import ContactFacts, EventKind, WorkItemFacts
from referral_core.domain.outreach.replies import opted_out_after
from referral_core.domain.outreach.series import last_channel
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.updates import ContactRecorded, PatientReplied, Update, UpdateKind
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, open_work_item, record_only

_ANSWERED_AT_THE_DOOR: Final = frozenset({Reply.START, Reply.HELP})
_WROTE: Final = "The patient wrote meanwhile; read it."


def wrote(case: Case, update: PatientReplied) -> Draft:
    """Draft what a text means that answers nothing: a stop is one at any time."""
    opted_out = opted_out_after(update.reply, case.referral.opted_out)
    if update.reply in _ANSWERED_AT_THE_DOOR:
        return record_only(case, update, opted_out=opted_out)
    if update.reply is Reply.STOP:
        facts = ContactFacts(reply=update.reply, channel=last_channel(case.referral))
        kind = EventKind.PATIENT_OPTED_OUT
        return record_only(case, update, kind, facts=facts, opted_out=opted_out)
    facts_of_item = WorkItemFacts(reply=update.reply)
    return open_work_item(case, Reason.PATIENT_WROTE_UNASKED, by=update, facts=facts_of_item)


def told_by_telephone(case: Case, update: ContactRecorded) -> Draft:
    """Draft what staff heard in a call once nothing is asked any more."""
    if not update.result.is_said:
        return record_only(case, update)
    facts = WorkItemFacts(result=update.result)
    return open_work_item(case, Reason.PATIENT_WROTE_UNASKED, by=update, facts=facts)


def with_words(case: Case, sentence: str) -> str:
    """Return why a person must look, with that the patient wrote where nobody has read it."""
    item = case.referral.work_item
    return f"{sentence} {_WROTE}" if item is not None and item.patient_wrote else sentence


def still_unread(case: Case, update: Update, drafted: Draft) -> Draft:
    """Return a draft; where its item takes the place of unread words, it tells of them."""
    item, after = case.referral.work_item, drafted.after
    is_unread = item is not None and item.reason is Reason.PATIENT_WROTE_UNASKED
    if not is_unread or update.kind is UpdateKind.DECISION or after.work_item == item:
        return drafted
    return _to_be_read(drafted)


def said_beside(update: Update, pending: Draft) -> Draft:
    """Return a draft that keeps an update for later, with its words told to who looks now."""
    is_read = isinstance(update, PatientReplied) and update.reply not in _ANSWERED_AT_THE_DOOR
    return _to_be_read(pending) if is_read else pending


def _to_be_read(drafted: Draft) -> Draft:
    after, item = drafted.after, drafted.after.work_item
    if item is None or item.patient_wrote:
        return drafted
    told = f"{after.status_reason} {_WROTE}"
    return drafted.with_after(after.but(status_reason=told, work_item=item.but(patient_wrote=True)))
