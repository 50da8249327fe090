"""A table that throttles is tried again: no read of it becomes an error of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from referral_core.adapters.aws.dynamodb.schema import BY_QUEUE
from referral_core.adapters.aws.dynamodb.table import Table
from referral_core.domain.errors import Permanent, Retryable

READS: dict[str, Callable[[Table], object]] = {
    "get": lambda table: table.get("pk", "sk"),
    "query": lambda table: list(table.query("pk", "sk")),
    "between": lambda table: list(table.between("pk", "a", "b")),
    "page": lambda table: table.page_of(BY_QUEUE, "T#t#Q#q", 10, None),
    "all": lambda table: table.get_all([{"pk": "a", "sk": "b"}]),
}


class Failing:
    """A client whose every call fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, _name: str) -> Callable[..., Any]:
        return self._fail

    def _fail(self, **_arguments: object) -> Any:
        raise self._error

    def get_paginator(self, _name: str) -> Failing:
        return self

    def paginate(self, **_arguments: object) -> Any:
        yield self._fail()


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetItem")


def failing(error: Exception) -> Table:
    client: Any = Failing(error)
    return Table(client, "referrals")


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize(
    "error",
    [
        refused("ProvisionedThroughputExceededException"),
        refused("ThrottlingException"),
        refused("InternalServerError"),
        EndpointConnectionError(endpoint_url="https://dynamodb.example.org"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_read_that_is_throttled_can_be_tried_again(
    read: Callable[[Table], object], error: Exception
) -> None:
    with pytest.raises(Retryable):
        read(failing(error))


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_read_that_is_refused_cannot(read: Callable[[Table], object]) -> None:
    with pytest.raises(Permanent):
        read(failing(refused("ValidationException")))
