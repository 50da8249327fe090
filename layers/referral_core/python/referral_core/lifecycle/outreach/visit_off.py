"""A visit that lies ahead and does not take place: whether its patient knows it yet.

Whoever is booked comes. A clinic that withdraws, staff who choose another one, an order that is
checked anew: the visit is off from then on, and the patient hears so before anything else is done
about another one.
"""

from __future__ import annotations

from typing import Final

from referral_core.domain.lifecycle import Next, Outcome, Step
from referral_core.domain.outreach.series import series
from referral_core.domain.referral import Appointment, Referral
from referral_core.lifecycle.case import Case

_GOES_ON: Final = frozenset({Step.CHECK_READINESS, Step.ROUTE_REFERRAL, Step.AWAIT_VISIT})
"""The steps that see to another visit, none of which speaks with the patient first."""
_MAY_TELL: Final = frozenset(
    {
        Step.OFFER_REFERRAL,
        Step.CONTACT_PATIENT,
        Step.AWAIT_VISIT,
        Step.VERIFY_CLOSURE,
        Step.OPEN_WORK_ITEM,
    }
)
"""The steps that lead to ContactPatient."""
KNOWN_TO_THEM: Final = frozenset(
    {Outcome.PATIENT_DECLINED, Outcome.DECEASED_OR_MOVED, Outcome.UNABLE_TO_REACH}
)
"""Ends that the patient brought about, or that no message reaches them with."""


def is_off(case: Case) -> bool:
    """Whether a visit that lies ahead does not take place, or not any more, unknown to the patient.

    Of one that its clinic cancelled the series that follows tells: it begins with saying so.
    """
    visit = case.referral.appointment
    if visit is None or visit.start <= case.now or visit.told_off:
        return False
    knows = any(c.state in {"sent", "made"} for c in series(case.referral))
    return visit.is_booked or (visit.status == "cancelled" and (visit.called_off or not knows))


def called_off(case: Case, *, known: bool = False) -> Appointment | None:
    """Return the appointment once its visit is off.

    Args:
        case: the referral and the moment.
        known: whether the patient knows: it was their wish.
    """
    visit = case.referral.appointment
    if visit is None:
        return None
    ended = visit.cancelled()
    if not is_off(case):
        # Of what lies ahead the series told; the series of another clinic knows nothing of that.
        return ended.but(told_off=ended.told_off or visit.start > case.now)
    if case.referral.current_step not in _MAY_TELL:
        return ended  # the next series begins with saying so
    return ended.but(called_off=True, told_off=known)


def is_owed(case: Case) -> bool:
    """Whether the patient is still to be told that the visit is off, and the referral goes on."""
    visit = case.referral.appointment
    called = visit is not None and visit.status == "cancelled" and visit.called_off
    is_going_on = not case.referral.is_ending and not case.referral.is_closed
    return called and is_going_on and is_off(case)


def is_believed_in(case: Case) -> bool:
    """Whether the patient believes in a visit that is off: what holds that up cannot wait."""
    referral = case.referral
    ends = referral.is_ending and referral.proposed_outcome not in KNOWN_TO_THEM
    return (ends and is_off(case)) or is_owed(case)


def is_told_of(referral: Referral) -> bool:
    """Whether ContactPatient tells of a visit that is off, and goes on with another one then."""
    visit = referral.appointment
    return visit is not None and visit.told_before is not None and not referral.is_ending


def told_first(case: Case, following: Next | None) -> Appointment | None:
    """Return the appointment with what follows once its patient knows; None: nothing is owed."""
    visit = case.referral.appointment
    leads_there = case.referral.current_step in _MAY_TELL and following in _GOES_ON
    if visit is None or not leads_there or not is_owed(case):
        return None
    return visit.but(told_before=following)
