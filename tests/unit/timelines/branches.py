"""What may happen to a referral of any pathway, played by its partners in virtual time.

Each branch takes a pathway and returns the world after it. Partners answer as they usually do but
for what the branch is about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from referral_core.domain.pathway import Pathway
from referral_core.pathways import pathways
from tests.unit.timelines import (
    clinic_branches,
    ends,
    order_branches,
    patient_branches,
    payer_branches,
    report_branches,
)
from tests.unit.timelines.world import ORDERS, PathwayWorld

Branch = Callable[[str], PathwayWorld]


def _named(branch: Branch) -> str:
    return branch.__name__.replace("_", " ")


BRANCHES: Final[Mapping[str, Branch]] = MappingProxyType(
    {
        _named(branch): branch
        for branch in (
            report_branches.all_goes_well,
            order_branches.information_comes,
            order_branches.information_never_comes,
            order_branches.consent_is_missing,
            order_branches.payer_says_not_covered,
            order_branches.patient_pays_by_a_fee_class,
            order_branches.patient_has_died,
            payer_branches.payer_decides_late,
            payer_branches.payer_never_decides,
            payer_branches.authorization_comes_by_telephone,
            payer_branches.payer_certifies_a_part,
            payer_branches.payer_denies_and_an_appeal_wins,
            payer_branches.appeal_is_never_decided,
            payer_branches.payer_denies_and_it_is_overridden,
            payer_branches.payer_denies_for_good,
            clinic_branches.no_room_then_room,
            clinic_branches.no_clinic_answers,
            clinic_branches.every_clinic_declines,
            clinic_branches.clinic_withdraws_after_booking,
            clinic_branches.clinic_never_books,
            clinic_branches.clinic_books_too_late,
            clinic_branches.clinic_moves_then_cancels,
            clinic_branches.nobody_says_whether_the_visit_was,
            clinic_branches.clinic_says_late_that_the_patient_did_not_come,
            patient_branches.friday_before_a_holiday,
            patient_branches.nobody_reaches_the_patient,
            patient_branches.nobody_calls_the_patient,
            patient_branches.call_finds_a_wrong_number,
            patient_branches.patient_declines,
            patient_branches.patient_wants_another_clinic,
            patient_branches.patient_says_stop,
            patient_branches.patient_writes_something_else,
            patient_branches.patient_wants_another_time_before_booking,
            patient_branches.patient_wants_another_time,
            patient_branches.patient_cancels_the_visit,
            patient_branches.patient_cancels_for_good,
            patient_branches.patient_never_comes,
            report_branches.report_never_comes,
            report_branches.report_is_given_up,
            report_branches.clinic_attests_the_service,
            report_branches.wrong_document_then_the_right_one,
            report_branches.result_is_critical,
            report_branches.nobody_signs_a_critical_result_off,
            report_branches.notice_does_not_arrive,
            report_branches.referrer_does_not_acknowledge,
            ends.referrer_cancels_at_once,
            ends.referrer_cancels,
            ends.referrer_cancels_too_late,
            ends.care_is_received_elsewhere,
            ends.patient_dies_meanwhile,
            ends.order_was_entered_in_error,
            ends.another_order_replaces_it,
            ends.nobody_finds_a_way,
            ends.closed_then_reopened,
        )
    }
)


def branches_of(pathway_id: str) -> Mapping[str, Branch]:
    """Return the branches that a pathway can take."""
    rules = next(p for p in pathways().values() if p.id == pathway_id)
    return {name: play for name, play in BRANCHES.items() if _applies(play, rules)}


def _applies(play: Branch, rules: Pathway) -> bool:
    """Whether the pathway asks whom the branch is about: a payer, a consent, an attestation."""
    if play is order_branches.consent_is_missing:
        return "consent" in rules.readiness.required
    if play is report_branches.clinic_attests_the_service:
        return rules.closure.attestation
    if play in _COVERED:
        return rules.eligibility.policy == "check"
    return rules.authorization.policy == "check" or play.__module__ != payer_branches.__name__


_COVERED: Final = frozenset(
    {order_branches.payer_says_not_covered, order_branches.patient_pays_by_a_fee_class}
)
PLAYED: Final = [(p, branch) for p in ORDERS for branch in branches_of(p)]
"""Every pathway with every branch that it can take."""
