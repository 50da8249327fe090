"""Ask the payer whether the patient is covered (X12 270/271)."""

from __future__ import annotations

from dataclasses import dataclass

from referral_core.domain.errors import Final
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.referral import (
    Eligibility as EligibilityRecord,
)
from referral_core.domain.referral import (
    EligibilityVerdict,
    Referral,
    SelfPay,
    change,
)
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import Reason
from referral_core.ports import Directory, Eligibility, EligibilityInquiry, Referrals
from referral_core.steps.content import ReferralContent, content_of, payer_of
from referral_core.steps.step import (
    ROUTER,
    Draft,
    Moment,
    Recording,
    begun,
    needs_person,
    rules,
)

_METERED = {"payer_transactions": 1}


@dataclass(frozen=True)
class CheckEligibility:
    """Finds out whether the patient is covered, or leaves a work item on the record.

    The state machine goes on to RouteReferral either way: the record says what follows.
    """

    referrals: Referrals
    directory: Directory
    eligibility: Eligibility
    name: Step = Step.CHECK_ELIGIBILITY

    def accepts(self, _referral: Referral) -> frozenset[UpdateKind]:
        """Accept nothing: the step does not wait."""
        return frozenset()

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Record that the payer is being asked."""
        return begun(
            referral,
            self.name,
            moment,
            "Asking the payer whether the patient is covered.",
            status=Status.CHECKING_ELIGIBILITY,
        )

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Find the payer of the coverage and ask it."""
        if rules(referral).eligibility.policy == "none":
            return _not_needed
        content = content_of(self.referrals, referral)
        if referral.self_pay is not None or content.coverage.self_pay:
            return self._self_pay(referral, content)
        payer = payer_of(content, self.directory.payers(referral.tenant))
        if payer is None:
            return lambda current, at: needs_person(current, Reason.PAYER_UNKNOWN, at)
        profile = self.directory.tenant(referral.tenant)
        patient, coverage = content.patient, content.coverage
        inquiry = EligibilityInquiry(
            trace=f"{referral.id}-e{referral.version}",
            provider_npi=profile.npi,
            provider_name=profile.name,
            member_id=coverage.member_id or "",
            family=patient.family or "",
            given=patient.given or "",
            birth_date=patient.birth_date,
            gender=patient.gender,
            service_type=rules(referral).eligibility.service_type,
            service_date=moment.now.date(),
        )
        try:
            answer = self.eligibility.check(payer, inquiry)
        except Final as error:
            refused = str(error)  # our own words: adapters put no content into them
            # Whoever confirms the coverage by phone confirms it with this payer, which may still
            # want to authorize the visit.
            unknown = EligibilityRecord(
                verdict=EligibilityVerdict.UNCLEAR, payer=payer.id, checked_at=moment.now
            )
            return lambda current, at: needs_person(
                current,
                Reason.ELIGIBILITY_UNCLEAR,
                at,
                facts={"payer": payer.id, "refused": refused},
                metered=_METERED,
                eligibility=unknown,
            )
        known = EligibilityRecord(
            verdict=answer.verdict,
            payer=payer.id,
            checked_at=moment.now,
            authorization_required=answer.authorization_required,
            in_network=answer.in_network,
            reason=answer.reject_reason,
        )

        def record(current: Referral, at: Moment) -> Draft:
            facts = {"payer": payer.id, "verdict": answer.verdict.value}
            if answer.verdict is not EligibilityVerdict.ACTIVE:
                reason = (
                    Reason.NOT_ELIGIBLE
                    if answer.verdict is EligibilityVerdict.INACTIVE
                    else Reason.ELIGIBILITY_UNCLEAR
                )
                return needs_person(
                    current, reason, at, facts=facts, metered=_METERED, eligibility=known
                )
            return Draft(
                change(
                    current,
                    "eligibility-confirmed",
                    at=at.now,
                    actor=ROUTER,
                    why="The payer confirms that the patient is covered.",
                    due_at=at.soon,
                    facts=facts,
                    metered=_METERED,
                    eligibility=known,
                ),
                outcome="eligible",
            )

        return record

    def _self_pay(self, referral: Referral, content: ReferralContent) -> Recording:
        """Ask no payer: at an FQHC the class of the sliding fee scale must be agreed on."""
        agreed = referral.self_pay or SelfPay(fee_class=content.coverage.fee_class)
        sliding = self.directory.tenant(referral.tenant).sliding_fee
        if sliding and agreed.fee_class is None:
            return lambda current, at: needs_person(current, Reason.FEE_CLASS_MISSING, at)
        return lambda current, at: Draft(
            change(
                current,
                "self-pay-agreed",
                at=at.now,
                actor=ROUTER,
                why="The patient pays; no payer is asked.",
                due_at=at.soon,
                facts={"fee_class": agreed.fee_class},
                self_pay=agreed,
                eligibility=None,
            ),
            outcome="eligible",
        )

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Never called: the step does not wait."""
        raise NotImplementedError


def _not_needed(referral: Referral, moment: Moment) -> Draft:
    return Draft(
        change(
            referral,
            "eligibility-not-needed",
            at=moment.now,
            actor=ROUTER,
            why="No payer pays for this service; none is asked.",
            due_at=moment.soon,
            eligibility=None,
        ),
        outcome="eligible",
    )
