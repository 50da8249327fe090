"""What the patient is told when a booked visit is off and another one is looked for.

At once, before another clinic is asked: whoever is booked comes. The night is waited for, nothing
longer: where no message may go out by the morning, or it may not have arrived, a person calls.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import Step
from referral_core.domain.outreach.plan import Channel, Purpose
from referral_core.domain.outreach.replies import opted_out_after
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.updates import PatientReplied, ReportReceived, Update
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.consent import has_consent, needs_consent
from referral_core.lifecycle.draft import Draft, draft, open_work_item, record_only
from referral_core.lifecycle.outreach.telling import TELLS_ONLY, Occasion, by_text, hour_has_come
from referral_core.lifecycle.outreach.visit_off import is_owed
from referral_core.lifecycle.reactions.report import received

_TRIED_FOR: Final = timedelta(hours=3)
_SOON: Final = timedelta(minutes=5)


def _on_update(case: Case, update: Update) -> Draft:
    """React while the message waits for the morning.

    Whoever writes meanwhile writes about the visit that they believe in: a person calls.
    """
    if isinstance(update, ReportReceived):
        return received(case, update)
    if isinstance(update, PatientReplied):
        return _replied(case, update)
    return hour_has_come(case, update)


def _replied(case: Case, update: PatientReplied) -> Draft:
    stops = opted_out_after(update.reply, case.referral.opted_out)
    if update.reply in {Reply.START, Reply.HELP}:
        return record_only(case, update, opted_out=stops)
    return open_work_item(case, Reason.PATIENT_NOT_TOLD, by=update, opted_out=stops)


def _channel(case: Case) -> Channel | None:
    """Return by which channel the patient may be told by the morning; None: by none."""
    visit = case.referral.appointment
    if visit is None or (needs_consent(case) and not has_consent(case)):
        return None
    morning = case.hours.opens(case.now)
    return by_text(case, "visit-off", min(visit.start, morning + _SOON))


def _settled(case: Case) -> Draft:
    """Draft that a person calls where no message may go out; that it goes on once told."""
    contacts = case.referral.contacts
    if is_owed(case):
        return open_work_item(
            case,
            Reason.PATIENT_NOT_TOLD,
            contacts=contacts,
            current_step=Step.CONTACT_PATIENT,
        )
    settled = draft(
        case,
        EventKind.ROUTING_RESUMED,
        "Another visit is looked for.",
        same_owner=True,
        contacts=contacts,
    )
    return _onward(settled)


def _onward(drafted: Draft) -> Draft:
    """Lead to where the referral was going before its patient was to be told."""
    visit = drafted.after.appointment
    if visit is None or visit.told_before is None:
        return drafted
    known = visit.but(told_off=visit.called_off, told_before=None)
    return drafted.with_after(drafted.after.but(appointment=known)).to(visit.told_before)


def _tried_until(case: Case) -> datetime:
    visit, limit = case.referral.appointment, case.hours.opens(case.referral.status_since)
    ends = limit + _TRIED_FOR
    return min(ends, visit.start) if visit is not None else ends


def _told(_case: Case, drafted: Draft, is_sent: bool) -> Draft:  # noqa: FBT001 - an Occasion's
    """Return what follows: another visit, or another way to tell where it may not have arrived."""
    return _onward(drafted) if is_sent else drafted.to(Step.CONTACT_PATIENT)


OF_A_VISIT: Final = Occasion(
    mark="visit-off",
    is_owed=is_owed,
    channel=_channel,
    purpose=lambda _: Purpose.VISIT_OFF,
    accepts=TELLS_ONLY,
    on_update=_on_update,
    settled=_settled,
    told=_told,
    waits="The visit is off; the patient is told so once a message may go, then another is sought.",
    done="The patient was told that the visit is off; another one is looked for.",
    tried_until=_tried_until,
)
