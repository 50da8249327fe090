"""Clients that others wrote, unmodified: PyPI fhirpy and fhirclient create, read and search."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Any, Final

import fhirclient.models.servicerequest as service_requests
import fhirclient.models.task as tasks
import pytest
from fhirclient.client import FHIRClient
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from local.partners.world import Client
from local.seed import SECRET, onboard, put
from local.stack import Stack
from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.domain.directory import EhrSystem
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Step
from referral_core.domain.updates import Role
from tests.end_to_end.orders import ORDERS, a_new_placer, an_order_that_waits
from tests.end_to_end.records import Records

REFERRALS: Final = 5
PAGE: Final = 2


@pytest.fixture(scope="module")
def client(stack: Stack) -> Client:
    """Onboard an EHR of its own, so that what it finds is what it posted."""
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
