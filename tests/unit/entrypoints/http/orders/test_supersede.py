"""An order that replaces another one ends it, whatever names it, and only its own author's."""

from __future__ import annotations

from typing import Any

import pytest

from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.referral import Referral
from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import PLACER, an_order
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY


def post(api: ApiClient, number: str, *, client: str = "ehr-1", **fields: Any) -> Reply:
    order = an_order(
        identifier=[{**PLACER, "value": number}],
        performerType=DERMATOLOGY,
        code={"text": "Consultation"},
        **fields,
    )
    return api.call("POST", "/fhir/ServiceRequest", order, client=client)


def told(api: ApiClient, ended: Reply) -> None:
    """Acknowledge that an order has ended, which closes it."""
    notice = {
        "resourceType": "Communication",
        "status": "completed",
        "inResponseTo": [{"reference": f"Communication/{ended.body['id']}.n1"}],
    }
    assert api.call("POST", "/fhir/Communication", notice, client="ehr-1").status == 201


def stored(api: ApiClient, reply: Reply) -> Referral:
    return api.world.referrals.load(TENANT, ReferralId(reply.body["id"])).referral


@pytest.mark.parametrize("named_by", ["identifier", "reference", "location", "task"])
def test_the_order_that_is_replaced_ends_and_names_its_successor(named_by: str) -> None:
    # Given an order under way
    api = ApiClient(World())
    first = post(api, "A-1")
    assert stored(api, first).status is Status.OFFERED
    old = first.body["id"]
    names = {
        "identifier": {"identifier": {"system": PLACER["system"], "value": "A-1"}},
        "reference": {"reference": f"ServiceRequest/{old}"},
        "location": {"reference": f"https://api.example.org/fhir/ServiceRequest/{old}"},
        "task": {"reference": f"Task/{old}.a"},
    }
    # When its author posts another one that replaces it
    second = post(api, "A-2", replaces=[names[named_by]])
    # Then the old one ends as superseded, the clinic is told, and it names the new one
    assert second.status == 201
    ended = stored(api, first)
    assert ended.proposed_outcome is Outcome.SUPERSEDED
    assert ended.superseded_by == second.body["id"]
    assert list(api.world.clinics.withdrawn.values()) == ["superseded"]
    assert sum(api.world.referrals.reserved.values()) == 1
    assert stored(api, second).status is Status.OFFERED


def test_a_repeat_of_the_post_changes_nothing_more() -> None:
    api = ApiClient(World())
    first = post(api, "A-1")
    by_identifier = [{"identifier": {"system": PLACER["system"], "value": "A-1"}}]
    second = post(api, "A-2", replaces=by_identifier)
    version = stored(api, first).version
    again = post(api, "A-2", replaces=by_identifier)
    assert (again.status, again.body["id"]) == (200, second.body["id"])
    assert stored(api, first).version == version


def test_the_end_is_told_to_the_referrer_and_closes_the_loop() -> None:
    api = ApiClient(World())
    first = post(api, "A-1")
    post(api, "A-2", replaces=[{"reference": f"ServiceRequest/{first.body['id']}"}])
    notice = stored(api, first).notice
    assert notice is not None
    assert notice.outcome is Outcome.SUPERSEDED


def test_another_ehrs_order_is_not_ended() -> None:
    api = ApiClient(World())
    first = post(api, "A-1")
    before = stored(api, first)
    reply = post(
        api,
        "B-1",
        client="ehr-2",
        replaces=[
            {"reference": f"ServiceRequest/{first.body['id']}"},
            {"identifier": {"system": PLACER["system"], "value": "A-1"}},
        ],
    )
    assert reply.status == 201
    assert stored(api, first) == before


def test_what_is_not_there_or_is_itself_is_replaced_by_nothing() -> None:
    api = ApiClient(World())
    reply = post(
        api,
        "A-1",
        replaces=[
            {"reference": "ServiceRequest/ffffffffffffffffffffffffffffffff"},
            {"identifier": {"system": PLACER["system"], "value": "A-1"}},
            {"display": "An old order"},
        ],
    )
    assert reply.status == 201
    assert stored(api, reply).proposed_outcome is None


def test_of_two_ends_the_later_one_counts_while_it_is_open() -> None:
    api = ApiClient(World())
    first = post(api, "A-1")
    reference = f"ServiceRequest/{first.body['id']}"
    path = f"/fhir/Task/{first.body['id']}.a"
    task = {"resourceType": "Task", "id": f"{first.body['id']}.a", "intent": "order"}
    cancelled = api.call("PUT", path, {**task, "status": "cancelled"}, client="ehr-1")
    assert cancelled.status == 200
    assert stored(api, first).proposed_outcome is Outcome.CANCELLED_BY_REFERRER
    post(api, "A-2", replaces=[{"reference": reference}])
    after = stored(api, first)
    assert after.proposed_outcome is Outcome.SUPERSEDED
    assert [n.outcome for n in after.notices] == [
        Outcome.CANCELLED_BY_REFERRER,
        Outcome.SUPERSEDED,
    ]


def test_an_order_that_is_closed_keeps_its_outcome() -> None:
    api = ApiClient(World())
    first = post(api, "A-1")
    reference = {"reference": f"ServiceRequest/{first.body['id']}"}
    post(api, "A-2", replaces=[reference])
    told(api, first)
    closed = stored(api, first)
    assert (closed.is_closed, closed.loop_closed) == (True, True)
    assert post(api, "A-3", replaces=[reference]).status == 201
    assert stored(api, first) == closed


def test_a_number_of_an_order_that_ended_says_how_and_what_helps() -> None:
    api = ApiClient(World())
    first, second = post(api, "A-1"), post(api, "A-2")
    old, new = f"ServiceRequest/{first.body['id']}", f"ServiceRequest/{second.body['id']}"
    path, task = f"/fhir/Task/{first.body['id']}.a", f"{first.body['id']}.a"
    body = {"resourceType": "Task", "id": task, "intent": "order", "status": "cancelled"}
    assert api.call("PUT", path, body, client="ehr-1").status == 200
    # While it ends: no advice that does not help
    ending = post(api, "A-1", priority="urgent")
    assert (ending.status, ending.code) == (409, "key-of-ended-order")
    assert f"{old} is ending as cancelled-by-referrer" in ending.says
    assert f"PUT {old}" not in ending.says
    # Once it has ended: when, how, by what it was replaced, and how it is opened again
    post(api, "A-3", replaces=[{"reference": new}])
    for ended in (first, second):
        told(api, ended)
    for number, name, outcome in (
        ("A-1", old, "as cancelled-by-referrer"),
        ("A-2", new, "as superseded by ServiceRequest/"),
    ):
        refused = post(api, number, priority="urgent")
        assert (refused.status, refused.code) == (409, "key-of-ended-order")
        assert f"{name} ended at 2026-03-02T15:00:00+00:00 {outcome}" in refused.says
        assert f"POST {name}/$reopen" in refused.says
    # The same order once more is the same answer as ever
    assert [post(api, n).status for n in ("A-1", "A-2")] == [200, 200]
    # What its advice says is so: a new number is a new referral, and the old one goes on
    assert post(api, "A-9", priority="urgent").status == 201
    reopening = {"resume": "CheckReadiness", "reason": "wanted-again"}
    assert api.call("POST", f"/fhir/{old}/$reopen", reopening, client="ehr-1").status == 200
    assert post(api, "A-1", priority="urgent").code == "key-reused"
