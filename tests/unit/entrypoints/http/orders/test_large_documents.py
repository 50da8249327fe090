"""Large documents of orders: uploaded, joined, offered with an address, read by whose they are."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

import pytest

from referral_core.domain.ids import Tenant
from referral_core.domain.updates import OfferDeclined
from referral_core.domain.upload import Uploaded
from referral_core.entrypoints.http.orders import joined_uploads
from referral_core.entrypoints.http.staff import documents
from referral_core.fhir.outbound.offers import offer_bundle
from referral_core.fhir.systems import UPLOAD
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, agreed, booked, seen
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.events import PRINCIPALS
from tests.unit.fhir.orders import Json, a_bundle, an_order, bundled_order
from tests.unit.fhir.partners import a_document

PDF = "application/pdf"
SCAN = b"%PDF-1.7 " + b"a large scan" * 100
ORDER = "/fhir/ServiceRequest"
DERMATOLOGY = {
    "coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207N00000X"}],
}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def binary(content: bytes = SCAN) -> str:
    return f"/fhir/Binary/{REFERRAL}.d{digest(content)[:30]}"


@pytest.fixture
def api() -> ApiClient:
    api = ApiClient(World(), settled=False)
    ids = iter([REFERRAL, *(f"{n:032x}" for n in range(9))])
    object.__setattr__(api.intake, "new_id", lambda: next(ids))
    return api


def lay(api: ApiClient, content: bytes = SCAN, sender: str = "lakeside-ehr") -> None:
    api.documents.staged[TENANT, sender, digest(content)] = Uploaded(content, PDF)


def scan(content: bytes = SCAN, **attachment: Any) -> Json:
    known = {"contentType": PDF, "url": f"{UPLOAD}{digest(content)}", **attachment}
    return {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "current",
        "content": [{"attachment": {k: v for k, v in known.items() if v is not None}}],
    }


def order_with(*contained: Json, **fields: Any) -> Json:
    named = [{"reference": f"#{one['id']}"} for one in contained]
    order = an_order(performerType=DERMATOLOGY, supportingInfo=named, **fields)
    return {**order, "contained": [*order["contained"], *contained]}


def posted(api: ApiClient, order: Json | None = None) -> Reply:
    return api.call("POST", ORDER, order or order_with(scan()), client="ehr-1")


def offered(api: ApiClient) -> Json:
    """Let the referral go until it is offered; return what the clinic is sent."""
    api.world.settle()
    (last,) = list(api.world.clinics.offers.values())[-1:]
    return offer_bundle(last.referral, last.performer, last.payload)


def knows_another_clinic(api: ApiClient) -> None:
    other = PRINCIPALS["clinic-1"].but(client_id="clinic-2", organization="clinic-2")
    api.world.directory._records = (*api.world.directory._records, other)


def addresses(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in addresses(item)]
    if not isinstance(value, dict):
        return []
    own = [value["url"]] if "/Binary/" in str(value.get("url")) else []
    return own + [found for item in value.values() for found in addresses(item)]


# --- joined, offered, read -----------------------------------------------------------------------


def test_what_was_uploaded_goes_along_with_the_order(api: ApiClient) -> None:
    lay(api)
    assert posted(api).status == 201
    assert api.documents.stored[TENANT, digest(SCAN)] == (SCAN, PDF)
    bundle = offered(api)
    assert addresses(bundle) == [f"https://api.example.org{binary()}"]
    assert UPLOAD not in str(bundle)
    # As its author sent it, the order is read.
    read = api.call("GET", f"{ORDER}/{REFERRAL}", client="ehr-1").body
    assert read["contained"][2]["content"][0]["attachment"]["url"] == f"{UPLOAD}{digest(SCAN)}"


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ("ehr-1", 200),
        ("clinic-1", 200),
        ("staff-1", 200),
        ("ehr-2", 404),
        ("clinic-2", 404),
        ("stranger", 404),
        ("payer-1", 403),
    ],
)
def test_it_is_read_by_whose_it_is(api: ApiClient, client: str, status: int) -> None:
    lay(api)
    posted(api)
    offered(api)
    knows_another_clinic(api)
    reply = api.call("GET", binary(), client=client, accept="application/fhir+json")
    assert reply.status == status
    if status == 200:
        assert reply.body["data"] == b64encode(SCAN).decode()
        assert reply.body["contentType"] == PDF
    on_record = list(api.trail.entries)[-1]
    assert (on_record.operation, on_record.agent) == ("read-binary", client)
    assert (on_record.referral_id, bool(on_record.refused)) == (REFERRAL, status != 200)


def test_a_clinic_that_declined_reads_it_no_more(api: ApiClient) -> None:
    lay(api)
    posted(api)
    offered(api)
    api.world.report(OfferDeclined, offer=1)
    assert api.call("GET", binary(), client="clinic-1").status == 404


def test_what_a_clinic_sends_back_is_the_orders_too_for_the_next(api: ApiClient) -> None:
    lay(api)
    posted(api)
    offered(api)
    accepted(api.world)
    sent = a_document(
        docStatus="preliminary",
        content=[{"attachment": {"contentType": PDF, "data": b64encode(SCAN).decode()}}],
        context={"related": [{"reference": f"ServiceRequest/{REFERRAL}"}]},
    )
    assert api.call("POST", "/fhir/DocumentReference", sent, client="clinic-1").status == 201
    knows_another_clinic(api)
    api.world.report(OfferDeclined, offer=1)
    api.world.settle()
    assert api.world.referral.offers[-1].organization == "clinic-2"
    reply = api.call("GET", binary(), client="clinic-2", accept="application/fhir+json")
    assert reply.status == 200


def test_a_large_one_is_read_at_an_address_of_its_own(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_LARGEST", len(SCAN) - 1)
    lay(api)
    posted(api)
    reply = api.call("GET", binary(), client="ehr-1")
    assert reply.status == 307
    assert reply.headers["location"] == f"https://documents.example.org/{TENANT}/{digest(SCAN)}"
    assert reply.headers["cache-control"] == "no-store"


def test_what_is_small_is_answered_as_what_it_is(api: ApiClient) -> None:
    words = b'{"seen": true}'
    api.documents.staged[TENANT, "lakeside-ehr", digest(words)] = Uploaded(words, "text/plain")
    posted(api, order_with(scan(words, contentType="text/plain")))
    reply = api.call("GET", binary(words), client="ehr-1", accept="text/plain")
    assert (reply.status, reply.body) == (200, {"seen": True})
    assert reply.headers["content-type"] == "text/plain"
    assert reply.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("name", [REFERRAL, f"{REFERRAL}.b1", f"{REFERRAL}.d{'0' * 30}", "x"])
def test_another_id_is_no_document(api: ApiClient, name: str) -> None:
    lay(api)
    posted(api)
    assert api.call("GET", f"/fhir/Binary/{name}", client="ehr-1").status == 404


def test_what_only_the_router_keeps_is_nobodys_binary(api: ApiClient) -> None:
    lay(api)
    posted(api)
    offered(api)
    kept = api.world.referrals.documents_of(TENANT, api.world.referral.id)
    other = next(one for one in kept if one.kind != "order-document")
    name = f"/fhir/Binary/{REFERRAL}.d{other.sha256[:30]}"
    assert api.call("GET", name, client="ehr-1").status == 404


def test_the_referrer_reads_the_clinics_report_and_another_clinic_does_not(api: ApiClient) -> None:
    lay(api)
    posted(api)
    offered(api)
    for act in (accepted, agreed, booked, seen):
        act(api.world)
    about = {"related": [{"reference": f"ServiceRequest/{REFERRAL}"}]}
    letter = {"contentType": PDF, "data": b64encode(b"the findings").decode()}
    sent = a_document(content=[{"attachment": letter}], context=about)
    assert api.call("POST", "/fhir/DocumentReference", sent, client="clinic-1").status == 201
    task = api.call("GET", f"/fhir/Task/{REFERRAL}.a", client="ehr-1").body
    (output,) = task["output"]
    assert output["valueReference"]["reference"] == binary(b"the findings").removeprefix("/fhir/")
    url = f"/fhir/{output['valueReference']['reference']}"
    json = {"accept": "application/fhir+json"}
    assert api.call("GET", url, client="ehr-1", **json).status == 200
    assert api.call("GET", url, client="clinic-1", **json).status == 200
    assert api.call("GET", url, client="ehr-2", **json).status == 404
    knows_another_clinic(api)
    assert api.call("GET", url, client="clinic-2", **json).status == 404


# --- where else it is named ----------------------------------------------------------------------


def test_orders_of_a_bundle_share_one_upload(api: ApiClient) -> None:
    lay(api)
    first, patient, coverage = bundled_order(supportingInfo=[{"reference": "DocumentReference/d"}])
    second = {**first, "id": "o2", "identifier": [{"system": "urn:n", "value": "2"}]}
    body = a_bundle(first, second, patient, coverage, scan(), kind="transaction")
    assert api.call("POST", "/fhir", body, client="ehr-1").status == 200
    for state in api.world.referrals.all():
        at = (state.referral.tenant, state.referral.id)
        kinds = [one.kind for one in api.world.referrals.documents_of(*at)]
        assert kinds.count("order-document") == 1


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Media", "status": "completed", "content": "ATTACHMENT"},
        {
            "resourceType": "Communication",
            "status": "completed",
            "payload": [{"contentAttachment": "ATTACHMENT"}],
        },
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "scan"},
            "extension": [{"url": "urn:scan", "valueAttachment": "ATTACHMENT"}],
        },
    ],
)
def test_any_attachment_may_name_an_upload(api: ApiClient, resource: Json) -> None:
    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(item) for item in value]
        if isinstance(value, dict):
            return {name: filled(item) for name, item in value.items()}
        return {"url": f"{UPLOAD}{digest(SCAN)}"} if value == "ATTACHMENT" else value

    lay(api)
    assert posted(api, order_with({**filled(resource), "id": "x"})).status == 201
    assert addresses(offered(api)) == [f"https://api.example.org{binary()}"]


# --- a later version -----------------------------------------------------------------------------


def test_a_later_version_brings_what_was_missing(api: ApiClient) -> None:
    sent = an_order(performerType=DERMATOLOGY)
    posted(api, sent)
    lay(api)
    reply = put(api, order_with(scan()))
    assert reply.status == 200, reply.body
    assert addresses(offered(api)) == [f"https://api.example.org{binary()}"]


def test_what_is_joined_may_be_named_again_when_it_is_forgotten(api: ApiClient) -> None:
    lay(api)
    posted(api)
    api.documents.staged.clear()
    assert posted(api).status == 200
    again = put(api, order_with(scan(), note=[{"text": "another word"}]))
    assert again.status == 200, again.body
    assert addresses(offered(api)) == [f"https://api.example.org{binary()}"]


def put(api: ApiClient, order: Json) -> Reply:
    return api.call("PUT", f"{ORDER}/{REFERRAL}", {**order, "id": REFERRAL}, client="ehr-1")


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("laid", "attachment", "code"),
    [
        (None, {}, "upload-missing"),
        (SCAN + b"!", {}, "upload-differs"),
        (SCAN[:-1], {}, "upload-differs"),
        (SCAN, {"size": 7}, "size-mismatch"),
        (SCAN, {"hash": "Zm9v"}, "hash-mismatch"),
        (SCAN, {"contentType": "text/html"}, "type-differs"),
        (SCAN, {"url": f"{UPLOAD}../../other"}, "upload-missing"),
        (SCAN, {"url": f"{UPLOAD}"}, "upload-missing"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused_and_nothing_written(
    api: ApiClient, laid: bytes | None, attachment: Json, code: str
) -> None:
    if laid is not None:
        api.documents.staged[TENANT, "lakeside-ehr", digest(SCAN)] = Uploaded(laid, PDF)
    reply = posted(api, order_with(scan(**attachment)))
    assert (reply.status, reply.code) == (422, code)
    assert reply.body["issue"][0]["expression"][0].endswith("attachment.url")
    assert list(api.world.referrals.all()) == []
    assert (TENANT, digest(SCAN)) not in api.documents.stored


@pytest.mark.parametrize("sender", ["another-ehr", "clinic-1"])
def test_nobody_names_what_another_uploaded(api: ApiClient, sender: str) -> None:
    lay(api, sender=sender)
    assert posted(api).code == "upload-missing"
    api.documents.staged[Tenant("riverside"), "lakeside-ehr", digest(SCAN)] = Uploaded(SCAN, PDF)
    assert posted(api).code == "upload-missing"


def test_a_request_names_so_many_uploads_and_no_more(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined_uploads, "_MOST", 2)
    scans = [b"one", b"two", b"three"]
    for content in scans:
        lay(api, content)
    letters = [{**scan(content), "id": f"d{n}"} for n, content in enumerate(scans)]
    assert posted(api, order_with(*letters)).code == "too-many-uploads"
    assert posted(api, order_with(*letters[:2])).status == 201
