"""The simulated clinic: what it answers, books, tells and reports, and when."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.partners.clinic import endpoint as clinic
from local.partners.scripts.script import Scripts
from referral_core.domain.updates import ServiceAttested
from referral_core.fhir.inbound.task_updates import read_task_update
from tests.unit.partners.offers import a_reminder, a_withdrawal, an_offer
from tests.unit.partners.partner_harness import NOW, TOKEN, PartnerHarness, a_script, staged


async def offered(
    stage: PartnerHarness, task_id: str = "r1.b1", organization: str = "elm"
) -> httpx.Response:
    url = f"/clinic/{organization}"
    return await stage.http.post(url, json=an_offer(task_id), headers=TOKEN)


async def agreed(stage: PartnerHarness) -> None:
    """Offer, and let the patient agree to come after two days."""
    await offered(stage)
    await stage.pass_time(days=2)
    stage.world.agree("r1")


async def withdrawn(stage: PartnerHarness, task_id: str = "r1.b1") -> httpx.Response:
    url = f"/clinic/elm/Task/{task_id}"
    return await stage.http.put(url, json=a_withdrawal(task_id), headers=TOKEN)


async def reminded(stage: PartnerHarness, awaited: str, task_id: str = "r1.b1") -> httpx.Response:
    url = f"/clinic/elm/Task/{task_id}"
    return await stage.http.put(url, json=a_reminder(awaited, task_id), headers=TOKEN)


def ends(stage: PartnerHarness) -> list[str]:
    """Return the last word of each call: the status that it tells."""
    return [line.rpartition(" ")[2] for line in stage.router.said]


def play(scripts: Scripts, act: Any, days: float = 60) -> PartnerHarness:
    """Let the clinics live through a scene; return the stage after some days."""

    async def scene() -> PartnerHarness:
        async with staged(clinic.routes, scripts) as stage:
            await act(stage)
            await stage.pass_time(days=days)
            return stage

    stage: PartnerHarness = asyncio.run(scene())
    return stage


def test_an_accepted_referral_is_booked_attended_and_reported(tmp_path: Path) -> None:
    stage = play(a_script(tmp_path), agreed)

    assert stage.router.said == [
        "clinic:elm PUT /fhir/Task/r1.b1 accepted",
        "clinic:elm POST /fhir/Appointment booked",
        "clinic:elm PUT /fhir/Appointment/r1.v1 fulfilled",
        "clinic:elm POST /fhir/DocumentReference current",
    ]


def test_each_word_comes_when_the_script_says(tmp_path: Path) -> None:
    behaviour = {
        "answer_after": "PT3H",
        "books_after": "P2D",
        "visit_in": "P5D",
        "report_after": "P1DT30M",
    }
    stage = play(a_script(tmp_path, clinic=behaviour), agreed)

    moments = [call.at - NOW for call in stage.router.calls if call.method != "GET"]
    visit = timedelta(days=9)
    seen = visit + timedelta(minutes=30)
    assert moments == [
        timedelta(hours=3),
        timedelta(days=4),
        seen,
        seen + timedelta(days=1, minutes=30),
    ]
    booking = stage.router.calls[2].body
    assert booking["start"] == "2026-03-11T14:00:00Z"
    assert booking["basedOn"] == [{"reference": "ServiceRequest/r1.b1"}]


def test_the_answer_is_the_task_that_was_sent_with_another_status(tmp_path: Path) -> None:
    stage = play(a_script(tmp_path), offered)

    answer = stage.router.calls[1].body
    assert answer["focus"] == {"reference": "ServiceRequest/r1.b1"}
    assert answer["owner"]["identifier"]["value"] == "1999900032"


def test_the_first_clinic_declines_and_the_second_accepts(tmp_path: Path) -> None:
    async def two_offers(stage: PartnerHarness) -> None:
        await offered(stage)
        await stage.pass_time(days=1)
        await offered(stage, "r1.b2", "harbor")
        stage.world.agree("r1")

    scripts = a_script(tmp_path, clinic={"offers": ["decline", "accept"]})

    stage = play(scripts, two_offers)

    assert stage.router.said[:2] == [
        "clinic:elm PUT /fhir/Task/r1.b1 rejected",
        "clinic:harbor PUT /fhir/Task/r1.b2 accepted",
    ]
    assert "statusReason" in stage.router.calls[1].body
    assert len(stage.router.said) == 5


def test_a_silent_clinic_says_nothing(tmp_path: Path) -> None:
    stage = play(a_script(tmp_path, clinic={"offers": ["silent"]}), offered)

    assert stage.router.said == []


def test_a_no_show_is_told_and_booked_again_as_often_as_the_script_has_visits(
    tmp_path: Path,
) -> None:
    async def agreed_twice(stage: PartnerHarness) -> None:
        await agreed(stage)
        await stage.pass_time(days=30)
        assert len(stage.router.said) == 3
        stage.world.agree("r1")

    scripts = a_script(tmp_path, clinic={"visit": ["no-show", "attended"]})

    stage = play(scripts, agreed_twice)

    assert [line.rpartition(" ")[2] for line in stage.router.said] == [
        "accepted",
        "booked",
        "noshow",
        "booked",
        "fulfilled",
        "current",
    ]


def test_a_visit_is_cancelled_before_it_would_begin(tmp_path: Path) -> None:
    stage = play(a_script(tmp_path, clinic={"visit": "cancelled", "visit_in": "P4D"}), agreed)

    booked, cancelled = stage.router.calls[2:4]
    assert (cancelled.body["status"], cancelled.at - booked.at) == ("cancelled", timedelta(days=2))
    assert len(stage.router.said) == 3


@pytest.mark.parametrize("scene", [offered, agreed])
def test_nothing_is_booked_without_the_patients_word_or_against_the_script(
    tmp_path: Path, scene: Any
) -> None:
    stage = play(a_script(tmp_path, clinic={"books": scene is offered}), scene)

    assert stage.router.said == ["clinic:elm PUT /fhir/Task/r1.b1 accepted"]


def test_without_a_report_the_visit_is_the_last_word(tmp_path: Path) -> None:
    stage = play(a_script(tmp_path, clinic={"report": False}), agreed)

    assert stage.router.said[-1] == "clinic:elm PUT /fhir/Appointment/r1.v1 fulfilled"


def test_the_report_is_of_the_kind_that_the_script_wants(tmp_path: Path) -> None:
    behaviour = {"report_loinc": "34099-2", "report_type": "application/pdf"}

    stage = play(a_script(tmp_path, clinic=behaviour), agreed)

    written = stage.router.calls[-1].body
    assert written["type"]["coding"][0]["code"] == "34099-2"
    assert written["content"][0]["attachment"]["contentType"] == "application/pdf"


def test_the_same_offer_again_is_one_offer(tmp_path: Path) -> None:
    async def twice(stage: PartnerHarness) -> None:
        first, second = await offered(stage), await offered(stage)
        statuses = [r.json()["entry"][0]["response"]["status"] for r in (first, second)]
        assert statuses == ["201", "200"]

    stage = play(a_script(tmp_path), twice)

    assert stage.router.said.count("clinic:elm PUT /fhir/Task/r1.b1 accepted") == 1


@pytest.mark.parametrize(("days", "said"), [(0, 0), (0.5, 1), (2, 2)])
def test_after_a_withdrawal_the_clinic_does_nothing_more(
    tmp_path: Path, days: float, said: int
) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await offered(stage)
        stage.world.agree("r1")
        await stage.pass_time(days=days)
        assert (await withdrawn(stage)).status_code == 200

    stage = play(a_script(tmp_path), scene)

    assert len(stage.router.said) == said


def test_a_withdrawal_that_overtakes_its_offer_holds(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        assert (await withdrawn(stage)).status_code == 201
        assert (await offered(stage)).status_code == 200

    assert play(a_script(tmp_path), scene).router.said == []


def test_a_clinic_whose_answer_is_refused_goes_no_further(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.router.answers["PUT", "/fhir/Task/r1.b1"] = (409, {})
        await offered(stage)

    assert len(play(a_script(tmp_path), scene).router.said) == 1


def test_a_referral_without_sidecar_goes_well() -> None:
    stage = play(Scripts(None), agreed)

    assert [line.rpartition(" ")[2] for line in stage.router.said] == [
        "accepted",
        "booked",
        "fulfilled",
        "current",
    ]


def test_without_token_nobody_is_heard() -> None:
    async def scene(stage: PartnerHarness) -> None:
        bare = {"Content-Type": "application/fhir+json"}
        answer = await stage.http.post("/clinic/elm", json=an_offer(), headers=bare)
        assert answer.status_code == 400
        assert answer.json()["resourceType"] == "OperationOutcome"

    assert play(Scripts(None), scene).router.calls == []


def test_the_log_shows_what_came_and_what_was_said(tmp_path: Path) -> None:
    log: list[dict[str, Any]] = []

    async def scene(stage: PartnerHarness) -> None:
        await offered(stage)
        await stage.pass_time(days=1)
        log.extend((await stage.http.get("/clinic/log")).json())

    play(a_script(tmp_path, clinic={"offers": ["decline"]}), scene)

    assert [(entry["did"], entry["method"], entry["status"]) for entry in log] == [
        ("received", "POST", 200),
        ("called", "PUT", 200),
    ]
    assert log[0]["body"] == an_offer()


# --- reminders ------------------------------------------------------------------------------


def test_a_silent_clinic_may_answer_once_it_is_reminded(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await offered(stage)
        await stage.pass_time(days=2)
        assert stage.router.said == []
        assert (await reminded(stage, "answer")).status_code == 200
        assert (await reminded(stage, "answer")).status_code == 200

    behaviour = {"offers": "silent", "answers_reminder": True}
    stage = play(a_script(tmp_path, clinic=behaviour), scene)

    assert stage.router.said == ["clinic:elm PUT /fhir/Task/r1.b1 accepted"]
    assert stage.router.calls[-1].at - NOW == timedelta(days=2, hours=4)


def test_most_silent_clinics_stay_silent(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await offered(stage)
        await reminded(stage, "answer")

    assert play(a_script(tmp_path, clinic={"offers": "silent"}), scene).router.said == []


def test_the_word_that_a_booking_is_awaited_is_enough_to_book(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await offered(stage)
        await stage.pass_time(days=1)
        await reminded(stage, "booking")
        stage.world.agree("r1")  # both at once lead to one booking
        await stage.pass_time(days=2, hours=6)
        await reminded(stage, "booking")  # later than a day: the patient wants another time

    stage = play(a_script(tmp_path), scene)

    assert ends(stage) == ["accepted", "booked", "booked", "fulfilled", "current"]
    first, second = [c for c in stage.router.calls if c.line.endswith("booked")]
    assert (first.method, second.method, second.path) == ("POST", "PUT", "/fhir/Appointment/r1.v1")
    assert second.body["start"] > first.body["start"]


def test_a_word_that_crossed_the_booking_moves_nothing(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await agreed(stage)
        await stage.pass_time(days=1, hours=6)
        await reminded(stage, "booking")

    assert ends(play(a_script(tmp_path), scene)) == ["accepted", "booked", "fulfilled", "current"]


def test_a_report_may_come_only_when_it_is_asked_for(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await agreed(stage)
        await stage.pass_time(days=30)
        assert ends(stage)[-1] == "fulfilled"
        await reminded(stage, "report")
        await reminded(stage, "report")

    behaviour = {"reports_when_chased": True, "report_after": "P2D"}
    stage = play(a_script(tmp_path, clinic=behaviour), scene)

    assert ends(stage)[3:] == ["current"]
    assert stage.router.calls[-1].at - NOW == timedelta(days=34)


def test_a_reminder_that_comes_after_the_withdrawal_brings_nothing_back(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await offered(stage)
        await stage.pass_time(days=1)
        await withdrawn(stage)
        await reminded(stage, "booking")

    assert ends(play(a_script(tmp_path), scene)) == ["accepted"]


# --- what goes wrong ------------------------------------------------------------------------


def test_a_clinic_may_give_an_accepted_referral_back(tmp_path: Path) -> None:
    behaviour = {"offers": "withdraw", "withdraws_after": "P4D", "visit_in": "P20D"}

    stage = play(a_script(tmp_path, clinic=behaviour), agreed)

    assert ends(stage) == ["accepted", "booked", "failed"]
    assert stage.router.calls[-1].path == "/fhir/Task/r1.b1"
    assert stage.router.calls[-1].at - NOW == timedelta(days=4, hours=4)


def test_what_was_withdrawn_is_not_given_back(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await offered(stage)
        await stage.pass_time(hours=5)
        await withdrawn(stage)

    assert ends(play(a_script(tmp_path, clinic={"offers": "withdraw"}), scene)) == ["accepted"]


def test_a_visit_is_moved_and_then_kept(tmp_path: Path) -> None:
    behaviour = {"visit": "rescheduled", "visit_in": "P4D", "reschedules_by": "P10D"}

    stage = play(a_script(tmp_path, clinic=behaviour), agreed)

    assert ends(stage) == ["accepted", "booked", "booked", "fulfilled", "current"]
    booked, moved, kept = stage.router.calls[2:5]
    assert moved.at - booked.at == timedelta(days=2)
    assert (booked.body["start"], moved.body["start"]) == (
        *("2026-03-09T14:00:00Z", "2026-03-19T14:00:00Z"),
    )
    assert kept.at - booked.at == timedelta(days=14, minutes=30)


def test_a_clinic_may_never_say_what_happened(tmp_path: Path) -> None:
    stage = play(a_script(tmp_path, clinic={"visit": ["silent", "attended"]}), agreed)

    assert ends(stage) == ["accepted", "booked"]


@pytest.mark.parametrize("visit", ["attended", "silent"])
def test_a_clinic_may_attest_instead_of_reporting(tmp_path: Path, visit: str) -> None:
    behaviour = {"attests": "consent-restricted", "attests_after": "P2D", "visit": visit}

    stage = play(a_script(tmp_path, clinic=behaviour), agreed)

    assert ends(stage)[-1] == "completed"
    assert "current" not in ends(stage)
    attested = read_task_update(
        json.dumps(stage.router.calls[-1].body).encode(), "application/fhir+json", "r1.b1"
    )
    assert attested.kind_class is ServiceAttested
    assert str(attested.reason).endswith("|consent-restricted")


def test_documents_come_each_in_its_time(tmp_path: Path) -> None:
    reports = [
        {"after": "P3D", "final": False},
        {"after": "P1D", "loinc": "34109-9"},
        {"after": "P9D", "critical": True, "as": "diagnostic-report"},
    ]
    stage = play(a_script(tmp_path, clinic={"reports": reports}), agreed)

    sent = [(c.path, c.at - NOW) for c in stage.router.calls[-3:]]
    seen = timedelta(days=10, minutes=30)
    assert sent == [
        ("/fhir/DocumentReference", seen + timedelta(days=1)),
        ("/fhir/DocumentReference", seen + timedelta(days=3)),
        ("/fhir/DiagnosticReport", seen + timedelta(days=9)),
    ]


def test_after_the_last_visit_of_the_script_nothing_more_is_booked(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await agreed(stage)
        await stage.pass_time(days=20)
        await reminded(stage, "booking")

    stage = play(a_script(tmp_path, clinic={"visit": "no-show"}), scene)

    assert ends(stage) == ["accepted", "booked", "noshow"]


def test_a_booking_that_is_refused_can_be_asked_for_again(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.router.answers["POST", "/fhir/Appointment"] = (409, {})
        await agreed(stage)
        await stage.pass_time(days=3)
        stage.router.answers.clear()
        await reminded(stage, "booking")

    stage = play(a_script(tmp_path), scene)

    assert ends(stage) == ["accepted", "booked", "booked", "fulfilled", "current"]
