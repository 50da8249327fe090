"""What runs behind the lifecycle: the stream's consumers, the watchdog, the notices' delivery."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from referral_core.adapters.aws.dynamodb.attributes import plain
from referral_core.adapters.aws.dynamodb.items import event_item, referral_item
from referral_core.adapters.aws.dynamodb.openings import closings_in, opening_in
from referral_core.adapters.aws.dynamodb.projections import projected_in
from referral_core.adapters.clock import ManualClock
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.partners import MemoryEhr, MemoryNotices, MemoryWaitlistRequests
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.adapters.memory.workflow import MemoryWorkflow
from referral_core.domain.change import change
from referral_core.domain.directory import EhrSystem
from referral_core.domain.events import FACTS, ClosureFacts, EventKind
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.money.cost_ledger import Cost
from referral_core.domain.pause import Pause, PauseScope
from referral_core.domain.referral import Notice, Referral
from referral_core.domain.run import NoticeRequest, Projected
from referral_core.entrypoints.metrics import record
from referral_core.entrypoints.notice_delivery import NoticeDelivery, retry_in
from referral_core.entrypoints.outbox import Outbox
from referral_core.entrypoints.stream import consume
from referral_core.entrypoints.watchdog import Watchdog
from referral_core.lifecycle.case import Sources
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.engine.process_due import process_due
from referral_core.pathways import pathway
from tests.unit.builders import NOW, TENANT, a_new_referral, a_referral

ROOT = Path(__file__).parents[3]


class DeadLetterList:
    """Takes what could not be used."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    def put(self, record: Any, _error: Exception) -> bool:
        self.taken.append(record)
        return True


def _event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / f"events/{name}.json").read_text())
    return event


def test_a_new_run_is_started_once_and_an_unusable_record_stops_nothing() -> None:
    workflow, dead = MemoryWorkflow(), DeadLetterList()
    outbox = Outbox(
        workflow, MemoryNotices, projected_in, MemoryWaitlistRequests, opening_in, closings_in
    )
    event = _event("publish_outbox")
    unusable = json.loads(json.dumps(event["Records"][0]))
    unusable["dynamodb"]["NewImage"]["body"] = {"S": "{"}
    event["Records"] = [unusable, *event["Records"], *event["Records"]]
    answer = consume(event, "@REFERRAL", outbox.publish, dead)  # type: ignore[arg-type]
    assert answer == {"batchItemFailures": []}
    assert len(workflow.started) == 1
    assert dead.taken == [unusable]


def test_a_compressed_projection_is_read_from_its_image() -> None:
    # Given a body that is compressed: Lambda's records have what is binary as base64 text
    workflow, dead = MemoryWorkflow(), DeadLetterList()
    event = _event("publish_outbox")
    image = event["Records"][0]["dynamodb"]["NewImage"]
    image["body"] = {"B": base64.b64encode(b"small").decode()}
    read: list[Any] = []

    def known(new: Any) -> Projected:
        read.append(base64.b64decode(new["body"]))
        return projected_in(plain(referral_item(a_referral())))

    outbox = Outbox(workflow, MemoryNotices, known, MemoryWaitlistRequests, opening_in, closings_in)
    consume(event, "@REFERRAL", outbox.publish, dead)  # type: ignore[arg-type]
    assert (read, dead.taken) == ([b"small"], [])
    assert len(workflow.started) == 1


@pytest.mark.parametrize(
    "referral",
    [
        pytest.param(a_referral(), id="in its first step"),
        pytest.param(a_referral(current_step=Step.AWAIT_VISIT, run=3), id="in a later one"),
        pytest.param(a_referral(status=Status.CLOSED), id="closed"),
        pytest.param(
            a_referral(notices=(Notice(number=1, outcome=Outcome.SUPERSEDED, queued_at=NOW),)),
            id="with a notice",
        ),
    ],
)
def test_what_the_outbox_reads_is_what_the_projection_says(referral: Referral) -> None:
    assert projected_in(plain(referral_item(referral))) == Projected(
        tenant=referral.tenant,
        id=referral.id,
        run=referral.run,
        current_step=referral.current_step,
        is_closed=referral.is_closed,
        referrer=referral.referrer,
        asks={n.number: n.asks for n in referral.notices},
    )


def test_a_notice_is_queued_when_its_number_is_new() -> None:
    notices = MemoryNotices()
    outbox = Outbox(
        MemoryWorkflow(),
        lambda: notices,
        projected_in,
        MemoryWaitlistRequests,
        opening_in,
        closings_in,
    )
    notice = Notice(number=1, outcome=Outcome.SUPERSEDED, queued_at=NOW)
    before = plain(referral_item(a_referral()))
    after = plain(referral_item(a_referral(notices=(notice,))))
    outbox.publish(before, after)
    outbox.publish(after, after)
    assert notices.asked == [NoticeRequest(TENANT, ReferralId("r1"), "main-ehr", 1, 1)]


def test_a_notice_that_is_asked_for_again_is_queued_again_and_no_other() -> None:
    # Given two notices, of which the second is asked for once more
    notices = MemoryNotices()
    outbox = Outbox(
        MemoryWorkflow(),
        lambda: notices,
        projected_in,
        MemoryWaitlistRequests,
        opening_in,
        closings_in,
    )
    first = Notice(number=1, queued_at=NOW, delivered_at=NOW)
    second = Notice(number=2, queued_at=NOW)
    before = plain(referral_item(a_referral(notices=(first, second))))
    after = plain(referral_item(a_referral(notices=(first, second.asked_again(NOW)))))
    outbox.publish(before, after)
    assert [(asked.notice, asked.ask) for asked in notices.asked] == [(2, 2)]


def test_events_become_metrics_with_bounded_dimensions(capsys: pytest.CaptureFixture[str]) -> None:
    closed = change(
        a_referral(),
        EventKind.CLOSED,
        at=NOW + timedelta(hours=2),
        actor="t",
        status_reason="w",
        due_at=NOW,
        status=Status.CLOSED,
        outcome=Outcome.SUPERSEDED,
        facts=ClosureFacts(loop_closed=True),
    ).event
    spent = Cost(
        Decimal("1.5"), {"letters": 3}, {"cloud": Decimal("0.25"), "staff": Decimal("1.25")}
    )
    for event in (a_new_referral(a_referral()).event, closed):
        record(None, plain(event_item(event)), lambda *_: spent)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]: line for line in lines}
    assert set(found) == {
        "ReferralsReceived",
        "ReferralsClosed",
        "LoopsClosed",
        "TimeInStatus",
        "CostPerReferral",
    }
    costs = {line["part"]: line["CostPerReferral"] for line in lines if "part" in line}
    assert costs == {"all": [1.5], "cloud": [0.25], "staff": [1.25]}
    assert next(line["NotPriced"] for line in lines if "NotPriced" in line) == [3]
    assert found["TimeInStatus"]["TimeInStatus"] == [7200.0]
    assert found["ReferralsClosed"]["outcome"] == "superseded"
    for line in lines:
        (dimensions,) = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
        assert set(dimensions) <= {"pathway", "outcome", "status", "part", "service"}
        assert "r1" not in json.dumps(line)


def an_engine(referrals: MemoryReferrals, directory: MemoryDirectory, clock: ManualClock) -> Engine:
    return Engine(Sources(referrals, directory, pathway), MemoryWorkflow(), clock, {})


class Bench:
    """The delivery of notices with its surroundings."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.referrals = MemoryReferrals()
        ehr = EhrSystem(
            tenant=TENANT, id="main-ehr", name="EHR", notices_url="https://e", secret="s"
        )
        self.ehr = MemoryEhr()
        notice = Notice(number=1, outcome=Outcome.SUPERSEDED, queued_at=NOW)
        self.referrals.accept([a_new_referral(a_referral(notices=(notice,)))])
        self.directory = directory = MemoryDirectory(self.referrals, [ehr])
        self.delivery = NoticeDelivery(
            engine=an_engine(self.referrals, directory, self.clock),
            referrals=self.referrals,
            directory=directory,
            ehr=self.ehr,
            clock=self.clock,
            queue=None,  # type: ignore[arg-type]
            queue_url="",
        )

    def deliver(self) -> bool:
        body = {"tenant": TENANT, "referral_id": "r1", "ehr": "main-ehr", "notice": 1, "ask": 1}
        return self.delivery.deliver(json.dumps(body))

    def recorded(self) -> list[str]:
        mailbox = self.referrals.load(TENANT, a_referral().id).mailbox
        return [update.kind.value for update in mailbox.pending]


def test_a_notice_waits_in_the_queue_while_its_tenant_is_paused() -> None:
    bench = Bench()
    pause = Pause(
        tenant=TENANT, scope=PauseScope.TENANT, of=TENANT, reason="moving", by="olu", since=NOW
    )
    bench.directory.paused.append(pause)
    assert not bench.deliver()
    assert bench.ehr.notices == {}
    bench.directory.paused.clear()
    assert bench.deliver()
    assert bench.recorded() == ["notice-delivered"]


def test_a_notice_is_delivered_and_its_delivery_recorded_once() -> None:
    bench = Bench()
    assert bench.deliver()
    assert bench.deliver()
    assert list(bench.ehr.notices) == ["r1.n1"]
    assert bench.recorded() == ["notice-delivered"]


def test_an_ehr_that_is_down_is_tried_for_three_days_then_a_person_is_told() -> None:
    bench = Bench()
    bench.ehr.mode = "down"
    assert not bench.deliver()
    bench.clock.move(timedelta(hours=72))
    assert bench.deliver()
    assert bench.recorded() == ["notice-undeliverable"]


def test_an_ehr_that_refuses_is_not_tried_again() -> None:
    bench = Bench()
    bench.ehr.mode = "refuses"
    assert bench.deliver()
    assert bench.recorded() == ["notice-undeliverable"]


def test_retries_become_rarer_up_to_four_hours() -> None:
    assert [retry_in(n) for n in (1, 2, 3)] == [30, 60, 120]
    assert retry_in(50) == 4 * 3600


def test_one_referral_that_cannot_be_processed_does_not_hide_the_others() -> None:
    clock, referrals = ManualClock(NOW + timedelta(days=1)), MemoryReferrals()
    for name in ("r1", "r2"):
        referrals.accept([a_new_referral(a_referral(name))])
    engine = an_engine(referrals, MemoryDirectory(referrals, []), clock)
    load = referrals.load

    def broken(tenant: Any, referral_id: Any) -> Any:
        if referral_id == "r1":
            from referral_core.domain.errors import Retryable  # noqa: PLC0415

            raise Retryable("the table is not available")
        return load(tenant, referral_id)

    referrals.load = broken  # type: ignore[method-assign]
    watchdog = Watchdog(partial(process_due, engine), referrals, clock, lambda *_: None)
    assert watchdog.tick() == {"failed": 1, "restarted": 1}


@pytest.mark.parametrize(
    ("kind", "facts", "emitted"),
    [
        (EventKind.PATIENT_CONTACTED, {"channel": "sms"}, ("Messages", "sms", "sent")),
        (EventKind.CHANNEL_UNAVAILABLE, {}, ("Messages", "any", "unavailable")),
        (EventKind.PATIENT_OPTED_OUT, {}, ("Messages", "any", "opted-out")),
        (EventKind.AUTHORIZATION_PENDED, {}, ("AuthorizationClocks", "running")),
        (EventKind.AUTHORIZATION_CLOCK_WARNED, {}, ("AuthorizationClocks", "warned")),
        (EventKind.AUTHORIZED, {}, ("AuthorizationClocks", "stopped")),
        (
            EventKind.WORK_ITEM_OPENED,
            {"reason": "authorization-overdue"},
            ("AuthorizationClocks", "breached"),
        ),
    ],
)
def test_messages_and_the_payers_clocks_are_measured(
    kind: EventKind,
    facts: dict[str, Any],
    emitted: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    happened = change(
        a_referral(),
        kind,
        at=NOW,
        actor="t",
        status_reason="w",
        due_at=NOW,
        facts=FACTS[kind].model_validate(facts),
    ).event

    record(None, plain(event_item(happened)), lambda *_: pytest.fail("nothing is closed"))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    named = [
        (
            line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"],
            *(line[d] for d in line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0][1:]),
        )
        for line in lines
    ]
    assert emitted in named
