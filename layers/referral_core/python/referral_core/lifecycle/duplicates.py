"""Two practices may order the same for a patient: neither order is dropped, and a person is told.

One EHR's own orders are told apart by their numbers; what several want at once nobody else sees.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from referral_core.domain.ids import ReferralId
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.patient_identity import Likeness, compare, identity_of
from referral_core.domain.orders.search_terms import born_term
from referral_core.domain.referral import Referral
from referral_core.domain.referral.bounds import MOST
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, open_work_item

_MOST: Final = 500
"""Referrals of one birth date that are looked at, whatever became of them: none is ever removed,
and a tenant with a million a year has thirty more each year."""


def untold_duplicates(case: Case) -> tuple[ReferralId, ...]:
    """List open referrals of other EHRs for the same service of the same patient.

    Returns:
        Those of which no person was told, with this referral or with the other, as many as this
        one has room for.
    """
    referral, patient = case.referral, case.content.patient
    if referral.service.specialty is None or patient.birth_date is None:
        return ()
    found = case.sources.referrals.identified(referral.tenant, born_term(patient.birth_date))
    ids = [one for one in found if one not in {referral.id, *referral.duplicates}][:_MOST]
    others = case.sources.referrals.those_of(referral.tenant, ids) if ids else ()
    same = (r.id for r in others if _wants_the_same(referral, r) and _is_theirs(case, r))
    return tuple(islice(same, MOST["duplicates"] - len(referral.duplicates)))


def told_of(case: Case, found: tuple[ReferralId, ...]) -> Draft:
    """Draft that a person decides whether both are wanted."""
    known = (*case.referral.duplicates, *found)
    return open_work_item(case, Reason.POSSIBLE_DUPLICATE, missing=(), duplicates=known)


def with_duplicates(referral: Referral, sentence: str) -> str:
    """Return why a person must look, with the referrals that are meant."""
    named = ", ".join(referral.duplicates)
    return sentence.replace(" for this patient;", f" for this patient (referral {named});")


def _wants_the_same(referral: Referral, other: Referral) -> bool:
    is_open = not other.is_closed and not other.is_ending
    of_another = other.referrer != referral.referrer and referral.id not in other.duplicates
    return is_open and of_another and other.service.specialty == referral.service.specialty


def _is_theirs(case: Case, other: Referral) -> bool:
    content = ClinicalPayload.load(case.sources.referrals.payload(other)).content
    ours, theirs = identity_of(case.content.patient), identity_of(content.patient)
    # What its author holds back is not wanted yet; once it is, it looks for this one.
    return content.waits_for is None and compare(ours, theirs) is Likeness.SAME
