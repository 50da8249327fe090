"""A row says what its event says, flat; figures count each event once, as of an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from local.lake.duck import DuckLake
from referral_core.domain.events import FACTS, Dimensions
from referral_core.domain.lifecycle import Status
from referral_core.reporting.columns import COLUMNS
from referral_core.reporting.request import Basis, begins, offsets
from referral_core.reporting.rows import UnknownUnit, ms_of, row_of
from tests.unit.reporting.lakes import LATER, ZONE, a_request, rows, sample_events, sample_lake

NAMES = {column.name for column in COLUMNS}


def test_every_dimension_has_a_column() -> None:
    assert set(Dimensions.model_fields) <= NAMES


def test_every_column_of_facts_is_a_fact_of_some_event() -> None:
    said = {name for facts in FACTS.values() for name in facts.model_fields}
    from referral_core.reporting.columns import FACTS as WANTED  # noqa: PLC0415 - the same name

    assert {column.name.removesuffix("_ms") for column in WANTED} <= said


def test_every_row_has_every_column_and_nothing_else() -> None:
    for event in sample_events():
        assert list(row_of(event)) == ["tenant", "day", *(column.name for column in COLUMNS)]


def test_no_row_says_a_word_about_the_patient() -> None:
    texts = {str(v) for event in sample_events() for v in row_of(event).values()}
    assert not any(word in text for text in texts for word in ("Synthea", "@", "+1508", " "))


def test_a_unit_without_a_column_is_an_error_and_no_row() -> None:
    event = sample_events()[0].but(metered={"carrier_pigeons": 1})
    with pytest.raises(UnknownUnit, match="carrier_pigeons"):
        row_of(event)


@pytest.mark.parametrize("name", ["conversion", "cost", "no_show"])
def test_what_is_delivered_twice_and_in_any_order_counts_once(name: str) -> None:
    events = [*sample_events(), *sample_events()[::2], *sample_events()[:100]]
    Random(7).shuffle(events)  # noqa: S311 - an order
    wanted = rows(sample_lake(), name, a_request())
    assert rows(DuckLake.of(events), name, a_request()) == wanted


def test_a_row_written_anew_by_a_newer_release_is_the_one_that_counts() -> None:
    older = [
        e.but(schema_version=1, dimensions=e.dimensions.but(pathway="social-need"))
        for e in sample_events()
    ]
    lake = DuckLake.of([*older, *sample_events()])
    request = a_request(by=("pathway",))
    assert rows(lake, "volume", request) == rows(sample_lake(), "volume", request)


def test_another_tenants_rows_are_in_no_figure() -> None:
    others = [
        e.but(tenant="riverside", referral_id=f"{e.referral_id[::-1]}") for e in sample_events()
    ]
    lake = DuckLake.of([*sample_events(), *others])
    assert rows(lake, "volume", a_request()) == rows(sample_lake(), "volume", a_request())


def test_as_of_an_earlier_instant_nothing_later_is_known() -> None:
    until = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
    known = [e for e in sample_events() if e.at <= until]
    wanted = rows(DuckLake.of(known), "loop", a_request(as_of=until))
    assert rows(sample_lake(), "loop", a_request(as_of=until)) == wanted
    assert wanted != rows(sample_lake(), "loop", a_request(as_of=LATER))


@pytest.mark.parametrize(
    ("at", "day"),
    [
        # 8 March 2026 has 23 hours in New York, 1 November 25.
        ("2026-03-08T04:59:59Z", date(2026, 3, 7)),
        ("2026-03-08T05:00:00Z", date(2026, 3, 8)),
        ("2026-03-09T03:59:59Z", date(2026, 3, 8)),
        ("2026-03-09T04:00:00Z", date(2026, 3, 9)),
        ("2026-11-01T04:00:00Z", date(2026, 11, 1)),
        ("2026-11-02T04:59:59Z", date(2026, 11, 1)),
        ("2026-11-02T05:00:00Z", date(2026, 11, 2)),
    ],
)
def test_a_day_is_the_tenants_own_whatever_its_length(at: str, day: date) -> None:
    event = sample_events()[0].but(at=datetime.fromisoformat(at))
    lake = DuckLake.of([event])
    for first, count in ((day, 1), (day - timedelta(days=1), 0), (day + timedelta(days=1), 0)):
        request = a_request(first_day=first, last_day=first, basis=Basis.ACTIVITY)
        found = rows(lake, "volume", request)
        assert sum(row["received"] for row in found) == count


@pytest.mark.parametrize("zone", [ZONE, "UTC", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_the_offsets_of_a_zone_are_the_zones(zone: str) -> None:
    found = offsets(zone, LATER)
    assert found[0].from_ms == 0
    for before, after in pairwise(found):
        assert before.until_ms == after.from_ms
    for day in range(0, 700, 3):
        at = datetime(2026, 1, 1, 5, 30, tzinfo=UTC) + timedelta(days=day)
        offset = at.astimezone(ZoneInfo(zone)).utcoffset()
        (here,) = [o for o in found if o.from_ms <= ms_of(at) < o.until_ms]
        assert offset == timedelta(milliseconds=here.offset_ms)
    assert begins(date(2026, 3, 9), ZONE) - begins(date(2026, 3, 8), ZONE) == timedelta(hours=23)


def test_a_visit_belongs_to_its_own_day_though_it_is_reported_later() -> None:
    visit = next(
        e
        for e in sample_events()
        if e.to_status is Status.SEEN_AWAITING_REPORT and getattr(e.facts, "start", None)
    )
    start = visit.facts.start  # type: ignore[attr-defined] # of appointment facts
    late = visit.but(at=start + timedelta(days=9))
    assert row_of(late)["occurred_ms"] == ms_of(start)
    early = visit.but(at=start - timedelta(hours=1))
    assert row_of(early)["occurred_ms"] == ms_of(early.at)
