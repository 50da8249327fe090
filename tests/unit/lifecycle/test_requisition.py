"""Orders placed together for one patient are one series of contacts, and one answer."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from referral_core.adapters.memory.unmatched import MemoryUnmatched
from referral_core.domain.access.principal import Principal
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Status
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Cancel, Role
from referral_core.domain.work_items import Reason
from referral_core.entrypoints.sms_replies import ReceiveReply
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.engine.process_due import process_due
from referral_core.lifecycle.keep_unmatched import KeepUnmatched
from tests.in_memory import TENANT
from tests.unit.fhir.orders import PLACER, Json, a_bundle, a_coverage, a_patient, an_order
from tests.unit.lifecycle.orders_wanted import DERMATOLOGY, Desk, a_desk

NUMBER = "+15085550100"
PHONE = "+15085550131"
TOGETHER: Json = {"requisition": {"system": "https://ehr.example.org/requisitions", "value": "R-1"}}


def orders(*own: Json) -> Json:
    """Return a Bundle of orders for one patient, each with what is its own."""
    patient, coverage = a_patient(), a_coverage(beneficiary={"reference": "Patient/pat"})
    placed = [
        an_order(
            id=f"o{n}",
            contained=None,
            identifier=[{**PLACER, "value": f"A-{n}"}],
            subject={"reference": "Patient/pat"},
            insurance=[{"reference": "Coverage/cov"}],
            performerType=DERMATOLOGY,
            code={"text": f"Consultation {n}"},
            **fields,
        )
        for n, fields in enumerate(own)
    ]
    return a_bundle(*placed, patient, coverage)


class Placed:
    """Orders that were posted at once and accepted by the clinic, all or all but the last."""

    def __init__(self, bundle: Json, *, but_last: bool = False) -> None:
        self.api: Desk = a_desk("207N00000X")
        reply = self.api.call("POST", "/fhir", bundle, client="ehr-1")
        found = json.dumps(reply.body).split("ServiceRequest/")[1:]
        self.ids = [ReferralId(part[:32]) for part in dict.fromkeys(found)]
        self.ids = list(dict.fromkeys(self.ids))
        for one in self.ids[: -1 if but_last else None]:
            self.accepted(one)

    def accepted(self, one: ReferralId) -> None:
        offer = f"{one}.b{len(self.of(one).offers)}"
        task = {"resourceType": "Task", "id": offer, "status": "accepted", "intent": "order"}
        assert self.api.call("PUT", f"/fhir/Task/{offer}", task, client="clinic-1").status == 200

    def of(self, one: ReferralId) -> Referral:
        return self.api.world.referrals.load(TENANT, one).referral

    @property
    def all(self) -> list[Referral]:
        return [self.of(one) for one in self.ids]

    @property
    def sent(self) -> int:
        return self.api.told.count("patient")

    def days(self, count: int) -> None:
        world = self.api.world
        end = world.clock.now() + timedelta(days=count)
        while (due := min(r.due_at for r in self.all if not r.is_closed)) < end:
            world.clock.move_to(max(due, world.clock.now()))
            for one in self.ids:
                if not self.of(one).is_closed and self.of(one).due_at <= world.clock.now():
                    process_due(world.engine, TENANT, one)
                    world.settle()

    def texts(self, text: str) -> None:
        """Let the patient reply by text message."""
        world = self.api.world
        channel = Principal(
            client_id=NUMBER, tenant=TENANT, role=Role.PATIENT_CHANNEL, organization="carrier"
        )
        world.directory._records = (*world.directory._records, channel)
        receive = ReceiveReply(
            referrals=world.referrals,
            documents=world.documents,
            engine=world.engine,
            directory=world.directory,
            clock=world.clock,
            opt_outs=self.api.opt_outs,
            kept=KeepUnmatched(MemoryUnmatched(), world.referrals),
            messenger=world.messenger,
        )
        message: dict[str, Any] = {
            "originationNumber": PHONE,
            "destinationNumber": NUMBER,
            "messageBody": text,
            "inboundMessageId": "in-1",
        }
        receive.handle({"Records": [{"Sns": {"Message": json.dumps(message)}}]})
        world.settle()


def attempts(placed: Placed) -> list[int]:
    return [len(r.contacts) for r in placed.all]


def test_three_orders_of_a_requisition_are_one_series() -> None:
    placed = Placed(orders(TOGETHER, TOGETHER, TOGETHER))
    placed.days(4)
    assert {r.status for r in placed.all} == {Status.CONTACTING_PATIENT}
    assert placed.sent == 2
    assert attempts(placed) == [2, 0, 0]
    leader = placed.all[0].id
    assert [r.asked_with for r in placed.all] == [None, leader, leader]
    assert "all orders of the requisition" in placed.all[1].status_reason


def test_one_yes_is_a_yes_to_all_of_them() -> None:
    placed = Placed(orders(TOGETHER, TOGETHER, TOGETHER))
    placed.texts("YES")
    assert [r.patient_reply for r in placed.all] == ["yes"] * 3
    assert all(r.work_item is None for r in placed.all)
    placed.days(2)
    assert placed.sent == 1


def test_a_yes_is_none_to_an_order_that_comes_later_and_then_it_is() -> None:
    # Given the clinic of the third order has not answered yet
    placed = Placed(orders(TOGETHER, TOGETHER, TOGETHER), but_last=True)
    placed.texts("YES")
    late = placed.all[-1]
    # Then nobody has to read a yes that answers what others asked
    assert (late.status, late.work_item, late.patient_reply) == (Status.OFFERED, None, None)
    assert [r.patient_reply for r in placed.all[:-1]] == ["yes"] * 2
    # And when it is its turn, the patient has agreed already
    placed.accepted(late.id)
    placed.days(2)
    assert placed.sent == 1
    assert [r.patient_reply for r in placed.all] == ["yes"] * 3


def test_a_yes_by_telephone_reaches_the_others_within_a_day() -> None:
    placed = Placed(orders(TOGETHER, TOGETHER))
    body = {"action": "record-call", "result": "agreed", "spokeWith": "patient"}
    assert placed.api.call("POST", f"/work-items/{placed.ids[0]}/decision", body).status == 200
    placed.days(2)
    assert [r.patient_reply for r in placed.all] == ["yes"] * 2
    assert attempts(placed)[1] == 0


def test_who_was_not_reached_is_asked_about_the_others_by_a_person_only() -> None:
    placed = Placed(orders(TOGETHER, TOGETHER))
    placed.days(40)
    first, second = placed.all
    assert first.work_item is not None
    assert first.work_item.reason is Reason.PATIENT_NOT_REACHED
    assert second.work_item is None
    body = {"action": "close:unable-to-reach"}
    assert placed.api.call("POST", f"/work-items/{first.id}/decision", body).status == 200
    placed.days(2)
    first, second = placed.all
    assert attempts(placed)[1] == 0
    assert second.work_item is not None
    assert second.work_item.reason is Reason.PATIENT_NOT_REACHED
    assert first.contacts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        (TOGETHER, {}),
        (TOGETHER, {"requisition": {**TOGETHER["requisition"], "value": "R-2"}}),
    ],
)
def test_orders_that_were_not_placed_together_each_ask(one: Json, other: Json) -> None:
    placed = Placed(orders(one, other))
    placed.days(4)
    assert all(r.asked_with is None for r in placed.all)
    assert all(attempts(placed))


def test_the_group_of_their_tasks_brings_orders_together() -> None:
    tasks = [
        {
            "resourceType": "Task",
            "id": f"t{n}",
            "status": "requested",
            "intent": "order",
            "groupIdentifier": {"system": "https://ehr.example.org/groups", "value": "G-1"},
            "focus": {"reference": f"ServiceRequest/o{n}"},
        }
        for n in range(2)
    ]
    bundle = orders({}, {})
    bundle["entry"] += a_bundle(*tasks)["entry"]
    placed = Placed(bundle)
    placed.days(4)
    assert attempts(placed)[1] == 0


def test_one_order_that_is_withdrawn_does_not_call_off_the_others() -> None:
    placed = Placed(orders(TOGETHER, TOGETHER))
    world = placed.api.world
    for one, sent in zip(placed.ids, (1, 2), strict=True):
        world.clock.move(timedelta(days=1))
        update = Cancel(
            id=f"cancel-{one}",
            actor="ehr-1",
            role=Role.EHR,
            organization=placed.of(one).referrer,
            received_at=world.clock.now(),
        )
        apply_update(world.engine, TENANT, one, update)
        world.settle()
        # The patient was asked about both at once: only the last one's end is news.
        assert placed.sent == sent


def test_a_visit_of_one_of_them_that_is_cancelled_is_told_of_by_its_own_series() -> None:
    """The yes to all of them was said before: it does not keep the patient from hearing of it."""
    placed = Placed(orders(TOGETHER, TOGETHER))
    placed.texts("YES")
    second, start = placed.ids[1], placed.api.world.clock.now() + timedelta(days=20)
    visit = {
        "resourceType": "Appointment",
        "status": "booked",
        "start": start.isoformat(),
        "end": (start + timedelta(hours=1)).isoformat(),
        "basedOn": [{"reference": f"ServiceRequest/{second}"}],
        "participant": [{"actor": {"display": "Clinic"}, "status": "accepted"}],
    }
    assert placed.api.call("POST", "/fhir/Appointment", visit, client="clinic-1").status == 201
    placed.days(2)
    gone = {**visit, "status": "cancelled", "id": f"{second}.v1"}
    path = f"/fhir/Appointment/{second}.v1"
    assert placed.api.call("PUT", path, gone, client="clinic-1").status == 200
    placed.days(1)
    said = placed.api.world.messenger.sent[-1].body
    assert "is cancelled" in said
    assert placed.of(second).patient_reply is None
