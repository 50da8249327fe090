"""Scripts: what a sidecar may say, and what happens without one."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.partners.scripts.parts import CALLS, ReportPart
from local.partners.scripts.script import Script, Scripts, span
from local.partners.scripts.staff import ACTIONS, REASONS, Act
from referral_core.domain.outreach.vocabulary import CallResult
from referral_core.domain.work_items import Reason, actions_of
from tests.unit.partners.partner_harness import PLACER, a_script

ROOT = Path(__file__).parents[3]


def an_order() -> dict[str, Any]:
    return {"resourceType": "ServiceRequest", "identifier": [{"value": PLACER}]}


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
        {"ehr": {"ends_with": "deceased"}},
        {"ehr": {"ends_when": "offered", "ends_with": "bored"}},
        {"ehr": {"cancels_when": "offered", "ends_when": "scheduled"}},
        {"ehr": {"acknowledges": "no"}},
        {"ehr": {"reopens": {"resume": 1}}},
        {"payer": {"eligibility": "maybe"}},
        {"payer": {"authorization": ["A1", "A9"]}},
        {"payer": {"authorization": "A4-then-A4"}},
        {"payer": {"appeal": "A4"}},
        {"payer": {"decides": "P1D"}},
        {"clinic": {"reports": {"after": "P1D"}}},
        {"clinic": {"reports": [{"after": "P1D", "form": "document"}]}},
        {"clinic": {"reports": [{"as": "fax"}]}},
        {"patient": {"on_call": "hung-up"}},
        {"patient": {"reply": [1]}},
        {"staff": {"decides": {"boredom": "retry"}}},
        {"staff": {"decides": {"fault": "shrug"}}},
        {"staff": {"decides": {"fault": []}}},
        {"staff": {"decides": {"fault": {"number": "1"}}}},
        {"staff": {"decides": {"fault": {"action": "self-pay", "feeClass": "E"}}}},
        {"staff": {"decides": ["retry"]}},
        {"staff": {"hours": "nights"}},
        {"staff": []},
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
def test_good_nature_is_repeatable(seed: str) -> None:
    script = Script.good_natured(seed)

    assert script == Script.good_natured(seed)
    assert script.clinic.answer(0) == "accept"
    assert script.patient.answer(0) == "YES"
    assert script.ehr.acknowledges
    assert timedelta(hours=1) <= script.clinic.answer_after <= timedelta(hours=8)
    assert timedelta(days=3) <= script.clinic.visit_in <= timedelta(days=10)


def test_good_nature_differs_between_referrals() -> None:
    delays = {Script.good_natured(str(seed)).clinic.answer_after for seed in range(20)}

    assert len(delays) > 10


def test_without_a_seed_a_referral_goes_well_and_staff_leave_it_alone() -> None:
    scripts = Scripts(None)
    script = scripts.of({"id": "r1"})

    assert not scripts.staffed
    assert script == Script.good_natured("r1")
    assert script.staff.act("fault", 0) is None


def test_with_a_seed_it_is_left_to_chance() -> None:
    scripts = Scripts(None, "friday")

    assert scripts.staffed
    assert scripts.of({"id": "r1"}) == Script.at_random("r1", "friday")
    assert Script.at_random("r1", "friday") != Script.at_random("r1", "monday")


def test_a_sidecar_with_decisions_brings_the_staff_to_work(tmp_path: Path) -> None:
    assert a_script(tmp_path, staff={"decides": {"fault": "retry"}}).staffed


def test_what_happens_in_turn_is_one_value_or_a_list_whose_last_one_repeats() -> None:
    decides = {
        "call-due": ["record-call", None, {"action": "record-call", "result": "agreed"}],
        "not-eligible": {"action": "self-pay", "feeClass": "C"},
    }
    staff = Script.read({"staff": {"decides": decides}}).staff

    calls = [staff.act("call-due", number) for number in range(4)]
    assert [call.result if call else "left" for call in calls] == [None, "left", "agreed", "agreed"]
    assert staff.act("not-eligible", 5) == Act("self-pay", fee_class="C")
    assert staff.act("fault", 0) is None


def test_several_documents_take_the_place_of_the_one(tmp_path: Path) -> None:
    reports = [
        {"after": "P1D", "loinc": "34109-9", "type": "application/pdf"},
        {"after": "P5D", "as": "diagnostic-report", "critical": True, "final": False},
    ]
    clinic = a_script(tmp_path, clinic={"reports": reports}).of(an_order()).clinic

    first, second = clinic.documents
    assert first == ReportPart(timedelta(days=1), "34109-9", media_type="application/pdf")
    assert (second.form, second.critical, second.final) == ("diagnostic-report", True, False)


def test_who_attests_sends_no_report() -> None:
    assert Script.read({"clinic": {"attests": "consent-restricted"}}).clinic.documents == ()


def test_the_product_has_no_reason_and_no_action_that_a_script_cannot_name() -> None:
    reasons = set(Reason)
    actions = {a for reason in reasons for a in actions_of(reason)}

    assert reasons == REASONS
    assert actions <= ACTIONS
    assert set(CallResult) == set(CALLS)


def test_randomness_follows_the_placers_number_and_not_ours() -> None:
    def order(own: str) -> dict[str, Any]:
        identifiers = [{"value": "EHR-7"}, {"value": own}]
        return {"resourceType": "ServiceRequest", "id": own, "identifier": identifiers}

    scripts = Scripts(None, "seed")

    assert scripts.of(order("run-1")) == scripts.of(order("run-2"))


def test_every_sidecar_of_the_project_can_be_read() -> None:
    folder = ROOT / "events/referrals"
    scripts = Scripts(folder)

    for sidecar in folder.glob("*.sidecar.json"):
        order = json.loads(sidecar.with_name(sidecar.name.replace(".sidecar", "")).read_text())
        supplies = scripts.of(order).ehr.supplies
        if supplies and supplies != "generated":
            assert scripts.resource(supplies)["resourceType"] == "ServiceRequest"
