"""What makes an order urgent, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from referral_core.domain.terminology import (
    OrderedService,
    Priority,
    Urgency,
    UrgencyReason,
    understand,
)
from tests.unit.domain.terminology.orders import SNOMED, coded

RECEIVED = datetime(2026, 3, 2, 14, tzinfo=UTC)
URGENT_REFERRAL = (SNOMED, "134403003")
EMERGENCY = ("http://terminology.hl7.org/CodeSystem/v3-ActPriority", "EM")


def urgency(**fields: object) -> Urgency:
    return understand(OrderedService.model_validate(fields)).urgency


def ending_in(left: timedelta) -> Urgency:
    return urgency(occurrence_end=RECEIVED + left, received_at=RECEIVED)


def test_nothing_stated_is_routine_and_says_so() -> None:
    assert urgency() == Urgency()
    assert urgency().reason is UrgencyReason.NOT_STATED


def test_routine_that_is_stated_is_not_the_same_as_nothing_stated() -> None:
    assert urgency(priority=Priority.ROUTINE).reason is UrgencyReason.PRIORITY


@pytest.mark.parametrize("priority", Priority)
def test_the_orders_priority_counts(priority: Priority) -> None:
    assert urgency(priority=priority).level is priority


@pytest.mark.parametrize(
    ("stated", "level", "reason"),
    [
        ({"priority": "urgent", "task_priorities": ["asap"]}, "asap", "task-priority"),
        ({"priority": "stat", "task_priorities": ["asap", "routine"]}, "stat", "priority"),
        ({"priority": "asap", "task_priorities": ["asap"]}, "asap", "priority"),
        ({"priority": "routine", "code": coded(URGENT_REFERRAL)}, "urgent", "code"),
        ({"priority": "urgent", "order_detail": coded(EMERGENCY)}, "stat", "code"),
    ],
)
def test_the_most_urgent_wins_and_names_itself(
    stated: dict[str, object], level: str, reason: str
) -> None:
    found = urgency(**stated)
    assert (found.level, found.reason) == (level, reason)


@pytest.mark.parametrize(
    ("left", "level"),
    [
        (timedelta(hours=24), Priority.ASAP),
        (timedelta(hours=24, seconds=1), Priority.URGENT),
        (timedelta(hours=72), Priority.URGENT),
        (timedelta(hours=72, seconds=1), Priority.ROUTINE),
        (timedelta(days=60), Priority.ROUTINE),
    ],
)
def test_an_occurrence_that_ends_soon_counts(left: timedelta, level: Priority) -> None:
    found = ending_in(left)
    assert found.level is level
    assert found.ends_at == RECEIVED + left
    assert not found.overdue


@pytest.mark.parametrize("left", [timedelta(0), timedelta(seconds=-1), timedelta(days=-400)])
def test_an_occurrence_that_has_ended_is_overdue(left: timedelta) -> None:
    found = ending_in(left)
    assert found.overdue
    assert found.level is Priority.ASAP


def test_an_end_far_away_lowers_nothing() -> None:
    found = urgency(
        priority=Priority.STAT, occurrence_end=RECEIVED + timedelta(days=90), received_at=RECEIVED
    )
    assert found.level is Priority.STAT


def test_an_end_is_compared_only_with_a_known_time_of_receipt() -> None:
    found = urgency(occurrence_end=RECEIVED)
    assert (found.level, found.overdue, found.ends_at) == (Priority.ROUTINE, False, RECEIVED)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("STAT cardiology consult", "stat"),
        ("Suspected melanoma, urgent", "urgent"),
        ("Please see ASAP", "asap"),
        ("Non-urgent dermatology", "routine"),
        ("Dermatology, not urgent", "routine"),
        ("Follow up after urgent care visit", "routine"),
        ("Treatment-emergent central sleep apnea", "routine"),
        ("Marital status: single", "routine"),
        ("Needs to be seen as soon as possible", "asap"),
        ("Routine, nothing emergent", "routine"),
        ("No need for urgent review", "routine"),
    ],
)
@pytest.mark.parametrize("field", ["code", "reason", "order_detail"])
def test_words_state_an_urgency(text: str, level: str, field: str) -> None:
    found = urgency(**{field: [{"text": text}]})
    assert found.level.value == level
    expected = UrgencyReason.NOT_STATED if level == "routine" else UrgencyReason.WORDS
    assert found.reason is expected


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("STAT please, the family is worried", "stat"),
        ("Please expedite", "urgent"),
        ("Not urgent; whenever there is room", "routine"),
        ("Had been to urgent care in May", "routine"),
    ],
)
def test_an_authors_remark_states_an_urgency_and_no_service(text: str, level: str) -> None:
    assert urgency(notes=[text]).level.value == level


@pytest.mark.parametrize(
    "text",
    [
        # What the patient is to do when it gets worse.
        "Return immediately if worse.",
        "Return immediately, if worse",
        "If symptoms worsen, return right away",
        "If fever, chills, or redness, come back immediately.",
        "Call 911 immediately if chest pain.",
        "Call 911 right away for trouble breathing",
        "Go to the ER immediately if short of breath",
        "Go to the nearest emergency room ASAP if bleeding recurs.",
        "Seek immediate attention if vision is lost; otherwise routine follow up.",
        "Advised to be seen urgently if it gets worse",
        "Patient to call the office immediately if fever",
        "Return precautions given (immediately for syncope)",
        "Si empeora, regrese de inmediato.",
        "Vaya a urgencias inmediatamente si hay sangrado",
        # What is so only under a condition.
        "Will be upgraded if urgent",
        "Routine unless urgent need arises",
        # A place, a note of one, another matter.
        "Urgent care clinic note attached",
        "Seen at urgent care; follow up after urgent-care visit",
        "For urgent questions page the resident",
        "Call us with any urgent or emergent concerns",
        "Urgent urination at night",
        "Urgency incontinence; urinary urgency and frequency",
        "i-STAT creatinine 1.1",
        "Same-day surgery in 2019",
        # The past.
        "s/p emergent appendectomy",
        "H/o urgent cesarean, hx of emergent laparotomy",
        "Had urgent dental extraction",
        "Pain began immediately; rash resolved within 24 hours",
        "Swelling immediately after surgery",
        # A denial.
        "No urgency. No need to be seen urgently.",
        "Does not need to be seen within 24 hours",
        # A time that is long, or of something else.
        "To be seen within 4 days",
        "To be seen within 2-6 days",
        "Priority: routine",
        "Please see within two weeks",
        "Diarrhea within 2 hours of eating",
        "Within 48",
        "Not considered urgent or emergent",
        "Neither urgent nor emergent",
        "No es urgente, sin prioridad alta",
    ],
)
def test_words_of_urgency_that_do_not_speak_of_this_order_hurry_nobody(text: str) -> None:
    assert urgency(notes=[text]).level is Priority.ROUTINE


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Urgent. Return immediately if worse.", "urgent"),
        ("Please see urgently as symptoms are worsening, call me if questions", "urgent"),
        ("Urgent: vision worsening, may go blind if not treated", "urgent"),
        ("ASAP if possible", "asap"),
        ("If possible, ASAP", "asap"),
        ("Pain is worsening, if possible see ASAP", "asap"),
        ("If Dr. Ruiz has no room, see her urgently elsewhere", "urgent"),
        ("Not a candidate for surgery; urgent oncology consult", "urgent"),
        ("Patient is not doing well urgent visit please", "urgent"),
        ("Hx of melanoma, urgent", "urgent"),
        ("Not routine but urgent", "urgent"),
        ("Dermatology (urgent)", "urgent"),
        ("Needs urgent care for a bleeding mole", "urgent"),
        ("Seen at urgent care, needs derm ASAP", "asap"),
        ("Please see a.s.a.p.", "asap"),
        ("To be seen within 48 hrs - thank you", "urgent"),
        ("To be seen within 36 h", "urgent"),
        ("To be seen within 24-48 hours", "urgent"),
        ("Thank you. Please see within\n48 hours.", "urgent"),
        ("To be seen as soon\r\nas possible", "asap"),
        ("To be seen within 12 to 24 hours", "asap"),
        ("To be seen within one to two days", "urgent"),
        ("To be seen within two (2) business days", "urgent"),
        ("To be seen within next 48 hours", "urgent"),
        ("To be seen w/in 24 hrs", "asap"),
        ("Se necesita dentro de 24 a 48 horas", "urgent"),
        ("Priority: High", "urgent"),
        ("Urgency - high", "urgent"),
        ("To be seen within 48hrs", "urgent"),
        ("Please see in the next 12 hours", "asap"),
        ("Within forty-eight hours of this order", "urgent"),
        ("Ver en menos de 2 días", "urgent"),
        ("Dentro de las próximas 24 horas", "asap"),
        ("Time-sensitive: high priority", "urgent"),
        ("Verla lo antes posible", "asap"),
        ("No puede esperar, urgente", "urgent"),
        ("Call patient ASAP to schedule", "asap"),
        ("Worsening; do not delay", "urgent"),
        ("Must be seen today", "asap"),
        ("This can't wait", "urgent"),
        ("Should not wait for the next opening", "urgent"),
        ("Emergency evaluation", "stat"),
        ("Immediate assessment", "asap"),
    ],
)
def test_what_may_be_meant_of_this_order_hurries(text: str, level: str) -> None:
    assert urgency(notes=[text]).level.value == level


def test_a_text_without_end_is_read_once() -> None:
    # No sentence ends, and every word may be one of urgency, or lead to one.
    assert urgency(notes=["not needed urgent " * 50_000]).level is Priority.ROUTINE


def test_words_of_what_is_only_sent_along_state_none() -> None:
    assert urgency(also_sent=[{"text": "STAT"}]).level is Priority.ROUTINE
