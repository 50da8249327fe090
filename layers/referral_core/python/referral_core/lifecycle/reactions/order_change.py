"""What another version of the order leads to: one table, by the step that waits and what changed.

Before a clinic has accepted, what payers and clinics were asked about is asked again. Afterwards a
person decides, and the clinic has the new version meanwhile. Nothing that is accepted is without
effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from referral_core.domain.change import Regions
from referral_core.domain.errors import NotLegal
from referral_core.domain.events import EventKind, OfferFacts, StepFacts
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.referral import Referral
from referral_core.domain.updates import ChangedPart, InformationSupplied, Reported
from referral_core.domain.work_items import TO_BE_READ, Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, open_work_item, record_only, release
from referral_core.lifecycle.reactions.offer import ORDER_CHANGED, anew


class Consequence(IntEnum):
    """What a change leads to; of several the greatest."""

    USED_NEXT = 0
    """Nobody was asked about it yet: whoever is asked next is asked with it."""
    TO_CLINIC = 1
    """The clinic gets the new version; the referral goes on."""
    CHECKED_AGAIN = 2
    """The order is checked again, and payers and clinics are asked anew."""
    DECIDED = 3
    """A person decides; the clinic that has the referral gets the new version."""


_USED, _CLINIC, _AGAIN, _PERSON = Consequence
_P: Final = ChangedPart
_ALL: Final = tuple(ChangedPart)


def _row(
    usual: Consequence, others: Mapping[ChangedPart, Consequence] = MappingProxyType({})
) -> Mapping[ChangedPart, Consequence]:
    return MappingProxyType({part: others.get(part, usual) for part in _ALL})


_UNASKED: Final = {_P.REACH: _USED, _P.CONTENT: _USED}
_WITH_CLINIC: Final = {_P.REACH: _CLINIC, _P.CONTENT: _CLINIC}
CONSEQUENCES: Final[Mapping[Step, Mapping[ChangedPart, Consequence]]] = MappingProxyType(
    {
        Step.CHECK_READINESS: _row(_AGAIN),
        Step.ROUTE_REFERRAL: _row(_AGAIN, _UNASKED),
        Step.REQUEST_AUTHORIZATION: _row(_AGAIN, _UNASKED),
        Step.OFFER_REFERRAL: _row(_AGAIN, _WITH_CLINIC),
        Step.CONTACT_PATIENT: _row(_PERSON, _WITH_CLINIC),
        Step.AWAIT_VISIT: _row(_PERSON, _WITH_CLINIC),
        # The visit has taken place: what changed is the clinic's to know, its end a person's.
        Step.VERIFY_CLOSURE: _row(_CLINIC, {_P.STATUS: _PERSON}),
    }
)
"""By the step that waits; while a person has a work item, by the step that it was opened in."""

_BEFORE_ROUTING: Final = frozenset(
    {Status.RECEIVED, Status.NEEDS_INFORMATION, Status.CHECKING_ELIGIBILITY}
)
_TAKEN: Final[Mapping[Status, Step]] = MappingProxyType(
    {
        Status.ACCEPTED: Step.CONTACT_PATIENT,
        Status.CONTACTING_PATIENT: Step.CONTACT_PATIENT,
        Status.SCHEDULED: Step.AWAIT_VISIT,
        Status.SEEN_AWAITING_REPORT: Step.VERIFY_CLOSURE,
        Status.REPORT_RECEIVED: Step.VERIFY_CLOSURE,
    }
)
"""By which step's row a change is read while its clinic, which took it, is told of another one."""
_NOT_SEEN: Final = frozenset({Status.NOSHOW, Status.APPOINTMENT_CANCELLED})
_ABOUT_REPORTS: Final = TO_BE_READ - {Reason.PATIENT_WROTE_UNASKED}
_UNREACHED: Final = frozenset({Reason.MESSAGE_REFUSED, Reason.PATIENT_NOT_REACHED})


def order_changed(step: Step, case: Case, update: InformationSupplied) -> Draft:
    """Draft what another version of the order leads to while a step waits.

    Raises:
        NotLegal: the referral is being ended, and another version changes nothing any more.
    """
    referral = case.referral
    parts = update.changed or (_P.CONTENT,)
    if referral.is_ending:
        raise NotLegal("The referral is being ended: post a new order if one is needed.")
    if step is Step.OPEN_WORK_ITEM:
        return _while_a_person_looks(case, update, parts)
    known = case.of(referral.but(work_item=None))
    match _consequence(_row_of(step, referral), parts):
        case Consequence.USED_NEXT:
            return record_only(known, update, EventKind.INFORMATION_SUPPLIED, facts=StepFacts())
        case Consequence.TO_CLINIC:
            return _to_clinic(known, update, parts)
        case Consequence.CHECKED_AGAIN:
            return checked_again(known, update)
        case _:
            return _decided(known, update)


def _row_of(step: Step, referral: Referral) -> Step:
    """Return whose row of the table holds: who is told of a visit that is off has no clinic.

    Where the visit was missed or cancelled too often nothing is to be verified: another follows.
    """
    if step is Step.VERIFY_CLOSURE and referral.status in _NOT_SEEN:
        return Step.CONTACT_PATIENT
    if step is Step.OFFER_REFERRAL and referral.status in _TAKEN:
        return _TAKEN[referral.status]  # a later version is on its way to who has it already
    is_routed = step is not Step.CONTACT_PATIENT or referral.offer is not None
    return step if is_routed else Step.ROUTE_REFERRAL


def _consequence(step: Step, parts: tuple[ChangedPart, ...]) -> Consequence:
    return max(CONSEQUENCES[step][part] for part in parts)


def checked_again(case: Case, update: Reported, metered: Mapping[str, int] | None = None) -> Draft:
    """Draft that the order is checked from the beginning: an offer in hand is taken back."""
    referral, offer = case.referral, case.referral.offer
    kind = EventKind.OFFER_TAKEN_BACK if offer else EventKind.INFORMATION_SUPPLIED
    return draft(
        case,
        kind,
        "Checking the order again, as it is now.",
        then=Step.CHECK_READINESS,
        by=update,
        status=None if referral.status in _BEFORE_ROUTING else Status.ROUTING,
        facts=OfferFacts(offer=offer.number, reason=ORDER_CHANGED) if offer else None,
        metered=metered,
        effects=release(offer),
        offers=referral.with_offer_ended("taken-back", ORDER_CHANGED),
        offers_window_start=len(referral.offers),
        eligibility=None,
        authorization=None,
        waitlist_tries=0,
        time_zones=(),
        work_item=None,
        **anew(case),
    )


def _to_clinic(case: Case, update: InformationSupplied, parts: tuple[ChangedPart, ...]) -> Draft:
    """Draft that the clinic gets the new version; a new way to the patient is tried anew."""
    referral = case.referral
    regions: Regions = {}
    if _P.REACH in parts:
        regions = {"time_zones": ()}
        if referral.current_step is Step.CONTACT_PATIENT:
            regions |= _new_series(referral)
    if referral.offer is None or referral.offer.offered_at is None:
        return record_only(
            case, update, EventKind.INFORMATION_SUPPLIED, facts=StepFacts(), **regions
        )
    return draft(
        case,
        EventKind.INFORMATION_SUPPLIED,
        "The order changed; the clinic gets its new version.",
        then=Step.OFFER_REFERRAL,
        by=update,
        same_owner=True,
        **regions,
    )


def _new_series(referral: Referral) -> Regions:
    return {
        "contacts_window_start": len(referral.contacts),
        "outreach_from": None,
        "escalated": False,
    }


def _decided(case: Case, update: InformationSupplied) -> Draft:
    """Draft that a person decides what the change means; the clinic is told first."""
    opened = open_work_item(case, Reason.ORDER_CHANGED, by=update, time_zones=())
    has_it = case.referral.offer is not None and case.referral.offer.offered_at is not None
    return opened.to(Step.OFFER_REFERRAL) if has_it else opened


def _while_a_person_looks(
    case: Case, update: InformationSupplied, parts: tuple[ChangedPart, ...]
) -> Draft:
    referral, item = case.referral, case.referral.work_item
    if item is None or item.reason in _ABOUT_REPORTS:
        return _to_clinic(case, update, parts)
    if referral.status in _BEFORE_ROUTING:
        # A question that nobody has answered is asked again, of the order as it is now.
        asked = item.reason is Reason.POSSIBLE_DUPLICATE
        known = case.of(referral.but(duplicates=())) if asked else case
        return checked_again(known, update)
    step = item.resume_at if item.resume_at in CONSEQUENCES else Step.ROUTE_REFERRAL
    step = _row_of(step, referral)
    known = case.of(referral.but(current_step=step))
    if _P.REACH in parts and item.reason in _UNREACHED:
        settled = case.of(referral.but(work_item=None, **_new_series(referral)))
        return _to_clinic(settled, update, parts)
    match _consequence(step, parts):
        case Consequence.CHECKED_AGAIN:
            return checked_again(case, update)
        case Consequence.DECIDED:
            return _decided(known, update)
        case _:
            return _to_clinic(case, update, parts)
