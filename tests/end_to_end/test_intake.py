"""Intake over HTTP: accepted once, or refused with a reason that says what to do; never a 5xx."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from threading import Barrier
from typing import Any, Final, NamedTuple

import pytest

from local.seed import SECRET, onboard, put
from local.stack import Stack
from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import EhrSystem
from referral_core.domain.updates import Role
from tests.end_to_end.callers import Answer, Body, Caller, Refusal, calling
from tests.end_to_end.faults import limited_concurrency
from tests.end_to_end.orders import ORDERS, a_new_placer, an_order_that_waits, placer_of
from tests.end_to_end.records import Records
from tests.end_to_end.tenants import RIVERSIDE, RIVERSIDE_PROFILE
from tests.end_to_end.waiting import until
from tests.unit.fhir.orders import a_bundle, a_coverage, a_patient

Json = dict[str, Any]
PARALLEL: Final = 50
AT_ONCE: Final = 10
"""How many of them get a worker at once: fifty cold starts take a small machine too long."""


def found(ehr: Caller, placer: str) -> list[str]:
    """Return the ids of the referrals that an order number finds."""
    bundle = ehr.get(f"/fhir/ServiceRequest?identifier={ORDERS}|{placer}").accepted()
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


# --- accepted ------------------------------------------------------------------------------------


def test_a_new_referral_is_created(ehr: Caller) -> None:
    order = an_order_that_waits(a_new_placer())
    answer = ehr.refer(order)
    assert answer.status == HTTPStatus.CREATED
    assert answer.etag == 'W/"1"'
    stored = answer.json
    assert stored["id"] == answer.referral_id
    assert stored["meta"]["versionId"] == "1"
    assert order["identifier"][0] in stored["identifier"]
    assert ehr.get(f"/fhir/ServiceRequest/{answer.referral_id}").json == stored


def test_what_is_created_can_be_read_at_its_location(ehr: Caller) -> None:
    answer = ehr.refer(an_order_that_waits(a_new_placer()))
    version_less = answer.http.headers["location"].partition("/_history/")[0]
    assert ehr.get(version_less).json == answer.json


def test_the_original_bytes_are_kept(stack: Stack, ehr: Caller) -> None:
    placer = a_new_placer()
    body = json.dumps(an_order_that_waits(placer), indent=3).encode() + b"\n\n"
    ehr.refer(body).accepted()
    s3, bucket = stack.emulator.client("s3"), stack.deployment["DocumentsBucket"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    names = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    assert body in (s3.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names)


@pytest.mark.parametrize("status", ["draft", "active"])
@pytest.mark.parametrize("intent", ["proposal", "plan", "order", "original-order", "filler-order"])
def test_these_statuses_and_intents_are_referrals(ehr: Caller, status: str, intent: str) -> None:
    order = an_order_that_waits(a_new_placer(), status=status, intent=intent)
    assert ehr.refer(order).status == HTTPStatus.CREATED


# --- one referral, however often it is posted ----------------------------------------------------


def with_other_meta(order: Json) -> Json:
    return {**order, "meta": {"lastUpdated": "2026-03-01T00:00:00Z", "source": "urn:retry"}}


def test_the_same_content_under_the_same_placer_is_a_repeat(ehr: Caller) -> None:
    order = an_order_that_waits(a_new_placer())
    first, second = ehr.refer(order), ehr.refer(with_other_meta(order))
    assert (first.status, second.status) == (HTTPStatus.CREATED, HTTPStatus.OK)
    assert second.referral_id == first.referral_id
    assert second.json == first.json


def test_other_content_under_the_same_placer_is_refused(ehr: Caller) -> None:
    placer = a_new_placer()
    ehr.refer(an_order_that_waits(placer)).accepted()
    other = ehr.refer(an_order_that_waits(placer, priority="urgent"))
    assert other.refusal() == Refusal(
        HTTPStatus.CONFLICT, "duplicate", "key-reused", "ServiceRequest.identifier"
    )


def test_without_placer_the_clients_key_makes_a_repeat(ehr: Caller) -> None:
    order, key = an_order_that_waits(), a_new_placer()
    first = ehr.refer(order, Idempotency_Key=key)
    second = ehr.refer(order, Idempotency_Key=key)
    assert (first.status, second.status) == (HTTPStatus.CREATED, HTTPStatus.OK)
    assert second.referral_id == first.referral_id


def test_other_content_under_the_same_key_is_refused(ehr: Caller) -> None:
    key, order = a_new_placer(), an_order_that_waits(a_new_placer())
    ehr.refer(order, Idempotency_Key=key).accepted()
    another = {**order, "identifier": [placer_of(a_new_placer())]}
    other = ehr.refer(another, Idempotency_Key=key).refusal()
    assert (other.status, other.own_code) == (HTTPStatus.CONFLICT, "key-reused")


def test_two_clients_may_use_the_same_key(ehr: Caller, other_ehr: Caller) -> None:
    key = a_new_placer()
    for client in (ehr, other_ehr):
        answer = client.refer(an_order_that_waits(a_new_placer()), Idempotency_Key=key)
        assert answer.status == HTTPStatus.CREATED


def test_with_neither_the_same_content_is_a_repeat(ehr: Caller) -> None:
    order = an_order_that_waits(authoredOn="2026-03-02T08:00:00Z")
    first, second = ehr.refer(order), ehr.refer(with_other_meta(order))
    assert (first.status, second.status) == (HTTPStatus.CREATED, HTTPStatus.OK)
    assert second.referral_id == first.referral_id
    third = ehr.refer({**order, "authoredOn": "2026-03-02T08:00:01Z"})
    assert third.status == HTTPStatus.CREATED


def test_if_none_exist_answers_with_what_exists(ehr: Caller) -> None:
    placer = a_new_placer()
    condition = f"identifier={ORDERS}|{placer}"
    first = ehr.refer(an_order_that_waits(placer), If_None_Exist=condition)
    other = an_order_that_waits(placer, priority="urgent")
    second = ehr.refer(other, If_None_Exist=condition)
    assert (first.status, second.status) == (HTTPStatus.CREATED, HTTPStatus.OK)
    assert second.json == first.json


def test_if_none_exist_does_not_show_another_ehrs_referral(ehr: Caller, other_ehr: Caller) -> None:
    placer = a_new_placer()
    first = ehr.refer(an_order_that_waits(placer)).referral_id
    answer = other_ehr.refer(
        an_order_that_waits(placer), If_None_Exist=f"identifier={ORDERS}|{placer}"
    )
    assert answer.status == HTTPStatus.CREATED
    assert answer.referral_id != first


def test_an_entrys_own_condition_is_honoured(ehr: Caller) -> None:
    placer = a_new_placer()
    first = ehr.refer(an_order_that_waits(placer))
    bundle = a_bundle(an_order_that_waits(placer, priority="urgent"), kind="transaction")
    bundle["entry"][0]["request"]["ifNoneExist"] = f"identifier={ORDERS}|{placer}"
    answer = ehr.post("/fhir", bundle).accepted()
    (entry,) = answer["entry"]
    assert entry["response"]["status"].startswith("200")
    assert first.referral_id in entry["response"]["location"]


def test_fifty_parallel_posts_of_one_referral_make_one(
    stack: Stack, ehr: Caller, records: Records
) -> None:
    placer = a_new_placer()
    order, together = an_order_that_waits(placer), Barrier(PARALLEL)
    given_up: list[str] = []

    def once() -> Answer | None:
        sent = ehr.send("POST", "/fhir/ServiceRequest", order)
        if "Sandbox.Timedout" in sent.text:
            # The emulator's, of a machine with too little processor for fifty: an EHR asks again.
            given_up.append(sent.text)
            return None
        assert sent.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, sent.text
        return None if sent.status_code == HTTPStatus.TOO_MANY_REQUESTS else Answer(sent)

    def post(_: int) -> Answer:
        together.wait()
        return until(once, "an answer", every_s=0.5)

    with (
        limited_concurrency(stack, "receive_referral", AT_ONCE),
        ThreadPoolExecutor(PARALLEL) as pool,
    ):
        answers = list(pool.map(post, range(PARALLEL)))
    statuses = [answer.status for answer in answers]
    # Whoever made it may have been given up before the answer.
    made = statuses.count(HTTPStatus.CREATED)
    assert made == 1 or (given_up and made == 0)
    assert statuses.count(HTTPStatus.OK) == PARALLEL - made
    (referral_id,) = {answer.referral_id for answer in answers}
    assert found(ehr, placer) == [referral_id]
    assert records.kinds(referral_id).count("received") == 1


# --- changed by its author -----------------------------------------------------------------------


def test_its_author_updates_it(ehr: Caller) -> None:
    stored = ehr.refer(an_order_that_waits(a_new_placer())).accepted()
    answer = ehr.revise({**stored, "priority": "urgent"}, If_Match='W/"1"')
    assert answer.status == HTTPStatus.OK
    assert answer.etag == 'W/"2"'
    assert answer.json["priority"] == "urgent"
    assert answer.json["meta"]["versionId"] == "2"
    assert ehr.get(f"/fhir/ServiceRequest/{stored['id']}").json == answer.json


def test_going_back_to_former_content_is_an_update_too(ehr: Caller) -> None:
    stored = ehr.refer(an_order_that_waits(a_new_placer(), priority="routine")).accepted()
    for priority in ("urgent", "asap", "urgent"):
        answer = ehr.revise({**stored, "priority": priority}).accepted()
        assert answer["priority"] == priority


def test_the_same_update_twice_is_one(ehr: Caller) -> None:
    stored = ehr.refer(an_order_that_waits(a_new_placer())).accepted()
    first = ehr.revise({**stored, "priority": "urgent"})
    second = ehr.revise({**stored, "priority": "urgent"})
    assert first.json == second.json
    assert first.etag == second.etag == 'W/"2"'


def test_revoking_cancels(ehr: Caller, records: Records) -> None:
    stored = ehr.refer(an_order_that_waits(a_new_placer())).accepted()
    ehr.revise({**stored, "status": "revoked"}).accepted()
    assert records.ended(stored["id"]).outcome == "cancelled-by-referrer"
    too_late = ehr.revise({**stored, "priority": "urgent"}).refusal()
    assert (too_late.status, too_late.own_code) == (HTTPStatus.CONFLICT, "referral-closed")


def test_an_update_of_an_old_version_is_refused(ehr: Caller) -> None:
    stored = ehr.refer(an_order_that_waits(a_new_placer())).accepted()
    ehr.revise({**stored, "priority": "urgent"}, If_Match='W/"1"').accepted()
    stale = ehr.revise({**stored, "priority": "asap"}, If_Match='W/"1"')
    assert stale.refusal() == Refusal(
        HTTPStatus.PRECONDITION_FAILED, "conflict", "stale-version", None
    )


def test_of_two_updates_of_one_version_one_wins(ehr: Caller) -> None:
    stored = ehr.refer(an_order_that_waits(a_new_placer())).accepted()
    together = Barrier(2)

    def revise(priority: str) -> Answer:
        together.wait()
        return ehr.revise({**stored, "priority": priority}, If_Match='W/"1"')

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(revise, ("urgent", "asap")))
    assert sorted(a.status for a in answers) == [HTTPStatus.OK, HTTPStatus.PRECONDITION_FAILED]


def test_another_ehr_finds_nothing_to_update(ehr: Caller, other_ehr: Caller) -> None:
    stored = ehr.refer(an_order_that_waits(a_new_placer())).accepted()
    answer = other_ehr.revise({**stored, "priority": "urgent"})
    assert answer.refusal() == Refusal(HTTPStatus.NOT_FOUND, "not-found", "not-found", None)


def test_a_body_of_another_id_is_refused(ehr: Caller) -> None:
    stored = ehr.refer(an_order_that_waits(a_new_placer())).accepted()
    answer = ehr.put(f"/fhir/ServiceRequest/{stored['id']}", {**stored, "id": "another"})
    assert answer.refusal() == Refusal(
        HTTPStatus.BAD_REQUEST, "value", "id-mismatch", "ServiceRequest.id"
    )


# --- refused: what was sent ----------------------------------------------------------------------


class Refused(NamedTuple):
    """A body, and the refusal that it must meet."""

    body: Callable[[], Body]
    refusal: Refusal
    headers: Mapping[str, str] = {}
    path: str = "/fhir/ServiceRequest"


def ordered(**fields: Any) -> Callable[[], Json]:
    return lambda: an_order_that_waits(a_new_placer(), **fields)


def bundled(*orders: Callable[[], Json], kind: str = "transaction") -> Callable[[], Json]:
    return lambda: a_bundle(*(order() for order in orders), kind=kind)


BAD, RULE = HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY
REFUSED: Final[Mapping[str, Refused]] = {
    "malformed JSON": Refused(
        lambda: b'{"resourceType": "ServiceRequest",',
        Refusal(BAD, "structure", "malformed-json", None),
    ),
    "no body": Refused(lambda: b"", Refusal(BAD, "structure", "malformed-json", None)),
    "not a resource": Refused(lambda: b"[1]", Refusal(BAD, "structure", "not-a-resource", None)),
    "no resource type": Refused(
        lambda: {"status": "active"},
        Refusal(BAD, "required", "missing-resource-type", "resourceType"),
    ),
    "another resource": Refused(
        a_patient, Refusal(BAD, "structure", "wrong-resource-type", "resourceType")
    ),
    "a wrong type": Refused(
        ordered(note="Snoring"),
        Refusal(BAD, "structure", "wrong-type", "ServiceRequest.note"),
    ),
    "a wrong code": Refused(
        ordered(status="started"),
        Refusal(BAD, "code-invalid", "unknown-code", "ServiceRequest.status"),
    ),
    "an impossible date": Refused(
        ordered(authoredOn="2026-02-30"),
        Refusal(BAD, "value", "invalid-date", "ServiceRequest.authoredOn"),
    ),
    "no subject": Refused(
        lambda: {k: v for k, v in an_order_that_waits().items() if k != "subject"},
        Refusal(BAD, "required", "missing-subject", "ServiceRequest.subject"),
    ),
    "a completed order": Refused(
        ordered(status="completed"),
        Refusal(RULE, "business-rule", "status-not-accepted", "ServiceRequest.status"),
    ),
    "an option": Refused(
        ordered(intent="option"),
        Refusal(RULE, "business-rule", "intent-not-accepted", "ServiceRequest.intent"),
    ),
    "over five and a half megabytes": Refused(
        ordered(note=[{"text": "x" * 5_500_001}]),
        Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-long", "body-too-large", None),
    ),
    "a wrong content type": Refused(
        ordered(),
        Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-supported", "unsupported-media-type", None),
        headers={"Content_Type": "text/plain"},
    ),
    "XML": Refused(
        lambda: b"<ServiceRequest xmlns='http://hl7.org/fhir'/>",
        Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-supported", "unsupported-media-type", None),
        headers={"Content_Type": "application/fhir+xml"},
    ),
    "bytes that are no text": Refused(
        lambda: b'{"resourceType": "\xff\xfe"}',
        Refusal(BAD, "structure", "invalid-unicode", None),
    ),
    "nested without end": Refused(
        lambda: b'{"resourceType":"ServiceRequest","a":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        Refusal(BAD, "structure", "nested-too-deeply", None),
    ),
    "an empty condition": Refused(
        ordered(),
        Refusal(BAD, "not-supported", "condition-not-supported", None),
        headers={"If_None_Exist": "status=active"},
    ),
    "a Bundle where a resource is due": Refused(
        bundled(ordered()), Refusal(BAD, "structure", "wrong-resource-type", "resourceType")
    ),
    "a Bundle without a referral": Refused(
        bundled(a_patient),
        Refusal(RULE, "business-rule", "no-referral", None),
        path="/fhir",
    ),
    "twenty-one referrals": Refused(
        bundled(*[ordered()] * 21),
        Refusal(RULE, "too-costly", "too-many-referrals", None),
        path="/fhir",
    ),
    "a search result": Refused(
        bundled(ordered(), kind="searchset"),
        Refusal(RULE, "business-rule", "bundle-type-not-accepted", "Bundle.type"),
        path="/fhir",
    ),
    "no message": Refused(
        bundled(ordered(), kind="collection"),
        Refusal(RULE, "business-rule", "not-a-message", "Bundle.type"),
        path="/fhir/$process-message",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_a_reason(ehr: Caller, case: str) -> None:
    refused = REFUSED[case]
    answer = ehr.post(refused.path, refused.body(), **refused.headers)
    assert answer.refusal() == refused.refusal, answer.http.text


def test_a_refusal_does_not_repeat_what_was_sent(ehr: Caller) -> None:
    order = an_order_that_waits(status="Poisonwood", intent="Poisonwood", priority="Poisonwood")
    answer = ehr.refer(order)
    assert {issue["code"] for issue in answer.json["issue"]} == {"code-invalid"}
    assert len(answer.json["issue"]) == 3, "all that is wrong is told at once"
    assert "Poisonwood" not in answer.http.text


# --- refused: who sent it ------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["clinic:northside-clinic", "payer:harbor-health-plan", "staff"])
def test_only_an_ehr_refers(caller: Callable[..., Caller], role: str) -> None:
    answer = caller(role).refer(an_order_that_waits(a_new_placer()))
    assert answer.refusal() == Refusal(HTTPStatus.FORBIDDEN, "forbidden", "forbidden", None)


def test_a_token_without_the_scope_is_refused(caller: Callable[..., Caller]) -> None:
    reader, writer = caller("ehr", "referrals/read"), caller("ehr", "referrals/write")
    forbidden = Refusal(HTTPStatus.FORBIDDEN, "forbidden", "forbidden", None)
    assert reader.refer(an_order_that_waits(a_new_placer())).refusal() == forbidden
    stored = writer.refer(an_order_that_waits(a_new_placer())).accepted()
    path = f"/fhir/ServiceRequest/{stored['id']}"
    assert writer.get(path).refusal() == forbidden
    assert reader.get(path).json == stored


def test_without_a_token_only_the_metadata_can_be_read(caller: Callable[..., Caller]) -> None:
    nobody = caller(None)
    assert nobody.get("/fhir/metadata").accepted()["resourceType"] == "CapabilityStatement"
    assert nobody.get("/fhir/Task").status == HTTPStatus.UNAUTHORIZED
    forged = nobody.get("/fhir/Task", Authorization="Bearer eyJhbGciOiJub25lIn0.e30.")
    assert forged.status == HTTPStatus.FORBIDDEN


# --- another tenant ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def riverside(stack: Stack) -> Iterator[Callable[[Role], Caller]]:
    """Onboard a second tenant on the same stack; return a maker of its callers."""
    emulator, deployment = stack.emulator, stack.deployment
    system = EhrSystem(
        tenant=RIVERSIDE,
        id="riverside-ehr",
        name="Riverside EHR",
        notices_url=f"{stack.partners_url}/ehr",
        secret=SECRET,
    )
    put(emulator, deployment, config_item(RIVERSIDE_PROFILE))
    put(emulator, deployment, config_item(system))
    organizations = {Role.EHR: "riverside-ehr", Role.STAFF: "riverside", Role.CLINIC: "rivers-edge"}
    clients = {}
    for role, organization in organizations.items():
        clients[role] = onboard(emulator, deployment, role, organization)
        principal = Principal(
            client_id=clients[role].client_id,
            tenant=RIVERSIDE,
            role=role,
            organization=organization,
        )
        put(emulator, deployment, config_item(principal))
    with (
        calling(stack, clients[Role.EHR]) as ehr,
        calling(stack, clients[Role.STAFF]) as staff,
        calling(stack, clients[Role.CLINIC]) as clinic,
    ):
        callers = {Role.EHR: ehr, Role.STAFF: staff, Role.CLINIC: clinic}
        yield callers.__getitem__


@pytest.mark.parametrize("role", [Role.EHR, Role.STAFF])
def test_another_tenants_records_are_not_there(
    ehr: Caller, riverside: Callable[[Role], Caller], role: Role
) -> None:
    placer = a_new_placer()
    stored = ehr.refer(an_order_that_waits(placer)).accepted()
    stranger, not_there = riverside(role), Refusal(404, "not-found", "not-found", None)
    assert stranger.get(f"/fhir/ServiceRequest/{stored['id']}").refusal() == not_there
    assert stranger.get(f"/fhir/Task/{stored['id']}.a").refusal() == not_there
    assert found(stranger, placer) == []
    tasks = stranger.get(f"/fhir/Task?focus=ServiceRequest/{stored['id']}").accepted()
    assert tasks.get("entry", []) == []


def test_another_tenants_referral_cannot_be_changed(
    ehr: Caller, riverside: Callable[[Role], Caller]
) -> None:
    stored = ehr.refer(an_order_that_waits(a_new_placer())).accepted()
    referral_id, not_there = stored["id"], Refusal(404, "not-found", "not-found", None)
    assert riverside(Role.EHR).revise({**stored, "status": "revoked"}).refusal() == not_there
    task = {
        "resourceType": "Task",
        "id": f"{referral_id}.b1",
        "status": "accepted",
        "intent": "order",
    }
    clinic = riverside(Role.CLINIC)
    assert clinic.put(f"/fhir/Task/{task['id']}", task).refusal() == not_there
    decision = {"action": "close:cancelled-by-referrer"}
    staff = riverside(Role.STAFF)
    assert staff.post(f"/work-items/{referral_id}/decision", decision).refusal() == not_there
    assert ehr.get(f"/fhir/ServiceRequest/{referral_id}").json == stored


def test_the_same_order_number_of_two_tenants_is_two_referrals(
    ehr: Caller, riverside: Callable[[Role], Caller]
) -> None:
    order = an_order_that_waits(a_new_placer())
    here, there = ehr.refer(order), riverside(Role.EHR).refer(order)
    assert (here.status, there.status) == (HTTPStatus.CREATED, HTTPStatus.CREATED)
    assert here.referral_id != there.referral_id


# --- Bundles -------------------------------------------------------------------------------------


def test_a_bundle_is_accepted_as_a_whole(ehr: Caller) -> None:
    placers = [a_new_placer() for _ in range(3)]
    answer = ehr.post("/fhir", a_bundle(*map(an_order_that_waits, placers), kind="transaction"))
    assert answer.accepted()["type"] == "transaction-response"
    assert [entry["response"]["status"][:3] for entry in answer.json["entry"]] == ["201"] * 3
    assert all(len(found(ehr, placer)) == 1 for placer in placers)


def test_twenty_referrals_are_accepted_at_once(ehr: Caller) -> None:
    placers = [a_new_placer() for _ in range(20)]
    orders = [
        an_order_that_waits(
            placer,
            contained=[
                a_patient(telecom=[{"system": "phone", "value": f"(508) 559-{number:04d}"}]),
                a_coverage(subscriberId=""),
            ],
            subject={"reference": "#pat"},
        )
        for number, placer in enumerate(placers)
    ]
    ehr.post("/fhir", a_bundle(*orders, kind="transaction")).accepted()
    assert all(len(found(ehr, placer)) == 1 for placer in placers)


def test_one_malformed_referral_refuses_the_whole_bundle(ehr: Caller) -> None:
    placers = [a_new_placer() for _ in range(3)]
    good, also_good, bad = map(an_order_that_waits, placers)
    bundle = a_bundle(good, also_good, {**bad, "intent": "whim"}, kind="transaction")
    assert ehr.post("/fhir", bundle).refusal() == Refusal(
        BAD, "code-invalid", "unknown-code", "Bundle.entry[2].resource.intent"
    )
    assert [found(ehr, placer) for placer in placers] == [[], [], []]


def test_one_reused_number_refuses_the_whole_bundle(ehr: Caller) -> None:
    known, fresh = a_new_placer(), a_new_placer()
    ehr.refer(an_order_that_waits(known)).accepted()
    bundle = a_bundle(
        an_order_that_waits(fresh),
        an_order_that_waits(known, priority="urgent"),
        kind="transaction",
    )
    assert ehr.post("/fhir", bundle).refusal().own_code == "key-reused"
    assert found(ehr, fresh) == []


def test_a_bundle_posted_again_is_a_repeat(ehr: Caller) -> None:
    bundle = a_bundle(*(an_order_that_waits(a_new_placer()) for _ in range(2)), kind="transaction")
    first, second = ehr.post("/fhir", bundle).accepted(), ehr.post("/fhir", bundle).accepted()

    def locations(answer: Json) -> list[str]:
        return [entry["response"]["location"] for entry in answer["entry"]]

    assert locations(second) == locations(first)
    assert [entry["response"]["status"][:3] for entry in second["entry"]] == ["200"] * 2


# --- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/fhir/Observation"),
        ("GET", "/fhir/ServiceRequest/1/_history/2/3"),
        ("POST", "/fhir/Patient"),
    ],
)
def test_an_unknown_path_is_told_so(ehr: Caller, method: str, path: str) -> None:
    body: Json | None = {} if method in {"POST", "PATCH"} else None
    refusal = ehr.call(method, path, body).refusal()
    assert refusal == Refusal(HTTPStatus.NOT_FOUND, "not-found", "unknown-path", None)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/fhir"), ("DELETE", "/fhir/ServiceRequest/1"), ("PATCH", "/fhir/Slot/1")],
)
def test_a_method_that_a_path_lacks_is_told_so(ehr: Caller, method: str, path: str) -> None:
    response = ehr.call(method, path, {} if method == "PATCH" else None)
    refusal = response.refusal()
    assert (refusal.status, refusal.own_code) == (
        HTTPStatus.METHOD_NOT_ALLOWED,
        "method-not-allowed",
    )


@pytest.mark.parametrize("referral_id", ["1", "x" * 64, "%2e%2e", "a.b", "0" * 32])
def test_an_id_that_is_none_is_not_found(ehr: Caller, referral_id: str) -> None:
    for kind in ("ServiceRequest", "Task"):
        assert ehr.get(f"/fhir/{kind}/{referral_id}").refusal().status == HTTPStatus.NOT_FOUND
