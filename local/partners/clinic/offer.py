"""How a clinic reads an offer: strictly, as a FHIR server with a referral workflow does.

Written apart from the product's own mapping on purpose: what both got wrong alike would not show.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from local.partners.fhir_endpoint import Json, Refused, expect

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_NPI: Final = re.compile(r"\d{10}", re.ASCII)
_NPI_SYSTEM: Final = "http://hl7.org/fhir/sid/us-npi"
_RELATIVE: Final = re.compile(r"[A-Z][A-Za-z]+/[^/]+")
_ELSEWHERE: Final = frozenset({"partOf"})
"""Elements of the Task that lead to resources which stay with the router."""


class Offer(NamedTuple):
    """What the clinic keeps of an offer."""

    task: Json
    order: Json
    patient: Json

    @property
    def task_id(self) -> str:
        """The Task's id."""
        return str(self.task["id"])


def read_offer(bundle: Json) -> Offer:
    """Read the transaction that offers a referral.

    Raises:
        Refused: it is none that the clinic can work with; the message says where.
    """
    try:
        return _read(bundle)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Refused(f"missing or of another shape: {error}") from error


def read_task(task: Json, task_id: str) -> Json:
    """Read a Task that is written under its id.

    Raises:
        Refused: it is none, or another's.
    """
    expect(task["resourceType"] == "Task", "Task/{id} takes a Task")
    expect(task.get("id") == task_id, "Task.id: the id of the URL")
    expect(isinstance(task.get("status"), str) and task.get("intent") == "order", "Task.status")
    return task


def _read(bundle: Json) -> Offer:
    expect(bundle["resourceType"] == "Bundle" and bundle["type"] == "transaction", "Bundle.type")
    known: dict[str, Json] = {}
    for entry in bundle["entry"]:
        resource, request = entry["resource"], entry["request"]
        name = f"{resource['resourceType']}/{resource['id']}"
        expect(bool(_ID.fullmatch(resource["id"])), f"{name}: an id")
        expect(request["method"] == "PUT" and request["url"] == name, f"{name}: request")
        expect(entry["fullUrl"].endswith(f"/{name}"), f"{name}: fullUrl")
        expect(name not in known, f"{name}: once")
        known[name] = resource
    tasks = [r for r in known.values() if r["resourceType"] == "Task"]
    expect(len(tasks) == 1, "one Task")
    (task,) = tasks
    expect(task["status"] == "requested" and task["intent"] == "order", "Task.status")
    codes = {coding["code"] for coding in task["code"]["coding"]}
    expect("fulfill" in codes, "Task.code")
    owner = task["owner"]["identifier"]
    expect(owner["system"] == _NPI_SYSTEM and bool(_NPI.fullmatch(owner["value"])), "Task.owner")
    order = known[task["focus"]["reference"]]
    expect(order["resourceType"] == "ServiceRequest", "Task.focus")
    expect(order["status"] == "active" and "order" in order["intent"], "ServiceRequest.status")
    patient = known[order["subject"]["reference"]]
    expect(patient["resourceType"] == "Patient" and bool(patient["name"]), "a patient with a name")
    expect(task["for"]["reference"] == order["subject"]["reference"], "Task.for")
    for resource in known.values():
        inside = {name: value for name, value in resource.items() if name not in _ELSEWHERE}
        for reference in _references(inside):
            resolves = reference in known or not _RELATIVE.fullmatch(reference)
            expect(resolves, f"{resource['resourceType']}: {reference} is not in the Bundle")
    return Offer(task, order, patient)


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in _references(item)]
    if not isinstance(value, dict):
        return []
    own = [value["reference"]] if isinstance(value.get("reference"), str) else []
    return own + [found for item in value.values() for found in _references(item)]
