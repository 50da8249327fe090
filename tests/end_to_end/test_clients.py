"""Clients that others wrote, unmodified, on the embedded stack: two of PyPI, one of npm.

They create, read, search, page, read versions, update with an ETag, patch and upload; what npm's
do is in tests/contracts/clients.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64decode
from collections.abc import Iterator, Sequence
from typing import Any, Final

import fhirclient.models.servicerequest as service_requests
import fhirclient.models.task as tasks
import pytest
import urllib3
from fhirclient.client import FHIRClient
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import (
    MultipleResourcesFound,
    OperationOutcome,
    ResourceNotFound,
)

from local.partners.world import Client
from local.seed import SECRET, onboard, put
from local.stack import Stack
from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.domain.directory import EhrSystem
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.updates import Role
from tests.contracts.test_fhir_clients import CLIENTS, done_by, require_all_done
from tests.end_to_end.orders import ORDERS, a_new_placer, an_order_that_waits
from tests.end_to_end.records import Records
from tests.end_to_end.waiting import until

REFERRALS: Final = 5
PAGE: Final = 2
LETTER: Final = "A letter of many pages."


@pytest.fixture(scope="module")
def client(stack: Stack) -> Client:
    """Onboard an EHR of its own, so that what it finds is what it posted."""
    return a_new_client(stack)


def a_new_client(stack: Stack) -> Client:
    """Onboard an EHR that has sent nothing."""
    system = EhrSystem(
        tenant=Tenant("lakeside"),
        id=f"clients-ehr-{secrets.token_hex(3)}",
        name="An EHR built with other people's libraries",
        notices_url=f"{stack.partners_url}/ehr",
        secret=SECRET,
    )
    put(stack.emulator, stack.deployment, config_item(system))
    return onboard(stack.emulator, stack.deployment, Role.EHR, system.id)


@pytest.fixture(scope="module")
def fhirpy(stack: Stack, client: Client) -> Any:
    return SyncFHIRClient(f"{stack.api_url}/fhir", authorization=f"Bearer {stack.token(client)}")


@pytest.fixture(scope="module")
def smart(stack: Stack, client: Client) -> Iterator[FHIRClient]:
    """Return a fhirclient that has been authorized already, restored from its saved state."""
    server = {
        "base_uri": f"{stack.api_url}/fhir/",
        "auth_type": "oauth2",
        "auth": {"app_id": client.client_id, "access_token": stack.token(client)},
    }
    made = FHIRClient(state={"app_id": client.client_id, "server": server})
    yield made
    made.server.session.close()


@pytest.fixture(scope="module")
def posted(fhirpy: Any, records: Records) -> Sequence[Any]:
    """Create some referrals with fhirpy, all of which come to wait for their author."""
    orders = [
        fhirpy.resource("ServiceRequest", **an_order_that_waits(a_new_placer()))
        for _ in range(REFERRALS)
    ]
    for order in orders:
        order.create()
    for order in orders:
        records.waiting(order.id, Step.CHECK_READINESS)
    return orders


def placer(order: Any) -> str:
    return f"{ORDERS}|{order['identifier'][0]['value']}"


def is_cancelled(records: Records, referral_id: str) -> None:
    """Wait until the referral of a Task that was patched so is ending."""
    ending = {Status.CANCEL_REQUESTED, Status.CLOSED}
    until(lambda: records.referral(referral_id).status in ending, f"the end of {referral_id}")


# --- fhirpy ------------------------------------------------------------------------------------


def test_fhirpy_creates_and_reads(fhirpy: Any, posted: Sequence[Any]) -> None:
    created = posted[0]
    read = fhirpy.reference("ServiceRequest", created.id).to_resource()
    assert read.serialize() == created.serialize()


def test_fhirpy_finds_by_identifier(fhirpy: Any, posted: Sequence[Any]) -> None:
    found = fhirpy.resources("ServiceRequest").search(identifier=placer(posted[1])).get()
    assert found.id == posted[1].id


def test_fhirpy_updates(fhirpy: Any, posted: Sequence[Any]) -> None:
    order = fhirpy.reference("ServiceRequest", posted[2].id).to_resource()
    order["priority"] = "urgent"
    order.update()
    assert order["meta"]["versionId"] == "2"
    assert fhirpy.reference("ServiceRequest", order.id).to_resource()["priority"] == "urgent"


def test_fhirpy_reads_refusals(fhirpy: Any) -> None:
    with pytest.raises(ResourceNotFound):
        fhirpy.reference("ServiceRequest", "0" * 32).to_resource()
    with pytest.raises(OperationOutcome) as caught:
        fhirpy.resource("ServiceRequest", **an_order_that_waits(status="started")).create()
    (issue,) = caught.value.resource["issue"]
    assert issue["code"] == "code-invalid"


def test_fhirpy_finds_the_task_of_a_referral(fhirpy: Any, posted: Sequence[Any]) -> None:
    focus = f"ServiceRequest/{posted[0].id}"
    (task,) = fhirpy.resources("Task").search(focus=focus).fetch_all()
    assert task["focus"]["reference"].endswith(focus)
    assert task["businessStatus"]["coding"][0]["code"] == "awaiting-information"


def test_fhirpy_pages_through_all_tasks(fhirpy: Any, posted: Sequence[Any]) -> None:
    found = fhirpy.resources("Task").limit(PAGE).fetch_all()
    assert sorted(task["id"] for task in found) == sorted(f"{order.id}.a" for order in posted)


def test_fhirpy_counts_and_takes_the_first(fhirpy: Any, posted: Sequence[Any]) -> None:
    orders = fhirpy.resources("ServiceRequest").search(identifier=placer(posted[0]))
    assert orders.count() == 1
    assert orders.first()["id"] == posted[0].id


def test_fhirpy_finds_what_it_would_create(fhirpy: Any, posted: Sequence[Any]) -> None:
    order = fhirpy.reference("ServiceRequest", posted[0].id).to_resource()
    sent = {name: value for name, value in order.serialize().items() if name not in {"id", "meta"}}
    again = fhirpy.resource(**{"resource_type": "ServiceRequest", **sent})
    found, is_new = fhirpy.resources("ServiceRequest").get_or_create(again)
    assert (found.id, is_new) == (posted[0].id, False)


def test_fhirpy_reads_versions(fhirpy: Any, posted: Sequence[Any]) -> None:
    path = f"ServiceRequest/{posted[0].id}/_history"
    assert fhirpy.execute(f"{path}/1", method="get")["id"] == posted[0].id
    assert fhirpy.execute(path, method="get")["total"] == 1


def test_fhirpy_updates_the_version_that_it_knows(
    stack: Stack, client: Client, fhirpy: Any, posted: Sequence[Any]
) -> None:
    order = fhirpy.reference("ServiceRequest", posted[4].id).to_resource()
    known = {"If-Match": f'W/"{order["meta"]["versionId"]}"'}
    token = f"Bearer {stack.token(client)}"
    careful = SyncFHIRClient(f"{stack.api_url}/fhir", authorization=token, extra_headers=known)
    sent = careful.resource("ServiceRequest", **{**order.serialize(), "priority": "urgent"})
    sent.update()
    assert sent["priority"] == "urgent"
    with pytest.raises(MultipleResourcesFound):  # what fhirpy makes of every 412
        careful.resource("ServiceRequest", **{**order.serialize(), "priority": "stat"}).update()


def test_fhirpy_uploads_for_an_order_and_patches(fhirpy: Any, records: Records) -> None:
    order = fhirpy.resource("ServiceRequest", **an_order_that_waits(a_new_placer()))
    order.create()
    parameter = [
        {"name": "sha256", "valueString": hashlib.sha256(LETTER.encode()).hexdigest()},
        {"name": "size", "valueUnsignedInt": len(LETTER)},
        {"name": "contentType", "valueCode": "text/plain"},
    ]
    sent = {"resourceType": "Parameters", "parameter": parameter}
    offered = fhirpy.execute("DocumentReference/$upload", data=sent)["parameter"]
    place = {one["name"]: one for one in offered}
    headers = {one["name"]: one["valueString"] for one in place["headers"]["part"]}
    url = place["url"]["valueUrl"]
    assert urllib3.request("PUT", url, body=LETTER.encode(), headers=headers).status == 200
    attachment = {"contentType": "text/plain", "url": place["attachmentUrl"]["valueUrl"]}
    letter = {"resourceType": "DocumentReference", "id": "letter", "status": "current"}
    order["contained"] = [*order["contained"], {**letter, "content": [{"attachment": attachment}]}]
    order["supportingInfo"] = [{"reference": "#letter"}]
    order.update()
    digits = hashlib.sha256(LETTER.encode()).hexdigest()[:30]
    read = fhirpy.reference("Binary", f"{order.id}.d{digits}").to_resource()
    assert b64decode(read["data"]).decode() == LETTER
    task = fhirpy.reference("Task", f"{order.id}.a").to_resource()
    task.patch(status="cancelled", statusReason={"text": "Entered twice."})
    is_cancelled(records, order.id)


# --- npm ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("program", CLIENTS)
def test_a_client_of_npm_does_all_that_it_can(stack: Stack, program: str) -> None:
    # fhir-kit-client sends a transaction to the base with a slash behind it.
    token = stack.token(a_new_client(stack))
    require_all_done(program, done_by(program, f"{stack.api_url}/fhir", token))


# --- fhirclient --------------------------------------------------------------------------------


def test_fhirclient_knows_the_server_by_its_metadata(stack: Stack) -> None:
    settings = {"app_id": "nobody", "api_base": f"{stack.api_url}/fhir"}
    anonymous = FHIRClient(settings=settings)
    statement = anonymous.server.capabilityStatement
    assert statement.fhirVersion == "4.0.1"
    named = {resource.type for resource in statement.rest[0].resource}
    assert {"ServiceRequest", "Task"} <= named
    anonymous.server.session.close()


def test_fhirclient_creates_reads_and_finds(smart: FHIRClient) -> None:
    order = service_requests.ServiceRequest(an_order_that_waits(a_new_placer()))
    stored = service_requests.ServiceRequest(order.create(smart.server))
    read = service_requests.ServiceRequest.read(stored.id, smart.server)
    assert read.as_json() == stored.as_json()
    search = service_requests.ServiceRequest.where({"identifier": placer(stored.as_json())})
    (found,) = search.perform_resources_iter(smart.server)
    assert found.as_json() == stored.as_json()


def test_fhirclient_updates(smart: FHIRClient, posted: Sequence[Any]) -> None:
    order = service_requests.ServiceRequest.read(posted[3].id, smart.server)
    order.priority = "asap"
    assert order.update(smart.server)["priority"] == "asap"


def test_fhirclient_finds_tasks_by_status_page_by_page(
    smart: FHIRClient, posted: Sequence[Any]
) -> None:
    status = tasks.Task.read(f"{posted[0].id}.a", smart.server).status

    def found(wanted: str) -> set[str]:
        search = tasks.Task.where({"status": wanted, "_count": str(PAGE)})
        return {task.id for task in search.perform_resources_iter(smart.server)}

    assert {f"{order.id}.a" for order in posted} <= found(status)
    assert found("completed") == set()
