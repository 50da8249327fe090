"""Orders that a Bundle changes: one in a transaction, with what is sent beside it; or a batch."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

import pytest

from referral_core.domain.errors import Retryable
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Status
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.referral import Referral
from referral_core.domain.terminology import ConsentClass
from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import (
    PLACER,
    URGENT_BY_PATH,
    URGENT_BY_POINTER,
    Json,
    a_bundle,
    a_coverage,
    a_patient,
    bundled_order,
)
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY

ORDERS: Final = "ServiceRequest"
NUMBER: Final = f"{ORDERS}?identifier={PLACER['system']}|{PLACER['value']}"
_WANTED: Final = {"performerType": DERMATOLOGY, "code": {"text": "Consultation"}}
KNOWN: Final = {**_WANTED, "priority": "routine"}
IN_BINARY: Final = {
    "resourceType": "Binary",
    "contentType": "application/json-patch+json",
    "data": base64.b64encode(json.dumps(URGENT_BY_POINTER).encode()).decode(),
}


def an_api() -> ApiClient:
    return ApiClient(World())


def an_order(**fields: Any) -> Json:
    """An order that stands alone, with patient and coverage within."""
    order, patient, coverage = bundled_order(**{**KNOWN, **fields})
    inside = [patient, {**coverage, "beneficiary": {"reference": "#pat"}}]
    alone = {**order, "contained": inside, "subject": {"reference": "#pat"}}
    return {name: value for name, value in alone.items() if name != "id"} | (
        {"id": fields["id"]} if "id" in fields else {}
    )


def a_transaction(url: str, *beside: Json, method: str = "PUT", **fields: Any) -> Json:
    order, patient, coverage = bundled_order(**{**KNOWN, **fields})
    if "id" not in fields:
        del order["id"]
    bundle = a_bundle(order, patient, coverage, *beside, kind="transaction")
    bundle["entry"][0] |= {"fullUrl": "urn:uuid:9c7ab1c0-0f44-4a65-8a0b-95aa7c4d8a11"}
    bundle["entry"][0]["request"] = {"method": method, "url": url}
    return bundle


def a_batch(*entries: tuple[str, str, Json]) -> Json:
    asked = [
        {"resource": resource, "request": {"method": method, "url": url}}
        for method, url, resource in entries
    ]
    return {"resourceType": "Bundle", "type": "batch", "entry": asked}


def send(api: ApiClient, bundle: Json, **headers: str) -> Reply:
    return api.call("POST", "/fhir", bundle, client="ehr-1", **headers)


def posted(api: ApiClient, *beside: Json, **fields: Any) -> str:
    order, patient, coverage = bundled_order(**{**KNOWN, **fields})
    reply = send(api, a_bundle(order, patient, coverage, *beside))
    assert reply.status == 200, reply.body
    return str(reply.body["entry"][0]["response"]["location"]).split("/")[-3]


def stored(api: ApiClient, one: str) -> Referral:
    return api.world.referrals.load(TENANT, ReferralId(one)).referral


def payload(api: ApiClient, one: str) -> ClinicalPayload:
    return ClinicalPayload.load(api.world.referrals.payload(stored(api, one)))


def statuses(reply: Reply) -> list[str]:
    return [entry["response"]["status"] for entry in reply.body["entry"]]


def code(entry: Json) -> str:
    (issue, *_) = entry["response"]["outcome"]["issue"]
    return str(issue["details"]["coding"][0]["code"])


# --- transactions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["id", "number"])
def test_a_transaction_that_puts_an_order_is_its_next_version(by: str) -> None:
    api = an_api()
    one = posted(api)
    note = {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "status": "completed",
        "subject": {"reference": "Patient/pat"},
        "item": [{"linkId": "1", "answer": [{"valueString": "since Easter"}]}],
    }
    named = {"url": f"{ORDERS}/{one}", "id": one} if by == "id" else {"url": NUMBER}
    reply = send(api, a_transaction(named.pop("url"), note, priority="urgent", **named))
    assert (reply.status, reply.body["type"]) == (200, "transaction-response")
    assert statuses(reply) == ["200", "204", "204", "204"]
    answer = reply.body["entry"][0]["response"]
    assert one in answer["location"]
    assert answer["etag"] == 'W/"2"'
    # With its effect, and with what came beside it.
    assert stored(api, one).priority == "urgent"
    assert "since Easter" in json.dumps(payload(api, one).resources)
    assert len(api.world.referrals.all()) == 1


def test_a_transaction_that_puts_by_a_number_nobody_has_creates_the_order() -> None:
    api = an_api()
    bundle = a_transaction(NUMBER)
    reply = send(api, bundle)
    assert (reply.status, statuses(reply)) == (200, ["201", "204", "204"])
    referral = next(iter(api.world.referrals.all())).referral
    # What is kept of it is what came.
    source = api.documents.stored[TENANT, payload(api, referral.id).source_sha256][0]
    assert json.loads(source) == bundle
    # Sent again it is the same; with another content it is the next version.
    assert statuses(send(api, bundle))[0] == "200"
    assert stored(api, referral.id).payload_version == 1
    send(api, a_transaction(NUMBER, priority="stat"))
    assert (stored(api, referral.id).priority, len(api.world.referrals.all())) == ("stat", 1)


def test_what_was_sent_before_and_is_sent_again_goes_along_once() -> None:
    letter = {
        "resourceType": "DocumentReference",
        "id": "d1",
        "status": "current",
        "subject": {"reference": "Patient/pat"},
        "content": [{"attachment": {"contentType": "text/plain", "data": "b2xk"}}],
    }
    known = {**letter, "id": "d2", "description": "only before"}
    api = an_api()
    one = posted(api, letter, known)
    newer = {**letter, "content": [{"attachment": {"contentType": "text/plain", "data": "bmV3"}}]}
    send(api, a_transaction(NUMBER, newer, priority="urgent"))
    documents = [
        resource
        for resource in payload(api, one).resources.values()
        if resource["resourceType"] == "DocumentReference"
    ]
    distinct = {json.dumps(d, sort_keys=True) for d in documents}
    # The letter as it is now, and what only the version before had: nothing is lost, or twice.
    assert distinct == {json.dumps(d, sort_keys=True) for d in (newer, known)}


@pytest.mark.parametrize("patch", [URGENT_BY_PATH, IN_BINARY], ids=["FHIRPath", "JSON Patch"])
@pytest.mark.parametrize("by", ["id", "number"])
def test_a_patch_may_be_a_transaction_alone(by: str, patch: Json) -> None:
    api = an_api()
    one = posted(api)
    url = f"{ORDERS}/{one}" if by == "id" else NUMBER
    bundle = a_batch(("PATCH", url, patch)) | {"type": "transaction"}
    reply = send(api, bundle)
    assert (reply.status, statuses(reply)) == (200, ["200"])
    assert stored(api, one).priority == "urgent"


def test_an_entry_says_which_version_it_knows() -> None:
    api = an_api()
    one = posted(api)
    stale = a_transaction(NUMBER, priority="urgent")
    stale["entry"][0]["request"]["ifMatch"] = 'W/"7"'
    refused = send(api, stale)
    assert (refused.status, refused.code) == (412, "stale-version")
    stale["entry"][0]["request"]["ifMatch"] = 'W/"1"'
    assert send(api, stale).status == 200
    assert stored(api, one).payload_version == 2


def test_a_transaction_changes_one_order_or_nothing() -> None:
    api = an_api()
    one = posted(api)
    second, *_ = bundled_order(**KNOWN, identifier=[{**PLACER, "value": "A-2"}])
    both = a_transaction(NUMBER, {**second, "id": "o2"}, priority="urgent")
    refused = send(api, both)
    assert (refused.status, refused.code) == (422, "one-change-a-transaction")
    beside = a_batch(("PATCH", NUMBER, URGENT_BY_PATH)) | {"type": "transaction"}
    beside["entry"] += a_bundle(a_patient(), kind="transaction")["entry"]
    assert send(api, beside).code == "one-change-a-transaction"
    assert stored(api, one).payload_version == 1
    assert len(api.world.referrals.all()) == 1


def test_another_patient_is_not_put_in_the_place_of_the_one_before() -> None:
    api = an_api()
    one = posted(api)
    bundle = a_transaction(NUMBER)
    other = {"name": [{"family": "Okafor", "given": ["Ada"]}], "birthDate": "1990-01-01"}
    bundle["entry"][1]["resource"] = a_patient(**other)
    refused = send(api, bundle)
    assert (refused.status, refused.code) == (422, "another-patient")
    assert stored(api, one).payload_version == 1


def test_an_order_that_is_not_there_is_not_created_under_an_id_of_its_author() -> None:
    api = an_api()
    for own in ("o1", "0" * 32):
        assert send(api, a_transaction(f"{ORDERS}/{own}", id=own)).status == 404
    assert api.world.referrals.all() == ()


# --- batches --------------------------------------------------------------------------------------


def test_each_entry_of_a_batch_is_done_or_refused_alone() -> None:
    api = an_api()
    one = posted(api)
    new = an_order(identifier=[{**PLACER, "value": "A-2"}])
    reply = send(
        api,
        a_batch(
            ("POST", ORDERS, new),
            ("PUT", f"{ORDERS}/{'0' * 32}", an_order(id="0" * 32)),
            ("PATCH", f"/{ORDERS}/{one}", URGENT_BY_PATH),
            ("PUT", NUMBER, an_order(status="revoked")),
            ("GET", f"{ORDERS}/{one}", new),
            ("POST", "Patient", a_patient()),
            ("POST", "", a_bundle(new)),
            ("PUT", f"{ORDERS}/{one}/$reopen", new),
        ),
    )
    assert (reply.status, reply.body["type"]) == (200, "batch-response")
    assert statuses(reply) == ["201", "404", "200", "200", "405", "422", "400", "405"]
    assert code(reply.body["entry"][5]) == "entry-not-accepted"
    assert stored(api, one).is_ending
    assert len(api.world.referrals.all()) == 2


def test_a_refused_entry_that_cannot_be_kept_is_to_be_sent_again_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = an_api()

    def down(*_: object) -> bool:
        raise Retryable("The table is down.")

    monkeypatch.setattr(api.unmatched, "keep_few", down)
    refused = an_order(identifier=[{**PLACER, "value": "A-2"}], status="wanted")
    reply = send(api, a_batch(("POST", ORDERS, an_order()), ("POST", ORDERS, refused)))
    said = [entry["response"]["status"] for entry in reply.body["entry"]]
    assert (reply.status, said) == (200, ["201", "503"])
    alone = api.call("POST", f"/fhir/{ORDERS}", refused, client="ehr-1")
    assert alone.status == 503


def test_a_batch_has_as_many_entries_as_a_transaction_has_orders() -> None:
    entry = ("POST", ORDERS, an_order())
    refused = send(an_api(), a_batch(*([entry] * 21)))
    assert (refused.status, refused.code) == (422, "too-many-referrals")


def test_an_entry_needs_the_scope_of_what_it_asks_for() -> None:
    api = an_api()
    one = posted(api)
    only_new = {"client": "ehr-1", "scope": "system/ServiceRequest.c"}
    reply = api.call("POST", "/fhir", a_batch(("PATCH", NUMBER, URGENT_BY_PATH)), **only_new)
    assert statuses(reply) == ["403"]
    refused = api.call("POST", "/fhir", a_transaction(NUMBER, priority="urgent"), **only_new)
    assert refused.status == 403
    assert stored(api, one).payload_version == 1


def test_what_is_asked_for_in_a_bundle_leaves_its_trace() -> None:
    api = an_api()
    one = posted(api)
    nowhere = f"{ORDERS}/{'0' * 32}"
    send(api, a_batch(("PUT", nowhere, an_order(id="0" * 32)), ("PATCH", NUMBER, URGENT_BY_PATH)))
    found = [(e.operation, e.referral_id, e.refused) for e in api.trail.entries]
    assert found == [("update-order", "0" * 32, "not-found")]
    api.trail.entries.clear()
    # A patch that changes nothing, too, however it comes.
    send(api, a_batch(("PATCH", NUMBER, URGENT_BY_PATH)))
    assert [(e.operation, e.referral_id) for e in api.trail.entries] == [("patch-order-where", one)]


def test_a_coverage_that_a_batch_changes_is_sent_with_its_order() -> None:
    reply = send(an_api(), a_batch(("PUT", "Coverage/cov", a_coverage())))
    assert (statuses(reply), code(reply.body["entry"][0])) == (["422"], "entry-not-accepted")


# --- labels, and what does not belong -------------------------------------------------------------

LABEL: Final = {
    "meta": {
        "security": [
            {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
        ]
    }
}


def consent(api: ApiClient, one: str) -> ConsentClass:
    return stored(api, one).service.consent


def test_a_bundle_that_changes_an_order_labels_all_that_it_holds() -> None:
    api = an_api()
    one = posted(api)
    changed = a_transaction(f"{ORDERS}/{one}", priority="urgent", id=one) | LABEL
    assert send(api, changed).status == 200
    assert consent(api, one) is ConsentClass.RESTRICTED


@pytest.mark.parametrize("method", ["PUT", "PATCH", "bundle"])
def test_what_a_bundle_was_labelled_holds_for_later_versions(method: str) -> None:
    api = an_api()
    order, patient, coverage = bundled_order(**KNOWN)
    reply = send(api, a_bundle(order, patient, coverage) | LABEL)
    one = str(reply.body["entry"][0]["response"]["location"]).split("/")[-3]
    assert (consent(api, one), stored(api, one).status) == (
        ConsentClass.RESTRICTED,
        Status.NEEDS_INFORMATION,
    )
    for priority in ("urgent", "asap"):
        if method == "bundle":
            changed = a_transaction(f"{ORDERS}/{one}", priority=priority, id=one)
        elif method == "PUT":
            alone = {**order, "id": one, "priority": priority}
            changed = a_batch(("PUT", f"{ORDERS}/{one}", alone))
        else:
            data = base64.b64encode(
                json.dumps([{"op": "replace", "path": "/priority", "value": priority}]).encode()
            ).decode()
            changed = a_batch(("PATCH", f"{ORDERS}/{one}", {**IN_BINARY, "data": data}))
        assert statuses(send(api, changed))[0] == "200"
        after = stored(api, one)
        assert (after.service.consent, after.status) == (
            ConsentClass.RESTRICTED,
            Status.NEEDS_INFORMATION,
        )
        assert payload(api, one).service_request["priority"] == priority


def test_sent_again_with_another_label_it_is_no_repeat() -> None:
    api = an_api()
    order, patient, coverage = bundled_order(**KNOWN)
    assert send(api, a_bundle(order, patient, coverage)).status == 200
    assert send(api, a_bundle(order, patient, coverage)).status == 200
    assert send(api, a_bundle(order, patient, coverage) | LABEL).status == 409


def test_a_batch_is_not_labelled_as_a_whole() -> None:
    api = an_api()
    reply = send(api, a_batch(("POST", ORDERS, an_order())) | LABEL)
    assert reply.status == 422
    assert reply.body["issue"][0]["details"]["coding"][0]["code"] == "label-of-a-batch"


def test_what_does_not_belong_to_the_order_is_refused_with_the_change() -> None:
    api = an_api()
    one = posted(api)
    other = {
        "resourceType": "Patient",
        "id": "other",
        "name": [{"family": "Zimmer", "given": ["Quentin"]}],
        "birthDate": "1990-01-01",
    }
    seen = {
        "resourceType": "Observation",
        "id": "seen",
        "status": "final",
        "code": {"text": "Pulse"},
        "subject": {"reference": "Patient/other"},
    }
    changed = a_transaction(f"{ORDERS}/{one}", other, seen, priority="urgent", id=one)
    reply = send(api, changed)
    assert reply.status == 422
    assert "not-of-this-order" in {
        issue["details"]["coding"][0]["code"] for issue in reply.body["issue"]
    }
    assert payload(api, one).service_request["priority"] == "routine"


@pytest.mark.parametrize("kind", ["transaction", "collection"])
def test_a_bundle_that_is_put_as_an_order_holds_no_other_one(kind: str) -> None:
    api = an_api()
    one = posted(api)
    changed = a_transaction(f"{ORDERS}/{one}", priority="urgent", id=one)
    if kind == "transaction":
        second = {**changed["entry"][0]["resource"], "id": "second", "identifier": []}
        request = {"method": "POST", "url": ORDERS}
        changed["entry"].append({"resource": second, "request": request})
    changed["type"] = kind
    reply = api.call("PUT", f"/fhir/{ORDERS}/{one}", changed, client="ehr-1")
    assert (reply.status, payload(api, one).service_request["priority"]) == (422, "routine")


@pytest.mark.parametrize("before", ["", "/", "/fhir/", "https://api.example.org/fhir/"])
def test_a_system_may_be_named_like_the_resource(before: str) -> None:
    api = an_api()
    number = {"system": "https://ehr.example.org/ServiceRequest", "value": "7"}
    url = f"{before}{ORDERS}?identifier={number['system']}|{number['value']}"
    order = an_order(identifier=[number])
    assert statuses(send(api, a_batch(("PUT", url, order)))) == ["201"]
    assert statuses(send(api, a_batch(("PUT", url, {**order, "priority": "urgent"})))) == ["200"]
