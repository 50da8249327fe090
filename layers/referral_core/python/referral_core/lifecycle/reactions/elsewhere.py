"""Care that was received elsewhere: who gave it, and whether that is in the patient's network."""

from __future__ import annotations

from typing import Final, TypedDict

from referral_core.domain.events import WorkItemFacts
from referral_core.domain.lifecycle import Outcome
from referral_core.domain.updates import DecisionMade, ReportReceived
from referral_core.domain.work_items import Reason, outcome_of
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, open_work_item

_OUTSIDE: Final = 3


class Destination(TypedDict, total=False):
    """What the events say of who gave the care; nothing where nobody knows."""

    elsewhere: str
    elsewhere_network: bool
    elsewhere_tier: int


def facts_of(case: Case, update: DecisionMade) -> WorkItemFacts:
    """Return what the event of a decision says; who gave care elsewhere, if it ends so."""
    is_elsewhere = outcome_of(update.action) is Outcome.CARE_RECEIVED_ELSEWHERE
    item = case.referral.work_item
    # Who says nothing of it has just read whose document it was.
    npi = update.performer or (item.seen_by if item else None)
    told = destination(case, npi) if is_elsewhere else {}
    return WorkItemFacts(action=update.action, fee_class=update.fee_class, **told)


def opened_by(case: Case, update: ReportReceived) -> Draft:
    """Draft that a person reads what somebody sent who does not have the referral."""
    drafted = open_work_item(case, Reason.REPORT_OF_FORMER_PERFORMER, by=update)
    item, former = drafted.after.work_item, _offered(case, update.organization)
    if item is None:
        return drafted
    seen_by = update.author or former
    return drafted.with_after(drafted.after.but(work_item=item.but(seen_by=seen_by)))


def _offered(case: Case, organization: str) -> str | None:
    """Return the NPI that an organization was last asked for, if it was asked."""
    offers = [o.npi for o in case.referral.offers if o.organization == organization]
    return offers[-1] if offers else None


def destination(case: Case, npi: str | None) -> Destination:
    """Return what the directory says of who gave the care, for the payer as it is today.

    Whom it does not list is outside: it lists who is in a network.
    """
    if npi is None:
        return {}
    referral, known = case.referral, case.referral.eligibility
    pays_alone = referral.self_pay is not None or case.content.coverage.self_pay
    if known is None and not pays_alone:
        # Nobody knows yet who pays, so nobody knows whose network counts.
        return {"elsewhere": npi}
    payer, plan = (known.payer, case.content.coverage.plan) if known else (None, None)
    listed = case.sources.directory.entries_of(referral.tenant, npi)
    tier = min((one.tier_for(payer, plan, case.today) for one in listed), default=_OUTSIDE)
    return {"elsewhere": npi, "elsewhere_network": tier < _OUTSIDE, "elsewhere_tier": tier}
