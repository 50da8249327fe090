"""Scripts: what a sidecar may say, and what happens without one."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.partners.script import Script, Scripts, span
from tests.unit.partners.stage import PLACER, a_script

ROOT = Path(__file__).parents[3]


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59))
def test_a_duration_is_read_back(days: int, hours: int, minutes: int) -> None:
    text = f"P{days}DT{hours}H{minutes}M"

    assert span(text) == timedelta(days=days, hours=hours, minutes=minutes)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "1D", "P1W", "PT1S", "P-1D", "P1.5D"])
def test_what_is_no_duration_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        span(text)


def test_a_sidecar_is_found_by_its_referrals_placer(tmp_path: Path) -> None:
    scripts = a_script(tmp_path, clinic={"offers": ["decline", "accept"], "visit": "no-show"})

    script = scripts.of({"resourceType": "ServiceRequest", "identifier": [{"value": PLACER}]})

    assert [script.clinic.answer(n) for n in range(3)] == ["decline", "accept", "accept"]
    assert script.clinic.visit == ("no-show",)
    assert script.payer == {"eligibility": "active", "authorization": "A1"}


def test_a_sidecar_covers_every_order_of_a_bundle(tmp_path: Path) -> None:
    orders = [
        {"resource": {"resourceType": "ServiceRequest", "identifier": [{"value": value}]}}
        for value in ("A", "B")
    ]
    (tmp_path / "two.json").write_text(json.dumps({"resourceType": "Bundle", "entry": orders}))
    sidecar = {"partners": {"ehr": {"acknowledges": False}}}
    (tmp_path / "two.sidecar.json").write_text(json.dumps(sidecar))
    scripts = Scripts(tmp_path)

    for entry in orders:
        assert not scripts.of(entry["resource"]).ehr.acknowledges


@pytest.mark.parametrize(
    "partners",
    [
        {"dentist": {}},
        {"clinic": {"ofers": ["accept"]}},
        {"clinic": {"offers": ["maybe"]}},
        {"clinic": {"offers": []}},
        {"clinic": {"visit": "late"}},
        {"clinic": {"answer_after": "soon"}},
        {"patient": {"answers": "YES"}},
        {"ehr": {"cancels": "offered"}},
    ],
)
def test_a_misspelt_script_stops_the_partners(
    tmp_path: Path, partners: dict[str, dict[str, Any]]
) -> None:
    with pytest.raises(ValueError, match=r"one\.sidecar\.json"):
        a_script(tmp_path, **partners)


def test_a_sidecar_without_its_referral_stops_the_partners(tmp_path: Path) -> None:
    (tmp_path / "lost.sidecar.json").write_text("{}")

    with pytest.raises(ValueError, match=r"lost\.sidecar\.json"):
        Scripts(tmp_path)


@given(st.text(min_size=1, max_size=40))
def test_chance_is_repeatable_and_good_natured(seed: str) -> None:
    script = Script.by_chance(seed)

    assert script == Script.by_chance(seed)
    assert script.clinic.answer(0) == "accept"
    assert script.patient.answer(0) == "YES"
    assert script.ehr.acknowledges
    assert timedelta(hours=1) <= script.clinic.answer_after <= timedelta(hours=8)
    assert timedelta(days=3) <= script.clinic.visit_in <= timedelta(days=10)


def test_chance_differs_between_referrals() -> None:
    delays = {Script.by_chance(str(seed)).clinic.answer_after for seed in range(20)}

    assert len(delays) > 10


def test_chance_follows_the_placers_number_and_not_ours() -> None:
    def order(own: str) -> dict[str, Any]:
        identifiers = [{"value": "EHR-7"}, {"value": own}]
        return {"resourceType": "ServiceRequest", "id": own, "identifier": identifiers}

    assert Scripts(None).of(order("run-1")) == Scripts(None).of(order("run-2"))


def test_every_sidecar_of_the_project_can_be_read() -> None:
    folder = ROOT / "events/referrals"
    scripts = Scripts(folder)

    for sidecar in folder.glob("*.sidecar.json"):
        order = json.loads(sidecar.with_name(sidecar.name.replace(".sidecar", "")).read_text())
        supplies = scripts.of(order).ehr.supplies
        if supplies:
            assert scripts.resource(supplies)["resourceType"] == "ServiceRequest"
