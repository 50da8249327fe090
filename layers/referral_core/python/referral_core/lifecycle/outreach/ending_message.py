"""What the patient is told when a referral ends that they were asked about, or are booked for.

Whoever was texted waits for more, and whoever is booked comes. VerifyClosure sees that the clinic
and the referrer learn of the end first; then ContactPatient says it to the patient, once, in the
hours and by the channels that all messages keep to. A visit that no message may call off is
called off by a person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from referral_core.domain.events import ContactFacts, EventKind
from referral_core.domain.lifecycle import COMPLETED, Outcome, Step
from referral_core.domain.outreach.plan import Channel, Purpose
from referral_core.domain.outreach.series import last_channel, series
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.referral import Contact
from referral_core.domain.referral.contact import ContactState
from referral_core.domain.updates import PatientReplied, ReportReceived, Update
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.consent import has_consent, needs_consent
from referral_core.lifecycle.draft import (
    Draft,
    continue_to,
    draft,
    open_work_item,
    record_only,
)
from referral_core.lifecycle.outreach.telling import (
    TELLS_ONLY,
    Occasion,
    by_text,
    hour_has_come,
    told_of,
)
from referral_core.lifecycle.outreach.visit_off import KNOWN_TO_THEM, is_off
from referral_core.lifecycle.reactions.closing_report import received_while_verifying
from referral_core.lifecycle.reactions.unasked import wrote

_ONLY_OF_A_VISIT: Final = frozenset({Outcome.SUPERSEDED, Outcome.CARE_RECEIVED_ELSEWHERE})
"""Ends after which a question to the patient is moot: only who is booked must hear of it."""
_ASKED: Final[frozenset[ContactState]] = frozenset({"sent", "made", "sending", "ambiguous"})
_TRIED_FOR: Final = timedelta(days=1)


def is_owed(case: Case) -> bool:
    """Whether the patient is still to be told that nothing more comes of the referral."""
    outcome = case.referral.proposed_outcome
    if outcome is None or outcome in COMPLETED | KNOWN_TO_THEM or case.content.patient.deceased:
        return False
    visit_is_off = is_off(case)
    if any(_settles(c, visit_is_off=visit_is_off) for c in told_of(case.referral, "ending")):
        return False
    if visit_is_off:
        return True
    referral, visit = case.referral, case.referral.appointment
    if visit is not None and visit.status == "fulfilled":
        return False
    asked = referral.asked_with is not None or any(c.state in _ASKED for c in series(referral))
    is_moot = outcome in _ONLY_OF_A_VISIT or _others_ask(case)
    waits = asked or _waits_for_another_visit(case)
    return waits and not is_moot and _channel(case) is not None


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


def _on_update(case: Case, update: Update) -> Draft:
    """React while the message waits for its hour: what the patient writes a person reads.

    A report is read at once, as it is once the patient was told.
    """
    if isinstance(update, ReportReceived):
        return received_while_verifying(case, update).to(Step.VERIFY_CLOSURE)
    if isinstance(update, PatientReplied) and update.reply is Reply.STOP and is_off(case):
        # A person calls at once: by the hour of the message there may be no time left.
        facts = ContactFacts(reply=update.reply, channel=last_channel(case.referral))
        stopped = record_only(
            case, update, EventKind.PATIENT_OPTED_OUT, facts=facts, opted_out=True
        )
        return stopped.to(Step.VERIFY_CLOSURE)
    if isinstance(update, PatientReplied):
        # Whoever writes of a visit that they believe in is called: a text would come too late.
        said = wrote(case, update)
        believes = is_off(case) and said.next is not None
        return open_work_item(case, Reason.PATIENT_NOT_TOLD, by=update) if believes else said
    return hour_has_come(case, update)


def _channel(case: Case) -> Channel | None:
    """Return by which channel the patient may be told in time; None: by none."""
    if needs_consent(case) and not has_consent(case):
        return None
    visit = case.referral.appointment
    if visit is not None and is_off(case):
        return by_text(case, "ending", visit.start)
    slow = (c.channel for c in series(case.referral) if c.channel in {"portal", "letter"})
    return by_text(case, "ending", None, *slow)


def _waits_for_another_visit(case: Case) -> bool:
    """Whether the patient was told of a visit that is off, and that another one is looked for."""
    visit = case.referral.appointment
    return visit is not None and visit.status == "cancelled" and visit.told_off


def _others_ask(case: Case) -> bool:
    """Whether another order of the requisition goes on: the patient was asked about it too."""
    referral, referrals = case.referral, case.sources.referrals
    if referral.requisition is None:
        return False
    ids = referrals.identified(referral.tenant, referral.requisition)
    others = [referrals.load(referral.tenant, one).referral for one in ids if one != referral.id]
    return any(not r.is_closed and r.proposed_outcome is None for r in others)


def _settles(contact: Contact, *, visit_is_off: bool) -> bool:
    """Whether a try to tell the patient ends it: of a visit they must surely know."""
    surely = contact.state in {"sent", "made", "missed"}
    return surely or (not visit_is_off and contact.state in {"failed", "ambiguous"})


def _verified(case: Case) -> Draft:
    return draft(
        case,
        EventKind.PATIENT_TO_BE_TOLD,
        case.referral.status_reason,
        then=Step.VERIFY_CLOSURE,
        same_owner=True,
        contacts=case.referral.contacts,
    )


def _tried_until(case: Case) -> datetime:
    visit, limit = case.referral.appointment, case.referral.status_since + _TRIED_FOR
    if visit is not None and is_off(case):
        # At least once more, however long it took to come here.
        return min(max(limit, case.now + timedelta(hours=1)), visit.start)
    return limit


def _told(case: Case, drafted: Draft, is_sent: bool) -> Draft:  # noqa: FBT001 - an Occasion's
    visit = drafted.after.appointment
    if is_sent and visit is not None and is_off(case):
        drafted = drafted.with_after(drafted.after.but(appointment=visit.but(told_off=True)))
    return drafted.to(Step.VERIFY_CLOSURE)


OF_THE_END: Final = Occasion(
    mark="ending",
    is_owed=is_owed,
    channel=_channel,
    purpose=lambda case: Purpose.CALLED_OFF if is_off(case) else Purpose.WITHDRAWN,
    accepts=TELLS_ONLY,
    on_update=_on_update,
    settled=_verified,
    told=_told,
    waits="The patient is told that the visit is off, or not arranged, once a message may go.",
    done="The patient was told that nothing more comes of it.",
    tried_until=_tried_until,
)
