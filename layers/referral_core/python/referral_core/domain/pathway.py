"""Pathways are data: what a kind of referral needs, how long each party has, what closes it."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from referral_core.domain.calendar import DayPart, Span
from referral_core.domain.lifecycle import Queue, ReferralKind
from referral_core.domain.modality import Modality
from referral_core.domain.model import Model
from referral_core.domain.outreach.plan import Channel
from referral_core.domain.terminology.urgency import Priority


class Selector(Model):
    """When a pathway applies: every list that is not empty must match; more matches win.

    Attributes:
        categories, codes: codings as `system|code`, or a bare code.
        specialties: NUCC codes, one of which was understood to be wanted.
        diagnoses: `system|` and the first characters of a code.
        priorities: FHIR request priorities.
        settings: where the patient is when referred: HL7 ActEncounterCode (`AMB`, `EMER`, `IMP`).
    """

    categories: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


class Readiness(Model):
    """What must be known before anybody is asked anything.

    Attributes:
        required: names of facts of the clinical content (`patient.phone`, `coverage.member_id`, …).
        asked_of_staff: those of them that the front office gets itself (a consent, a fee class).
        ask_again_after: when the referrer is reminded.
        asks: how often before a person takes over.
    """

    required: tuple[str, ...]
    asked_of_staff: tuple[str, ...] = ()
    ask_again_after: Span
    asks: int = Field(ge=1)


class EligibilityRule(Model):
    """Whether and for what the payer is asked.

    Attributes:
        policy: `none` where no payer pays for the service.
        service_type: X12 service type code of the 270.
    """

    policy: Literal["check", "none"] = "check"
    service_type: str


class ChoiceList(Model):
    """The list of suppliers that the patient is to be shown, as the law of the service wants it.

    Attributes:
        at_most: how many; None for all of them.
        within_km: of the patient, when the place is known.
        ranked: whether it may be in our order of preference.
        source: the rule that asks for it.
    """

    at_most: int | None = Field(default=None, ge=1)
    within_km: float | None = Field(default=None, gt=0)
    ranked: bool = True
    source: str


Weighed = Literal["tier", "earliest", "distance", "language", "continuity", "attendance"]
"""What a routing decision weighs."""


class WaitlistRule(Model):
    """When a place that opened is offered to who waits for it.

    Attributes:
        not_within: the place must lie so far ahead that the patient can come.
        offers_a_day: how many clinics a referral may be offered to in a day.
    """

    not_within: Span = "72h"
    offers_a_day: int = Field(default=3, ge=1)


class RoutingRule(Model):
    """Who is asked first.

    Attributes:
        networks: `in` for the payer's network only, `any` where leaving it is the point.
        max_distance_km: hard filter, when the patient's place is known.
        modalities: the ways to be seen of which a service must offer one; empty: any.
        keeps_places: whether a place may be kept for patients still to come who need it more, so
            that this one waits; without it no price keeps anybody waiting.
        language_required: whether who does not speak the patient's language is out of the question.
        weights: shares of tier, earliest, distance, language, continuity (seen there before) and
            attendance (no lead time of more than four weeks); they sum to 1.
        weeks_ahead: how far capacity is looked at.
        waitlist_retry: how long a waitlisted referral waits before it is routed again.
        waitlist_tries: how often before a person takes over.
        waitlist: which places that open meanwhile are offered.
        choice: the list that the patient is shown; None where the law wants none.
    """

    networks: Literal["in", "any"] = "in"
    max_distance_km: float = Field(gt=0)
    modalities: tuple[Modality, ...] = ()
    language_required: bool = False
    keeps_places: bool = False
    weights: Mapping[Weighed, float]
    weeks_ahead: int = Field(ge=1, le=26)
    waitlist_retry: Span
    waitlist_tries: int = Field(ge=0)
    waitlist: WaitlistRule = WaitlistRule.blank()
    choice: ChoiceList | None = None


class AuthorizationRule(Model):
    """Whether and how the payer is asked.

    Attributes:
        policy: `check` asks unless the 271 says that none is needed; `none` never asks.
        codes: services that need it (`system|code` or bare); empty for all of the pathway's.
        request_type: X12 1525: `SC` specialty care review, `HS` health services review.
        warn_at: the share of the payer's clock after which the team is warned.
    """

    policy: Literal["check", "none"]
    codes: tuple[str, ...] = ()
    request_type: Literal["SC", "HS"] = "SC"
    warn_at: float = Field(default=0.75, gt=0, lt=1)


class OfferRule(Model):
    """How long a clinic has to answer, when it is reminded, and how many clinics are tried."""

    answer_within: Span
    remind_after: Span | None = None
    offers: int = Field(ge=1)


class OutreachAttempt(Model):
    """One attempt to reach the patient.

    Attributes:
        at: from the start of the series.
        day_part: of the recipient's day; any when None.
    """

    channel: Channel
    at: Span
    day_part: DayPart | None = None


class ReachEvidence(Model):
    """What must be on record before a patient counts as not to be reached.

    Attributes:
        attempts, channels, day_parts: at least so many, so many different ones.
        letter: whether a letter must have been sent.
        sign_off: the team whose clinician must agree; None where nobody has to.
    """

    attempts: int = Field(ge=1)
    channels: int = Field(ge=1)
    day_parts: int = Field(ge=1)
    letter: bool = True
    sign_off: Queue | None = None


class Outreach(Model):
    """How the patient is reached.

    Attributes:
        contacted_within: when the first attempt must have been made.
        call_within: how long staff have at least to make a call that is due.
        give_up_at: from the start of the series.
        escalate_after: attempts without answer after which a team of clinicians takes over.
        escalate_at: when it takes over in any case, from the start of the series.
        escalate_to: that team.
        discreet: whether messages say even less (no word of a doctor or a visit).
    """

    attempts: tuple[OutreachAttempt, ...] = Field(min_length=1)
    contacted_within: Span
    call_within: Span = "2bh"
    give_up_at: Span
    escalate_after: int | None = Field(default=None, ge=1)
    escalate_at: Span | None = None
    escalate_to: Queue | None = None
    discreet: bool = False
    evidence: ReachEvidence


class VisitRule(Model):
    """When the visit must be booked and take place, and what follows when it does not.

    Attributes:
        booked_within: after the patient agreed.
        seen_within: after the referral was received; a later booking is flagged.
        word_after_visit: how long after it silence is suspicious.
        reminders: how long before the visit the patient is reminded, the earliest first.
        preparation: whether the reminder points at instructions to prepare.
        rebookings: how often another visit is booked before a person takes over.
        referrer_told: whether the referrer hears of a missed visit at once.
        no_show_queue: the team that takes over when the rebookings are used up.
    """

    booked_within: Span
    seen_within: Span
    word_after_visit: Span
    reminders: tuple[Span, ...] = ()
    preparation: bool = False
    rebookings: int = Field(ge=0)
    referrer_told: bool = False
    no_show_queue: Queue = Queue.CONTACT_CENTER


class EvidenceRule(Model):
    """One document that the loop needs: any of its LOINC types."""

    name: str
    loinc: tuple[str, ...] = Field(min_length=1)


class ClosureRule(Model):
    """What closes the loop.

    Attributes:
        evidence: every one of them must be on record, final.
        attestation: whether the clinic's word that the service was done can stand for them.
        report_within: after the visit.
        chase_after: when the clinic is reminded of the report, after the visit.
        notice_within: delivery to the referring provider.
        acknowledged_within: the referrer's acknowledgement.
    """

    evidence: tuple[EvidenceRule, ...] = Field(min_length=1)
    attestation: bool = False
    report_within: Span
    chase_after: tuple[Span, ...] = ()
    notice_within: Span
    acknowledged_within: Span


class Haste(Model):
    """How much sooner everything is due for an order of one urgency.

    Attributes:
        share: of every span before the visit.
        seen_within: instead of that share, when the visit must take place.
    """

    share: float = Field(gt=0, le=1)
    seen_within: Span | None = None


class Pathway(Model):
    """One pathway version; a referral stays on the version it started on.

    Attributes:
        urgency: how its clocks shorten; they are written for the levels that it does not name.
        selectors: besides, it takes the orders whose specialty names it in the terminology.
    """

    id: str
    version: int = Field(ge=1)
    kind: ReferralKind
    title: str
    selectors: tuple[Selector, ...]
    readiness: Readiness
    eligibility: EligibilityRule
    routing: RoutingRule
    authorization: AuthorizationRule
    offer: OfferRule
    outreach: Outreach
    visit: VisitRule
    closure: ClosureRule
    work_item_within: Span
    urgency: Mapping[Priority, Haste] = {}
