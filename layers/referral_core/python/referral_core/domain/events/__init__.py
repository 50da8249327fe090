"""Events: what happened to a referral, typed by kind, with the dimensions known by then."""

from typing import TYPE_CHECKING

from referral_core.domain.events.event import SCHEMA_VERSION, Dimensions, Event, facts_of
from referral_core.domain.events.kinds import EventKind
from referral_core.domain.events.step_facts import Facts, StepFacts

if TYPE_CHECKING:
    from referral_core.domain.events.facts import (
        FACTS,
        AppointmentFacts,
        AuthorizationFacts,
        ClosureFacts,
        ContactFacts,
        CoverageFacts,
        OfferFacts,
        ReportFacts,
        RunFacts,
        UpdateFacts,
        WorkItemFacts,
    )

__all__ = [
    "FACTS",
    "SCHEMA_VERSION",
    "AppointmentFacts",
    "AuthorizationFacts",
    "ClosureFacts",
    "ContactFacts",
    "CoverageFacts",
    "Dimensions",
    "Event",
    "EventKind",
    "Facts",
    "OfferFacts",
    "ReportFacts",
    "RunFacts",
    "StepFacts",
    "UpdateFacts",
    "WorkItemFacts",
    "facts_of",
]


def __getattr__(name: str) -> object:
    """Load the facts of what follows a referral's receipt when one is named: intake names none."""
    if name in __all__:
        from referral_core.domain.events import facts  # noqa: PLC0415 - see above

        found: object = getattr(facts, name)
        return found
    raise AttributeError(name)
