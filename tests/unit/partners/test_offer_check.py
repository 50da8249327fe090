"""The simulated clinic reads an offer as strictly as a FHIR server with a workflow does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from local.partners.clinic.offer import read_offer, read_task
from local.partners.fhir_endpoint import Refused
from tests.unit.partners.offers import a_withdrawal, an_entry, an_offer

Json = dict[str, Any]


def task_of(bundle: Json) -> Json:
    task: Json = bundle["entry"][0]["resource"]
    return task


def order_of(bundle: Json) -> Json:
    order: Json = bundle["entry"][1]["resource"]
    return order


def patient_of(bundle: Json) -> Json:
    patient: Json = bundle["entry"][2]["resource"]
    return patient


def test_an_offer_is_its_task_order_and_patient() -> None:
    offer = read_offer(an_offer("r7.b2"))

    assert offer.task_id == "r7.b2"
    assert offer.order["resourceType"] == "ServiceRequest"
    assert offer.patient["name"] == [{"family": "Whitlock"}]


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b.update(resourceType="Task"),
        lambda b: b.update(type="collection"),
        lambda b: b.pop("entry"),
        lambda b: b["entry"].pop(0),
        lambda b: b["entry"].append(an_entry({**task_of(b), "id": "r1.b9"})),
        lambda b: b["entry"].append(copy.deepcopy(b["entry"][2])),
        lambda b: b["entry"][0].pop("request"),
        lambda b: b["entry"][0]["request"].update(method="POST"),
        lambda b: b["entry"][0]["request"].update(url="Task/other"),
        lambda b: b["entry"][0].update(fullUrl="urn:uuid:1"),
        lambda b: task_of(b).update(id="not an id"),
        lambda b: task_of(b).update(status="accepted"),
        lambda b: task_of(b).pop("focus"),
        lambda b: (
            b["entry"].append(an_entry({**order_of(b), "id": "r1.b2"}))
            or task_of(b).update(focus={"display": "one of them"})
        ),
        lambda b: task_of(b).update(focus={"reference": "ServiceRequest/r1.b2"}),
        lambda b: task_of(b).update(focus={"reference": "Patient/r1.r1"}),
        lambda b: task_of(b).pop("for"),
        lambda b: task_of(b).update(code={"text": "please"}),
        lambda b: task_of(b)["owner"]["identifier"].update(value="123"),
        lambda b: order_of(b).update(status="revoked"),
        lambda b: order_of(b).update(intent="plan"),
        lambda b: order_of(b).update(subject={"reference": "Practitioner/r1.r2"}),
        lambda b: order_of(b).update(insurance=[{"reference": "Coverage/nowhere"}]),
        lambda b: patient_of(b).pop("name"),
    ],
)
def test_an_offer_that_a_clinic_cannot_work_with_is_refused(
    change: Callable[[Json], object],
) -> None:
    bundle = an_offer()
    change(bundle)

    with pytest.raises(Refused):
        read_offer(bundle)


@pytest.mark.parametrize(
    "fields", [{"id": "r1.b2"}, {"resourceType": "Bundle"}, {"status": 1}, {"intent": "plan"}]
)
def test_a_task_is_written_under_its_own_id_only(fields: Json) -> None:
    assert read_task(a_withdrawal(), "r1.b1")["status"] == "cancelled"

    with pytest.raises(Refused):
        read_task({**a_withdrawal(), **fields}, "r1.b1")
