"""What a line of the log says: which invocation, what its writer said, and nothing of another."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest

from referral_core.log_lines import InvocationLogger

FIRST, SECOND = (
    SimpleNamespace(
        function_name="route_referral",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:1:function:route_referral",
        aws_request_id=request_id,
    )
    for request_id in ("first", "second")
)


@pytest.fixture
def sink() -> StringIO:
    return StringIO()


@pytest.fixture
def log(sink: StringIO) -> InvocationLogger:
    made = InvocationLogger("test")
    for handler in made.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(sink)
    return made


def lines(sink: StringIO) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def test_a_line_says_what_its_writer_and_its_invocation_say(
    log: InvocationLogger, sink: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_NAME", "route_referral")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-2-3;Parent=4;Sampled=1")

    @log.of_invocation
    def handler(_event: object, _context: object) -> None:
        log.append_keys(referral_id="r1")
        log.info("step run", extra={"next": "OfferReferral"})

    handler({}, FIRST)
    (line,) = lines(sink)
    said = {"message": "step run", "next": "OfferReferral", "referral_id": "r1", "level": "INFO"}
    assert said.items() <= line.items()
    assert line["service"] == line["function_name"] == "route_referral"
    assert line["function_request_id"] == "first"
    assert line["xray_trace_id"] == "1-2-3"
    assert line["timestamp"].endswith("Z")


def test_the_keys_of_an_invocation_end_with_it(log: InvocationLogger, sink: StringIO) -> None:
    @log.of_invocation
    def handler(event: Mapping[str, str], _context: object) -> None:
        log.append_keys(**event)
        log.info("said")

    handler({"referral_id": "r1"}, FIRST)
    handler({"run": "2"}, SECOND)
    first, second = lines(sink)
    assert first["cold_start"]
    assert not second["cold_start"]
    assert second["function_request_id"] == "second"
    assert second["run"] == "2"
    assert "referral_id" not in second


def test_a_failure_is_one_line_with_its_trace(log: InvocationLogger, sink: StringIO) -> None:
    try:
        raise ValueError("planted")  # noqa: TRY301 - it is what is logged
    except ValueError:
        log.exception("step failed")
    (line,) = lines(sink)
    assert line["exception_name"] == "ValueError"
    assert "planted" in line["exception"]
    assert line["level"] == "ERROR"


def test_less_than_the_level_is_not_written(
    sink: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    quiet = InvocationLogger("test")
    quiet.handlers[0].setStream(sink)  # type: ignore[attr-defined] # it is a StreamHandler
    quiet.info("not said")
    quiet.warning("said")
    assert [line["message"] for line in lines(sink)] == ["said"]
