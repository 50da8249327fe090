"""What is kept of a routing: the decision with its reasons, its event's facts, and the demand."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Final

from referral_core.domain.effects import KeepDemand, RoutingDecision
from referral_core.domain.events import OfferFacts
from referral_core.domain.routing.score import Candidate
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.routing.leaving_network import network_available, override_of
from referral_core.lifecycle.routing.proposal import Proposal, demand_kept

_KEPT_CANDIDATES: Final = 20
"""How many candidates a decision keeps, best first: enough to explain it within one item."""
_KEPT_EXCLUSIONS: Final = 500


def decision_of(case: Case, proposal: Proposal, chosen: Candidate | None) -> RoutingDecision:
    """Return the decision as it is kept; chosen: None when nobody is asked."""
    ranking = proposal.ranking
    return RoutingDecision(
        number=case.referral.version,
        at=case.now,
        policy=ranking.policy,
        price_version=ranking.price_version,
        chosen=chosen.npi if chosen else None,
        candidates=tuple(_kept(c) for c in ranking.candidates[:_KEPT_CANDIDATES]),
        exclusions=dict(islice(ranking.exclusions.items(), _KEPT_EXCLUSIONS)),
        named=case.content.service.performer_npis[:_KEPT_CANDIDATES],
        not_named=proposal.named.not_asked,
        shown=proposal.shown,
        override=override_of(chosen, proposal.named) if chosen else None,
    )


def facts_of(case: Case, proposal: Proposal, chosen: Candidate) -> OfferFacts:
    """Return what the event says of a choice: by which policy and prices, how soon, how far."""
    return OfferFacts(
        offer=len(case.referral.offers) + 1,
        week=chosen.week,
        score=str(chosen.score),
        network_available=network_available(case, proposal.ranking),
        override=override_of(chosen, proposal.named),
        third_next_days=proposal.third_next_days,
        policy=proposal.ranking.policy,
        price_version=proposal.ranking.price_version,
        distance_km=None if chosen.distance_km is None else round(chosen.distance_km),
    )


def demand_of(case: Case, proposal: Proposal) -> tuple[KeepDemand, ...]:
    """Return what the referral asks of its market, when it asks for the first time."""
    referral = case.referral
    if referral.offers or referral.waitlist_tries:
        return ()
    accepts = () if proposal.is_published else referral.service.accepts
    return (KeepDemand(demand=demand_kept(case), accepts=accepts),)


def _kept(candidate: Candidate) -> Mapping[str, str | float]:
    away = {} if candidate.distance_km is None else {"km": candidate.distance_km}
    margin = {"margin": candidate.margin} if candidate.margin else {}
    second = {"second_choice": candidate.second_choice} if candidate.second_choice else {}
    slot = {"slot": candidate.slot.start.isoformat()} if candidate.slot else {}
    return {
        "npi": candidate.npi,
        "week": candidate.week,
        "score": candidate.score,
        "price": candidate.price,
        **margin,
        **second,
        **slot,
        **away,
        **candidate.parts,
    }
