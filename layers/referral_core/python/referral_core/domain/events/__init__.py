"""Events: what happened to a referral, typed by kind, with the dimensions known by then."""

from referral_core.domain.events.event import SCHEMA_VERSION, Dimensions, Event
from referral_core.domain.events.facts import (
    FACTS,
    AppointmentFacts,
    AuthorizationFacts,
    ClosureFacts,
    ContactFacts,
    CoverageFacts,
    Facts,
    OfferFacts,
    ReportFacts,
    RunFacts,
    StepFacts,
    UpdateFacts,
    WorkItemFacts,
)
from referral_core.domain.events.kinds import EventKind

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
]
