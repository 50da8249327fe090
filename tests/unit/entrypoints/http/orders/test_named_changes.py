"""An order changed by a patch, or by its number: the PUT, or the POST, that a FHIR client means."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from referral_core.domain import exact_json
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Outcome
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.referral import Referral
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.orders.named_changes import ChangeNamedOrders
from referral_core.fhir.errors import FhirError
from referral_core.fhir.json_patch import FHIRPATH, MEDIA_TYPE, MERGE
from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import (
    PLACER,
    URGENT_BY_PATH,
    URGENT_BY_POINTER,
    Json,
    a_coverage,
    a_patient,
    an_order,
)
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY

ORDERS: Final = "/fhir/ServiceRequest"
NUMBER: Final = f"{ORDERS}?identifier={PLACER['system']}|A-1"
_IF_STAT: Final = {"op": "test", "path": "/priority", "value": "stat"}


def the_order(**fields: Any) -> Json:
    known = {"performerType": DERMATOLOGY, "code": {"text": "Consultation"}, "priority": "routine"}
    return an_order(**{**known, **fields})


def an_api() -> ApiClient:
    return ApiClient(World())


def posted(api: ApiClient, **fields: Any) -> str:
    reply = api.call("POST", ORDERS, the_order(**fields), client="ehr-1")
    assert reply.status == 201, reply.body
    return str(reply.body["id"])


def stored(api: ApiClient, referral_id: str) -> Referral:
    return api.world.referrals.load(TENANT, ReferralId(referral_id)).referral


def patch(api: ApiClient, url: str, body: Any, kind: str = MEDIA_TYPE, **headers: str) -> Reply:
    return api.call("PATCH", url, body, client="ehr-1", content_type=kind, **headers)


def put(api: ApiClient, body: Json, url: str = NUMBER, **headers: str) -> Reply:
    return api.call("PUT", url, body, client="ehr-1", **headers)


# --- PATCH ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind"),
    [(URGENT_BY_POINTER, MEDIA_TYPE), ({"priority": "urgent"}, MERGE), (URGENT_BY_PATH, FHIRPATH)],
)
def test_a_patch_is_the_new_version_that_it_makes(body: Any, kind: str) -> None:
    api = an_api()
    one = posted(api)
    reply = patch(api, f"{ORDERS}/{one}", body, kind)
    assert (reply.status, reply.headers["etag"]) == (200, 'W/"2"')
    assert reply.body["priority"] == "urgent"
    # And it has the effect of a PUT, with all else that the order said.
    assert stored(api, one).priority == "urgent"
    read = api.call("GET", f"{ORDERS}/{one}", client="ehr-1").body
    assert read["contained"] == the_order()["contained"]


def test_a_status_is_patched_with_its_effect() -> None:
    api = an_api()
    one = posted(api)
    reply = patch(api, f"{ORDERS}/{one}", {"status": "revoked"}, MERGE)
    assert reply.status == 200
    assert stored(api, one).proposed_outcome is Outcome.CANCELLED_BY_REFERRER


def test_a_patch_that_changes_nothing_is_no_version() -> None:
    api = an_api()
    one = posted(api)
    before = stored(api, one)
    test = [{"op": "test", "path": "/priority", "value": "routine"}]
    assert patch(api, f"{ORDERS}/{one}", test).headers["etag"] == 'W/"1"'
    assert stored(api, one) == before


@pytest.mark.parametrize(
    ("body", "kind"),
    [(URGENT_BY_POINTER, MEDIA_TYPE), ({"priority": "urgent"}, MERGE), (URGENT_BY_PATH, FHIRPATH)],
)
def test_what_is_kept_of_a_patch_is_what_the_author_sent(body: Any, kind: str) -> None:
    # Given an order with a version and a number of its author's, and figures to the digit
    dose = {"url": "urn:dose", "valueDecimal": 0}
    order = the_order(meta={"versionId": "7", "security": [{"code": "R"}]}, extension=[dose])
    sent = json.dumps(order).replace('"valueDecimal": 0', '"valueDecimal": 1.50')
    api = an_api()
    one = str(api.call("POST", ORDERS, sent, client="ehr-1").body["id"])
    patch(api, f"{ORDERS}/{one}", body, kind)
    # Then its source is the patch, byte for byte, under its media type
    kept = ClinicalPayload.load(api.world.referrals.payload(stored(api, one)))
    source, media_type = api.documents.stored[TENANT, kept.source_sha256]
    assert (json.loads(source), media_type) == (body, kind)
    # And the order is what was sent with the change: nothing that we add when it is read.
    made = {**json.loads(sent), "id": one, "priority": "urgent"}
    assert json.loads(exact_json.dumps(kept.service_request)) == made
    assert '"valueDecimal":1.50' in exact_json.dumps(kept.service_request)


def test_what_a_put_by_number_was_sent_as_is_its_source() -> None:
    api = an_api()
    one = posted(api)
    sent = json.dumps(the_order(priority="urgent"), indent=1)
    assert api.call("PUT", NUMBER, sent, client="ehr-1").status == 200
    kept = ClinicalPayload.load(api.world.referrals.payload(stored(api, one)))
    assert api.documents.stored[TENANT, kept.source_sha256][0].decode() == sent


@pytest.mark.parametrize(
    "fields",
    [
        {"meta": {"security": [{"system": "urn:labels", "code": "ETH"}]}},
        {"text": {"status": "additional", "div": "<div>Comes with a wheelchair.</div>"}},
        {"text": {"status": "generated", "div": "<div>on methadone since May</div>"}},
    ],
    ids=["label", "narrative that says more", "narrative that discloses"],
)
def test_what_only_labels_or_the_narrative_say_is_another_version(fields: Json) -> None:
    api = an_api()
    one = posted(api)
    reply = put(api, the_order(id=one, **fields), f"{ORDERS}/{one}")
    assert (reply.status, reply.headers["etag"]) == (200, 'W/"2"')
    # And so it is no repeat of the order either, where it says what the elements do not.
    again = api.call("POST", ORDERS, the_order(), client="ehr-1")
    assert (again.status == 409) is ("generated" not in str(fields))


def test_a_narrative_that_a_server_makes_anew_is_no_version() -> None:
    api = an_api()
    one = posted(api, text={"status": "generated", "div": "<div>Dermatology</div>"})
    again = the_order(id=one, text={"status": "generated", "div": "<div>Consultation</div>"})
    assert put(api, again, f"{ORDERS}/{one}").headers["etag"] == 'W/"1"'


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (
            [{"op": "test", "path": "/priority", "value": "stat"}, *URGENT_BY_POINTER],
            MEDIA_TYPE,
            409,
        ),
        ([{"op": "replace", "path": "/nothing/here", "value": 1}], MEDIA_TYPE, 422),
        ([{"op": "replace", "path": "/id", "value": "0" * 32}], MEDIA_TYPE, 400),
        ([{"op": "remove", "path": "/resourceType"}], MEDIA_TYPE, 400),
        ({"status": "completed-twice"}, MERGE, 400),
        ({"subject": {"reference": "Patient/somebody-else"}}, MERGE, 422),
        ("<a/>", "application/xml-patch+xml", 415),
    ],
)
def test_a_patch_that_makes_no_order_of_the_patient_is_refused(
    body: Any, kind: str, status: int
) -> None:
    api = an_api()
    one = posted(api)
    before = stored(api, one)
    assert patch(api, f"{ORDERS}/{one}", body, kind).status == status
    assert stored(api, one) == before


def test_a_patch_of_another_version_is_refused() -> None:
    api = an_api()
    one = posted(api)
    patch(api, f"{ORDERS}/{one}", URGENT_BY_POINTER)
    stale = patch(api, f"{ORDERS}/{one}", {"priority": "stat"}, MERGE, if_match='W/"1"')
    assert (stale.status, stale.code) == (412, "stale-version")
    assert patch(api, f"{ORDERS}/{one}", {"priority": "stat"}, MERGE, if_match="*").status == 200


def test_what_changes_while_a_patch_is_made_is_not_overwritten() -> None:
    # Given another version that is written after the patch has read the order
    api = an_api()
    one = posted(api)
    update = api.intake.orders().update

    def update_late(request: Request) -> Response:
        other = {**the_order(), "id": one, "note": [{"text": "Call the daughter."}]}
        assert put(api, other, f"{ORDERS}/{one}").status == 200
        return update(request)

    intake = api.intake
    taking = intake.create, intake.create_bundle
    named = ChangeNamedOrders(intake.referrals, api.documents, *taking, update_late)
    body, ehr = json.dumps(URGENT_BY_POINTER).encode(), api.world.directory.principal("ehr-1")
    with pytest.raises(FhirError) as refused:
        named.patch(Request(ehr, body, MEDIA_TYPE, {}, {}, "request-1", "", one))
    assert (refused.value.status, refused.value.issues[0].own_code) == (412, "stale-version")
    read = api.call("GET", f"{ORDERS}/{one}", client="ehr-1").body
    assert (read["priority"], read["note"]) == ("routine", [{"text": "Call the daughter."}])


# --- by its number --------------------------------------------------------------------------------


def test_a_put_by_number_creates_once_and_then_updates() -> None:
    api = an_api()
    first = put(api, the_order())
    assert (first.status, first.headers["etag"]) == (201, 'W/"1"')
    one = str(first.body["id"])
    assert one in first.headers["location"]
    # The same again is the same; another content is its next version, with its effect.
    assert put(api, the_order()).status == 200
    assert stored(api, one).payload_version == 1
    again = put(api, the_order(priority="urgent"))
    assert (again.status, again.body["id"], again.headers["etag"]) == (200, one, 'W/"2"')
    assert stored(api, one).priority == "urgent"
    assert len(api.world.referrals.all()) == 1


def test_the_id_may_be_left_out_or_be_the_routers() -> None:
    api = an_api()
    one = posted(api)
    assert put(api, the_order(id=one, priority="urgent")).status == 200
    for own in ("my-7", "0" * 32):
        refused = put(api, the_order(id=own, priority="stat"))
        assert (refused.status, refused.code) == (400, "id-mismatch")
    assert stored(api, one).priority == "urgent"
    other = f"{ORDERS}?identifier={PLACER['system']}|A-2"
    named = the_order(id="my-7", identifier=[{**PLACER, "value": "A-2"}])
    assert put(api, named, other).status == 400
    assert len(api.world.referrals.all()) == 1


def test_if_match_goes_with_a_number_too() -> None:
    api = an_api()
    refused = put(api, the_order(), if_match='W/"1"')
    assert (refused.status, refused.code) == (412, "no-such-order")
    one = posted(api)
    stale = put(api, the_order(priority="urgent"), if_match='W/"9"')
    assert (stale.status, stale.code) == (412, "stale-version")
    assert put(api, the_order(priority="urgent"), if_match='W/"1"').status == 200
    assert stored(api, one).payload_version == 2


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?status=active",
        "?identifier=A-1",
        f"?identifier={PLACER['system']}|A-1&status=active",
        f"?identifier={PLACER['system']}|A-1&identifier={PLACER['system']}|A-1",
        f"?identifier={PLACER['system']}|A-1,{PLACER['system']}|A-2",
        f"?identifier={PLACER['system']}|A-2",
        "?identifier=|A-1",
    ],
)
def test_another_condition_is_refused_and_creates_nothing(query: str) -> None:
    api = an_api()
    assert put(api, the_order(), f"{ORDERS}{query}").status == 400
    assert api.world.referrals.all() == ()


def test_a_number_that_several_orders_share_names_none_of_them() -> None:
    # Given an order with the number of its group
    api = an_api()
    group = {"type": {"coding": [{"code": "PGN"}]}, "system": "urn:groups", "value": "G-1"}
    one = posted(api, identifier=[PLACER, group])
    second = the_order(identifier=[{**PLACER, "value": "A-2"}, group], code={"text": "Other"})
    # When another order of the group is put under it, the first stays what it is
    refused = put(api, second, f"{ORDERS}?identifier=urn:groups|G-1")
    assert (refused.status, refused.code) == (400, "condition-of-another-order")
    assert stored(api, one).payload_version == 1


def test_another_patients_order_is_not_put_in_its_place() -> None:
    api = an_api()
    one = posted(api)
    patient = a_patient(name=[{"family": "Okafor", "given": ["Ada"]}], birthDate="1990-01-01")
    refused = put(api, the_order(contained=[patient, a_coverage()]))
    assert (refused.status, refused.code) == (422, "another-patient")
    assert stored(api, one).payload_version == 1


def test_another_ehrs_number_is_not_found() -> None:
    api = an_api()
    one = posted(api)
    reply = api.call("PUT", NUMBER, the_order(priority="urgent"), client="ehr-2")
    assert reply.status == 201
    assert reply.body["id"] != one
    assert stored(api, one).priority == "routine"


def test_a_patch_by_number_is_the_orders() -> None:
    api = an_api()
    one = posted(api)
    assert patch(api, NUMBER, URGENT_BY_POINTER).body["id"] == one
    assert stored(api, one).priority == "urgent"
    unknown = patch(api, f"{ORDERS}?identifier={PLACER['system']}|A-2", URGENT_BY_POINTER)
    assert (unknown.status, unknown.code) == (404, "no-such-order")


def test_the_capability_statement_says_so() -> None:
    (rest,) = an_api().call("GET", "/fhir/metadata").body["rest"]
    (orders,) = [r for r in rest["resource"] if r["type"] == "ServiceRequest"]
    assert orders["conditionalUpdate"] is True
    codes = [one["code"] for one in orders["interaction"]]
    assert {"create", "update", "patch", "read", "vread"} <= set(codes)
    assert len(codes) == len(set(codes))
