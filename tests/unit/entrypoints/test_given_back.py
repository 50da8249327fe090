"""What a stream's consumer gives back and what it sets aside: the type of the error decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import Stubber

from referral_core.adapters.aws.dynamodb.attributes import plain
from referral_core.adapters.aws.dynamodb.items import image_of, referral_item
from referral_core.adapters.aws.dynamodb.openings import closings_in, opening_in
from referral_core.adapters.aws.dynamodb.projections import projected_in
from referral_core.adapters.aws.dynamodb.reads import ReferralReads
from referral_core.adapters.aws.service_errors import translated
from referral_core.adapters.aws.sqs import SqsNotices
from referral_core.adapters.aws.step_functions import StepFunctionsWorkflow
from referral_core.adapters.memory.partners import MemoryNotices, MemoryWaitlistRequests
from referral_core.domain.errors import Conflict, NotLegal, Permanent, Retryable
from referral_core.domain.ids import ReferralId
from referral_core.domain.referral import Notice
from referral_core.entrypoints.outbox import Outbox
from referral_core.entrypoints.stream import consume
from tests.adapters.secret_keys import HASHED_KEYS
from tests.unit.builders import NOW, TENANT, a_referral


class DeadLetterList:
    """Takes what could not be used."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def put(self, record: Mapping[str, Any], error: Exception) -> bool:
        self.taken.append(f"{record['dynamodb']['SequenceNumber']} {type(error).__name__}")
        return True


def a_record(number: int, **fields: Any) -> dict[str, Any]:
    image = image_of(referral_item(a_referral(f"r{number}", **fields)))
    keys = {"pk": image["pk"], "sk": image["sk"]}
    return {"dynamodb": {"Keys": keys, "SequenceNumber": str(number), "NewImage": image}}


def consumed(errors: Mapping[int, Exception]) -> tuple[list[str], list[str], list[str]]:
    """Consume records 1 to 3, some of which fail; return (given back, set aside, used)."""
    used: list[str] = []
    letters = DeadLetterList()

    def use(_old: Any, new: Mapping[str, Any]) -> None:
        number = int(str(new["pk"])[-1])
        if number in errors:
            raise errors[number]
        used.append(str(number))

    event = {"Records": [a_record(number) for number in (1, 2, 3)]}
    answer = consume(event, "@REFERRAL", use, letters)  # type: ignore[arg-type]
    back = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    return back, letters.taken, used


@pytest.mark.parametrize("error", [Retryable("throttled"), Conflict("another writer was first")])
def test_what_may_work_later_is_given_back_and_not_set_aside(error: Exception) -> None:
    assert consumed({2: error}) == (["2"], [], ["1", "3"])


@pytest.mark.parametrize("error", [Permanent("refused"), NotLegal("not now"), KeyError("body")])
def test_poison_is_set_aside_and_does_not_come_again(error: Exception) -> None:
    assert consumed({2: error}) == ([], [f"2 {type(error).__name__}"], ["1", "3"])


def test_poison_beside_what_is_throttled_is_set_aside_all_the_same() -> None:
    errors = {1: Retryable("throttled"), 3: ValueError("poison")}
    assert consumed(errors) == (["1"], ["3 ValueError"], ["2"])


# --- the outbox over clients that fail ------------------------------------------------------------


def failing(service: str, operation: str, code: str) -> Any:
    client = boto3.client(
        service,  # type: ignore[call-overload]
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    stubber = Stubber(client)
    stubber.add_client_error(operation, code)
    stubber.activate()
    return client


def fate_of_a_start(code: str) -> str:
    client = failing("stepfunctions", "start_execution", code)
    outbox = Outbox(
        StepFunctionsWorkflow(client, "arn"),
        MemoryNotices,
        projected_in,
        MemoryWaitlistRequests,
        opening_in,
        closings_in,
    )
    letters = DeadLetterList()
    answer = consume({"Records": [a_record(1)]}, "@REFERRAL", outbox.publish, letters)  # type: ignore[arg-type]
    back = "given back" if answer["batchItemFailures"] else ""
    return back + ("set aside" if letters.taken else "")


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        ("ThrottlingException", "given back"),
        ("ExecutionLimitExceeded", "given back"),
        ("InternalFailure", "given back"),
        ("ServiceUnavailable", "given back"),
        ("StateMachineDoesNotExist", "set aside"),
        ("AccessDeniedException", "set aside"),
        ("ExecutionAlreadyExists", ""),
    ],
)
def test_a_start_that_is_throttled_comes_again(code: str, fate: str) -> None:
    assert fate_of_a_start(code) == fate


@pytest.mark.parametrize("code", ["RequestThrottled", "ThrottlingException", "KmsThrottled"])
def test_a_notice_that_the_queue_does_not_take_comes_again(code: str) -> None:
    notices = SqsNotices(failing("sqs", "send_message", code), "https://queue")
    closed = {"status": "closed", "notices": (Notice(number=1, queued_at=NOW),)}
    outbox = Outbox(
        None, lambda: notices, projected_in, MemoryWaitlistRequests, opening_in, closings_in
    )  # type: ignore[arg-type]
    letters = DeadLetterList()
    record = a_record(1, **closed)
    answer = consume({"Records": [record]}, "@REFERRAL", outbox.publish, letters)  # type: ignore[arg-type]
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert letters.taken == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ProvisionedThroughputExceededException", Retryable),
        ("ThrottlingException", Retryable),
        ("InternalServerError", Retryable),
        ("AccessDeniedException", Permanent),
        ("ValidationException", Permanent),
    ],
)
def test_a_read_of_the_table_fails_by_type(code: str, expected: type[Exception]) -> None:
    with pytest.raises(expected) as caught:
        ReferralReads(failing("dynamodb", "query", code), "t").load(TENANT, ReferralId("r1"))
    assert code in str(caught.value)
    with pytest.raises(expected):
        ReferralReads(failing("dynamodb", "get_item", code), "t", HASHED_KEYS).opted_out(
            TENANT, "x"
        )


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://dynamodb"),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
    ],
)
def test_a_service_that_is_not_reached_may_be_tried_again(error: Any) -> None:
    assert isinstance(translated("It failed", error), Retryable)


def test_an_error_quotes_nothing_of_what_was_sent() -> None:
    refused = ClientError(
        {"Error": {"Code": "ValidationException", "Message": "Doe-Roe is no key"}}, "Query"
    )
    assert str(translated("The table could not be read", refused)) == (
        "The table could not be read: ValidationException."
    )


def test_the_image_that_the_tests_use_is_the_one_that_the_outbox_reads() -> None:
    assert projected_in(plain(referral_item(a_referral("r1")))).id == "r1"
