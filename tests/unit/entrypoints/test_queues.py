"""What waits in each queue, as metrics: a line a queue, and one of all of them together."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from referral_core.adapters.clock import ManualClock
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.pauses import MemoryPauses
from referral_core.adapters.memory.queue_gauges import MemoryQueueGauges
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.lifecycle import Queue
from referral_core.domain.pause import Pause
from referral_core.entrypoints.queues import MeasureQueues
from tests.unit.builders import NOW, TENANT, a_new_referral, a_referral


def a_pause(scope: str, of: str) -> Pause:
    fields = {"tenant": TENANT, "scope": scope, "of": of, "reason": "away", "by": "olu"}
    return Pause.model_validate({**fields, "since": NOW})


def test_each_queue_is_measured_and_all_together(capsys: pytest.CaptureFixture[str]) -> None:
    referrals = MemoryReferrals()
    for name, hours in (("r1", 3), ("r2", 50)):
        received = NOW - timedelta(hours=hours)
        referral = a_referral(name, received_at=received, queue=Queue.CONTACT_CENTER)
        referrals.accept([a_new_referral(referral, b"{}", name)])
    gauges = MemoryQueueGauges(referrals, [TENANT])

    directory = MemoryDirectory(referrals, [])
    for scope, of in (("payer", "acme"), ("payer", "harbor"), ("channel", "sms")):
        directory.paused.append(a_pause(scope, of))
    counted = MeasureQueues(gauges, ManualClock(NOW), MemoryPauses(directory)).measure()

    emitted = list(map(json.loads, capsys.readouterr().out.splitlines()))
    lines = {line["queue"]: line for line in emitted if "queue" in line}
    paused = {line["scope"]: line["Pauses"] for line in emitted if "scope" in line}
    assert paused == {"tenant": [0], "payer": [2], "clinic": [0], "channel": [1]}
    assert counted == {**dict.fromkeys(Queue, 0), "contact-center": 2, "all": 2}
    assert set(lines) == {*Queue, "all"}
    for queue in ("contact-center", "all"):
        assert lines[queue]["OpenReferrals"] == [2]
        assert lines[queue]["OldestReferral"] == [50 * 3600]
    assert lines["front-office"]["OpenReferrals"] == [0]
    (described,) = lines["all"]["_aws"]["CloudWatchMetrics"]
    assert described["Dimensions"] == [["service", "queue"]]
    assert {m["Name"] for m in described["Metrics"]} == {
        "OpenReferrals",
        "OldestReferral",
        "OpenWorkItems",
        "OverdueWorkItems",
        "OldestOverdue",
    }
