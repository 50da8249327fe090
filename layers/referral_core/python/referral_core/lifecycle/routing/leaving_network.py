"""What a routing says of leaving the network: whether it had to be, and whether on purpose."""

from __future__ import annotations

from typing import Final

from referral_core.domain.routing.capacity import first_day
from referral_core.domain.routing.named import NamedPerformer
from referral_core.domain.routing.score import Candidate, Ranking
from referral_core.lifecycle.case import Case

NAMED_IN_ORDER: Final = "named-in-order"
"""The override of an order that names a performer outside the network."""


def network_available(case: Case, ranking: Ranking) -> bool:
    """Whether a candidate of the network has room within the pathway's time to be seen."""
    until = case.calendar.after(case.referral.received_at, case.rules.visit.seen_within).date()
    return any(c.in_network and first_day(c.week) <= until for c in ranking.candidates)


def override_of(chosen: Candidate, named: NamedPerformer) -> str | None:
    """Return why it is not the router's choice: a person's, or an order's that leaves the network.

    None where it is the router's own, or by no one's wish.
    """
    if named.override is not None:
        return named.override
    is_named = named.candidate is not None and named.candidate.npi == chosen.npi
    return NAMED_IN_ORDER if is_named and not chosen.in_network else None
