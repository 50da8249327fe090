"""What runs behind the lifecycle: the stream's consumers, the watchdog, the courier."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from referral_core.adapters.clock import HandClock
from referral_core.adapters.memory import MemoryDirectory, MemoryReferrals, MemoryWorkflow
from referral_core.adapters.memory_partners import MemoryEhr, MemoryNotices
from referral_core.background.delivery import GIVE_UP_AFTER, Courier, retry_in
from referral_core.background.metrics import record
from referral_core.background.outbox import Outbox
from referral_core.background.records import consume
from referral_core.background.timers import Watchdog
from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.network import EhrSystem
from referral_core.domain.referral import Notice, change
from referral_core.steps.engine import Engine
from tests.unit.builders import NOW, TENANT, a_referral, an_arrival

ROOT = Path(__file__).parents[3]


class Aside:
    """Takes what could not be used."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    def put(self, record: Any, _error: Exception) -> None:
        self.taken.append(record)


def _event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / f"events/{name}.json").read_text())
    return event


def test_a_new_run_is_started_once_and_a_poisoned_record_stops_nothing() -> None:
    workflow, aside = MemoryWorkflow(), Aside()
    outbox = Outbox(workflow, MemoryNotices())
    event = _event("start_lifecycle")
    poisoned = json.loads(json.dumps(event["Records"][0]))
    poisoned["dynamodb"]["NewImage"]["body"] = {"S": "{"}
    event["Records"] = [poisoned, *event["Records"], *event["Records"]]
    answer = consume(event, "@REFERRAL", outbox.publish, aside)  # type: ignore[arg-type]
    assert answer == {"batchItemFailures": []}
    assert len(workflow.started) == 1
    assert aside.taken == [poisoned]


def test_a_notice_is_queued_when_its_number_is_new() -> None:
    notices = MemoryNotices()
    outbox = Outbox(MemoryWorkflow(), notices)
    notice = Notice(number=1, outcome=Outcome.SUPERSEDED, queued_at=NOW)
    body = a_referral(notices=(notice,)).model_dump_json()
    before = {"run": 1, "sk": "@REFERRAL", "body": body}
    after = {**before, "notice_number": 1}
    outbox.publish(before, after)
    outbox.publish(after, after)
    assert notices.asked == [(TENANT, "r1", 1)]


def test_events_become_metrics_with_bounded_dimensions(capsys: pytest.CaptureFixture[str]) -> None:
    closed = change(
        a_referral(),
        "closed",
        at=NOW + timedelta(hours=2),
        actor="t",
        why="w",
        due_at=NOW,
        status=Status.CLOSED,
        outcome=Outcome.SUPERSEDED,
        facts={"loop_closed": True},
    ).event
    for event in (an_arrival(a_referral()).event, closed):
        record(None, {"sk": "EVENT#000001", "body": event.model_dump_json()})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]: line for line in lines}
    assert set(found) == {"ReferralsReceived", "ReferralsClosed", "LoopsClosed", "TimeInStatus"}
    assert found["TimeInStatus"]["TimeInStatus"] == [7200.0]
    assert found["ReferralsClosed"]["outcome"] == "superseded"
    for line in lines:
        (dimensions,) = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
        assert set(dimensions) <= {"pathway", "outcome", "status", "service"}
        assert "r1" not in json.dumps(line)


class Bench:
    """A courier with its surroundings."""

    def __init__(self) -> None:
        self.clock = HandClock(NOW)
        self.referrals = MemoryReferrals()
        ehr = EhrSystem(
            tenant=TENANT, id="main-ehr", name="EHR", notices_url="https://e", secret="s"
        )
        self.ehr = MemoryEhr()
        notice = Notice(number=1, outcome=Outcome.SUPERSEDED, queued_at=NOW)
        self.referrals.accept([an_arrival(a_referral(notices=(notice,)))])
        self.courier = Courier(
            engine=Engine(self.referrals, MemoryWorkflow(), self.clock, {}),
            referrals=self.referrals,
            directory=MemoryDirectory(self.referrals, [ehr]),
            ehr=self.ehr,
            clock=self.clock,
            queue=None,  # type: ignore[arg-type]
            queue_url="",
            base_url="https://api.example.org",
        )

    def deliver(self) -> bool:
        body = {"tenant": TENANT, "referral_id": "r1", "notice": 1}
        return self.courier.deliver(json.dumps(body))

    def told(self) -> list[str]:
        mailbox = self.referrals.load(TENANT, a_referral().id).mailbox
        return [update.kind.value for update in mailbox.pending]


def test_a_notice_is_delivered_and_its_delivery_told_once() -> None:
    bench = Bench()
    assert bench.deliver()
    assert bench.deliver()
    assert list(bench.ehr.notices) == ["r1.n1"]
    assert bench.told() == ["notice-delivered"]


def test_an_ehr_that_is_down_is_tried_for_three_days_then_a_person_is_told() -> None:
    bench = Bench()
    bench.ehr.mode = "down"
    assert not bench.deliver()
    bench.clock.move(GIVE_UP_AFTER)
    assert bench.deliver()
    assert bench.told() == ["notice-undeliverable"]


def test_an_ehr_that_refuses_is_not_tried_again() -> None:
    bench = Bench()
    bench.ehr.mode = "refuses"
    assert bench.deliver()
    assert bench.told() == ["notice-undeliverable"]


def test_retries_become_rarer_up_to_four_hours() -> None:
    assert [retry_in(n) for n in (1, 2, 3)] == [30, 60, 120]
    assert retry_in(50) == 4 * 3600


def test_one_referral_that_cannot_be_tended_does_not_hide_the_others() -> None:
    clock, referrals = HandClock(NOW + timedelta(days=1)), MemoryReferrals()
    for name in ("r1", "r2"):
        referrals.accept([an_arrival(a_referral(name))])
    engine = Engine(referrals, MemoryWorkflow(), clock, {})
    load = referrals.load

    def broken(tenant: Any, referral_id: Any) -> Any:
        if referral_id == "r1":
            from referral_core.domain.errors import Retryable  # noqa: PLC0415

            raise Retryable("the table is not available")
        return load(tenant, referral_id)

    referrals.load = broken  # type: ignore[method-assign]
    assert Watchdog(engine, referrals, clock).tick() == {"failed": 1, "restarted": 1}
