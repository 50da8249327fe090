"""What is metered is what happened on the stack; Athena there says what DuckDB says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import dropwhile
from pathlib import Path
from typing import Any, Final

import pytest

from infra import STACK_NAME
from infra.lake import WORKGROUP
from local.follow import Followed
from local.lake.duck import DuckLake
from local.operate import DeployedStack
from local.pace import Pace
from local.seed import TENANT
from local.stack import Stack
from referral_core.adapters.aws.athena import AthenaLake
from referral_core.adapters.aws.dynamodb.attributes import plain
from referral_core.adapters.aws.dynamodb.bodies import event_in
from referral_core.adapters.aws.dynamodb.keys import Sort
from referral_core.adapters.aws.dynamodb.write_units import Write, units_of
from referral_core.adapters.aws.overhead_metrics import OverheadMetrics
from referral_core.domain.events import Event
from referral_core.domain.money.cost_ledger import (
    STREAM_RECORDS,
    UNITS,
    WRITE_UNITS,
    price_lines,
    units,
)
from referral_core.domain.money.overhead import Overhead
from referral_core.domain.referral import Referral
from referral_core.pathways import pathways
from referral_core.price_books import price_book
from referral_core.reporting.columns import DATABASE
from referral_core.reporting.composition import Policy, compose
from referral_core.reporting.horizons import horizons
from referral_core.reporting.request import Basis, ReportRequest, local_day
from referral_core.reporting.result import Result, result_of
from referral_core.reporting.rows import ms_of
from referral_core.reports import definitions
from tests.end_to_end.callers import Caller
from tests.end_to_end.faults import clock_of
from tests.end_to_end.records import Records
from tests.end_to_end.waiting import until

ZONE: Final = "America/New_York"
WITHIN: Final = 0.01
SETTLED: Final = timedelta(days=6)
"""Virtual time, by which what was recorded is written: twenty seconds at night, and more by day."""
ANSWER_S: Final = 300.0
OF_REFERRALS: Final = (
    *(Sort.REFERRAL, Sort.MAILBOX, Sort.EVENT, Sort.PAYLOAD, Sort.DECISION, Sort.EVIDENCE),
    *(Sort.UPDATE, Sort.KEY_OF, Sort.WEEK, Sort.DEMAND, Sort.PLACE, Sort.REFERRAL_OF),
    *(Sort.MESSAGE_DAY, TENANT),
)
"""Items that referrals' transactions write; the last is that of a market that is asked for."""
EVERY_INVOCATION: Final = frozenset({"lambda_requests", "lambda_ms", "read_units"})


def streamed(records: Records) -> Iterator[dict[str, Any]]:
    """Yield every record of the table's stream: what was really written, before and after."""
    client = records.client("dynamodbstreams")
    table = records.stack.deployment["TableName"]
    (stream,) = client.list_streams(TableName=table)["Streams"]
    told = client.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]
    for shard in told["Shards"]:
        at = client.get_shard_iterator(
            StreamArn=stream["StreamArn"],
            ShardId=shard["ShardId"],
            ShardIteratorType="TRIM_HORIZON",
        )["ShardIterator"]
        while at:
            page = client.get_records(ShardIterator=at)
            yield from page["Records"]
            at = page.get("NextShardIterator") if page["Records"] else None


def written(records: Records) -> list[Write]:
    """Return what referrals' transactions wrote until now, from the first referral on."""
    changes = (record["dynamodb"] for record in streamed(records))
    return [
        Write(change.get("OldImage"), change.get("NewImage"))
        for change in dropwhile(lambda c: c["Keys"]["sk"]["S"] != Sort.REFERRAL, changes)
        if change["Keys"]["sk"]["S"].startswith(OF_REFERRALS)
    ]


def begun(writes: Sequence[Write], prefix: str) -> int:
    """Count the items that were written under a prefix of their sort keys."""
    return sum(w.after is not None and w.after["sk"]["S"].startswith(prefix) for w in writes)


def events_among(writes: Sequence[Write]) -> list[Event]:
    return [
        event_in(plain(w.after))
        for w in writes
        if w.before is None and w.after and w.after["sk"]["S"].startswith(Sort.EVENT)
    ]


@pytest.fixture(scope="module")
def happy_path(samples: Sequence[Followed], records: Records) -> Referral:
    """Wait until one sample is closed: by then the others are far on their way."""
    (followed,) = (f for f in samples if f.source == "happy-path.json")
    assert followed.referral is not None
    return records.closed(followed.referral.id)


@pytest.mark.usefixtures("happy_path")
def test_what_is_metered_is_what_was_written(records: Records) -> None:
    # First of all: what others put again unchanged is billed, and the stream tells nothing of it.
    writes = written(records)
    events = events_among(writes)
    metered = Counter(units(events))
    # Each demand is written with its market, which the stream tells of only where it changes.
    unchanged = begun(writes, Sort.DEMAND) - begun(writes, TENANT)
    assert metered[STREAM_RECORDS] == pytest.approx(len(writes) + unchanged, rel=WITHIN)
    # A message's claim looks whether the patient wants none: billed, and no record tells of it.
    silent = [Write(None, None)] * (unchanged + begun(writes, Sort.MESSAGE_DAY))
    assert metered[WRITE_UNITS] == pytest.approx(units_of([*writes, *silent]), rel=WITHIN)
    assert metered["lambda_requests"] <= len(events)
    assert metered.keys() <= UNITS.keys()


@pytest.mark.waits
def test_one_referrals_cost_names_every_unit_it_used(
    happy_path: Referral, records: Records, caller: Callable[..., Caller]
) -> None:
    referral = happy_path
    finance = caller("finance")

    def itemised() -> dict[str, int] | None:
        answer = _reported(finance, f"/reports/cost?referral={referral.id}")
        found = {row["unit"]: row["units"] for row in answer.get("rows", ())}
        used = units(records.events(referral.id))
        return found if found == {unit: n for unit, n in used.items() if n} else None

    said = until(itemised, f"the cost of {referral.id}, as its events say", every_s=2)
    assert said.keys() >= EVERY_INVOCATION


def _reported(finance: Caller, path: str) -> dict[str, Any]:
    """Ask for a report; a machine that is slow says where to look instead."""
    places = [path]

    def whole() -> dict[str, Any] | None:
        body: dict[str, Any] = finance.get(places[-1]).json
        places.append(body.get("look_at", places[-1]))
        return None if "look_at" in body else body

    return until(whole, f"the report at {path}", every_s=1)


@pytest.mark.waits
@pytest.mark.usefixtures("happy_path")
def test_a_report_that_was_asked_for_is_there_for_who_takes_it_as_of_then(
    caller: Callable[..., Caller],
) -> None:
    finance = caller("finance")

    def kept() -> bool:
        """Ask, and ask again for what was counted: of a slow machine a day may pass meanwhile."""
        first = _reported(finance, "/reports/volume?by=pathway")
        again = finance.get("/reports/volume?by=pathway&max-age=86400").json
        return "rows" in first and first == again

    assert until(kept, "the rows of a report, kept for the next", every_s=1)


@pytest.mark.waits
@pytest.mark.usefixtures("happy_path")
def test_athena_says_what_duckdb_says(stack: Stack, records: Records) -> None:
    as_of = DeployedStack(stack.emulator.client, dict(stack.deployment.outputs), "").now() - SETTLED
    athena = AthenaLake(records.client("athena"), WORKGROUP, DATABASE)
    mine = f"tenant = '{TENANT}' AND at_ms <= {ms_of(as_of)} AND event <> 'overhead'"
    kept = f"SELECT DISTINCT referral_id, version FROM referral_events WHERE {mine}"  # noqa: S608
    delivered = f"SELECT count(*) FROM ({kept}) AS t"  # noqa: S608 - our own

    def all_delivered() -> list[Event] | None:
        """Return the events of until then, once the lake has as many; one may be written late."""
        told = int(rows_of(athena, athena.ask(delivered))[0][0])
        written = [e for e in every_event(records) if e.at <= as_of and e.tenant == TENANT]
        return written if told == len(written) else None

    events = until(all_delivered, "a row in the lake of each event", every_s=3)
    received = [local_day(e.at, ZONE) for e in events if e.from_status is None]
    request = ReportRequest(
        tenant=TENANT,
        time_zone=ZONE,
        first_day=min(received),
        last_day=max(received),
        basis=Basis.COHORT,
        by=("pathway",),
        as_of=as_of,
    )
    policy = Policy(price_lines([price_book("us-east-1")]), (), horizons(pathways().values()))
    lake = DuckLake.of(events)
    statements = {n: compose(f, request, policy) for n, f in definitions().items()}
    asked = {name: athena.ask(statement) for name, statement in statements.items()}
    for name, figure in definitions().items():
        statement = statements[name]
        there = result_of(figure, request, rows_of(athena, asked[name]))
        here = result_of(figure, request, lake.query(statement))
        assert shown(there) == shown(here), name
        assert there.totals == here.totals, name


@pytest.mark.waits
def test_what_no_referral_carries_becomes_a_row_of_the_lake_and_a_line_of_cost(
    stack: Stack, records: Records, tmp_path: Path
) -> None:
    # Given an hour of CloudWatch's, which keeps real time and not the stack's
    said = OverheadMetrics(records.client("cloudwatch"))

    def hours() -> Sequence[Overhead]:
        now = datetime.now(UTC)
        return said.hours(now - timedelta(hours=2), now + timedelta(hours=1))

    hour = until(hours, "what no event carries", every_s=1)[0].hour
    after = hour + timedelta(hours=1, minutes=10)
    # When the queues are counted after it is over
    pace = Pace.standing(tmp_path / "clock.json", after, rate=1.0)
    with clock_of(stack, "measure_queues", pace):
        name = f"{STACK_NAME}-measure_queues"
        answer = stack.emulator.client("lambda").invoke(FunctionName=name, Payload=b"{}")
        answered = answer["Payload"].read()
        assert "FunctionError" not in answer, answered
    # Then each unit of it is a line of that day's cost, as Athena says it of the lake
    athena = AthenaLake(records.client("athena"), WORKGROUP, DATABASE)
    request = ReportRequest(
        tenant=TENANT,
        time_zone="UTC",
        first_day=hour.date(),
        last_day=hour.date(),
        basis=Basis.ACTIVITY,
        as_of=after,
    )
    policy = Policy(price_lines([price_book("us-east-1")]), (), horizons(pathways().values()))
    statement = compose(definitions()["cost"], request, policy)

    def lines() -> dict[str, int]:
        result = result_of(definitions()["cost"], request, rows_of(athena, athena.ask(statement)))
        found = [row.values for row in result.rows if row.values["part"] == "overhead"]
        return {str(row["unit"]): int(str(row["units"])) for row in found}

    told = until(lines, "the overhead in the cost of the day", every_s=2)
    (now,) = (one.units for one in hours() if one.hour == hour)
    # What was said since the count is not in it.
    assert told.keys() <= now.keys()
    assert {"lambda_requests", "lambda_ms", "read_units"} <= told.keys()
    assert all(0 < n <= now[unit] for unit, n in told.items())


def rows_of(athena: AthenaLake, query_id: str) -> Sequence[Sequence[Any]]:
    rows = athena.answer(query_id, ANSWER_S).rows
    assert rows is not None
    return rows


def shown(result: Result) -> list[dict[str, Any]]:
    """Return the rows with numbers as one type, whichever engine wrote them."""
    return [
        {n: Decimal(v) if isinstance(v, int) else v or None for n, v in row.values.items()}
        for row in result.rows
    ]


def every_event(records: Records) -> Iterator[Event]:
    for item in records.items():
        if item["sk"]["S"].startswith(Sort.EVENT):
            yield event_in(plain(item))
