"""Ask the payer whether the patient is covered (X12 270/271)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from referral_core.domain.directory import Payer
from referral_core.domain.effects import Effect
from referral_core.domain.errors import Permanent
from referral_core.domain.events import CoverageFacts, EventKind, WorkItemFacts
from referral_core.domain.lifecycle import Next, Status, Step
from referral_core.domain.orders.patient_identity import Likeness, compare, insured_identity_of
from referral_core.domain.payers.eligibility import (
    Eligibility as KnownEligibility,
)
from referral_core.domain.payers.eligibility import EligibilityVerdict, SelfPay, payer_of
from referral_core.domain.payers.requests import EligibilityRequest, EligibilityResponse
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.documents import X12, keep
from referral_core.lifecycle.draft import Draft, draft, open_work_item, start_draft
from referral_core.lifecycle.step import Reacting, Recorder
from referral_core.ports.lifecycle import Documents, Eligibility

_METERED: Final = {"payer_transactions": 1}
_COVERED: Final = "The payer confirms that the patient is covered."
_ANOTHER: Final = "another-patient"
_WHY: Final[Mapping[str, str]] = {
    _ANOTHER: "The payer's answer is about another member.",
    "reported-dead": "The payer has a day on which this member died: ask the referrer.",
    "of-subscriber-only": "The payer answered about the subscriber, and not about the patient.",
    "benefit-used-up": "The payer says that nothing is left of this benefit.",
    "premium-unpaid": "The payer says that the premium is not paid for the day of service.",
    "limited-benefit": "The payer describes a plan for some services only.",
}
"""What a person reads of a reason of ours; any other is AAA03 of the payer."""
_OTHER_PAYER: Final = (
    "The payer confirms that the patient is covered, and names another payer that may pay first."
)


@dataclass(frozen=True)
class CheckEligibility(Reacting):
    """Finds out whether the patient is covered, or leaves a work item on the record.

    The state machine goes on to RouteReferral either way: the record says what follows.
    """

    eligibility: Eligibility
    documents: Documents
    name: ClassVar[Step] = Step.CHECK_ELIGIBILITY
    goes_to: ClassVar[frozenset[Next]] = frozenset({Step.ROUTE_REFERRAL})

    def start(self, case: Case) -> Draft:
        """Record that the payer is being asked."""
        return start_draft(
            case,
            self.name,
            "Asking the payer whether the patient is covered.",
            status=Status.CHECKING_ELIGIBILITY,
        )

    def execute(self, case: Case) -> Recorder:
        """Find the payer of the coverage and ask it."""
        if case.rules.eligibility.policy == "none":
            return _not_needed
        coverage = case.content.coverage
        if case.referral.self_pay is not None or coverage.self_pay:
            return _self_pay(case)
        payer = payer_of(coverage.payor, case.payers)
        if payer is None:
            return lambda current: _work_item(current, Reason.PAYER_UNKNOWN)
        try:
            response = _of_the_patient(case, self.eligibility.check(payer, _request(case)))
        except Permanent as error:
            refused = str(error)  # our own words: adapters put no content into them
            return lambda current: _refused(current, payer, refused)
        kept = keep(
            self.documents,
            case,
            response.source,
            kind="eligibility-response",
            content_type=X12,
            source=payer.id,
        )
        known = KnownEligibility(
            verdict=response.verdict,
            payer=payer.id,
            payer_class=payer.payer_class,
            checked_at=case.now,
            authorization_required=response.authorization_required,
            in_network=response.in_network,
            reason=response.reject_reason,
            other_payer=response.other_payer,
        )
        return lambda current: _answered(current, known, kept)


def _of_the_patient(case: Case, response: EligibilityResponse) -> EligibilityResponse:
    """Leave an answer about another member to a person: it says nothing of this patient."""
    known = insured_identity_of(case.content)
    if compare(known, response.patient) is not Likeness.ANOTHER:
        return response
    return EligibilityResponse(
        verdict=EligibilityVerdict.UNCLEAR,
        authorization_required=None,
        in_network=None,
        reject_reason=response.reject_reason or _ANOTHER,
        source=response.source,
    )


def _request(case: Case) -> EligibilityRequest:
    patient = case.content.patient
    return EligibilityRequest(
        trace=f"{case.referral.id}-e{case.referral.version}",
        provider_npi=case.profile.npi,
        provider_name=case.profile.name,
        member_id=case.content.coverage.member_id or "",
        family=patient.family or "",
        given=patient.given or "",
        suffix=patient.suffix,
        birth_date=patient.birth_date,
        gender=patient.gender,
        subscriber=case.content.coverage.subscriber,
        service_type=case.rules.eligibility.service_type,
        service_date=case.today,
    )


def _answered(case: Case, known: KnownEligibility, kept: tuple[Effect, ...]) -> Draft:
    if known.verdict is EligibilityVerdict.ACTIVE:
        return draft(
            case,
            EventKind.ELIGIBILITY_CONFIRMED,
            _OTHER_PAYER if known.other_payer else _COVERED,
            then=Step.ROUTE_REFERRAL,
            facts=CoverageFacts(
                payer=known.payer, verdict=known.verdict, other_payer=known.other_payer or None
            ),
            metered=_METERED,
            effects=kept,
            eligibility=known,
        )
    is_inactive = known.verdict is EligibilityVerdict.INACTIVE
    return open_work_item(
        case,
        Reason.NOT_ELIGIBLE if is_inactive else Reason.ELIGIBILITY_UNCLEAR,
        facts=WorkItemFacts(
            payer=known.payer,
            verdict=known.verdict.value,
            refused=why_unclear(known.reason),
        ),
        metered=_METERED,
        effects=kept,
        eligibility=known,
    ).to(Step.ROUTE_REFERRAL)


def why_unclear(reason: str | None) -> str | None:
    """Return in words why a payer's answer is for a person; None where it said nothing of that."""
    return _WHY.get(reason, f"The payer rejected the inquiry (AAA {reason}).") if reason else None


def _refused(case: Case, payer: Payer, refused: str) -> Draft:
    # Whoever confirms the coverage by phone confirms it with this payer, which may still want to
    # authorize the visit.
    unknown = KnownEligibility(
        verdict=EligibilityVerdict.UNCLEAR,
        payer=payer.id,
        payer_class=payer.payer_class,
        checked_at=case.now,
    )
    return open_work_item(
        case,
        Reason.ELIGIBILITY_UNCLEAR,
        facts=WorkItemFacts(payer=payer.id, refused=refused),
        metered=_METERED,
        eligibility=unknown,
    ).to(Step.ROUTE_REFERRAL)


def _work_item(case: Case, reason: Reason) -> Draft:
    return open_work_item(case, reason).to(Step.ROUTE_REFERRAL)


def _self_pay(case: Case) -> Recorder:
    """Ask no payer: at an FQHC the class of the sliding fee scale must be agreed on."""
    agreed = case.referral.self_pay or SelfPay(fee_class=case.content.coverage.fee_class)
    if case.profile.sliding_fee and agreed.fee_class is None:
        return lambda current: _work_item(current, Reason.FEE_CLASS_MISSING)
    return lambda current: draft(
        current,
        EventKind.SELF_PAY_AGREED,
        "The patient pays; no payer is asked.",
        then=Step.ROUTE_REFERRAL,
        facts=CoverageFacts(fee_class=agreed.fee_class),
        self_pay=agreed,
        eligibility=None,
    )


def _not_needed(case: Case) -> Draft:
    return draft(
        case,
        EventKind.ELIGIBILITY_NOT_NEEDED,
        "No payer pays for this service; none is asked.",
        then=Step.ROUTE_REFERRAL,
        eligibility=None,
    )
