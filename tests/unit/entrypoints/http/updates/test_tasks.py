"""Tasks as SDOHCC sends them: changed by PATCH and PUT alike, and made about known orders."""

from __future__ import annotations

from typing import Any

import pytest

from referral_core.domain.events import EventKind
from referral_core.domain.ids import ReferralId
from referral_core.fhir.json_patch import MEDIA_TYPE
from tests.in_memory import REFERRAL, TENANT
from tests.unit.entrypoints.http.api_client import Reply
from tests.unit.entrypoints.http.parties import (
    ABROAD,
    NOWHERE,
    OTHERS,
    Parties,
    Party,
    Request,
    closed,
    offered,
    patient_seen,
    visit_booked,
)
from tests.unit.fhir.orders import PLACER, Json

OFFER = f"/fhir/Task/{REFERRAL}.b2"
WHOLE = f"/fhir/Task/{REFERRAL}.a"
STATUS = "/status"


def patch(parties: Parties, party: Party, url: str, *operations: Json, **headers: str) -> Reply:
    known = {"content-type": MEDIA_TYPE, **headers}
    return parties.call(Request("PATCH", url, list(operations), known), party)  # type: ignore[arg-type]


def status_to(value: str) -> Json:
    return {"op": "replace", "path": STATUS, "value": value}


def put(parties: Parties, party: Party, url: str, **changed: Any) -> Reply:
    task = parties.call(Request("GET", url), party).body
    return parties.call(Request("PUT", url, {**task, **changed}), party)


def stored(parties: Parties) -> Any:
    return parties.world.referral


def noted(parties: Parties) -> list[bytes]:
    """The words that came with updates, as they are kept."""
    evidence = parties.world.referrals.evidence[TENANT, REFERRAL]
    hashes = [e.sha256 for e in evidence if e.kind == "comment"]
    return [parties.api.documents.stored[TENANT, sha][0] for sha in hashes]


# --- said again ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("rejected", {"coding": [{"code": "capacity"}]}),
        ("failed", {"text": "The doctor is ill."}),
        ("cancelled", {}),
    ],
)
def test_a_clinic_whose_answer_was_lost_gives_its_offer_back_again(
    status: str, reason: Json
) -> None:
    parties = offered()
    task = {"resourceType": "Task", "id": f"{REFERRAL}.b2", "intent": "order", "status": status}
    sent = Request("PUT", OFFER, {**task, "statusReason": reason} if reason else task)
    first, events = parties.call(sent, Party.IN_HAND), stored(parties).version
    again = parties.call(sent, Party.IN_HAND)
    assert (again.status, again.body) == (first.status, first.body)
    assert (first.status, stored(parties).version) == (200, events)
    # What it had not said then, it may not say now.
    other = {**task, "statusReason": {"coding": [{"code": "other-words"}]}}
    assert parties.call(Request("PUT", OFFER, other), Party.IN_HAND).status == 409
    taken = Request("PUT", OFFER, {**task, "status": "accepted"})
    assert parties.call(taken, Party.IN_HAND).status == 409


# --- PATCH and PUT alike --------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["accepted", "rejected", "received", "on-hold", "failed"])
def test_a_patch_is_the_put_that_it_makes(status: str) -> None:
    by_patch, by_put = offered(), offered()
    first = patch(by_patch, Party.IN_HAND, OFFER, status_to(status))
    second = put(by_put, Party.IN_HAND, OFFER, status=status)
    assert first.status == second.status == 200, (first.body, second.body)
    assert first.body == second.body
    kinds = [
        [e.kind for e in p.world.referrals.events(TENANT, REFERRAL)] for p in (by_patch, by_put)
    ]
    assert kinds[0] == kinds[1]


def test_a_clinic_attests_by_a_patch_with_its_reason() -> None:
    parties = patient_seen()
    reason = {"coding": [{"system": "urn:clinic", "code": "no-report"}], "text": "Nothing to add"}
    reply = patch(
        parties,
        Party.IN_HAND,
        OFFER,
        status_to("completed"),
        {"op": "add", "path": "/statusReason", "value": reason},
    )
    assert reply.status == 200, reply.body
    assert stored(parties).attestation == "urn:clinic|no-report"
    assert b"Nothing to add" in noted(parties)


def test_an_ehr_cancels_by_a_patch() -> None:
    parties = visit_booked()
    assert patch(parties, Party.OWN_EHR, WHOLE, status_to("cancelled")).status == 200
    parties.world.settle()
    assert stored(parties).proposed_outcome == "cancelled-by-referrer"


@pytest.mark.parametrize("how", ["put", "patch"])
def test_words_on_a_task_that_is_left_as_it_is_are_kept(how: str) -> None:
    parties = offered()
    note = {"text": "Please send the last ECG."}
    output = {"type": {"text": "outcome"}, "valueCodeableConcept": {"text": "food box delivered"}}
    if how == "put":
        reply = put(parties, Party.IN_HAND, OFFER, note=[note], output=[output])
    else:
        reply = patch(
            parties,
            Party.IN_HAND,
            OFFER,
            {"op": "add", "path": "/note", "value": [note]},
            {"op": "add", "path": "/output", "value": [output]},
        )
    assert reply.status == 200, reply.body
    assert stored(parties).offer.status == "open"
    assert noted(parties) == [b"Please send the last ECG.\nfood box delivered"]


def test_what_the_task_says_already_is_not_its_senders_word() -> None:
    parties = offered()
    assert patch(parties, Party.IN_HAND, OFFER, status_to("accepted")).status == 200
    assert not noted(parties)


def test_a_test_that_does_not_hold_changes_nothing() -> None:
    parties = offered()
    before = parties.stored()
    test = {"op": "test", "path": STATUS, "value": "accepted"}
    reply = patch(parties, Party.IN_HAND, OFFER, test, status_to("rejected"))
    assert (reply.status, reply.code) == (409, "patch-test-failed")
    assert parties.stored() == before


def test_a_patch_honours_if_match() -> None:
    parties = offered()
    etag = parties.call(Request("GET", OFFER), Party.IN_HAND).headers["etag"]
    stale = patch(parties, Party.IN_HAND, OFFER, status_to("accepted"), **{"if-match": 'W/"1"'})
    assert stale.status == 412
    known = patch(parties, Party.IN_HAND, OFFER, status_to("accepted"), **{"if-match": etag})
    assert known.status == 200


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        (status_to("teapot"), 400),
        (status_to("requested"), 200),  # as it is: nothing is asked for
        (status_to("draft"), 422),
        ({"op": "replace", "path": "/id", "value": "other"}, 400),
        ({"op": "replace", "path": "/resourceType", "value": "Patient"}, 400),
        ({"op": "remove", "path": STATUS}, 400),
    ],
)
def test_a_patch_makes_a_task_that_a_put_could_be(operation: Json, status: int) -> None:
    parties = offered()
    assert patch(parties, Party.IN_HAND, OFFER, operation).status == status


def test_another_kind_of_patch_is_named_as_such() -> None:
    parties = offered()
    body = {"resourceType": "Task", "status": "accepted"}
    reply = parties.call(Request("PATCH", OFFER, body), Party.IN_HAND)
    assert (reply.status, reply.code) == (415, "unsupported-patch")
    assert MEDIA_TYPE in reply.says


def test_a_task_is_patched_by_path_too() -> None:
    parties = offered()
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Task.status"},
        {"name": "value", "valueCode": "accepted"},
    ]
    operation = {"name": "operation", "part": parts}
    body = {"resourceType": "Parameters", "parameter": [operation]}
    reply = parties.call(Request("PATCH", OFFER, body), Party.IN_HAND)
    assert (reply.status, reply.body["status"]) == (200, "accepted")


@pytest.mark.parametrize(
    ("party", "url", "status"),
    [
        (Party.DECLINED, OFFER, 404),
        (Party.NEVER_ASKED, OFFER, 404),
        (Party.AWAY_CLINIC, OFFER, 404),
        (Party.OTHER_EHR, WHOLE, 404),
        (Party.IN_HAND, WHOLE, 403),
        (Party.IN_HAND, f"/fhir/Task/{REFERRAL}.b9", 404),
        (Party.STAFF, f"/fhir/Task/{REFERRAL}.b9", 404),
        (Party.IN_HAND, f"/fhir/Task/{NOWHERE}.b1", 404),
    ],
)
def test_nobody_probes_a_task_by_patching_it(party: Party, url: str, status: int) -> None:
    parties = offered()
    before = parties.stored()
    probe = {"op": "test", "path": STATUS, "value": "requested"}
    assert patch(parties, party, url, probe, status_to("accepted")).status == status
    assert parties.stored() == before


# --- a Task about an order ------------------------------------------------------------------------


def a_new_task(**fields: Any) -> Json:
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "focus": {"reference": f"ServiceRequest/{REFERRAL}"},
        **fields,
    }


def post(parties: Parties, party: Party = Party.OWN_EHR, **fields: Any) -> Reply:
    return parties.call(Request("POST", "/fhir/Task", a_new_task(**fields)), party)


@pytest.mark.parametrize(
    "focus",
    [
        {"reference": f"ServiceRequest/{REFERRAL}"},
        {"reference": f"https://router.example.org/fhir/ServiceRequest/{REFERRAL}"},
        {"reference": f"ServiceRequest/{REFERRAL}/_history/1"},
        {"identifier": {**PLACER, "value": "A-1"}},
        {"type": "ServiceRequest", "identifier": {**PLACER, "value": "A-1"}, "display": "order"},
    ],
)
def test_a_task_about_a_known_order_is_the_same_referral(focus: Json) -> None:
    parties = offered()
    before = parties.stored()
    reply = post(parties, focus=focus)
    assert reply.status == 200, reply.body
    assert reply.body["id"] == f"{REFERRAL}.a"
    assert reply.headers["location"].endswith(f"/Task/{REFERRAL}.a")
    assert parties.stored() == before
    assert post(parties, focus=focus).body == reply.body


@pytest.mark.parametrize(
    "focus",
    [
        None,
        {"reference": f"ServiceRequest/{NOWHERE}"},
        {"reference": f"ServiceRequest/{OTHERS}"},
        {"reference": f"ServiceRequest/{ABROAD}"},
        {"reference": "ServiceRequest/their-own-17"},
        {"reference": "#order"},
        {"reference": "Patient/1"},
        {"identifier": {**PLACER, "value": "Z-9"}},
        {"identifier": {"system": "urn:others", "value": "A-1"}},
        {"identifier": {**PLACER, "value": "B-1"}},
        {"identifier": {"system": PLACER["system"]}},
    ],
)
def test_a_task_about_an_unknown_order_is_told_what_to_do(focus: Json | None) -> None:
    parties = offered()
    before = parties.stored()
    reply = post(parties, focus=focus)
    assert (reply.status, reply.code) == (422, "focus-unknown")
    assert "Send the order first" in reply.says
    assert parties.stored() == before


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "draft"}, "task-status-not-accepted"),
        ({"status": "cancelled"}, "task-status-not-accepted"),
        ({"status": "completed"}, "task-status-not-accepted"),
        ({"intent": "proposal"}, "intent-not-accepted"),
        ({"intent": None}, "intent-not-accepted"),
        ({"priority": "stat"}, "priority-of-the-order"),
        (
            {
                "for": {
                    "identifier": {"system": "urn:mrn", "value": "someone-else"},
                    "display": "Zoltan Quite-Another",
                }
            },
            "another-patient",
        ),
    ],
)
def test_a_task_that_says_what_its_order_does_not_is_refused(fields: Json, code: str) -> None:
    parties = offered()
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "birthDate": "1991-01-01",
        "name": [{"family": "Quite", "given": ["Another"]}],
    }
    if code == "another-patient":
        fields = {"contained": [patient], "for": {"reference": "#p"}}
    reply = post(parties, **{k: v for k, v in fields.items() if v is not None})
    if "intent" in fields and fields["intent"] is None:
        task = {k: v for k, v in a_new_task().items() if k != "intent"}
        reply = parties.call(Request("POST", "/fhir/Task", task), Party.OWN_EHR)
    assert (reply.status, reply.code) == (422, code)


def test_what_a_new_task_says_in_words_is_kept_and_its_sender_warned() -> None:
    parties = offered()
    value = {"type": {"text": "instructions"}, "valueString": "Ring the side door."}
    reply = post(parties, description="Food box", note=[{"text": "Urdu spoken."}], input=[value])
    assert reply.status == 200
    assert "kept for the coordinators" in reply.headers["warning"]
    assert noted(parties) == [b"Food box\nUrdu spoken.\nRing the side door."]
    last = parties.world.referrals.events(TENANT, REFERRAL)[-1]
    assert last.kind is EventKind.UPDATE_RECORDED
    post(parties, description="Food box", note=[{"text": "Urdu spoken."}], input=[value])
    assert len(noted(parties)) == 1


def test_a_task_about_a_closed_referral_shows_that_it_is() -> None:
    reply = post(closed())
    assert (reply.status, reply.body["status"]) == (200, "completed")


@pytest.mark.parametrize("party", [Party.IN_HAND, Party.PAYER, Party.STAFF])
def test_only_an_ehr_makes_tasks(party: Party) -> None:
    assert post(offered(), party).status == 403


def test_the_same_number_of_two_ehrs_is_each_ones_own() -> None:
    parties = offered()
    reply = post(parties, Party.OTHER_EHR, focus={"identifier": {**PLACER, "value": "B-1"}})
    assert (reply.status, reply.body["id"]) == (200, f"{ReferralId(OTHERS)}.a")
