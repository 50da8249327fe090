"""A client's minute: shared by all workers, leased by each, never more than its limit."""

from __future__ import annotations

from collections import defaultdict

import pytest

from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import Retryable, Throttled
from referral_core.domain.updates import Role
from referral_core.entrypoints.http.throttle import Throttle
from tests.unit.builders import TENANT
from tests.unit.entrypoints.http.test_endpoint import ORDER, Harness, outcome


class Counts:
    """The counts that workers share; `takes` are the writes."""

    def __init__(self) -> None:
        self.taken: dict[tuple[str, int], int] = defaultdict(int)
        self.takes = 0
        self.is_down = False

    def take(self, client_id: str, minute: int, requests: int) -> int:
        if self.is_down:
            raise Retryable("down")
        self.takes += 1
        self.taken[client_id, minute] += requests
        return self.taken[client_id, minute]


class Clock:
    now = 6_000.0

    def __call__(self) -> float:
        return self.now


def a_client(name: str = "a", limit: int = 100) -> Principal:
    return Principal(
        client_id=name,
        tenant=TENANT,
        role=Role.EHR,
        organization="o",
        requests_per_minute=limit,
    )


def let_through(throttle: Throttle, client: Principal, tries: int) -> int:
    passed = 0
    for _ in range(tries):
        try:
            throttle.admit(client)
        except Throttled:
            continue
        passed += 1
    return passed


@pytest.mark.parametrize("limit", [1, 3, 100, 1000])
def test_one_worker_lets_exactly_the_limit_through(limit: int) -> None:
    throttle = Throttle(Counts(), Clock())
    assert let_through(throttle, a_client(limit=limit), 1500) == limit


def test_workers_together_never_exceed_it() -> None:
    counts, clock = Counts(), Clock()
    workers = [Throttle(counts, clock) for _ in range(7)]
    passed = 0
    for _ in range(60):
        passed += sum(let_through(worker, a_client(), 1) for worker in workers)
    assert 60 <= passed <= 100


def test_another_client_and_the_next_minute_are_free() -> None:
    clock = Clock()
    throttle = Throttle(Counts(), clock)
    assert let_through(throttle, a_client(), 200) == 100
    assert let_through(throttle, a_client("b"), 5) == 5
    clock.now += 60
    assert let_through(throttle, a_client(), 200) == 100


def test_what_was_leased_in_one_minute_is_worth_nothing_in_the_next() -> None:
    counts, clock = Counts(), Clock()
    throttle = Throttle(counts, clock)
    let_through(throttle, a_client(), 1)
    clock.now += 60
    let_through(throttle, a_client(), 1)
    assert counts.takes == 2


def test_many_requests_are_few_writes() -> None:
    counts = Counts()
    assert let_through(Throttle(counts, Clock()), a_client(limit=10_000), 1000) == 1000
    assert counts.takes < 25


def test_who_cannot_count_does_not_refuse() -> None:
    counts = Counts()
    counts.is_down = True
    assert let_through(Throttle(counts, Clock()), a_client(limit=5), 50) == 50


def test_the_api_says_when_it_takes_more() -> None:
    clock = Clock()
    clock.now += 15.5
    throttle = Throttle(Counts(), clock)
    harness = Harness()
    harness.endpoint.admitting(lambda _: throttle.admit(a_client(limit=2)))
    answers = [harness.call("POST", ORDER, {}) for _ in range(3)]
    assert [answer["statusCode"] for answer in answers] == [201, 201, 429]
    assert outcome(answers[2]) == (429, "too-many-requests")
    assert answers[2]["headers"]["Retry-After"] == "45"
    assert len(harness.requests) == 2


def test_who_is_refused_uses_up_the_minute_as_well() -> None:
    throttle, harness = Throttle(Counts(), Clock()), Harness()
    harness.endpoint.admitting(lambda _: throttle.admit(a_client(limit=2)))
    answers = [harness.call("POST", ORDER, {}, scope="none") for _ in range(3)]
    assert [answer["statusCode"] for answer in answers] == [403, 403, 429]
