"""The performer that an order names is asked first; where that cannot be, the decision says why."""

from __future__ import annotations

from typing import NamedTuple

from referral_core.domain.orders.clinical_content import ServiceContent
from referral_core.domain.performer_choice import Override
from referral_core.domain.routing.score import Candidate, Ranking


class NamedPerformer(NamedTuple):
    """What became of the wish.

    Attributes:
        not_asked: why nobody named is asked, if so.
        override: why a person named somebody, where it was no order.
    """

    candidate: Candidate | None = None
    not_asked: str | None = None
    override: Override | None = None


def named_performer(service: ServiceContent, ranking: Ranking) -> NamedPerformer:
    """Return the first performer named that is a candidate, or why none of them is."""
    if not service.performer_npis:
        named = bool(service.wanted.performer)
        return NamedPerformer(not_asked="named without an NPI" if named else None)
    by_npi = {candidate.npi: candidate for candidate in ranking.candidates}
    found = next((by_npi[npi] for npi in service.performer_npis if npi in by_npi), None)
    if found is not None:
        return NamedPerformer(found)
    reasons = [ranking.exclusions[n] for n in service.performer_npis if n in ranking.exclusions]
    return NamedPerformer(not_asked=next(iter(reasons), "not in the directory for this service"))


def sentence_of(named: NamedPerformer) -> str:
    """Return why it goes on; whoever looks sees what became of the performer that was named."""
    if named.candidate is not None and named.override is not None:
        return "The specialist whom a person chose is asked and a place is reserved."
    if named.candidate is not None:
        return "The specialist that the order names is chosen and a place is reserved."
    if named.not_asked is not None:
        return f"Who the order names cannot be asked ({named.not_asked}); another is chosen."
    return "A specialist is chosen and a place is reserved."
