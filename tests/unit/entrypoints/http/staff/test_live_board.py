"""What operations see live: ages by team, payers' clocks, dead letters; of their tenant only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral_core.domain.access.scopes import OPERATE, READ
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.payers.authorization import Authorization, AuthorizationStatus
from referral_core.domain.work_items import Reason
from tests.in_memory import World
from tests.unit.builders import NOW
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.entrypoints.http.staff.test_people import GRACE, MARIA, an_api, stored
from tests.unit.entrypoints.http.staff.test_work_items import an_item

HOUR = timedelta(hours=1)


def asked(payer: str, hours_gone: float, hours_left: float, **fields: Any) -> Authorization:
    base = {"status": AuthorizationStatus.PENDED, "trace": "t", "performer": "p", "payer": payer}
    requested_at, due_at = NOW - hours_gone * HOUR, NOW + hours_left * HOUR
    return Authorization.model_validate(
        {**base, "requested_at": requested_at, "due_at": due_at, **fields}
    )


def an_office(**referrals: dict[str, Any]) -> ApiClient:
    world = World()
    for name, fields in referrals.items():
        stored(world, name, **{"queue": Queue.PRIOR_AUTHORIZATION, **fields})
    world.clock.move_to(NOW)
    return an_api(world)


def board(api: ApiClient, client: str = GRACE, scope: str = OPERATE) -> Any:
    return api.call("GET", "/operations/board", client=client, scope=scope)


@pytest.mark.parametrize(
    ("days", "bucket"), [(0, 0), (2.9, 0), (3, 1), (7.9, 1), (8, 2), (31, 4), (90.9, 5), (91, 6)]
)
def test_open_referrals_are_counted_by_team_and_whole_days_since_receipt(
    days: float, bucket: int
) -> None:
    api = an_office(
        old={"received_at": NOW - timedelta(days=days)},
        item={"received_at": NOW - timedelta(days=days), "work_item": an_item(1)},
        front={"queue": Queue.FRONT_OFFICE, "received_at": NOW},
        away={"tenant": Tenant("riverside"), "received_at": NOW},
    )
    body = board(api).body
    wanted = [0] * 7
    wanted[bucket] = 2
    assert body["ages"]["prior-authorization"] == wanted
    assert body["ages"]["front-office"] == [1, 0, 0, 0, 0, 0, 0]
    assert body["lastDays"] == [2, 7, 14, 30, 60, 90]


def test_the_clocks_that_run_are_counted_by_payer_and_the_first_to_run_out_lead() -> None:
    item = an_item(1, owner=MARIA, reason=Reason.AUTHORIZATION_OVERDUE)
    api = an_office(
        running={"authorization": asked("harbor", 1, 71)},
        late={"authorization": asked("harbor", 54, 18)},
        breached={"authorization": asked("harbor", 73, -1), "work_item": item},
        pioneer={"authorization": asked("pioneer", 1, 23, expedited=True)},
        decided={"authorization": asked("harbor", 1, 2, status=AuthorizationStatus.APPROVED)},
        away={"authorization": asked("harbor", 1, 2), "tenant": Tenant("riverside")},
    )
    clocks = board(api).body["clocks"]
    assert clocks["payers"] == [
        {"payer": "harbor", "running": 1, "late": 1, "breached": 1},
        {"payer": "pioneer", "running": 1},
    ]
    nearest = [(row["id"], row["state"], row["owner"]) for row in clocks["nearest"]]
    assert nearest == [
        ("breached", "breached", MARIA),
        ("late", "late", None),
        ("pioneer", "running", None),
        ("running", "running", None),
    ]
    assert clocks["more"] is False


def test_a_clock_runs_on_while_a_step_failed_and_an_appeals_begins_with_the_appeal() -> None:
    fault = an_item(1, reason=Reason.FAULT)
    api = an_office(
        failed={
            "queue": Queue.REFERRAL_COORDINATORS,
            "authorization": asked("harbor", 73, -1),
            "work_item": fault,
        },
        appealed={
            "status_since": NOW - HOUR,
            "authorization": asked("pioneer", 900, 71, status=AuthorizationStatus.APPEALED),
        },
    )
    assert board(api).body["clocks"]["payers"] == [
        {"payer": "harbor", "breached": 1},
        {"payer": "pioneer", "running": 1},
    ]


@pytest.mark.parametrize(
    ("queue", "reason"),
    [
        (Queue.FRONT_OFFICE, Reason.CONSENT_MISSING),
        (Queue.FRONT_OFFICE, Reason.MISSING_INFORMATION),
        (Queue.CLINICAL_REVIEW, Reason.FAULT),
    ],
)
def test_a_clock_runs_on_whichever_team_has_the_item(queue: Queue, reason: Reason) -> None:
    item = an_item(1, reason=reason)
    fields = {"queue": queue, "authorization": asked("harbor", 73, -1), "work_item": item}
    clocks = board(an_office(elsewhere=fields)).body["clocks"]
    assert clocks["payers"] == [{"payer": "harbor", "breached": 1}]


def test_more_requests_than_are_read_are_said() -> None:
    many = {f"r{n:04}": {"authorization": asked("harbor", 1, 71)} for n in range(2_001)}
    clocks = board(an_office(**many)).body["clocks"]
    assert clocks["payers"] == [{"payer": "harbor", "running": 2_000}]
    assert clocks["more"] is True


def test_dead_letters_are_counted_and_only_operators_see_the_board() -> None:
    api = an_office()
    assert board(api).body["deadLetters"] == 3
    assert board(api, MARIA).status == 403
    assert board(api, scope=READ).status == 403
