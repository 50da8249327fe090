"""What comes while the closure is verified: nothing stays pending, and so forgotten, at the end.

Most of it is moot by then and is recorded. What speaks against the end is for a person: a clinic
that books, or has seen, a patient whose referral is being ended; one that takes a visit back whose
report is awaited.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from referral_core.domain.errors import NotLegal
from referral_core.domain.lifecycle import COMPLETED
from referral_core.domain.updates import AppointmentUpdate, Update, UpdateKind
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, open_work_item, record_only
from referral_core.lifecycle.evidence import proposed_outcome
from referral_core.lifecycle.reactions.authorization import denied_late
from referral_core.lifecycle.reactions.unasked import told_by_telephone
from referral_core.lifecycle.step import Reaction


def moot(case: Case, update: Update) -> Draft:
    """Draft what changes nothing any more: offers, closures."""
    return record_only(case, update)


def visit_after_all(case: Case, update: AppointmentUpdate) -> Draft:
    """Draft a booking or a visit: a person calls the clinic where the referral is being ended."""
    outcome = proposed_outcome(case)
    if outcome is None or outcome in COMPLETED:
        return record_only(case, update)
    return open_work_item(case, Reason.ENDING_CONTRADICTED, by=update)


def visit_taken_back(case: Case, update: AppointmentUpdate) -> Draft:
    """Draft that a visit did not happen: a person asks where its report is awaited."""
    if proposed_outcome(case) is not None:
        return record_only(case, update)
    return open_work_item(case, Reason.VISIT_UNCONFIRMED, by=update)


def nothing_to_decide(case: Case, _update: Update) -> Draft:
    """Refuse a decision that crossed what settled its work item.

    Raises:
        NotLegal: no work item is open.
    """
    raise NotLegal(f"No work item is open: the referral is {case.referral.status} and ends.")


WHILE_ENDING: Final[Mapping[UpdateKind, Reaction]] = MappingProxyType(
    {
        UpdateKind.APPOINTMENT_BOOKED: visit_after_all,
        UpdateKind.APPOINTMENT_FULFILLED: visit_after_all,
        UpdateKind.APPOINTMENT_CANCELLED: visit_taken_back,
        UpdateKind.APPOINTMENT_NOSHOW: visit_taken_back,
        UpdateKind.OFFER_ACCEPTED: moot,
        UpdateKind.OFFER_DECLINED: moot,
        UpdateKind.AUTHORIZATION_DECIDED: denied_late,
        UpdateKind.CONTACT_RECORDED: told_by_telephone,
        UpdateKind.CLINIC_CLOSED: moot,
        UpdateKind.DECISION: nothing_to_decide,
    }
)
"""Every kind that the steps before use, and VerifyClosure has no better use for."""
