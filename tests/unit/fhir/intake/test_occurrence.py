"""When an order wants the service, in each way that R4 has, and the group it was placed in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from referral_core.domain.orders.clinical_content import ClinicalContent
from referral_core.fhir.intake.orders import read_referrals
from tests.in_memory import World
from tests.unit.builders import NOW
from tests.unit.fhir.orders import PLACER, Json, a_bundle, a_coverage, a_patient, an_order


def read(order: Json) -> ClinicalContent:
    return World.read(json.dumps(order).encode()).clinical


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ({"occurrenceDateTime": "2026-03-05"}, "2026-03-05"),
        ({"occurrencePeriod": {"start": "2026-03-02", "end": "2026-03-05"}}, "2026-03-05"),
        ({"occurrencePeriod": {"start": "2026-03-02"}}, None),
        ({"occurrenceTiming": {"event": ["2026-03-09", "2026-03-05"]}}, "2026-03-05"),
        ({"occurrenceTiming": {"repeat": {"boundsPeriod": {"end": "2026-03-05"}}}}, "2026-03-05"),
        ({"occurrenceTiming": {"repeat": {"boundsPeriod": {"end": "2026-03"}}}}, "2026-03-31"),
        ({"occurrenceTiming": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}}, None),
        ({"occurrenceTiming": {"code": {"text": "soon"}}}, None),
    ],
)
def test_each_way_to_say_when_bounds_the_service(said: Json, ends: str | None) -> None:
    found = read(an_order(**said)).service.wanted.occurrence_end
    assert (found.date().isoformat() if found else None) == (ends and _day_after(ends))


@pytest.mark.parametrize(
    ("said", "starts"),
    [
        ({"occurrencePeriod": {"start": "2026-06-05"}}, "2026-06-05"),
        ({"occurrencePeriod": {"start": "2026-06"}}, "2026-06-01"),
        ({"occurrencePeriod": {"start": "2026-06-05T23:30:00-07:00"}}, "2026-06-05"),
        ({"occurrenceTiming": {"repeat": {"boundsPeriod": {"start": "2026-06-05"}}}}, "2026-06-05"),
        ({"occurrenceDateTime": "2026-06-05"}, "2026-05-08"),
        ({"occurrencePeriod": {"end": "2026-06-05"}}, None),
        ({"occurrencePeriod": {"start": "9999"}}, "2999-12-31"),
        ({"occurrenceDateTime": "0001-01-02"}, None),
    ],
)
def test_each_way_to_say_not_before_holds_the_service_back(said: Json, starts: str | None) -> None:
    found = read(an_order(**said)).service.wanted.occurrence_start
    assert (found.isoformat() if found else None) == starts


def _day_after(day: str) -> str:
    """The end of a day, in the zone farthest west, is on the next one in UTC."""
    from datetime import date, timedelta  # noqa: PLC0415

    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def together(*actions: Any, **group: Any) -> list[ClinicalContent]:
    orders = [
        an_order(
            id=f"o{n}",
            contained=None,
            identifier=[{**PLACER, "value": f"A-{n}"}],
            subject={"reference": "Patient/pat"},
            insurance=[{"reference": "Coverage/cov"}],
        )
        for n in range(3)
    ]
    placed = {
        "resourceType": "RequestGroup",
        "id": "g",
        "status": "active",
        "intent": "order",
        "action": list(actions),
        **group,
    }
    patient, coverage = a_patient(), a_coverage(beneficiary={"reference": "Patient/pat"})
    body = json.dumps(a_bundle(*orders, placed, patient, coverage)).encode()
    return [i.clinical for i in read_referrals(body, "application/fhir+json", "bundle", NOW)]


def of_order(number: int) -> Json:
    return {"resource": {"reference": f"ServiceRequest/o{number}"}}


@pytest.mark.parametrize(
    "number",
    [
        {"groupIdentifier": {"system": "urn:g", "value": "G-1"}},
        {"identifier": [{"system": "urn:g", "value": "G-1"}]},
    ],
)
def test_the_orders_of_a_group_are_one_requisition(number: Json) -> None:
    nested = {"title": "and then", "action": [of_order(1)]}
    first, second, alone = together(of_order(0), nested, **number)
    assert first.requisition == second.requisition == "urn:g|G-1"
    assert alone.requisition is None


def test_the_groups_priority_is_that_of_its_orders() -> None:
    first, *_, alone = together(of_order(0), priority="urgent")
    assert [p.value for p in first.service.wanted.task_priorities] == ["urgent"]
    assert alone.service.wanted.task_priorities == ()
