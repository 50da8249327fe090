"""The stack's time: it goes on with the ticks, and waits for a machine that is late."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.pace import Pace
from local.partners.world import StackClock
from referral_core.adapters.clock import VirtualClock

AT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(folder: Path, since: datetime) -> VirtualClock:
    file = folder / "clock.json"
    line = {"at": AT.isoformat(), "since": since.isoformat(), "span_s": 0.5, "rate": 7200.0}
    file.write_text(json.dumps(line))
    return VirtualClock(str(file), grace_seconds=3)


def test_time_stands_still_where_nobody_told_of_it_any_more(tmp_path: Path) -> None:
    assert told(tmp_path, datetime.now(UTC) - HOUR).now() == AT + HOUR


def test_time_does_not_go_back(tmp_path: Path) -> None:
    assert told(tmp_path, datetime.now(UTC) + HOUR).now() == AT


def test_the_grace_of_a_running_step_is_real_time(tmp_path: Path) -> None:
    assert told(tmp_path, datetime.now(UTC)).grace() == 6 * HOUR


def test_time_begins_when_it_is_told_to_go_on(tmp_path: Path) -> None:
    pace = Pace.standing(tmp_path / "clock.json", AT, rate=3600.0)
    assert pace.clock.now() == AT
    pace.go_on()
    assert AT <= pace.clock.now() <= AT + HOUR / 2


def test_time_that_is_held_stands_still(tmp_path: Path) -> None:
    pace = Pace.standing(tmp_path / "clock.json", AT, rate=1e9)
    pace.go_on()
    pace.hold()
    held = pace.clock.now()
    assert pace.clock.now() == held


def test_the_partners_read_the_same_time(tmp_path: Path) -> None:
    product = told(tmp_path, datetime.now(UTC) - HOUR)
    assert StackClock(str(tmp_path / "clock.json")).now() == product.now()
