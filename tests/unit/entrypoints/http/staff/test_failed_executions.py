"""Executions that failed: of the tenant only, and what became of each referral since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral_core.domain.access.scopes import OPERATE
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Outcome, Status
from referral_core.ports.operations import FailedExecution
from tests.in_memory import World
from tests.unit.builders import NOW
from tests.unit.entrypoints.http.api_client import MACHINE, ApiClient
from tests.unit.entrypoints.http.staff.test_people import GRACE, MARIA, an_api, stored
from tests.unit.entrypoints.http.staff.test_work_items import an_item

ID = "5" * 32


def failed(name: str, status: str = "FAILED") -> FailedExecution:
    arn = f"{MACHINE.replace(':stateMachine:', ':execution:')}:{name}"
    return FailedExecution(name, arn, status, NOW - timedelta(minutes=5))


def listed(api: ApiClient, client: str = GRACE) -> Any:
    return api.call("GET", "/operations/executions", client=client, scope=OPERATE)


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"run": 2}, "to-be-started"),
        ({"run": 3}, "started-again"),
        ({"run": 2, "work_item": an_item(1)}, "with-a-person"),
        ({"run": 2, "status": Status.CLOSED, "outcome": Outcome.PATIENT_DECLINED}, "closed"),
    ],
)
def test_what_became_of_the_referral_is_said(fields: dict[str, Any], state: str) -> None:
    world = World()
    stored(world, ID, **fields)
    api = an_api(world)
    api.ended = [failed(f"{ID}-2", "TIMED_OUT")]
    (row,) = listed(api).body["executions"]
    assert (row["referral"], row["run"], row["ended"]) == (ID, 2, "TIMED_OUT")
    assert row["state"] == state
    assert row["console"].endswith(f":{ID}-2")


def test_another_tenants_are_not_shown_and_only_operators_see_them() -> None:
    world = World()
    stored(world, ID, tenant=Tenant("riverside"))
    api = an_api(world)
    api.ended = [failed(f"{ID}-1"), failed("started-by-hand")]
    assert listed(api).body == {"executions": [], "more": False}
    assert listed(api, MARIA).status == 403


def test_more_than_are_shown_are_said() -> None:
    world = World()
    stored(world, ID)
    api = an_api(world)
    api.ended = [failed(f"{ID}-1")] * 26
    body = listed(api).body
    assert (len(body["executions"]), body["more"]) == (25, True)


@pytest.mark.parametrize("name", [f"{ID}-again", "started-by-hand", "once"])
def test_one_that_somebody_started_by_hand_hides_no_other(name: str) -> None:
    world = World()
    stored(world, ID, run=2)
    api = an_api(world)
    api.ended = [failed(name), failed(f"{ID}-1")]
    assert [row["run"] for row in listed(api).body["executions"]] == [1]
