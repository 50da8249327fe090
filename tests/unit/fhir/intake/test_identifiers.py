"""An order's numbers: what makes two posts one order, and what it is only found by."""

from __future__ import annotations

import pytest

from tests.unit.fhir.orders import PLACER, Json, an_order, read_one

TABLE = "http://terminology.hl7.org/CodeSystem/v2-0203"


def typed(code: str, value: str) -> Json:
    return {"type": {"coding": [{"system": TABLE, "code": code}]}, "system": "s", "value": value}


ALONE: Json = {"value": "8888"}
BY_NAME: Json = {**ALONE, "assigner": {"display": "Clinic A"}}
BY_NUMBER: Json = {**ALONE, "assigner": {"identifier": {"system": "npi", "value": "19"}}}


@pytest.mark.parametrize(
    ("identifiers", "numbers", "others"),
    [
        (
            [{"system": "s", "value": "1"}, PLACER],
            ("https://ehr.example.org/orders|A-1", "s|1"),
            (),
        ),
        ([PLACER, typed("FILL", "F")], ("https://ehr.example.org/orders|A-1", "s|F"), ()),
        ([PLACER, typed("PGN", "G")], ("https://ehr.example.org/orders|A-1",), ("s|G",)),
        ([typed("VN", "V")], (), ("s|V",)),
        ([ALONE], (), ("|8888",)),
        ([BY_NAME], ("assigner:Clinic A|8888",), ("|8888",)),
        ([BY_NUMBER], ("assigner:npi|19|8888",), ("|8888",)),
    ],
)
def test_a_number_counts_within_its_system_or_its_assigner(
    identifiers: list[Json], numbers: tuple[str, ...], others: tuple[str, ...]
) -> None:
    intake = read_one(an_order(identifier=identifiers))
    assert (intake.order_numbers, intake.other_identifiers) == (numbers, others)
