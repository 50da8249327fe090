"""The stack's time: it goes on with the ticks, and waits for a machine that is late."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.pace import Pace
from local.partners.world import StackClock
from referral_core.adapters.clock import VirtualClock

AT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(folder: Path, since: datetime) -> VirtualClock:
    file = folder / "clock.json"
    times = {"at": AT.isoformat(), "since": since.isoformat()}
    file.write_text(json.dumps({**times, "span_s": 0.5, "rate": 7200.0, "fastest": 14_400.0}))
    return VirtualClock(str(file), grace_seconds=3)


def test_time_stands_still_where_nobody_told_of_it_any_more(tmp_path: Path) -> None:
    assert told(tmp_path, datetime.now(UTC) - HOUR).now() == AT + HOUR


def test_time_does_not_go_back(tmp_path: Path) -> None:
    assert told(tmp_path, datetime.now(UTC) + HOUR).now() == AT


def test_the_grace_of_a_running_step_is_real_time_however_fast_time_goes(tmp_path: Path) -> None:
    assert told(tmp_path, datetime.now(UTC)).grace() == 12 * HOUR


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


@pytest.mark.parametrize(
    ("at", "rate"),
    [
        (AT, 3600.0),
        (datetime(2026, 3, 2, 21, 59, tzinfo=UTC), 3600.0),
        (datetime(2026, 3, 2, 22, 0, tzinfo=UTC), 7200.0),
        (datetime(2026, 3, 7, 15, 0, tzinfo=UTC), 7200.0),
        (datetime(2026, 5, 25, 15, 0, tzinfo=UTC), 7200.0),
    ],
    ids=["at work", "nearly five", "five", "a Saturday", "Memorial Day"],
)
def test_outside_business_hours_time_goes_faster(at: datetime, rate: float, tmp_path: Path) -> None:
    pace = Pace.standing(tmp_path / "clock.json", at, rate=3600.0, night_rate=7200.0)
    pace.go_on()
    said = json.loads(pace.file.read_text())
    assert (said["rate"], said["fastest"]) == (rate, 7200.0)


def test_a_night_ends_with_the_morning(tmp_path: Path) -> None:
    nearly_nine = datetime(2026, 3, 3, 13, 59, tzinfo=UTC)
    pace = Pace.standing(tmp_path / "clock.json", nearly_nine, rate=3600.0, night_rate=7200.0)
    pace.go_on()
    said = json.loads(pace.file.read_text())
    assert said["span_s"] * said["rate"] == pytest.approx(61), "not half a real second"


def test_the_partners_read_the_same_time(tmp_path: Path) -> None:
    product = told(tmp_path, datetime.now(UTC) - HOUR)
    assert StackClock(str(tmp_path / "clock.json")).now() == product.now()
