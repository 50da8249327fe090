"""Pathways are data: what a kind of referral needs, how long each party has, what closes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import Field

from referral_core.domain.calendar import Span
from referral_core.domain.model import Record


class Selector(Record):
    """When a pathway applies: every list that is not empty must match; more matches win.

    Attributes:
        categories, codes, performer_types: codings as `system|code`, or a bare code.
        priorities: FHIR request priorities.
    """

    categories: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    performer_types: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()


class Readiness(Record):
    """What must be known before anybody is asked anything.

    Attributes:
        required: names of facts of the clinical content (`patient.phone`, `coverage.member_id`, …).
        ask_again_after: when the referrer is asked again.
        asks: how often before a person takes over.
    """

    required: tuple[str, ...]
    ask_again_after: Span
    asks: int = Field(ge=1)


class EligibilityRule(Record):
    """What the 270 asks for: the X12 service type code."""

    service_type: str


class RoutingRule(Record):
    """Who is asked first.

    Attributes:
        specialty: NUCC taxonomy code used when the order names no performer type.
        max_distance_km: hard filter, when the patient's place is known.
        weights: shares of tier, earliest, distance and language; they sum to 1.
        weeks_ahead: how far capacity is looked at.
        waitlist_retry: how long a waitlisted referral waits before it is routed again.
        waitlist_tries: how often before a person takes over.
    """

    specialty: str
    max_distance_km: float = Field(gt=0)
    weights: Mapping[Literal["tier", "earliest", "distance", "language"], float]
    weeks_ahead: int = Field(ge=1, le=26)
    waitlist_retry: Span
    waitlist_tries: int = Field(ge=0)


class AuthorizationRule(Record):
    """Whether the payer is asked: `check` asks unless the 271 says that none is needed."""

    policy: Literal["check", "none"]


class OfferRule(Record):
    """How long a clinic has to answer, and how many clinics are tried."""

    answer_within: Span
    offers: int = Field(ge=1)


class OutreachAttempt(Record):
    """One attempt to reach the patient, counted from the first."""

    channel: Literal["sms"]
    answer_within: Span


class VisitRule(Record):
    """When the visit must be booked, and how long after it silence is suspicious."""

    booked_within: Span
    word_after_visit: Span
    rebookings: int = Field(ge=0)


class ClosureRule(Record):
    """What closes the loop.

    Attributes:
        report_loinc: document types that count as the report.
        report_within: after the visit.
        notice_within: delivery to the referring provider.
        acknowledged_within: the referrer's acknowledgement.
    """

    report_loinc: tuple[str, ...]
    report_within: Span
    notice_within: Span
    acknowledged_within: Span


class Pathway(Record):
    """One pathway version; a referral stays on the version it started on."""

    id: str
    version: int = Field(ge=1)
    title: str
    selector: Selector
    readiness: Readiness
    eligibility: EligibilityRule
    routing: RoutingRule
    authorization: AuthorizationRule
    offer: OfferRule
    outreach: tuple[OutreachAttempt, ...] = Field(min_length=1)
    visit: VisitRule
    closure: ClosureRule
    work_item_within: Span


class Order(Record):
    """What of an order selects its pathway."""

    categories: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    performer_types: tuple[str, ...] = ()
    priority: str = "routine"


def _score(selector: Selector, order: Order) -> int | None:
    matched = 0
    for wanted, present in (
        (selector.categories, order.categories),
        (selector.codes, order.codes),
        (selector.performer_types, order.performer_types),
        (selector.priorities, (order.priority,)),
    ):
        if not wanted:
            continue
        if not _any_matches(wanted, present):
            return None
        matched += 1
    return matched


def _any_matches(wanted: Sequence[str], present: Iterable[str]) -> bool:
    codings = {c for coding in present for c in (coding, coding.rpartition("|")[2])}
    return any(w in codings for w in wanted)


def select(pathways: Sequence[Pathway], order: Order) -> Pathway:
    """Return the pathway whose selector matches most of the order.

    Raises:
        LookupError: no pathway matches; a set of pathways needs one with an empty selector.
    """
    scored = [(s, p.id, p) for p in pathways if (s := _score(p.selector, order)) is not None]
    if not scored:
        raise LookupError("no pathway matches and none has an empty selector")
    return max(scored, key=lambda item: (item[0], item[1]))[2]
