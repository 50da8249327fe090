"""The API's clients as their own programs would be: a token, JSON, and what came back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx

from local.partners.world import Client
from local.stack import Stack
from referral_core.fhir.systems import CORRELATION, ERROR

FHIR_JSON: Final = "application/fhir+json"
Json = dict[str, Any]
Body = Mapping[str, Any] | bytes


@dataclass(frozen=True)
class Caller:
    """One client of the API; an answer of 500 or more fails the test that got it."""

    http: httpx.Client

    def send(
        self, method: str, path: str, body: Body | None = None, **headers: str
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, path, content=content, headers=named)

    def call(self, method: str, path: str, body: Body | None = None, **headers: str) -> Answer:
        answer = self.send(method, path, body, **headers)
        assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, answer.text
        return Answer(answer)

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, None, **headers)

    def post(self, path: str, body: Body, **headers: str) -> Answer:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Body, **headers: str) -> Answer:
        return self.call("PUT", path, body, **headers)

    def refer(self, order: Body, **headers: str) -> Answer:
        return self.post("/fhir/ServiceRequest", order, **headers)

    def revise(self, order: Mapping[str, Any], **headers: str) -> Answer:
        return self.put(f"/fhir/ServiceRequest/{order['id']}", order, **headers)


class Refusal(NamedTuple):
    """The first issue of an OperationOutcome."""

    status: int
    code: str
    own_code: str
    expression: str | None


@dataclass(frozen=True)
class Answer:
    """What came back."""

    http: httpx.Response

    @property
    def status(self) -> int:
        return self.http.status_code

    @property
    def json(self) -> Json:
        found: Json = self.http.json()
        return found

    @property
    def etag(self) -> str:
        return self.http.headers["etag"]

    @property
    def referral_id(self) -> str:
        """The id in the Location header: [base]/ServiceRequest/[id]/_history/[version]."""
        *_, kind, found, history, _version = urlsplit(self.http.headers["location"]).path.split("/")
        assert (kind, history) == ("ServiceRequest", "_history")
        return found

    def accepted(self) -> Json:
        """Return the resource of an answer that is no refusal."""
        assert self.status in {HTTPStatus.OK, HTTPStatus.CREATED}, self.http.text
        return self.json

    def refusal(self) -> Refusal:
        """Return the first issue, once the OperationOutcome tells all that every one must tell."""
        assert self.status >= HTTPStatus.BAD_REQUEST, self.http.text
        assert self.http.headers["content-type"].startswith(FHIR_JSON)
        outcome = self.json
        assert outcome["resourceType"] == "OperationOutcome"
        (correlation,) = (e["valueString"] for e in outcome["extension"] if e["url"] == CORRELATION)
        assert correlation
        for issue in outcome["issue"]:
            assert issue["severity"] == "error"
            assert len(issue["diagnostics"]) > 20, "a sentence that says what to do"
        first = outcome["issue"][0]
        (own,) = (c["code"] for c in first["details"]["coding"] if c["system"] == ERROR)
        expression = first.get("expression", [None])[0]
        return Refusal(self.status, first["code"], own, expression)


@contextmanager
def calling(stack: Stack, client: Client | None, scope: str | None = None) -> Iterator[Caller]:
    """Call as a client of the user pool; without one, without a token."""
    headers = {"Content-Type": FHIR_JSON}
    if client is not None:
        token = stack.token(client) if scope is None else narrow_token(stack, client, scope)
        headers["Authorization"] = f"Bearer {token}"
    limits = httpx.Limits(max_connections=64)
    with httpx.Client(base_url=stack.api_url, headers=headers, timeout=60, limits=limits) as http:
        yield Caller(http)


def narrow_token(stack: Stack, client: Client, scope: str) -> str:
    """Get a token with fewer scopes than the client may have."""
    answer = httpx.post(
        stack.token_url,
        data={
            "grant_type": "client_credentials",
            "scope": scope,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        },
        timeout=30,
    )
    return str(answer.raise_for_status().json()["access_token"])
