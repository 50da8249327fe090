"""Urgency counts in every pathway: clocks, worklists, the place that is chosen, and who is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.calendar import BusinessCalendar, scaled
from referral_core.domain.directory import Practitioner
from referral_core.domain.haste import hastened
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Status
from referral_core.domain.pathway import Pathway
from referral_core.domain.routing.capacity import iso_week
from referral_core.domain.terminology import Priority
from referral_core.domain.updates import AppointmentBooked, Role
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.pathways import pathways
from tests.in_memory import START, TENANT
from tests.unit.fhir.orders import a_bundle, bundled_order
from tests.unit.lifecycle.orders_wanted import DERMATOLOGY, Desk, a_desk, decide, post, stored

CALENDAR = BusinessCalendar("America/New_York", "US-MA")
UNCLEAR = {"code": {"text": "Somebody for the skin"}}


def ends(span: str) -> datetime:
    return CALENDAR.after(START, span)


@pytest.mark.parametrize(
    ("span", "share", "wanted"),
    [
        ("2bd", 0.5, "1bd"),
        ("1bd", 0.5, "4bh"),
        ("2bd", 0.125, "2bh"),
        ("1bh", 0.25, "1bh"),
        ("30d", 0.5, "15d"),
        ("7d", 0.25, "42h"),
        ("30d", 0.125, "90h"),
        ("3h", 0.5, "90m"),
        ("0m", 0.5, "0m"),
        ("1m", 0.5, "1m"),
        ("4h", 1, "4h"),
    ],
)
def test_a_share_of_a_span_is_a_span(span: str, share: float, wanted: str) -> None:
    assert scaled(span, share) == wanted


@given(
    st.integers(1, 99),
    st.sampled_from(["d", "h", "m", "bd", "bh"]),
    st.sampled_from([0.125, 0.25, 0.5, 0.75]),
)
def test_a_share_ends_no_later_than_the_whole(amount: int, unit: str, share: float) -> None:
    whole = f"{amount}{unit}"
    assert START < ends(scaled(whole, share)) <= ends(whole)


def clocks(rules: Pathway) -> list[str | None]:
    outreach, visit = rules.outreach, rules.visit
    return [
        rules.readiness.ask_again_after,
        rules.offer.answer_within,
        rules.offer.remind_after,
        outreach.contacted_within,
        outreach.call_within,
        outreach.give_up_at,
        visit.booked_within,
        visit.seen_within,
        rules.work_item_within,
    ]


@pytest.mark.parametrize("rules", pathways().values(), ids=lambda p: str(p.id))
def test_in_every_pathway_the_more_urgent_the_shorter(rules: Pathway) -> None:
    levels = [hastened(rules, level) for level in Priority]
    for calm, urgent in pairwise(levels):
        for before, after in zip(clocks(calm), clocks(urgent), strict=True):
            assert (before is None) == (after is None)
            assert before is None or after is None or ends(after) <= ends(before)
    calmest, most_urgent = levels[0], levels[-1]
    assert ends(most_urgent.visit.seen_within) < ends(calmest.visit.seen_within)
    assert ends(most_urgent.work_item_within) < ends(calmest.work_item_within)
    assert sum(most_urgent.routing.weights.values()) == pytest.approx(1)
    assert most_urgent.routing.weights["earliest"] > calmest.routing.weights["earliest"]


# --- what says that it is urgent ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ({}, "routine"),
        ({"priority": "urgent"}, "urgent"),
        ({"priority": "stat"}, "stat"),
        ({"occurrencePeriod": {"start": "2026-03-02", "end": "2026-03-04"}}, "urgent"),
        ({"occurrenceDateTime": "2026-03-02T20:00:00-05:00"}, "asap"),
        ({"occurrenceDateTime": "2026-05-01"}, "routine"),
    ],
)
def test_the_order_of_a_person_is_due_sooner_the_more_urgent(
    said: dict[str, Any], level: str
) -> None:
    api = a_desk("207N00000X")
    referral = stored(api, post(api, **UNCLEAR, **said))
    calm = stored(api, post(api, "A-2", **UNCLEAR))
    assert referral.priority == level
    assert referral.work_item is not None
    assert calm.work_item is not None
    assert referral.work_item.due_at is not None
    assert calm.work_item.due_at is not None
    if level == "routine":
        assert referral.work_item.due_at == calm.work_item.due_at
    else:
        assert referral.work_item.due_at < calm.work_item.due_at


@pytest.mark.parametrize("pointer", ["focus", "basedOn"])
def test_the_priority_of_a_task_counts(pointer: str) -> None:
    api = a_desk("207N00000X")
    order, patient, coverage = bundled_order(performerType=DERMATOLOGY)
    to = {"reference": "ServiceRequest/o1"}
    task = {
        "resourceType": "Task",
        "id": "t1",
        "status": "requested",
        "intent": "order",
        "priority": "asap",
        pointer: to if pointer == "focus" else [to],
    }
    reply = api.call("POST", "/fhir", a_bundle(order, patient, coverage, task), client="ehr-1")
    location = reply.body["entry"][0]["response"]["location"]
    referral = api.world.referrals.load(
        TENANT, ReferralId(location.split("ServiceRequest/")[1][:32])
    ).referral
    assert referral.priority == "asap"
    assert referral.service.urgency.reason == "task-priority"
    assert referral.status is Status.OFFERED


def test_a_clinic_has_less_time_to_answer() -> None:
    api = a_desk("207N00000X")
    calm = stored(api, post(api, performerType=DERMATOLOGY))
    urgent = stored(api, post(api, "A-2", performerType=DERMATOLOGY, priority="asap"))
    assert calm.status is urgent.status is Status.OFFERED
    assert START < urgent.due_at < calm.due_at


# --- which place is chosen ------------------------------------------------------------------------


def full(api: Desk, *npis: str, weeks: int) -> None:
    """Leave no room at some clinics for the next weeks."""
    for npi in npis:
        for week in range(weeks):
            at = iso_week((START + timedelta(weeks=week)).date())
            api.world.referrals.reserved[TENANT, npi, at] = 5


def test_what_is_urgent_takes_who_has_room_first() -> None:
    # Given a preferred clinic with room in three weeks, and another with room now
    api = a_desk("207N00000X", "207N00000X")
    directory = api.world.directory
    directory._records = tuple(
        r.but(tier=3) if isinstance(r, Practitioner) and r.npi.endswith("2") else r
        for r in directory._records
    )
    full(api, "1999900001", weeks=1)
    calm = stored(api, post(api, performerType=DERMATOLOGY))
    urgent = stored(api, post(api, "A-2", performerType=DERMATOLOGY, priority="stat"))
    assert calm.offers[0].npi == "1999900001"
    assert urgent.offers[0].npi == "1999900002"


@pytest.mark.parametrize(
    "said",
    [
        {"priority": "stat"},
        {"priority": "asap"},
        {"occurrencePeriod": {"end": "2026-03-20"}},
    ],
)
def test_without_room_in_time_a_person_is_told_at_once(said: dict[str, Any]) -> None:
    api = a_desk("207N00000X")
    full(api, "1999900001", weeks=4)
    reply = post(api, performerType=DERMATOLOGY, **said)
    referral = stored(api, reply)
    assert referral.work_item is not None
    assert referral.work_item.reason is Reason.NOT_IN_TIME
    assert not referral.offers
    # Who agrees on a later time lets it go on.
    decide(api, reply, "accept-later")
    assert [offer.npi for offer in stored(api, reply).offers] == ["1999900001"]


def test_what_is_routine_takes_the_later_place_without_a_person() -> None:
    api = a_desk("207N00000X")
    full(api, "1999900001", weeks=4)
    assert stored(api, post(api, performerType=DERMATOLOGY)).status is Status.OFFERED


@pytest.mark.parametrize("said", [{"occurrenceDateTime": "2026-02-27"}])
def test_what_is_over_when_it_comes_goes_to_a_person_before_the_payer(said: dict[str, Any]) -> None:
    api = a_desk("207N00000X")
    reply = post(api, performerType=DERMATOLOGY, **said)
    referral = stored(api, reply)
    assert referral.work_item is not None
    assert referral.work_item.reason is Reason.NOT_IN_TIME
    assert not api.told
    decide(api, reply, "accept-later")
    assert stored(api, reply).status is Status.OFFERED


def test_on_friday_evening_what_is_wanted_by_sunday_goes_to_a_person() -> None:
    api = a_desk("207N00000X")
    api.world.clock.move_to(datetime(2026, 3, 6, 22, tzinfo=UTC))
    by = {"occurrencePeriod": {"start": "2026-03-06", "end": "2026-03-08"}}
    referral = stored(api, post(api, performerType=DERMATOLOGY, **by))
    assert referral.work_item is not None
    assert referral.work_item.reason is Reason.NOT_IN_TIME
    assert referral.work_item.due_at is not None
    # The end of Sunday where the practice is.
    assert referral.work_item.due_at <= datetime(2026, 3, 9, 4, tzinfo=UTC)


def test_a_visit_booked_later_than_the_order_leaves_time_for_goes_to_a_person() -> None:
    api = a_desk("207N00000X")
    reply = post(api, performerType=DERMATOLOGY, priority="asap")
    one = stored(api, reply).id
    task = {"resourceType": "Task", "id": f"{one}.b1", "status": "accepted", "intent": "order"}
    assert api.call("PUT", f"/fhir/Task/{one}.b1", task, client="clinic-1").status == 200

    def book(days: int) -> None:
        start = START + timedelta(days=days)
        update = AppointmentBooked(
            id=f"booked-{days}",
            actor="clinic-1",
            role=Role.CLINIC,
            organization="clinic-1",
            received_at=START,
            start=start,
            appointment=1,
        )
        apply_update(api.world.engine, TENANT, one, update)
        api.world.settle()

    book(20)
    booked = stored(api, reply)
    assert booked.status is Status.SCHEDULED
    assert booked.work_item is not None
    assert booked.work_item.reason is Reason.NOT_IN_TIME
    # A visit that is moved to where there is time settles it.
    book(5)
    assert stored(api, reply).work_item is None
