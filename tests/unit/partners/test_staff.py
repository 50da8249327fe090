"""The simulated staff: they read the worklist, claim, decide, and leave what they are to leave."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.routing import Route

from local.partners.carrier.patients import Patients
from local.partners.staff import worklist as staff
from local.partners.staff.worklist import ApiClient, opening
from local.partners.world import World
from referral_core.entrypoints.http.staff.work_items import Decision
from tests.unit.partners.partner_harness import NOW, PartnerHarness, a_script, staged

WORKLIST = "/work-items?_count=200"
ACTIONS = "/fhir/ServiceRequest/r1/$available-actions"
DECISION = "/work-items/r1/decision"


def an_item(reason: str, opened: str = "2026-03-02T13:00:00+00:00") -> dict[str, Any]:
    return {"id": "r1", "reason": reason, "openedAt": opened, "owner": None}


def the_worklist_shows(stage: PartnerHarness, *items: Mapping[str, Any]) -> None:
    stage.router.answers["GET", WORKLIST] = (200, {"workItems": list(items)})


def allowed_are(stage: PartnerHarness, *actions: str) -> None:
    parameters = [{"name": "statusReason", "valueString": "Because."}]
    parameters += [{"name": "action", "valueCode": action} for action in actions]
    stage.router.answers["GET", ACTIONS] = (200, {"parameter": parameters})


def routes(world: World) -> list[Route]:
    office = ApiClient(world, Patients(world))
    world.later(timedelta(0), office.work())
    return staff.routes(office)


def play(
    folder: Path, act: Any, decides: Mapping[str, Any], days: float = 5, **parts: Any
) -> PartnerHarness:
    async def scene() -> PartnerHarness:
        fields = {"staff": {"decides": decides, **parts.pop("staff", {})}, **parts}
        async with staged(routes, a_script(folder, **fields)) as stage:
            await act(stage)
            await stage.pass_time(days=days)
            return stage

    stage: PartnerHarness = asyncio.run(scene())
    return stage


def decided(stage: PartnerHarness) -> list[dict[str, Any]]:
    """List the bodies of the decisions; each is one that the product can read."""
    bodies = [call.body for call in stage.router.calls if call.method == "POST"]
    for body in bodies:
        TypeAdapter(Decision).validate_python(body)
    return bodies


def test_an_item_is_claimed_and_decided_once(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, an_item("not-eligible"))
        allowed_are(stage, "retry", "self-pay", "claim", "comment")

    stage = play(tmp_path, scene, {"not-eligible": "retry"})

    assert decided(stage) == [{"action": "claim"}, {"action": "retry"}]
    first = next(call for call in stage.router.calls if call.method == "POST")
    # Seen at the first look, after three hours; worked on four hours later.
    assert (first.client, first.path, first.at - NOW) == ("staff", DECISION, timedelta(hours=7))


def test_the_next_item_of_the_same_reason_gets_the_next_act(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        allowed_are(stage, "record-call", "contact-again")
        for day in range(3, 8):
            the_worklist_shows(stage, an_item("call-due", f"2026-03-0{day}T09:00:00+00:00"))
            await stage.pass_time(days=1)

    decides = {"call-due": ["contact-again", None, {"action": "record-call", "result": "agreed"}]}
    stage = play(tmp_path, scene, decides)

    assert [body["action"] for body in decided(stage)] == [
        *("contact-again", "record-call", "record-call", "record-call"),
    ]


@pytest.mark.parametrize("decides", [{}, {"fault": None}, {"not-eligible": "retry"}])
def test_what_no_script_names_stays_on_the_worklist(
    tmp_path: Path, decides: Mapping[str, Any]
) -> None:
    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, an_item("fault"))
        allowed_are(stage, "retry", "claim")

    assert decided(play(tmp_path, scene, decides)) == []


def test_only_what_is_allowed_is_done(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, an_item("fault"))
        allowed_are(stage, "claim", "close:expired-unresolved")

    stage = play(tmp_path, scene, {"fault": "retry"})

    assert decided(stage) == []
    assert stage.world.log("staff")[-1]["did"] == "found it not allowed"


def test_care_of_an_item_comes_before_its_decision(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, an_item("fault"))
        allowed_are(stage, "retry", "claim", "comment", "snooze")

    comment = {"action": "comment", "comment": "Looked into it."}
    snooze = {"action": "snooze", "until": "P2D"}
    stage = play(tmp_path, scene, {"fault": [comment, snooze, "retry"]})

    assert decided(stage) == [
        comment,
        {"action": "snooze", "until": "2026-03-05T01:00:00Z"},
        {"action": "claim"},
        {"action": "retry"},
    ]


@pytest.mark.parametrize(
    ("result", "agreed"), [("agreed", True), ("another-time", True), ("voicemail", False)]
)
def test_a_call_ends_as_the_patient_has_it(tmp_path: Path, *, result: str, agreed: bool) -> None:
    wants: list[bool] = []

    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, an_item("call-due"))
        allowed_are(stage, "record-call")
        agreement = asyncio.create_task(stage.world.agreement("r1"))
        await stage.pass_time(days=1)
        wants.append(agreement.done())
        agreement.cancel()

    decides = {"call-due": "record-call"}
    stage = play(tmp_path, scene, decides, patient={"on_call": result})

    (made,) = decided(stage)
    assert made == {"action": "record-call", "result": result, "spokeWith": "patient"}
    assert wants == [agreed]


def test_an_authorization_got_by_phone_has_a_number_and_dates(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, an_item("authorization-overdue"))
        allowed_are(stage, "enter-authorization")

    entered = {"action": "enter-authorization", "validTo": "P30D", "validFrom": "2026-03-01"}
    (body,) = decided(play(tmp_path, scene, {"authorization-overdue": entered}))

    assert body["number"].startswith("PH")
    assert (body["validFrom"], body["validTo"]) == ("2026-03-01", "2026-04-01")


def test_the_payer_hears_of_an_appeal(tmp_path: Path) -> None:
    heard: list[bool] = []

    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, an_item("authorization-denied"))
        allowed_are(stage, "appeal")
        appeal = asyncio.create_task(stage.world.appeal_of("r1"))
        await stage.pass_time(days=1)
        heard.append(appeal.done())
        appeal.cancel()

    play(tmp_path, scene, {"authorization-denied": "appeal"})

    assert heard == [True]


@pytest.mark.parametrize(
    ("agreed", "sent"),
    [
        ("self-pay", {"action": "self-pay", "feeClass": "B"}),
        ({"action": "self-pay", "feeClass": "D"}, {"action": "self-pay", "feeClass": "D"}),
    ],
)
def test_a_fee_class_is_agreed_on(tmp_path: Path, agreed: Any, sent: Mapping[str, str]) -> None:
    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, an_item("fee-class-missing"))
        allowed_are(stage, "self-pay")

    assert decided(play(tmp_path, scene, {"fee-class-missing": agreed})) == [sent]


def test_what_is_refused_is_tried_again_a_few_times(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, an_item("fault"))
        allowed_are(stage, "retry")
        stage.router.answers["POST", DECISION] = (409, {})

    assert len(decided(play(tmp_path, scene, {"fault": "retry"}))) == 3


def test_a_long_worklist_is_read_queue_by_queue(tmp_path: Path) -> None:
    queue = "/work-items?queue=clinical-review&_count=200"

    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, *[an_item("no-candidate") for _ in range(200)])
        stage.router.answers["GET", queue] = (200, {"workItems": [an_item("fault")]})
        allowed_are(stage, "retry")

    assert decided(play(tmp_path, scene, {"fault": "retry"})) == [{"action": "retry"}]


def test_without_decisions_in_any_script_nobody_comes_to_work(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, an_item("fault"))

    assert play(tmp_path, scene, {}).router.calls == []


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ((2026, 3, 2, 15, 30), (2026, 3, 2, 15, 30)),  # Monday, half past ten
        ((2026, 3, 2, 9, 0), (2026, 3, 2, 14, 0)),  # before nine
        ((2026, 3, 2, 22, 0), (2026, 3, 3, 14, 0)),  # five in the afternoon
        ((2026, 3, 6, 23, 0), (2026, 3, 9, 13, 0)),  # Friday evening; the clocks change on Sunday
        ((2026, 3, 7, 16, 0), (2026, 3, 9, 13, 0)),  # Saturday
    ],
)
def test_an_office_keeps_hours(now: tuple[int, ...], opens: tuple[int, ...]) -> None:
    assert opening(datetime(*now, tzinfo=UTC)) == datetime(*opens, tzinfo=UTC)  # type: ignore[arg-type,misc]


def test_in_office_hours_a_decision_waits_for_the_morning(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, an_item("fault"))
        allowed_are(stage, "retry")

    parts = {"works_after": "PT10H", "hours": "office"}
    stage = play(tmp_path, scene, {"fault": "retry"}, staff=parts)

    (call,) = [call for call in stage.router.calls if call.method == "POST"]
    assert call.at == datetime(2026, 3, 3, 14, 0, tzinfo=UTC)


def test_the_log_shows_what_they_did(tmp_path: Path) -> None:
    log: list[dict[str, Any]] = []

    async def scene(stage: PartnerHarness) -> None:
        the_worklist_shows(stage, an_item("fault"))
        allowed_are(stage, "retry")
        await stage.pass_time(days=1)
        log.extend((await stage.http.get("/staff/log")).json())

    play(tmp_path, scene, {"fault": "retry"})

    assert [(entry["did"], entry["path"]) for entry in log] == [("called", DECISION)]
