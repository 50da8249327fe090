"""A draft, a proposal or an order on hold is taken and kept: nothing is done until it is sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral_core.domain.lifecycle import Party, Status
from referral_core.domain.referral import Referral
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.engine.process_due import process_due
from tests.in_memory import TENANT
from tests.unit.entrypoints.http.api_client import Reply
from tests.unit.fhir.orders import PLACER, an_order
from tests.unit.lifecycle.orders_wanted import (
    DERMATOLOGY,
    Desk,
    a_desk,
    coding,
    decide,
    post,
    stored,
)

HELD: list[dict[str, Any]] = [
    {"status": "draft"},
    {"intent": "proposal"},
    {"intent": "plan"},
    {"intent": "directive"},
    {"status": "on-hold"},
    {"status": "draft", "intent": "proposal"},
]


def put(api: Desk, reply: Reply, **fields: Any) -> Reply:
    order = an_order(
        id=reply.body["id"],
        identifier=[{**PLACER, "value": "A-1"}],
        **{"performerType": DERMATOLOGY, "reasonCode": [{"text": "as discussed"}], **fields},
    )
    return api.call("PUT", f"/fhir/ServiceRequest/{reply.body['id']}", order, client="ehr-1")


def waits(referral: Referral) -> bool:
    return (referral.status, referral.waits_for) == (Status.RECEIVED, Party.REFERRER)


@pytest.mark.parametrize("held", HELD)
def test_what_is_held_back_is_stored_and_nobody_hears_of_it(held: dict[str, Any]) -> None:
    api = a_desk("207N00000X")
    reply = post(api, performerType=DERMATOLOGY, **held)
    assert reply.status == 201
    assert waits(stored(api, reply))
    assert "its author is to send it as" in stored(api, reply).status_reason
    assert not api.told
    assert not stored(api, reply).notices


@pytest.mark.parametrize("held", HELD)
def test_what_is_held_back_for_long_a_person_asks_about_as_often(held: dict[str, Any]) -> None:
    api = a_desk("207N00000X")
    reply = post(api, performerType=DERMATOLOGY, **held)
    for _ in range(3):
        due_at = stored(api, reply).due_at
        assert due_at - api.world.clock.now() <= timedelta(days=32)
        api.world.clock.move_to(due_at)
        process_due(api.world.engine, TENANT, stored(api, reply).id)
        api.world.settle()
        item = stored(api, reply).work_item
        assert item.reason is Reason.MISSING_INFORMATION
        assert stored(api, reply).missing == ("active-order",)
        assert decide(api, reply, "retry").status == 200
    assert stored(api, reply).waits_for is Party.REFERRER
    assert api.told == []


def test_it_goes_on_from_there_when_its_author_sends_it() -> None:
    api = a_desk("207N00000X")
    reply = post(api, performerType=DERMATOLOGY, status="on-hold")
    api.world.clock.move_to(stored(api, reply).due_at)
    process_due(api.world.engine, TENANT, stored(api, reply).id)
    api.world.settle()
    assert put(api, reply).status == 200
    assert stored(api, reply).status is Status.OFFERED
    assert (stored(api, reply).work_item, stored(api, reply).missing) == (None, ())


@pytest.mark.parametrize("held", HELD)
def test_it_begins_when_its_author_sends_it_as_an_active_order(held: dict[str, Any]) -> None:
    api = a_desk("207N00000X")
    reply = post(api, performerType=DERMATOLOGY, **held)
    assert put(api, reply).status == 200
    assert stored(api, reply).status is Status.OFFERED
    assert api.told == ["payer", "payer", "clinic"]


def test_what_a_draft_does_not_say_yet_is_asked_of_nobody() -> None:
    api = a_desk("207N00000X")
    reply = post(
        api,
        code={"text": "Somebody for the skin"},
        status="draft",
        contained=None,
        subject={"display": "Known to us"},
        insurance=None,
    )
    assert reply.status == 201
    assert waits(stored(api, reply))
    assert stored(api, reply).work_item is None


def test_it_takes_the_pathway_of_what_it_is_when_it_is_sent() -> None:
    # Given a draft for dermatology
    api = a_desk("2084P0800X")
    reply = post(api, performerType=DERMATOLOGY, status="draft")
    assert stored(api, reply).pathway == "generic-specialist"
    # When it is sent as an order for psychiatry
    put(api, reply, performerType=coding("http://nucc.org/provider-taxonomy", "2084P0800X"))
    # Then it takes that pathway, and needs consent
    referral = stored(api, reply)
    assert (referral.pathway, referral.missing) == ("behavioral-health", ("consent",))


def test_an_order_that_is_complete_but_put_on_hold_while_information_is_awaited_holds() -> None:
    api = a_desk("207N00000X")
    coverage_missing = {"insurance": None}
    reply = post(
        api,
        performerType=DERMATOLOGY,
        contained=None,
        subject={"display": "Known to us"},
        **coverage_missing,
    )
    assert stored(api, reply).status is Status.NEEDS_INFORMATION
    put(api, reply, status="on-hold")
    referral = stored(api, reply)
    assert (referral.waits_for, api.told) == (Party.REFERRER, [])
    assert "on hold" in referral.status_reason


@pytest.mark.parametrize(
    "intent", ["order", "original-order", "reflex-order", "filler-order", "instance-order"]
)
def test_every_intent_that_authorizes_is_an_order(intent: str) -> None:
    api = a_desk("207N00000X")
    reply = post(api, performerType=DERMATOLOGY, intent=intent)
    assert stored(api, reply).status is Status.OFFERED


@pytest.mark.parametrize("status", ["active", "on-hold"])
def test_a_patients_own_directive_says_who_is_to_order_the_service(status: str) -> None:
    api = a_desk("207N00000X")
    reply = post(api, performerType=DERMATOLOGY, intent="directive", status=status)
    assert (reply.status, api.told) == (201, [])
    assert waits(stored(api, reply))
    # What is under way is not carried on by the patient's word alone either.
    put(api, reply)
    assert stored(api, reply).status is Status.OFFERED
    put(api, reply, intent="directive")
    referral = stored(api, reply)
    assert (referral.status, referral.waits_for) == (Status.ROUTING, Party.REFERRER)
    assert "clinician" in referral.status_reason


def test_a_new_version_that_is_no_referral_is_refused_and_changes_nothing() -> None:
    api = a_desk("207N00000X")
    reply = post(api, performerType=DERMATOLOGY, status="draft")
    before = stored(api, reply)
    refused = put(api, reply, performerType=None, code=coding("http://loinc.org", "24320-4"))
    assert (refused.status, refused.code) == (422, "not-a-referral")
    assert stored(api, reply) == before
    assert api.world.referrals.events(TENANT, before.id)[-1].version == before.version


def test_an_order_that_its_author_completed_is_offered_to_nobody() -> None:
    api = a_desk("207N00000X")
    reply = post(api, performerType=DERMATOLOGY)
    assert stored(api, reply).status is Status.OFFERED
    api.told.clear()
    put(api, reply, status="completed")
    referral = stored(api, reply)
    assert (referral.status, referral.waits_for) == (Status.ROUTING, Party.REFERRER)
    assert "is completed" in referral.status_reason
    assert not api.told
    put(api, reply)
    assert stored(api, reply).status is Status.OFFERED
