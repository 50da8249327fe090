"""In which form a request may come and an answer may go."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from referral_core.entrypoints.http.negotiation import decoded
from referral_core.fhir.parse import MAX_BYTES
from tests.in_memory import World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.events import an_event
from tests.unit.fhir.orders import Json, a_bundle, an_order, bundled_order

ORDER = "/fhir/ServiceRequest"
SLIP: Json = {
    "resourceType": "Observation",
    "id": "obs",
    "code": {"coding": [{"system": "http://loinc.org", "code": " 8302-2"}]},
}


@pytest.fixture
def api() -> ApiClient:
    return ApiClient(World(), settled=False)


def posted(api: ApiClient, body: Json | None = None, path: str = ORDER, **headers: str) -> Reply:
    return api.call("POST", path, body or an_order(), client="ehr-1", **headers)


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+json",
        "application/json",
        "*/*",
        "text/html, application/xml;q=0.9, */*;q=0.8",
        "application/fhir+json; fhirVersion=4.0",
        "application/FHIR+json;charset=utf-8",
    ],
)
def test_fhir_json_is_answered_to_who_takes_it(api: ApiClient, accept: str) -> None:
    assert api.call("GET", "/fhir/metadata", accept=accept).status == 200


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml",
        "text/html",
        "application/fhir+json; fhirVersion=5.0",
        "application/fhir+json;q=0, text/turtle",
    ],
)
def test_who_takes_another_form_only_is_told(api: ApiClient, accept: str) -> None:
    for url in ("/fhir/metadata", f"{ORDER}/r1"):
        reply = api.call("GET", url, accept=accept)
        assert (reply.status, reply.code) == (406, "not-acceptable")


def test_format_says_more_than_accept(api: ApiClient) -> None:
    both = {"accept": "application/fhir+xml"}
    assert api.call("GET", "/fhir/metadata?_format=json", **both).status == 200
    assert api.call("GET", "/fhir/metadata?_format=application/fhir%2Bjson", **both).status == 200
    assert api.call("GET", "/fhir/metadata?_format=xml", accept="*/*").status == 406


def zipped(api: ApiClient, body: bytes, encoding: str = "gzip") -> tuple[int, Json]:
    event = an_event("POST", ORDER, base64.b64encode(body).decode(), isBase64Encoded=True)
    event["headers"] = {"content-type": "application/fhir+json", "content-encoding": encoding}
    answer = api.apps["receive_referral"].resolve(event, None)
    return answer["statusCode"], json.loads(answer["body"])


def test_a_body_may_come_as_gzip(api: ApiClient) -> None:
    status, order = zipped(api, gzip.compress(json.dumps(an_order()).encode()))
    assert (status, order["resourceType"]) == (201, "ServiceRequest")


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        (b"no gzip", "gzip", (400, "malformed-gzip")),
        (gzip.compress(b"{" * 1000, mtime=0)[:-9], "gzip", (400, "malformed-gzip")),
        (gzip.compress(b"{}", mtime=0) + b"garbage", "gzip", (400, "malformed-gzip")),
        (gzip.compress(b"{}", mtime=0) * 2, "gzip", (400, "malformed-gzip")),
        (gzip.compress(b" " * 50_000_000, mtime=0), "gzip", (413, "body-too-large")),
        (b"{}", "br", (415, "unsupported-encoding")),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_refused(
    api: ApiClient, body: bytes, encoding: str, expected: tuple[int, str]
) -> None:
    status, outcome = zipped(api, body, encoding)
    assert (status, outcome["issue"][0]["details"]["coding"][0]["code"]) == expected


def test_a_slash_at_the_end_says_nothing(api: ApiClient) -> None:
    created = posted(api, path=f"{ORDER}/")
    assert created.status == 201
    assert api.call("GET", f"{ORDER}/{created.body['id']}/").status == 200


def test_what_the_gateway_brings_elsewhere_is_sent_on_with_its_method(api: ApiClient) -> None:
    event = an_event("POST", f"{ORDER}/", an_order())
    answer = api.apps["query_api"].resolve(event, None)
    assert answer["statusCode"] == 308
    assert answer["headers"]["Location"] == f"https://api.example.org{ORDER}"


@pytest.mark.parametrize(
    ("method", "path", "query", "location"),
    [
        ("POST", "/fhir/", "", "/fhir"),
        (
            "GET",
            "/work-items/",
            "team=referral-desk&_count=2",
            "/work-items?team=referral-desk&_count=2",
        ),
        ("GET", "/openapi.json/", "", "/openapi.json"),
        ("GET", "/console/", "", "/console"),
        ("POST", "/oauth2/token//", "", "/oauth2/token"),
        ("GET", "//elsewhere.example/", "", "//elsewhere.example"),
    ],
)
def test_a_slash_that_nobody_was_asked_about_is_sent_on_with_its_query(
    api: ApiClient, method: str, path: str, query: str, location: str
) -> None:
    event = an_event(method, path, "{}", caller={}, rawQueryString=query)
    answer = api.apps["query_api"].resolve(event, None)
    assert answer["statusCode"] == 308
    assert answer["headers"]["Location"] == f"https://api.example.org{location}"


def test_the_bare_address_is_no_path_and_leads_nowhere_again(api: ApiClient) -> None:
    answer = api.apps["query_api"].resolve(an_event("GET", "/", caller={}), None)
    assert answer["statusCode"] == 404


def test_head_answers_as_get_without_a_body(api: ApiClient) -> None:
    url = f"{ORDER}/{posted(api).body['id']}"
    head, get = (api.call(method, url) for method in ("HEAD", "GET"))
    assert (head.status, head.headers) == (get.status, get.headers)
    assert (head.body, get.body["resourceType"]) == ({}, "ServiceRequest")
    assert api.call("HEAD", f"{ORDER}/none").status == 404


def test_a_method_that_a_path_does_not_have_is_named(api: ApiClient) -> None:
    reply = api.call("DELETE", f"{ORDER}/r1")
    assert (reply.status, reply.code) == (405, "method-not-allowed")
    assert "GET" in reply.says
    assert reply.headers["allow"] == "PUT, PATCH, GET, HEAD"


@pytest.mark.parametrize(
    ("if_none_match", "status"),
    [('W/"1"', 304), ('"1"', 304), ('W/"7", W/"1"', 304), ("*", 304), ('W/"2"', 200)],
)
@pytest.mark.parametrize("version", ["", "/_history/1"])
def test_who_has_the_version_is_not_sent_it_again(
    api: ApiClient, if_none_match: str, status: int, version: str
) -> None:
    url = f"{ORDER}/{posted(api).body['id']}{version}"
    reply = api.call("GET", url, if_none_match=if_none_match)
    assert reply.status == status
    assert reply.headers["etag"] == 'W/"1"'
    assert bool(reply.body) is (status == 200)


def test_a_search_may_be_posted(api: ApiClient) -> None:
    order_id = posted(api).body["id"]
    form = "application/x-www-form-urlencoded; charset=utf-8"
    found = api.call("POST", f"{ORDER}/_search", f"_id={order_id}", content_type=form)
    assert [e["resource"]["id"] for e in found.body["entry"]] == [order_id]


@pytest.mark.parametrize("path", [ORDER, "/fhir/Task"])
def test_a_search_is_posted_as_a_form(api: ApiClient, path: str) -> None:
    reply = api.call("POST", f"{path}/_search", {"status": "active"})
    assert (reply.status, reply.code) == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    ("prefer", "kind"),
    [
        ("return=minimal", None),
        ("return=representation", "ServiceRequest"),
        ("return=OperationOutcome", "OperationOutcome"),
        ("respond-async, return=minimal", None),
        ("return=whatever", "ServiceRequest"),
        ("", "ServiceRequest"),
    ],
)
def test_a_write_returns_what_is_preferred(api: ApiClient, prefer: str, kind: str | None) -> None:
    reply = posted(api, prefer=prefer)
    assert (reply.status, reply.body.get("resourceType")) == (201, kind)
    assert "/ServiceRequest/" in reply.headers["location"]


def test_a_slip_that_nothing_depends_on_is_told_as_a_warning(api: ApiClient) -> None:
    order = an_order(supportingInfo=[{"reference": "#obs"}])
    slipped = {**order, "contained": [*order["contained"], SLIP]}
    first = posted(api, slipped, prefer="return=OperationOutcome")
    (issue,) = first.body["issue"]
    assert first.status == 201
    assert issue["severity"] == "warning"
    assert issue["expression"] == ["ServiceRequest.contained[2].code.coding[0].code"]
    # What is stored is what was sent, the slip included.
    stored = api.call("GET", f"{ORDER}/{first.headers['location'].split('/')[-3]}").body
    assert SLIP in stored["contained"]


def test_a_slip_is_told_in_the_answer_to_a_bundle_and_in_a_header(api: ApiClient) -> None:
    bundle = a_bundle(*bundled_order(supportingInfo=[{"reference": "Observation/obs"}]), SLIP)
    (entry, *_) = posted(api, bundle, "/fhir").body["entry"]
    assert entry["response"]["status"] == "201"
    assert entry["response"]["outcome"]["issue"][0]["severity"] == "warning"
    order = an_order(identifier=[{"system": "s", "value": "other"}])
    reply = posted(api, {**order, "contained": [*order["contained"], SLIP]})
    assert reply.headers["warning"].startswith('199 - "')


def test_a_bundle_is_answered_with_its_orders_when_that_is_preferred(api: ApiClient) -> None:
    bundle = a_bundle(*bundled_order())
    (entry, *_) = posted(api, bundle, "/fhir", prefer="return=representation").body["entry"]
    assert entry["resource"]["resourceType"] == "ServiceRequest"


def test_a_document_with_an_order_is_taken(api: ApiClient) -> None:
    composition = {
        "resourceType": "Composition",
        "id": "c",
        "section": [{"entry": [{"reference": "ServiceRequest/o1"}]}],
    }
    bundle = a_bundle(composition, *bundled_order(), kind="document")
    answers = posted(api, bundle, "/fhir").body["entry"]
    assert [e["response"]["status"] for e in answers] == ["204", "201", "204", "204"]


def test_a_body_is_unpacked_only_as_far_as_a_body_may_be_long() -> None:
    packed = gzip.compress(b" " * 20_000_000)
    assert len(decoded(packed, {"content-encoding": "gzip"})) == MAX_BYTES + 1
