"""Athena and Firehose as the lake's ports: pages, waiting, refusals, and what comes again."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import ANY, Stubber

from referral_core.adapters.aws.athena import AthenaLake
from referral_core.adapters.aws.firehose import FirehoseRows
from referral_core.domain.errors import NotFound, Retryable, RouterError, TooLarge

KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
STATEMENT = "SELECT 1"


class Athena:
    """A client that answers as it is told, in order."""

    def __init__(self) -> None:
        self.client = boto3.client("athena", "us-east-1", **KEYS)  # type: ignore[call-overload] # keys
        self.stub = Stubber(self.client)
        self.stub.activate()
        self.pauses: list[float] = []
        self.lake = AthenaLake(self.client, "reports", "lake", self.pauses.append)

    def is_in(self, state: str, **status: Any) -> None:
        execution = {"Query": STATEMENT, "Status": {"State": state, **status}}
        asked = {"QueryExecutionId": "q1"}
        self.stub.add_response("get_query_execution", {"QueryExecution": execution}, asked)

    def has(self, rows: list[list[str | None]], more: str | None, **asked: str) -> None:
        data = [{"Data": [{"VarCharValue": v} if v is not None else {} for v in r]} for r in rows]
        page: dict[str, Any] = {
            "ResultSet": {"Rows": data},
            **({"NextToken": more} if more else {}),
        }
        self.stub.add_response("get_query_results", page, {"QueryExecutionId": "q1", **asked})


def test_a_query_is_asked_in_its_workgroup_and_database() -> None:
    athena = Athena()
    athena.stub.add_response(
        "start_query_execution",
        {"QueryExecutionId": "q1"},
        {
            "QueryString": STATEMENT,
            "WorkGroup": "reports",
            "QueryExecutionContext": {"Database": "lake"},
        },
    )
    assert athena.lake.ask(STATEMENT) == "q1"


def test_rows_come_of_every_page_and_only_the_first_names_the_columns() -> None:
    athena = Athena()
    athena.is_in("SUCCEEDED")
    athena.has([["a", "b"], ["1", None]], "next")
    athena.has([["2", "x"]], None, NextToken="next")
    found = athena.lake.answer("q1", 5)
    assert found.statement == STATEMENT
    assert found.rows == [["1", None], ["2", "x"]]


def test_a_query_under_way_is_waited_for_as_long_as_one_may_and_no_longer() -> None:
    athena = Athena()
    for state in ("QUEUED", "RUNNING", "RUNNING"):
        athena.is_in(state)
    assert athena.lake.answer("q1", 0.8).rows is None
    assert sum(athena.pauses) == pytest.approx(0.8)


SCANNED = "Query cancelled! : Bytes scanned limit was exceeded"


@pytest.mark.parametrize(
    ("state", "status", "error"),
    [
        ("CANCELLED", {"StateChangeReason": SCANNED}, TooLarge),
        ("FAILED", {"StateChangeReason": SCANNED}, TooLarge),
        ("CANCELLED", {}, Retryable),
        ("FAILED", {"AthenaError": {"ErrorCategory": 1, "Retryable": True}}, Retryable),
        ("FAILED", {"AthenaError": {"ErrorCategory": 2, "Retryable": False}}, RouterError),
        ("FAILED", {}, RouterError),
    ],
)
def test_a_query_without_rows_says_whether_to_ask_for_less_or_again(
    state: str, status: dict[str, Any], error: type[Exception]
) -> None:
    athena = Athena()
    athena.is_in(state, **status)
    with pytest.raises(RouterError) as raised:
        athena.lake.answer("q1", 5)
    assert type(raised.value) is error


def test_a_report_of_more_rows_than_can_be_read_in_time_is_too_large() -> None:
    athena = Athena()
    athena.is_in("SUCCEEDED")
    athena.has([["1"]] * 20_000, "next")
    athena.has([["1"]], None, NextToken="next")
    with pytest.raises(TooLarge, match="fewer days"):
        athena.lake.answer("q1", 5)


@pytest.mark.parametrize(
    ("code", "error"),
    [("InvalidRequestException", NotFound), ("TooManyRequestsException", Retryable)],
)
def test_what_athena_does_not_know_or_cannot_do_now(code: str, error: type[Exception]) -> None:
    athena = Athena()
    athena.stub.add_client_error("get_query_execution", code)
    with pytest.raises(error):
        athena.lake.answer("q1", 5)


# --- rows --------------------------------------------------------------------------------------


class Firehose:
    """A client that keeps what it was given, and fails as it is told."""

    def __init__(self) -> None:
        self.client = boto3.client("firehose", "us-east-1", **KEYS)  # type: ignore[call-overload] # keys
        self.stub = Stubber(self.client)
        self.stub.activate()
        self.rows = FirehoseRows(self.client, "events")

    def takes(self, records: Any, failed: int = 0) -> None:
        answer = {"FailedPutCount": failed, "RequestResponses": [{"RecordId": "1"}]}
        asked = {"DeliveryStreamName": "events", "Records": records}
        self.stub.add_response("put_record_batch", answer, asked)


def line(**row: Any) -> dict[str, bytes]:
    return {"Data": json.dumps(row, separators=(",", ":")).encode() + b"\n"}


def test_a_row_is_a_line_of_json_without_what_is_unknown() -> None:
    firehose = Firehose()
    firehose.takes([line(tenant="a", version=1, late=False)])
    firehose.rows.put([{"tenant": "a", "version": 1, "late": False, "payer": None}])
    firehose.stub.assert_no_pending_responses()


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (200, 1), (201, 2), (450, 3)])
def test_rows_go_two_hundred_at_a_time(count: int, calls: int) -> None:
    firehose = Firehose()
    for _ in range(calls):
        firehose.takes(ANY)
    firehose.rows.put([{"version": n} for n in range(count)])
    firehose.stub.assert_no_pending_responses()


def test_rows_that_were_not_all_taken_come_again() -> None:
    firehose = Firehose()
    firehose.takes(ANY, failed=1)
    with pytest.raises(Retryable):
        firehose.rows.put([{"version": 1}, {"version": 2}])


@pytest.mark.parametrize("code", ["ServiceUnavailableException", "InvalidKMSResourceException"])
def test_a_stream_that_does_not_take_rows_now_is_tried_again(code: str) -> None:
    firehose = Firehose()
    firehose.stub.add_client_error("put_record_batch", code)
    with pytest.raises(Retryable):
        firehose.rows.put([{"version": 1}])


def test_a_lake_out_of_reach_is_tried_again() -> None:
    class Away:
        def put_record_batch(self, **_: Any) -> Any:
            raise EndpointConnectionError(endpoint_url="https://firehose")

    with pytest.raises(Retryable):
        FirehoseRows(Away(), "events").put([{"version": 1}])  # type: ignore[arg-type] # the part used
