"""The pathway files: of the schema and the model, sane in themselves, and what the field expects.

The table below is the field's: each cell was read against the file by a person. Change a cell and
its file together, and only for a better default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest

from referral_core.domain.calendar import BusinessCalendar, before
from referral_core.domain.orders.clinical_content import ClinicalContent
from referral_core.domain.orders.required_facts import missing
from referral_core.domain.orders.selection import Order, select
from referral_core.domain.outreach.plan import LANGUAGES, Purpose
from referral_core.domain.outreach.sms_parts import parts
from referral_core.domain.outreach.texts import compose
from referral_core.domain.pathway import Pathway
from referral_core.pathways import pathway_for, pathways
from referral_core.pathways.schema import SCHEMA, schema_text

ROOT = Path(__file__).parents[2]
FILES = sorted(p for p in SCHEMA.parent.glob("*.json") if p != SCHEMA)
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
ALL = {p.id: p for p in pathways().values()}
CALENDAR = BusinessCalendar("America/New_York", "US-MA")
MONDAY = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)  # nine in the morning in Boston


def at(span: str) -> datetime:
    return CALENDAR.after(MONDAY, span)


@pytest.fixture(params=sorted(ALL))
def rules(request: pytest.FixtureRequest) -> Pathway:
    return ALL[request.param]


# --- schema and model ---------------------------------------------------------------------------


def test_the_schema_is_that_of_the_model() -> None:
    """Stale? Run `python -m referral_core.pathways.schema`."""
    assert SCHEMA.read_text() == schema_text()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_file_is_of_the_schema_and_of_the_model(path: Path) -> None:
    told: Any = json.loads(path.read_text())
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(told)
    known = Pathway.model_validate(told)
    assert path.stem in {known.id, f"{known.id}-{known.version}"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("work_item_within", "soon"),
        ("version", 0),
        ("colour", "red"),
        ("outreach", {"attempts": []}),
    ],
)
def test_the_schema_refuses_what_the_model_refuses(field: str, value: object) -> None:
    told = {**json.loads(FILES[0].read_text()), field: value}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(told)


def test_the_seven_pathways_are_here() -> None:
    assert set(ALL) == set(TABLE)


# --- sanity -------------------------------------------------------------------------------------


def test_one_pathway_takes_what_no_other_does() -> None:
    empty = [
        p.id
        for p in ALL.values()
        for selector in p.selectors
        if selector.model_dump(exclude_defaults=True) == {}
    ]
    assert empty == ["generic-specialist"]
    assert pathway_for(Order()).id == "generic-specialist"


def test_weights_are_shares(rules: Pathway) -> None:
    assert sum(rules.routing.weights.values()) == pytest.approx(1)
    assert all(weight > 0 for weight in rules.routing.weights.values())


def test_what_is_required_is_a_fact_that_exists(rules: Pathway) -> None:
    assert missing(ClinicalContent(), rules.readiness.required) == rules.readiness.required
    assert set(rules.readiness.asked_of_staff) <= set(rules.readiness.required)
    assert len(set(rules.readiness.required)) == len(rules.readiness.required)


def test_attempts_are_in_the_order_of_time_and_end_before_it_is_given_up(rules: Pathway) -> None:
    outreach = rules.outreach
    times = [at(attempt.at) for attempt in outreach.attempts]
    assert times == sorted(times)
    assert times[-1] < at(outreach.give_up_at)
    assert times[0] <= at(outreach.contacted_within)


def test_calls_are_planned_when_staff_work(rules: Pathway) -> None:
    # Staff work from nine to five: nobody is there in the evening.
    assert "evening" not in {a.day_part for a in rules.outreach.attempts if a.channel == "call"}


def test_the_evidence_can_be_reached_by_the_pathways_own_attempts(rules: Pathway) -> None:
    outreach, wanted = rules.outreach, rules.outreach.evidence
    # An email address is not asked for: without one there must be enough attempts as well.
    made = [a for a in outreach.attempts if a.channel != "email"]
    assert len(made) >= wanted.attempts
    assert len({a.channel for a in made}) >= wanted.channels >= 2
    assert wanted.letter
    assert made[-1].channel == "letter"
    named = {a.day_part for a in made if a.day_part}
    assert wanted.day_parts >= 2
    # A part of the day that is named, and at least one attempt that is not bound to it.
    assert named
    assert len(named) >= 2 or any(a.day_part is None for a in made)


def test_texts_keep_to_three_a_week(rules: Pathway) -> None:
    texts = [at(a.at) for a in rules.outreach.attempts if a.channel in {"sms", "voice", "email"}]
    for first in texts:
        assert sum(first <= other < first + timedelta(days=7) for other in texts) <= 3


def test_nurses_come_in_before_it_is_given_up(rules: Pathway) -> None:
    outreach = rules.outreach
    assert (outreach.escalate_after is None) == (outreach.escalate_to is None)
    if outreach.escalate_after is not None:
        assert outreach.escalate_after < len(outreach.attempts)
    if outreach.escalate_at is not None:
        assert at(outreach.escalate_at) < at(outreach.give_up_at)


def test_reminders_come_earliest_first_and_none_before_another(rules: Pathway) -> None:
    visit = MONDAY + timedelta(days=60)
    times = [before(visit, span) for span in rules.visit.reminders]
    assert times == sorted(times)
    assert len(set(times)) == len(times)
    assert times, "every visit is reminded of"


def test_reports_are_chased_before_they_are_overdue(rules: Pathway) -> None:
    times = [at(span) for span in rules.closure.chase_after]
    assert times == sorted(set(times))
    assert all(time < at(rules.closure.report_within) for time in times)
    assert times


def test_a_clinic_is_reminded_before_its_time_is_up(rules: Pathway) -> None:
    if rules.offer.remind_after is not None:
        assert at(rules.offer.remind_after) < at(rules.offer.answer_within)


def test_a_visit_is_booked_before_it_must_have_taken_place(rules: Pathway) -> None:
    assert at(rules.visit.booked_within) < at(rules.visit.seen_within)


def test_a_list_for_the_patient_names_the_law_that_wants_it(rules: Pathway) -> None:
    if rules.routing.choice is not None:
        assert "CFR" in rules.routing.choice.source


def test_no_message_of_a_pathway_says_what_it_is_about(rules: Pathway) -> None:
    words = [w for w in re.split(r"\W+", rules.title.lower()) if len(w) > 4]
    assert words
    for language in LANGUAGES:
        for purpose in Purpose:
            text = compose(
                "sms",
                purpose,
                language,
                sender="Lakeside Care",
                call_back="508-555-0101",
                when="Mon 3/2 9:00 AM",
                discreet=rules.outreach.discreet,
            )
            assert parts(text.body) == 1
            assert not any(word in text.body.lower() for word in words)


# --- the field's table --------------------------------------------------------------------------


class Row(NamedTuple):
    """One column of the field's table of defaults."""

    contacted: str
    scheduled: str
    seen: str
    report: str
    outreach: str
    rebookings: int
    after_rebookings: str
    referrer_told: bool
    reminders: tuple[str, ...]
    attested: bool
    evidence: tuple[str, ...]
    asked: str
    weights: dict[str, float]


CONSULT = ("11488-4", "34099-2")
EVEN = {"tier": 0.35, "earliest": 0.35, "distance": 0.15, "language": 0.15}
TABLE: dict[str, Row] = {
    "high-risk-cardiology": Row(
        contacted="4bh",
        scheduled="24h",
        seen="7d",
        report="7d",
        # call now + SMS, +2 h call, +6 h SMS, next am/pm call
        outreach="sms 0m, call 0m, call 2h, sms 6h, call 1d, call 1d, letter 2d",
        rebookings=2,
        after_rebookings="clinical-review",
        referrer_told=True,
        reminders=("3d", "1d", "3h"),
        attested=False,
        evidence=("consult-note",),
        asked="check",
        weights={"earliest": 0.6, "tier": 0.2, "distance": 0.1, "language": 0.1},
    ),
    "behavioral-health": Row(
        contacted="1bd",
        scheduled="3bd",
        seen="10d",
        report="14d",
        outreach="call 0m, sms 1d, call 2d, portal 3d, call 4d, letter 7d",
        rebookings=2,
        after_rebookings="clinical-review",
        referrer_told=False,
        reminders=("3d", "1d"),
        attested=True,
        evidence=("visit-summary",),
        asked="check",
        weights={
            "earliest": 0.4,
            "continuity": 0.1,
            "language": 0.3,
            "tier": 0.1,
            "distance": 0.1,
        },
    ),
    "social-need": Row(
        contacted="2bd",
        scheduled="7d",
        seen="14d",
        report="7d",
        # SMS d1, d3, d7; the call and the letter are what the evidence rule wants besides
        outreach="sms 1d, sms 3d, call 5d, sms 7d, letter 8d",
        rebookings=2,
        after_rebookings="contact-center",
        referrer_told=False,
        reminders=("1d",),
        attested=True,
        evidence=("service-record",),
        asked="none",
        weights={"distance": 0.5, "earliest": 0.3, "language": 0.2},
    ),
    "routine-imaging": Row(
        contacted="2bd",
        scheduled="7d",
        seen="14d",
        report="2bd",
        outreach="sms 0m, sms 2d, call 5d, letter 10d",
        rebookings=1,
        after_rebookings="contact-center",
        referrer_told=True,
        reminders=("3d", "1d"),
        attested=False,
        evidence=("imaging-report",),
        asked="check",
        weights={"tier": 0.5, "earliest": 0.3, "distance": 0.15, "language": 0.05},
    ),
    "home-based-care": Row(
        contacted="4h",
        scheduled="24h",
        seen="48h",
        report="30d",
        outreach="call 0m, call 4h, sms 6h, call 1d, letter 2d",
        rebookings=3,
        after_rebookings="care-management",
        referrer_told=True,
        reminders=("1d",),
        attested=False,
        evidence=("start-of-care", "plan-of-care"),
        asked="check",
        weights={"earliest": 0.6, "tier": 0.1, "distance": 0.1, "language": 0.2},
    ),
    "generic-specialist": Row(
        contacted="2bd",
        scheduled="7d",
        seen="30d",
        report="30d",
        outreach="sms 0m, sms 2d, call 5d, email 8d, portal 8d, call 12d, letter 14d",
        rebookings=2,
        after_rebookings="contact-center",
        referrer_told=False,
        reminders=("7d", "3d", "1d"),
        attested=False,
        evidence=("consult-note",),
        asked="check",
        weights=EVEN,
    ),
    "external-provider": Row(
        contacted="2bd",
        scheduled="10d",
        seen="30d",
        report="30d",
        outreach="sms 0m, sms 2d, call 5d, email 8d, portal 8d, call 12d, letter 14d",
        rebookings=1,
        after_rebookings="contact-center",
        referrer_told=False,
        reminders=("7d", "3d", "1d"),
        attested=False,
        evidence=("consult-note",),
        asked="check",
        weights=EVEN,
    ),
}


def test_a_pathway_agrees_with_the_fields_table(rules: Pathway) -> None:
    row = TABLE[rules.id]
    assert rules.outreach.contacted_within == row.contacted
    assert rules.visit.booked_within == row.scheduled
    assert rules.visit.seen_within == row.seen
    assert rules.closure.report_within == row.report
    assert ", ".join(f"{a.channel} {a.at}" for a in rules.outreach.attempts) == row.outreach
    assert rules.visit.rebookings == row.rebookings
    assert rules.visit.no_show_queue == row.after_rebookings
    assert rules.visit.referrer_told is row.referrer_told
    assert rules.visit.reminders == row.reminders
    assert rules.closure.attestation is row.attested
    assert tuple(e.name for e in rules.closure.evidence) == row.evidence
    assert rules.authorization.policy == row.asked
    assert dict(rules.routing.weights) == row.weights


def test_high_risk_is_escalated_and_closed_by_clinicians_only() -> None:
    outreach = ALL["high-risk-cardiology"].outreach
    assert outreach.escalate_after == 3  # the text and two calls in vain
    assert outreach.escalate_at == "24h"
    assert outreach.escalate_to == "care-management"
    assert outreach.evidence.sign_off == "clinical-review"
    assert ALL["high-risk-cardiology"].routing.max_distance_km == pytest.approx(48.3, abs=0.5)
    assert ALL["high-risk-cardiology"].routing.networks == "in"


def test_behavioral_health_is_discreet_and_wants_a_consent() -> None:
    assert "consent" in ALL["behavioral-health"].readiness.required
    assert [p.id for p in ALL.values() if p.outreach.discreet] == ["behavioral-health"]


def test_social_need_asks_no_payer_and_recalls_an_offer_after_five_days() -> None:
    rules = ALL["social-need"]
    assert rules.eligibility.policy == "none"
    assert not any(fact.startswith("coverage.") for fact in rules.readiness.required)
    assert (rules.offer.remind_after, rules.offer.answer_within) == ("2bd", "5bd")


def test_imaging_shows_five_suppliers_within_twenty_five_miles_and_asks_for_ct_mri_and_pet() -> (
    None
):
    rules = ALL["routine-imaging"]
    choice = rules.routing.choice
    assert choice is not None
    assert (choice.at_most, choice.source) == (5, "42 CFR 411.355(b)(7)")
    assert choice.within_km == pytest.approx(40.2, abs=0.5)
    codes = set(rules.authorization.codes)
    assert {"70450", "72148", "78815"} <= codes  # CT head, MRI lumbar spine, PET/CT
    assert not {"71046", "76700", "77067"} & codes  # chest film, ultrasound, mammogram
    assert rules.visit.preparation


def test_home_care_shows_every_agency_and_ranks_none() -> None:
    choice = ALL["home-based-care"].routing.choice
    assert choice is not None
    assert (choice.at_most, choice.ranked, choice.source) == (None, False, "42 CFR 482.43")


def test_an_external_provider_needs_a_reason_and_may_be_out_of_network() -> None:
    rules = ALL["external-provider"]
    assert "reason" in rules.readiness.required
    assert rules.routing.networks == "any"
    assert rules.closure.chase_after == ("7d", "14d", "21d")
    assert rules.visit.word_after_visit == "1d"


def test_a_consult_note_closes_a_consultation() -> None:
    for pathway_id in ("high-risk-cardiology", "generic-specialist", "external-provider"):
        (note,) = ALL[pathway_id].closure.evidence
        assert set(note.loinc) == set(CONSULT)


@pytest.mark.parametrize(
    ("order", "pathway_id"),
    [
        (Order(specialty="207RC0000X", priority="urgent"), "high-risk-cardiology"),
        (Order(specialty="207RC0000X", priority="routine"), "generic-specialist"),
        (Order(specialty="207RI0011X", diagnoses=(f"{ICD10}|I21.4",)), "high-risk-cardiology"),
        (Order(specialty="207RC0000X", diagnoses=(f"{ICD10}|I50.22",)), "generic-specialist"),
        (Order(specialty="207N00000X", diagnoses=(f"{ICD10}|I21.4",)), "generic-specialist"),
        (Order(specialty="2084P0800X", pathway="behavioral-health"), "behavioral-health"),
        (Order(specialty="261QR0200X", pathway="routine-imaging"), "routine-imaging"),
        (Order(categories=("food-insecurity",)), "social-need"),
        (Order(specialty="251E00000X", pathway="home-based-care"), "home-based-care"),
        (Order(categories=("external",), priority="stat"), "external-provider"),
        (Order(specialty="207N00000X"), "generic-specialist"),
        (Order(codes=("308477009",), setting="EMER"), "generic-specialist"),
    ],
)
def test_an_order_selects_its_pathway(order: Order, pathway_id: str) -> None:
    assert pathway_for(order).id == pathway_id


def test_without_a_pathway_for_the_rest_an_order_may_have_none() -> None:
    some = [p for p in ALL.values() if p.id != "generic-specialist"]
    with pytest.raises(LookupError):
        select(some, Order())


# --- data, and not code ---------------------------------------------------------------------------


def sources() -> Iterator[Path]:
    for folder in ("layers", "functions"):
        yield from (ROOT / folder).rglob("*.py")


def test_no_pathway_is_named_in_code() -> None:
    named = re.compile("|".join(re.escape(p.id) for p in ALL.values()))
    # Some pathways bear the name of the kind of referral that they are for.
    kinds = re.compile(r"^class ReferralKind\(StrEnum\):\n(?:    .*\n|\n)+", re.MULTILINE)
    found = [path for path in sources() if named.search(kinds.sub("", path.read_text()))]
    assert not found
