"""Every read and every refusal is on record before it is answered: who, whom, what, where, why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import boto3
import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from moto import mock_aws

from referral_core.adapters.aws.audit_table import (
    AuditTable,
    _partition,
    create_audit_table_request,
)
from referral_core.adapters.clock import ManualClock
from referral_core.adapters.memory.audit import MemoryAuditTrail
from referral_core.domain.access.audit import (
    Access,
    AuditEntry,
    AuditTrail,
    Purpose,
    Recipient,
    Stretch,
)
from referral_core.domain.access.principal import Duty
from referral_core.domain.access.scopes import READ, WRITE
from referral_core.domain.errors import NotFound, Permanent, Retryable
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.orders.patient_identity import identity_of
from referral_core.domain.work_items import Reason
from referral_core.entrypoints.http.audit.accounted import disclosures, granted_writes
from referral_core.entrypoints.http.audit.trace import NO_RECORDS, WRITES_WITH_EVENTS, Audit
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.route import Route
from referral_core.entrypoints.http.route_table import ROUTES
from tests.in_memory import REFERRAL, World
from tests.unit.builders import NOW, TENANT
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.entrypoints.http.events import PRINCIPALS
from tests.unit.entrypoints.http.staff.test_people import MARIA, RIVERSIDE, a_person, an_api
from tests.unit.fhir.orders import PLACER, an_order
from tests.unit.lifecycle.work_item_worlds import STANDS_AT

ORDER = f"/fhir/ServiceRequest/{REFERRAL}"
OFFICER, REVIEWER = "petra", "ruth"


def an_audited_api() -> ApiClient:
    """A tenant with people, one referral and nothing on record."""
    api = an_api(STANDS_AT[Reason.NOT_ELIGIBLE](), settled=True)
    officer = a_person(OFFICER, duty=Duty.PRIVACY_OFFICER)
    reviewer = a_person(REVIEWER, duty=Duty.REVIEWER)
    api.world.directory._records = (*api.world.directory._records, officer, reviewer)
    return api


def a_request(resource_id: str) -> Request:
    return Request(
        principal=PRINCIPALS["staff-1"],
        body=b"",
        content_type=None,
        headers={},
        query={},
        correlation_id="request-1",
        base_url="https://api.example/fhir",
        resource_id=resource_id,
    )


def parameters(values: dict[str, str | int]) -> dict[str, Any]:
    """A Parameters resource."""
    kinds = {"sha256": "valueString", "size": "valueUnsignedInt", "contentType": "valueCode"}
    rows = [{"name": name, kinds[name]: value} for name, value in values.items()]
    return {"resourceType": "Parameters", "parameter": rows}


def only(api: ApiClient) -> AuditEntry:
    (entry,) = api.trail.entries
    return entry


def test_a_read_says_who_whom_what_from_where_and_why() -> None:
    api = an_audited_api()
    assert api.call("GET", f"/referrals/{REFERRAL}", client=MARIA).status == 200
    entry = only(api)
    assert (entry.tenant, entry.referral_id, entry.at) == (TENANT, REFERRAL, api.world.clock.now())
    assert (entry.agent, entry.person, entry.organization) == (MARIA, "Maria", "lakeside")
    assert (entry.operation, entry.access) == ("read-referral", Access.READ)
    assert (entry.address, entry.purpose) == ("203.0.113.7", Purpose.OPERATIONS)
    assert (entry.refused, entry.correlation_id) == (None, "request-1")


@pytest.mark.parametrize(
    ("method", "url", "body", "client"),
    [
        ("GET", ORDER, None, "ehr-1"),
        ("GET", f"{ORDER}/_history", None, "ehr-1"),
        ("GET", f"/fhir/Task/{REFERRAL}.a", None, "staff-1"),
        ("GET", f"/fhir/ServiceRequest?_id={REFERRAL}", None, "staff-1"),
        ("GET", f"/fhir/Task?focus=ServiceRequest/{REFERRAL}", None, "staff-1"),
        ("GET", "/work-items?_include=patient", None, "staff-1"),
        ("GET", f"{ORDER}/$available-actions", None, "staff-1"),
        ("POST", "/referrals/search", {"text": REFERRAL}, MARIA),
    ],
)
def test_each_way_to_a_record_names_it(method: str, url: str, body: Any, client: str) -> None:
    api = an_audited_api()
    assert api.call(method, url, body, client=client).status == 200
    assert {entry.referral_id for entry in api.trail.entries} == {REFERRAL}
    assert len({entry.id for entry in api.trail.entries}) == 1


def test_a_list_that_shows_nobody_is_on_record_as_asked() -> None:
    api = an_audited_api()
    api.call("GET", "/fhir/ServiceRequest?_id=nobody", client="staff-1")
    assert (only(api).referral_id, only(api).operation) == (None, "search-orders")


def test_what_shows_no_record_leaves_none() -> None:
    api = an_audited_api()
    for url in ("/me", "/people", "/work-items/counts", "/work-items/values"):
        assert api.call("GET", url, client=MARIA).status == 200
    assert not api.trail.entries


@pytest.mark.parametrize(
    ("method", "url", "client", "code", "access"),
    [
        ("GET", ORDER, "clinic-1", "not-found", Access.READ),
        ("GET", f"/fhir/ServiceRequest/{'f' * 32}", "ehr-1", "not-found", Access.READ),
        ("POST", f"{ORDER}/$reopen", "ehr-2", "not-found", Access.WRITE),
    ],
)
def test_a_refusal_is_on_record_with_what_was_asked(
    method: str, url: str, client: str, code: str, access: Access
) -> None:
    api = an_audited_api()
    body = {"reason": "wrong", "resume": "RouteReferral"} if method == "POST" else None
    reply = api.call(method, url, body, client=client)
    if reply.status == 403:
        code = "Forbidden"  # by role, before any use case
    assert reply.status in {403, 404}, reply.body
    entry = only(api)
    assert (entry.agent, entry.refused, entry.access) == (client, code, access)


def test_a_caller_without_the_scope_or_the_role_is_on_record() -> None:
    api = an_audited_api()
    assert api.call("GET", ORDER, scope="referrals/write").status == 403
    assert api.call("GET", "/work-items", client="ehr-1").status == 403
    operations = [(e.agent, e.operation, e.referral_id, e.refused) for e in api.trail.entries]
    assert operations == [
        ("staff-1", "read-order", REFERRAL, "Forbidden"),
        ("ehr-1", "search-work-items", None, "Forbidden"),
    ]


@pytest.mark.parametrize("path", ["/fhir/Patient/Whitlock-1970", "/work-items/Whitlock/decision"])
def test_what_somebody_wrote_into_a_path_is_not_kept(path: str) -> None:
    api = an_audited_api()
    event = {
        "rawPath": path,
        "requestContext": {"http": {"method": "POST", "sourceIp": "203.0.113.7"}},
    }
    reply = api.apps["receive_update"].resolve(event, None)
    assert reply["statusCode"] in {401, 404}
    assert "Whitlock" not in str([entry.operation for entry in api.trail.entries])
    assert not [entry for entry in api.trail.entries if entry.referral_id]


def test_a_write_that_has_no_event_is_on_record() -> None:
    api = an_audited_api()
    asked = {"sha256": "a" * 64, "size": 1000, "contentType": "application/pdf"}
    reply = api.call("POST", "/fhir/DocumentReference/$upload", parameters(asked), client="ehr-1")
    assert reply.status == 200, reply.body
    entry = only(api)
    assert (entry.operation, entry.access, entry.agent) == ("upload", Access.WRITE, "ehr-1")


def test_a_patch_that_changes_nothing_shows_no_order_without_its_trace() -> None:
    api = ApiClient(World())
    referral_id = api.call("POST", "/fhir/ServiceRequest", an_order(), client="ehr-1").body["id"]
    test = [{"op": "test", "path": "/id", "value": referral_id}]
    number = f"?identifier={PLACER['system']}|{PLACER['value']}"
    for path, operation in ((f"/{referral_id}", "patch-order"), (number, "patch-order-where")):
        url, kind = f"/fhir/ServiceRequest{path}", "application/json-patch+json"
        reply = api.call("PATCH", url, test, client="ehr-1", content_type=kind)
        assert "contained" in reply.body
        entry = api.trail.entries[-1]
        assert (entry.operation, entry.referral_id) == (operation, referral_id)
        assert (entry.access, entry.refused) == (Access.WRITE, None)
    assert len(api.trail.entries) == 2


def test_a_task_that_is_left_as_it_is_is_not_shown_without_its_trace() -> None:
    api = ApiClient(World())
    order = api.call("POST", "/fhir/ServiceRequest", an_order(), client="ehr-1")
    referral_id, whole = order.body["id"], f"/fhir/Task/{order.body['id']}.a"
    task = {"resourceType": "Task", "status": "requested", "intent": "order"}
    posted = {**task, "focus": {"reference": f"ServiceRequest/{referral_id}"}}
    test = [{"op": "test", "path": "/resourceType", "value": "Task"}]
    for method, path, body, kind, operation in (
        ("PATCH", whole, test, "application/json-patch+json", "patch-task"),
        ("POST", "/fhir/Task", posted, "application/fhir+json", "create-task"),
    ):
        for _ in range(2):
            before = len(api.world.referrals.events(TENANT, referral_id))
            reply = api.call(method, path, body, client="ehr-1", content_type=kind)
            assert (reply.status, reply.body["id"]) == (200, f"{referral_id}.a")
            told = len(api.world.referrals.events(TENANT, referral_id)) > before
            traced = [(e.operation, e.referral_id) for e in api.trail.entries]
            # An event tells of it, or a trace.
            assert traced == ([] if told else [(operation, referral_id)])
            api.trail.entries.clear()
        # What was said before, no event tells once more.
        assert not told


def test_an_order_that_is_sent_again_is_not_shown_without_its_trace() -> None:
    api = ApiClient(World())
    posted = api.call("POST", "/fhir/ServiceRequest", an_order(), client="ehr-1")
    assert not api.trail.entries
    referral_id = posted.body["id"]
    again = api.call("POST", "/fhir/ServiceRequest", an_order(), client="ehr-1")
    url, same = f"/fhir/ServiceRequest/{referral_id}", {**an_order(), "id": referral_id}
    put = api.call("PUT", url, same, client="ehr-1")
    assert [reply.status for reply in (again, put)] == [200, 200]
    traced = [(e.operation, e.referral_id, e.access) for e in api.trail.entries]
    assert traced == [
        (operation, referral_id, Access.WRITE) for operation in ("create-order", "update-order")
    ]
    # What changes it, its event tells.
    api.call("PUT", url, {**same, "priority": "stat"}, client="ehr-1")
    assert len(api.trail.entries) == 2


@pytest.mark.parametrize("route", [r for r in ROUTES if r.scope], ids=lambda r: r.operation)
def test_each_route_leaves_a_trace_of_what_it_does_and_of_what_it_refuses(route: Route) -> None:
    trail = MemoryAuditTrail()
    audit, asked = Audit(lambda: trail, ManualClock(NOW)), a_request(REFERRAL)
    audit.of(route, lambda _: Response(HTTPStatus.OK, {}))(asked)
    assert bool(trail.entries) is (route.operation not in NO_RECORDS | WRITES_WITH_EVENTS)
    with pytest.raises(NotFound):
        audit.of(route, refusing)(asked)
    assert (trail.entries[-1].operation, trail.entries[-1].refused) == (
        route.operation,
        "not-found",
    )


def refusing(_: Request) -> Response:
    raise NotFound("There is no such referral.")


def test_what_is_no_referrals_id_names_none() -> None:
    api = an_audited_api()
    api.call("POST", "/unmatched/item-1/decision", {"action": "dismiss"}, client="staff-1")
    assert {(e.operation, e.referral_id) for e in api.trail.entries} == {("match-item", None)}


class Failing(MemoryAuditTrail):
    """A trail that takes nothing."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def record(self, entries: Sequence[AuditEntry]) -> None:
        raise self.error


@pytest.mark.parametrize("error", [Retryable("throttled"), Permanent("AccessDenied")])
@pytest.mark.parametrize(
    ("url", "scope"),
    [(ORDER, "referrals/read"), ("/fhir/ServiceRequest/none", READ), (ORDER, "referrals/write")],
)
def test_what_cannot_be_put_on_record_is_not_shown(error: Exception, url: str, scope: str) -> None:
    api = an_audited_api()
    api.trail.record = Failing(error).record  # type: ignore[method-assign]
    reply = api.call("GET", url, client="ehr-1", scope=scope)
    assert (reply.status, reply.headers["retry-after"]) == (503, "2")
    assert "Whitlock" not in str(reply.body)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/people", {"username": "ines", "name": "Ines", "teams": ["front-office"]}),
        (f"/people/{MARIA}/leave", {}),
        ("/filters", {"name": "Late", "query": {"overdue": "true"}, "team": None}),
    ],
)
def test_what_cannot_be_put_on_record_is_not_done(path: str, body: dict[str, Any]) -> None:
    """Asked again it is done, and answered with what only the first answer says."""
    api, said = an_audited_api(), an_audited_api().call("POST", path, body, client="grace")
    works = api.trail.record
    api.trail.record = Failing(Retryable("throttled")).record  # type: ignore[method-assign]
    assert api.call("POST", path, body, client="grace").status == 503
    api.trail.record = works  # type: ignore[method-assign]
    again = api.call("POST", path, body, client="grace")
    assert (again.status, again.body) == (said.status, said.body)
    assert again.status < 300


# --- the accounting ------------------------------------------------------------------------------


def accounted(api: ApiClient, query: str, client: str = OFFICER) -> list[dict[str, Any]]:
    reply = api.call("GET", f"/fhir/AuditEvent?{query}", client=client)
    assert reply.status == 200, reply.body
    return [entry["resource"] for entry in reply.body.get("entry", [])]


@pytest.mark.parametrize("client", [OFFICER, REVIEWER])
def test_reviewers_and_privacy_officers_read_who_saw_a_patient(client: str) -> None:
    api = an_audited_api()
    api.call("GET", f"/referrals/{REFERRAL}", client=MARIA)
    api.call("GET", ORDER, client="clinic-1")
    found = accounted(api, f"entity=ServiceRequest/{REFERRAL}", client)
    reads = [e for e in found if e["type"]["code"] == "rest"]
    assert {e["agent"][0]["who"]["identifier"]["value"] for e in reads} >= {MARIA}
    for resource in found:
        AuditEvent.model_validate(resource)
    sent = [e for e in found if e["type"]["code"] == "110106"]
    (payer,) = (e for e in sent if e["agent"][1]["role"][0]["text"] == "payer")
    assert payer["purposeOfEvent"][0]["coding"][0]["code"] == "HPAYMT"


def test_a_patients_referrals_are_found_by_a_number_of_theirs() -> None:
    api = an_audited_api()
    api.call("GET", ORDER, client="ehr-1")
    patient = api.world.engine.case(api.world.referral).content.patient
    token = next(i for i in patient_identifiers(patient))
    assert accounted(api, f"patient={token}")
    assert not accounted(api, "patient=urn:x|nobody")


def patient_identifiers(patient: Any) -> Iterator[str]:
    yield from (i for i in identity_of(patient).identifiers if not i.startswith("|"))


@pytest.mark.parametrize("client", [MARIA, "grace", "staff-1", "ehr-1", "away"])
def test_nobody_else_reads_it(client: str) -> None:
    api = an_audited_api()
    reply = api.call("GET", f"/fhir/AuditEvent?entity=ServiceRequest/{REFERRAL}", client=client)
    assert reply.status == 403
    assert api.trail.entries[-1].refused


def test_another_tenants_officer_finds_nothing() -> None:
    api = an_audited_api()
    away = a_person("far", duty=Duty.PRIVACY_OFFICER, tenant=RIVERSIDE)
    api.world.directory._records = (*api.world.directory._records, away)
    api.call("GET", ORDER, client="ehr-1")
    assert not accounted(api, f"entity=ServiceRequest/{REFERRAL}", "far")


def test_reading_the_audit_is_on_record_too() -> None:
    api = an_audited_api()
    accounted(api, f"entity=ServiceRequest/{REFERRAL}")
    assert only(api).operation == "search-audit"


def test_reading_who_saw_a_patient_is_filed_with_that_patient() -> None:
    api = an_audited_api()
    accounted(api, f"entity=ServiceRequest/{REFERRAL}")
    accounted(api, f"entity=ServiceRequest/{REFERRAL}")
    assert [entry.referral_id for entry in api.trail.entries][1:] == [REFERRAL]


def test_what_went_out_is_accounted_to_whom_it_went() -> None:
    world = STANDS_AT[Reason.NOT_ACKNOWLEDGED]()
    events = world.referrals.events(TENANT, REFERRAL)
    sent = [(e.recipient, e.recipient_id) for e in disclosures(world.referral, events)]
    assert {recipient for recipient, _ in sent} == set(Recipient)
    assert None not in {whom for _, whom in sent}


def test_who_wrote_is_accounted_and_what_we_do_ourselves_is_not() -> None:
    world = STANDS_AT[Reason.NOT_ACKNOWLEDGED]()
    written = list(granted_writes(world.referrals.events(TENANT, REFERRAL)))
    assert "received" in {entry.operation for entry in written}
    assert {entry.access for entry in written} == {Access.WRITE}
    assert not {"router", "timer", "waitlist"} & {entry.agent for entry in written}


# --- where entries are kept ----------------------------------------------------------------------


@pytest.fixture(params=["memory", "table"])
def trail(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[AuditTrail]:
    if request.param == "memory":
        yield MemoryAuditTrail()
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**create_audit_table_request("audit"))
        yield AuditTable(client, "audit")


def an_entry(number: int, referral_id: str = "r1", tenant: Tenant = TENANT) -> AuditEntry:
    return AuditEntry(
        id=f"e{number}",
        at=NOW.replace(minute=number % 60, second=number // 60),
        tenant=tenant,
        referral_id=ReferralId(referral_id),
        access=Access.READ,
        agent="maria",
        operation="read-order",
    )


def stretch(limit: int, since: datetime = NOW, before: str | None = None) -> Stretch:
    return Stretch(since, before, limit)


R1 = ReferralId("r1")


def test_entries_are_kept_once_and_read_latest_first(trail: AuditTrail) -> None:
    trail.record([an_entry(1), an_entry(2), an_entry(1, "r2"), an_entry(3, tenant=RIVERSIDE)])
    trail.record([an_entry(2)])
    assert trail.of_referral(TENANT, R1, stretch(9)) == [an_entry(2), an_entry(1)]
    assert trail.of_referral(TENANT, R1, stretch(1)) == [an_entry(2)]
    assert trail.of_referral(TENANT, R1, stretch(9, NOW.replace(minute=2))) == [an_entry(2)]
    before = stretch(9, before=an_entry(2).place)
    assert trail.of_referral(TENANT, R1, before) == [an_entry(1)]
    assert trail.of_referral(RIVERSIDE, R1, stretch(9)) == [an_entry(3, tenant=RIVERSIDE)]


def test_what_is_on_record_is_never_put_again(trail: AuditTrail) -> None:
    trail.record([an_entry(1)])
    trail.record([an_entry(1).but(agent="mallory"), an_entry(2)])
    kept = trail.of_referral(TENANT, R1, stretch(9))
    assert [entry.agent for entry in kept] == ["maria", "maria"]


def test_a_page_of_many_is_kept_whole(trail: AuditTrail) -> None:
    trail.record([an_entry(n) for n in range(150)])
    assert len(trail.of_referral(TENANT, R1, stretch(500))) == 150


def test_what_names_no_referral_is_kept_by_the_day(trail: AuditTrail) -> None:
    of_nobody = [an_entry(n).but(referral_id=None) for n in range(40)]
    trail.record([*of_nobody, an_entry(50), an_entry(51).but(referral_id=None, tenant=None)])
    assert trail.of_referral(TENANT, R1, stretch(9)) == [an_entry(50)]
    assert trail.of_day(TENANT, NOW.date(), stretch(99)) == of_nobody[::-1]
    assert trail.of_day(TENANT, NOW.date() + timedelta(days=1), stretch(9)) == []
    before = stretch(3, before=of_nobody[20].place)
    assert trail.of_day(TENANT, NOW.date(), before) == of_nobody[19:16:-1]


def test_who_is_refused_all_day_is_not_kept_in_one_partition() -> None:
    refused = [an_entry(n).but(referral_id=None, id=f"{n:032x}") for n in range(400)]
    by_partition = Counter(_partition(entry) for entry in refused)
    assert len(by_partition) == 16
    assert max(by_partition.values()) < 100


def test_what_needs_no_trace_is_named_by_its_route() -> None:
    """A name that no route has would excuse the next route of that name."""
    assert {route.operation for route in ROUTES} > NO_RECORDS | WRITES_WITH_EVENTS
    assert {r.operation for r in ROUTES if r.scope == WRITE} >= WRITES_WITH_EVENTS
    assert not NO_RECORDS & WRITES_WITH_EVENTS


@pytest.mark.parametrize("route", [r for r in ROUTES if r.scope], ids=lambda r: r.operation)
def test_no_read_is_on_record_as_a_write(route: Route) -> None:
    trail = MemoryAuditTrail()
    audit = Audit(lambda: trail, ManualClock(NOW))
    audit.of(route, lambda _: Response(HTTPStatus.OK, {}))(a_request(REFERRAL))
    if route.method == "GET":
        assert all(entry.access is not Access.WRITE for entry in trail.entries)


def test_what_was_refused_is_nowhere_on_record_as_done() -> None:
    api = an_audited_api()
    assert api.call("POST", f"/people/{MARIA}/leave", {}, client=MARIA).status == 403
    day = f"date={api.world.clock.now().date()}"
    assert not accounted(api, f"{day}&outcome=0")
    assert [e.get("outcome") for e in accounted(api, f"{day}&agent={MARIA}")].count("4") == 1
