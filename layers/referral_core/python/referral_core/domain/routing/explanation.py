"""A routing decision in words that a coordinator reads; it holds no PHI.

The distance is the nearest thing to the patient's address in it: whole kilometres, for staff.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from referral_core.domain.effects import RoutingDecision
from referral_core.domain.routing.capacity import first_day
from referral_core.domain.work_items import CHOOSE_PERFORMER

Kept = Mapping[str, str | float]
"""A candidate as a decision keeps it."""

_OVERRIDES: Final[Mapping[str, str]] = {
    "patient-preference": "the patient prefers it",
    "insurer-determination": "the insurer determined it",
    "clinical-judgement": "it is a clinician's judgement",
    "named-in-order": "the order names them, outside the network",
}
_TIERS: Final = ("preferred tier", "second tier", "lowest tier")
_FULL: Final = 0.999
_CHEAP: Final = 0.5
"""Points below which a price decides nothing that is worth a word."""


def summary_of(decision: RoutingDecision, name: str | None) -> str:
    """Return what was decided, and why, in a sentence or two.

    Args:
        decision: the decision.
        name: of who was chosen, as the directory has it.
    """
    looked = len(decision.candidates) + len(decision.exclusions)
    if decision.chosen is None:
        why = (
            f" Who was wanted cannot be asked: {decision.not_named}." if decision.not_named else ""
        )
        left = "None of them can be asked now" if decision.exclusions else "Nobody is listed"
        return f"{looked} were looked at. {left}.{why}"
    who = name or decision.chosen
    if decision.override is not None:
        return f"{who} is asked because {_OVERRIDES.get(decision.override, decision.override)}."
    if decision.chosen in decision.named:
        return f"{who} is asked because the order names them."
    best = next((c for c in decision.candidates if c["npi"] == decision.chosen), None)
    why = f": {reason_of(best)}" if best else ""
    wished = f" Who the order names cannot be asked: {decision.not_named}."
    return (
        f"{who} is the best of {len(decision.candidates)} who can see the patient{why}."
        f"{wished if decision.not_named else ''}"
    )


def policy_of(decision: RoutingDecision) -> str:
    """Return by what rule it was decided."""
    if decision.price_version is not None:
        return (
            "By the pathway's weights and by what each place is worth to patients still to come "
            f"(prices {decision.price_version})."
        )
    return "By the pathway's weights alone: no valid prices were published."


def reason_of(candidate: Kept) -> str:
    """Return what speaks for and against a candidate."""
    return ", ".join(_said(candidate))


def _said(candidate: Kept) -> Iterator[str]:
    tier = _part(candidate, "tier")
    yield _TIERS[min(2, round((1 - tier) * 3))]
    if "margin" in candidate:
        yield f"out of network ({_part(candidate, 'margin'):.0f} points)"
    if "second_choice" in candidate:
        points = _part(candidate, "second_choice")
        yield f"of another specialty first ({points:.0f} points)"
    if "km" in candidate:
        yield f"{float(candidate['km']):.0f} km away"
    if "slot" in candidate:
        # As the clinic's clock shows it.
        begins = datetime.fromisoformat(str(candidate["slot"]))
        yield f"a slot on {begins.day} {begins:%b %Y} at {begins:%H:%M}"
    else:
        yield f"room in the week of {first_day(str(candidate['week'])):%d %b %Y}".replace(" 0", " ")
    language = _part(candidate, "language") > _FULL
    yield "speaks the patient's language" if language else "does not speak the patient's language"
    if _part(candidate, "continuity") > _FULL:
        yield "has seen the patient before"
    if "attendance" in candidate and not _part(candidate, "attendance"):
        yield "more than four weeks ahead, which patients miss more often"
    price = _part(candidate, "price")
    if price > _CHEAP:
        yield f"others will need this place ({price:.0f} points)"


def _part(candidate: Kept, name: str) -> float:
    return float(candidate.get(name, 0.0))


def advice_of(actions: tuple[str, ...]) -> str:
    """Return what the reader can do about it now."""
    if CHOOSE_PERFORMER in actions:
        return f"Choose anybody of the list with {CHOOSE_PERFORMER}, an NPI and why."
    return "The decision stands unless a work item is open that allows another choice."
