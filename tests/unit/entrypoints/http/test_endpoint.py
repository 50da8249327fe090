"""What every route has in common: the caller is checked first; a failure says what to do."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from referral_core.domain.errors import Conflict, NotLegal, Permanent, Retryable
from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.route_matching import route_of
from tests.unit.entrypoints.http.events import PRINCIPALS, an_event, handed_over

ORDER, TASK = "/fhir/ServiceRequest", "/fhir/Task/r1.b1"


class Harness:
    """An endpoint with two routes, whose use case records what it is given, or fails."""

    def __init__(self, failing: Exception | None = None) -> None:
        self.requests: list[Request] = []
        self._failing = failing
        found = [route_of("POST", ORDER), route_of("PUT", TASK)]
        routes = [one[0] for one in found if one is not None]
        self.endpoint = HttpEndpoint(dict.fromkeys(routes, self._use))

    def _use(self, request: Request) -> Response:
        self.requests.append(request)
        if self._failing is not None:
            raise self._failing
        return Response(201, {"resourceType": "Basic"}, {"Location": "here"})

    def call(self, method: str, path: str, body: Any = None, **how: Any) -> dict[str, Any]:
        return self.endpoint.resolve(an_event(method, path, body, **how), None)


def outcome(answer: dict[str, Any]) -> tuple[int, str]:
    issue = json.loads(answer["body"])["issue"][0]
    return answer["statusCode"], issue["details"]["coding"][0]["code"]


def test_a_use_case_is_given_the_request_and_its_answer_is_rendered() -> None:
    harness = Harness()
    answer = harness.call("PUT", TASK, {"a": 1}, client="clinic-1")
    assert answer["statusCode"] == 201
    assert answer["headers"]["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert answer["headers"]["Location"] == "here"
    assert json.loads(answer["body"]) == {"resourceType": "Basic"}
    (request,) = harness.requests
    assert (request.resource_id, json.loads(request.body)) == ("r1.b1", {"a": 1})
    assert request.principal.client_id == "clinic-1"
    assert (request.correlation_id, request.content_type) == ("request-1", "application/fhir+json")
    assert request.base_url == "https://api.example.org/fhir"


def test_a_body_in_base64_and_a_path_with_its_stage_are_read() -> None:
    harness = Harness()
    body = base64.b64encode(b"\xff{}").decode()
    harness.call("POST", f"/beta{ORDER}", body, stage="beta", isBase64Encoded=True)
    assert [request.body for request in harness.requests] == [b"\xff{}"]


@pytest.mark.parametrize("scope", ["", "referrals/read", "referrals/writes", "write"])
def test_without_its_scope_a_token_calls_nothing(scope: str) -> None:
    harness = Harness()
    assert outcome(harness.call("POST", ORDER, {}, scope=scope)) == (403, "forbidden")
    assert harness.requests == []


@pytest.mark.parametrize("client", ["clinic-1", "payer-1", "staff-1", "finance-1"])
def test_a_client_of_another_role_calls_nothing(client: str) -> None:
    harness = Harness()
    assert outcome(harness.call("POST", ORDER, {}, client=client)) == (403, "forbidden")
    assert harness.requests == []


def test_whom_the_authorizer_does_not_name_is_told_what_to_do_and_calls_nothing() -> None:
    harness = Harness()
    for caller in ({}, {"refused": "Nobody knows this client."}):
        answer = harness.call("POST", ORDER, {}, caller=caller)
        assert outcome(answer) == (401, "token-refused")
        assert answer["headers"]["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert "Nobody knows this client." in answer["body"]
    assert harness.requests == []


def test_a_token_that_ends_while_the_gateway_remembers_it_is_refused() -> None:
    harness = Harness()
    caller = handed_over(PRINCIPALS["ehr-1"], expires_at=int(time.time()))
    assert outcome(harness.call("POST", ORDER, {}, caller=caller)) == (401, "token-refused")
    assert harness.requests == []


@pytest.mark.parametrize(("method", "path"), [("GET", ORDER), ("POST", "/fhir/Patient")])
def test_another_functions_route_and_no_route_are_not_found(method: str, path: str) -> None:
    assert outcome(Harness().call(method, path)) == (404, "unknown-path")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotLegal("not now"), 409, "not-possible-now"),
        (Conflict("others"), 503, "try-again"),
        (Retryable("down"), 503, "try-again"),
        (Permanent("no"), 422, "refused"),
    ],
)
def test_an_error_of_ours_says_what_it_is(error: Exception, status: int, code: str) -> None:
    answer = Harness(error).call("POST", ORDER, {})
    assert outcome(answer) == (status, code)
    assert ("Retry-After" in answer["headers"]) is (status == 503)
    assert str(error) in answer["body"]


def test_a_fault_says_nothing_of_what_it_was_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = Harness(ValueError("Whitlock, Marjorie")).call("POST", ORDER, {})
    assert outcome(answer) == (500, "internal-error")
    assert "Whitlock" not in answer["body"]
    (record,) = caplog.records
    assert vars(record)["error"] == "ValueError"
    assert "Whitlock" not in str(vars(record))


@pytest.mark.parametrize(
    "how",
    [
        {"headers": {"content-type": "application/fhir+json", "Idempotency-Key": "\ud800"}},
        {"headers": {"content-type": "application/fhir+json", "If-None-Exist": "x" * 1025}},
        {"queryStringParameters": {"identifier": "s|\udfff"}},
        {"queryStringParameters": {"x" * 1025: ""}},
        {"queryStringParameters": {"_page": "é" * 513}},
        {"isBase64Encoded": True},
    ],
)
def test_what_no_store_can_hold_is_refused_at_the_door(how: dict[str, Any]) -> None:
    harness = Harness()
    assert outcome(harness.call("POST", ORDER, "a", **how)) == (400, "unreadable-request")
    assert harness.requests == []


def test_an_id_that_no_key_could_hold_is_refused_and_a_long_token_is_not() -> None:
    harness = Harness()
    path = f"/fhir/Task/{'x' * 1025}"
    assert outcome(harness.call("PUT", path, {}, client="clinic-1")) == (400, "unreadable-request")
    headers = {"content-type": "application/fhir+json", "authorization": "Bearer " + "x" * 4000}
    assert harness.call("POST", ORDER, {}, headers=headers)["statusCode"] == 201


@pytest.mark.parametrize("failing", [Retryable("throttled"), Conflict("others were first")])
def test_what_may_be_tried_again_says_when(failing: Exception) -> None:
    answer = Harness(failing).call("POST", ORDER, {})
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "2")
