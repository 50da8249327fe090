"""The staff's API: worklists, decisions, care of an item, reopening; and who may use it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import TenantProfile
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Outcome, Queue, Status
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.payers.authorization import AuthorizationStatus
from referral_core.domain.referral import WorkItem
from referral_core.domain.updates import Role
from referral_core.domain.work_items import WORK_ITEM_POLICIES, Reason, actions_of
from referral_core.entrypoints.http.staff.work_items import DecideWorkItems
from referral_core.lifecycle.engine.apply_update import Receipt
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import TO_THE_END, accepted, reason_of
from tests.unit.builders import a_new_referral, a_referral
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.lifecycle.work_item_worlds import OTHERS_ORDER, STANDS_AT, a_world, until

RIVERSIDE = Tenant("riverside")

NOT_STAFF = ("ehr-1", "ehr-2", "clinic-1", "payer-1")
ACTIONS = f"/fhir/ServiceRequest/{REFERRAL}/$available-actions"
REOPEN = f"/fhir/ServiceRequest/{REFERRAL}/$reopen"


def at(reason: Reason) -> ApiClient:
    return ApiClient(STANDS_AT[reason]())


def closed() -> World:
    world = a_world()
    for act in TO_THE_END:
        act(world)
    return world


# --- who --------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", NOT_STAFF)
def test_worklists_and_decisions_are_for_staff_only(client: str) -> None:
    api = at(Reason.NOT_ELIGIBLE)
    before = api.world.referral
    for reply in (
        api.items(client=client),
        api.call("GET", ACTIONS, client=client),
        api.decide("self-pay", client=client),
        api.decide("claim", client=client),
    ):
        assert (reply.status, reply.code) == (403, "forbidden")
    assert api.world.referral == before


def test_another_tenants_staff_find_nothing() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    before = api.world.referral
    for reply in (
        api.call("GET", ACTIONS, client="stranger"),
        api.decide("self-pay", client="stranger"),
        api.decide("dance", client="stranger"),
        api.call("POST", REOPEN, {"reason": "x", "resume": "RouteReferral"}, client="stranger"),
    ):
        assert reply.status == 404
    assert api.items(client="stranger").body["workItems"] == []
    assert api.world.referral == before


def test_a_referral_that_is_not_there_is_not_found() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    path = "/work-items/ffffffffffffffffffffffffffffffff/decision"
    assert api.call("POST", path, {"action": "claim"}).status == 404


def test_a_token_that_may_only_read_decides_nothing() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    path = f"/work-items/{REFERRAL}/decision"
    reply = api.call("POST", path, {"action": "claim"}, scope="referrals/read")
    assert reply.status == 403
    assert "referrals/write" in reply.says


# --- the list ---------------------------------------------------------------------------------


_SAID_OF_THE_CASE = {
    Reason.POSSIBLE_DUPLICATE: (
        f"Another practice asked for the same for this patient (referral {OTHERS_ORDER}); "
        "keep both, or close this one."
    ),
    Reason.CLINIC_CLOSED: "The directory does not list 1999900100 at clinic-1 any more; ask about "
    "the visit of 2026-03-09, then rebook, or let it stand.",
    Reason.MISSING_INFORMATION: "Information that the pathway requires is missing (patient phone, "
    "coverage member id); get it, correct the order, retry.",
}
"""What an item says of its own referral, instead of its kind's sentence."""


@pytest.mark.parametrize("path", ["Task/{}.a", "ServiceRequest/{}/$timeline"])
def test_a_practice_is_not_told_what_another_one_ordered(path: str) -> None:
    api = at(Reason.POSSIBLE_DUPLICATE)
    for is_overdue in (False, True):
        if is_overdue:
            api.world.wait()
        assert api.world.referral.status_reason.startswith("Overdue. ") is is_overdue
        reply = api.call("GET", f"/fhir/{path.format(REFERRAL)}", client="ehr-1")
        assert reply.status == 200
        assert "A person looks at the order" in str(reply.body)
        assert OTHERS_ORDER not in str(reply.body)
        assert "nother practice" not in str(reply.body)


@pytest.mark.parametrize("reason", list(Reason))
def test_an_item_says_in_one_sentence_why_it_waits_and_what_may_be_done(reason: Reason) -> None:
    api = at(reason)
    (item,) = api.items().body["workItems"]
    assert item["id"] == REFERRAL
    assert item["reason"] == reason
    said = _SAID_OF_THE_CASE.get(reason, WORK_ITEM_POLICIES[reason].status_reason)
    assert item["statusReason"].removeprefix("Overdue. ") == said
    # One sentence: it ends with the only full stop, and names what would move the referral.
    assert said.endswith(".")
    assert said.count(".") == 1
    assert any(mark in WORK_ITEM_POLICIES[reason].status_reason for mark in (";", ":", ","))
    known = api.world.referral.work_item
    assert known is not None
    wanted = [*actions_of(reason), "claim", "assign", "snooze", "comment"]
    assert item["actions"] == wanted
    assert item["owner"] is None
    assert datetime.fromisoformat(item["dueAt"]) == known.due_at
    sent = api.call("GET", ACTIONS).body["parameter"]
    assert [p["valueCode"] for p in sent if p["name"] == "action"] == wanted
    assert [p["valueString"] for p in sent if p["name"] == "statusReason"] == [item["statusReason"]]


def test_an_item_holds_no_word_of_the_patient() -> None:
    api = at(Reason.PATIENT_WROTE)
    assert api.decide("comment", comment="Marjorie said she is afraid.").status == 200
    text = json.dumps(api.items().body)
    for word in ("Marjorie", "Whitlock", "555", "afraid"):
        assert word not in text


def an_item(hours: int, **fields: object) -> WorkItem:
    due = a_time(hours)
    base = {
        "reason": Reason.NO_CANDIDATE,
        "opened_at": a_time(0),
        "resume_at": "RouteReferral",
        "actions": ("retry",),
        "due_at": due,
    }
    return WorkItem.model_validate({**base, **fields})


def a_time(hours: int) -> datetime:
    return datetime(2026, 3, 2, 15, tzinfo=UTC) + timedelta(hours=hours)


def many() -> ApiClient:
    """An api with items that are due at 1 … 9 hours, in three queues, and much else."""
    world = World()
    queues = (Queue.FRONT_OFFICE, Queue.CONTACT_CENTER, Queue.CLINICAL_REVIEW)
    for hours in (5, 3, 9, 1, 7, 2, 8, 4, 6):
        owner = f"staff-{1 + hours % 2}" if hours < 7 else None
        referral = a_referral(
            f"r{hours}",
            queue=queues[hours % 3],
            due_at=a_time(hours),
            work_item=an_item(hours, owner=owner),
        )
        world.referrals.accept([a_new_referral(referral)])
    for number in range(60):
        waits = a_referral(f"w{number}", queue=Queue.CONTACT_CENTER, due_at=a_time(number))
        world.referrals.accept([a_new_referral(waits)])
    return ApiClient(world, settled=False)


def ids(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [item["id"] for item in reply.body["workItems"]]


def test_the_list_holds_what_waits_for_people_soonest_due_first() -> None:
    assert ids(many().items()) == [f"r{hours}" for hours in range(1, 10)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?queue=front-office", ["r3", "r6", "r9"]),
        ("?queue=contact-center", ["r1", "r4", "r7"]),
        ("?queue=care-management", []),
        ("?owner=staff-1", ["r2", "r4", "r6"]),
        ("?owner=nobody", []),
        ("?due-before=2026-03-02T18:00:00Z", ["r1", "r2"]),
        ("?due-before=2026-03-02T18:00:01Z", ["r1", "r2", "r3"]),
        ("?due-before=2026-03-02T13:00:00-05:00", ["r1", "r2"]),
        ("?queue=front-office&owner=staff-1&due-before=2026-03-03T00:00:00Z", ["r6"]),
    ],
)
def test_it_is_narrowed_by_queue_owner_and_due_time(query: str, found: list[str]) -> None:
    assert ids(many().items(query)) == found


@pytest.mark.parametrize(
    "query", ["?", "?queue=contact-center&", "?due-before=2026-03-03T00:00:00Z&"]
)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 100])
def test_its_pages_together_are_the_whole_list(query: str, count: int) -> None:
    api = many()
    whole = ids(api.items(query.rstrip("?&")))
    found: list[str] = []
    url = f"https://api.example.org/work-items{query}_count={count}"
    while url:
        parts = urlsplit(url)
        reply = api.call("GET", f"{parts.path}?{parts.query}")
        assert len(ids(reply)) <= count
        found += ids(reply)
        url = reply.body["next"]
        assert url is None or url.startswith("https://api.example.org/work-items?")
    assert found == whole


def test_items_that_are_due_at_the_same_instant_are_all_on_some_page() -> None:
    world = World()
    for number in range(5):
        referral = a_referral(f"r{number}", due_at=a_time(1), work_item=an_item(1))
        world.referrals.accept([a_new_referral(referral)])
    api = ApiClient(world, settled=False)
    first = api.items("?_count=3")
    parts = urlsplit(first.body["next"])
    rest = api.call("GET", f"{parts.path}?{parts.query}")
    assert sorted(ids(first) + ids(rest)) == [f"r{n}" for n in range(5)]


def test_an_overdue_item_is_listed_as_due_when_it_was() -> None:
    # Given an item that nobody decided in time; the router looks again later
    api = at(Reason.NOT_ELIGIBLE)
    due = api.world.referral.due_at
    api.world.wait()
    assert api.world.referral.due_at > due
    # Then whoever asks what is due by now sees it
    now = api.world.clock.now() + timedelta(seconds=1)
    (item,) = api.items(f"?due-before={now:%Y-%m-%dT%H:%M:%SZ}").body["workItems"]
    assert datetime.fromisoformat(item["dueAt"]) == due
    assert item["statusReason"].startswith("Overdue. ")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?queue=kitchen", "unknown-queue"),
        ("?due-before=tomorrow", "invalid-instant"),
        ("?due-before=2026-03-02T15:00:00", "invalid-instant"),
        ("?_count=0", "invalid-count"),
        ("?_count=x", "invalid-count"),
        ("?colour=red", "unknown-search-parameter"),
    ],
)
def test_a_list_that_cannot_be_asked_for_says_how_it_can(query: str, code: str) -> None:
    reply = many().items(query)
    assert (reply.status, reply.code) == (400, code)
    assert reply.says.endswith(".")


# --- decisions ----------------------------------------------------------------------------------


def test_an_action_that_is_not_allowed_names_those_that_are() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    before = api.world.referral
    for action in ("dance", "sign-off", "release", "appeal"):
        reply = api.decide(action)
        assert (reply.status, reply.code) == (409, "action-not-allowed")
        assert "self-pay" in reply.says
        assert "close:not-eligible" in reply.says
    assert api.world.referral == before


def test_of_a_closed_referral_nothing_is_allowed() -> None:
    reply = ApiClient(closed()).decide("claim")
    assert (reply.status, reply.code) == (409, "action-not-allowed")
    assert reply.says == (
        "Now allowed: nothing. The referral is closed: completed-report-acknowledged."
    )


@pytest.mark.parametrize(
    ("reason", "action", "sent", "wanted"),
    [
        (Reason.NOT_ELIGIBLE, "assign", {}, "owner"),
        (Reason.NOT_ELIGIBLE, "snooze", {}, "until"),
        (Reason.NOT_ELIGIBLE, "comment", {}, "comment"),
        (Reason.CALL_DUE, "record-call", {}, "result"),
        (Reason.CALL_DUE, "record-call", {"result": "great"}, "voicemail"),
        (Reason.CALL_DUE, "record-call", {"result": "declined"}, "spokeWith"),
        (Reason.CALL_DUE, "record-call", {"result": "opted-out"}, "spokeWith"),
        (Reason.CALL_DUE, "record-call", {"result": "agreed"}, "spokeWith"),
        (Reason.AUTHORIZATION_DENIED, "enter-authorization", {}, "number and validTo"),
        (Reason.AUTHORIZATION_DENIED, "enter-authorization", {"number": "7"}, "validTo"),
        (
            Reason.AUTHORIZATION_DENIED,
            "enter-authorization",
            {"number": "7", "validFrom": "2026-05-01", "validTo": "2026-04-01"},
            "not before validFrom",
        ),
        (Reason.FEE_CLASS_MISSING, "self-pay", {}, "feeClass"),
        (Reason.SERVICE_UNCLEAR, "name-service", {}, "specialty"),
    ],
)
def test_an_incomplete_act_says_what_to_send(
    reason: Reason, action: str, sent: dict[str, str], wanted: str
) -> None:
    api = at(reason)
    before = api.world.referral
    reply = api.decide(action, **sent)
    assert (reply.status, reply.code) == (400, "incomplete-decision")
    assert wanted in reply.says
    assert api.world.referral == before


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("", "JSON"),
        ("[]", "JSON"),
        ("{", "JSON"),
        ({"action": "claim", "colour": "red"}, "colour"),
        ({"comment": "c"}, "action"),
        ({"action": "snooze", "until": "tomorrow"}, "until"),
        ({"action": "snooze", "until": "2026-03-03T10:00:00"}, "until"),
        ({"action": "assign", "owner": "Dr. Jane Roe"}, "owner"),
        ({"action": "self-pay", "feeClass": "E"}, "feeClass"),
        ({"action": "enter-authorization", "number": "1", "validTo": "soon"}, "validTo"),
        ({"action": "comment", "comment": "x" * 2001}, "comment"),
    ],
)
def test_what_cannot_be_read_says_what_to_correct(body: object, names: str) -> None:
    api = at(Reason.NOT_ELIGIBLE)
    reply = api.call("POST", f"/work-items/{REFERRAL}/decision", body)
    assert (reply.status, reply.code) == (400, "invalid-decision")
    assert names in reply.says
    assert "docs/work_items.md" in reply.says


def test_a_decision_moves_the_referral() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    reply = api.decide("self-pay", comment="Agreed on the phone.")
    assert (reply.status, reply.code) == (200, "resolved")
    assert api.world.referral.status is Status.OFFERED
    assert api.items().body["workItems"] == []
    # The reason why is a document, and its hash is in the update.
    updates = api.world.referrals.updates[TENANT, REFERRAL].values()
    (digest,) = [u.comment for u in updates if u.comment is not None]
    assert api.documents.stored[TENANT, digest][0] == b"Agreed on the phone."
    evidence = api.world.referrals.evidence[TENANT, REFERRAL]
    assert [e.sha256 for e in evidence if e.kind == "comment"] == [digest]


def test_a_closing_decision_is_told_to_the_referrer_and_closes() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    assert api.decide("close:not-eligible").status == 200
    notice = api.world.referral.notice
    assert notice is not None
    assert notice.outcome is Outcome.NOT_ELIGIBLE
    assert api.decide("close:not-eligible").code == "duplicate"
    assert api.decide("self-pay").status == 409


def test_an_authorization_got_by_phone_is_entered_with_its_dates() -> None:
    api = at(Reason.AUTHORIZATION_OVERDUE)
    sent = {"number": "PH-7", "validFrom": "2026-03-03", "validTo": "2026-05-01"}
    assert api.decide("enter-authorization", **sent).code == "resolved"
    known = api.world.referral.authorization
    assert known is not None
    assert (known.status, known.number) == (AuthorizationStatus.APPROVED, "PH-7")
    assert (str(known.valid_from), str(known.valid_to)) == ("2026-03-03", "2026-05-01")


def test_an_item_is_claimed_snoozed_and_given_to_a_colleague() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    assert api.decide("claim").code == "recorded"
    assert api.decide("claim", client="staff-2").status == 409
    assert ids(api.items("?owner=staff-1")) == [REFERRAL]
    until_then = (api.world.clock.now() + timedelta(hours=2)).isoformat()
    assert api.decide("snooze", until=until_then).status == 200
    (item,) = api.items().body["workItems"]
    assert datetime.fromisoformat(item["snoozedUntil"]) == datetime.fromisoformat(until_then)
    assert "release" in item["actions"]
    assert api.decide("assign", owner="staff-2").status == 200
    assert ids(api.items("?owner=staff-2")) == [REFERRAL]
    assert api.decide("release", client="staff-2").status == 200
    too_long = (api.world.clock.now() + timedelta(days=90)).isoformat()
    assert (api.decide("snooze", until=too_long).status) == 409


def test_who_is_overtaken_between_the_look_and_the_write_is_told_by_whom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = at(Reason.NOT_ELIGIBLE)
    submit = DecideWorkItems._submit

    def late(*sent: Any) -> Receipt:
        monkeypatch.setattr(DecideWorkItems, "_submit", submit)
        assert api.decide("claim", client="staff-2").status == 200
        return submit(*sent)

    monkeypatch.setattr(DecideWorkItems, "_submit", late)
    overtaken = api.decide("claim")
    assert overtaken.status == 409
    assert "staff-2 has claimed it" in str(overtaken.body)


def test_what_may_be_told_without_a_work_item_is_named_and_taken() -> None:
    world = a_world()
    accepted(world)
    api = ApiClient(world)
    sent = api.call("GET", ACTIONS).body["parameter"]
    assert [p["valueCode"] for p in sent if p["name"] == "action"] == ["record-call"]
    assert api.decide("record-call", result="voicemail").status == 200
    assert world.referral.contacts[-1].result == "voicemail"
    assert api.decide("claim").status == 409


# --- repeats ------------------------------------------------------------------------------------


def test_a_decision_said_again_under_its_key_is_a_repeat() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    first = api.decide("self-pay", key="k-1")
    version = api.world.referral.version
    again = api.decide("self-pay", key="k-1")
    assert (first.code, again.status, again.code) == ("resolved", 200, "duplicate")
    assert api.world.referral.version == version


def test_a_key_is_of_one_client_and_one_act() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    assert api.decide("claim", key="k-1").code == "recorded"
    assert api.decide("comment", comment="one", key="k-1").code == "recorded"
    assert api.decide("comment", comment="one", key="k-1", client="staff-2").code == "recorded"
    assert api.decide("comment", comment="one", key="k-1").code == "duplicate"
    (item,) = api.items().body["workItems"]
    assert item["comments"] == 2


def test_claiming_releasing_and_claiming_again_are_three_acts() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    for action in ("claim", "release", "claim"):
        api.world.clock.move(timedelta(seconds=1))
        assert api.decide(action).code == "recorded"
    (item,) = api.items().body["workItems"]
    assert item["owner"] == "staff-1"


def test_two_calls_with_the_same_result_are_two_attempts_and_a_double_click_is_one() -> None:
    world = a_world()
    accepted(world)
    api = ApiClient(world)
    calls = []
    for wait in (0, 10, 3600):
        world.clock.move(timedelta(seconds=wait))
        api.decide("record-call", result="voicemail")
        calls.append(sum(c.channel == "call" for c in world.referral.contacts))
    assert calls == [1, 1, 2]


LOST = {
    "self-pay": (Reason.NOT_ELIGIBLE, {}),
    "confirm-eligible": (Reason.ELIGIBILITY_UNCLEAR, {}),
    "claim": (Reason.NOT_ELIGIBLE, {}),
    "enter-authorization": (
        Reason.AUTHORIZATION_DENIED,
        {"number": "A-77", "validTo": "2026-12-31"},
    ),
    "close:no-provider-available": (Reason.NO_CANDIDATE, {"comment": "Nobody has room."}),
    "record-call": (Reason.PATIENT_WROTE, {"result": "declined", "spokeWith": "patient"}),
}


@pytest.mark.parametrize("action", LOST)
def test_an_act_whose_answer_was_lost_is_said_again_without_a_key(action: str) -> None:
    reason, says = LOST[action]
    api = at(reason)
    assert api.decide(action, **says).status == 200
    version = api.world.referral.version
    api.world.clock.move(timedelta(seconds=20))
    again = api.decide(action, **says)
    assert (again.status, again.code) == (200, "duplicate")
    assert api.world.referral.version == version
    # The same word of somebody else, or another one of the same person, is another act.
    assert api.decide(action, **says, client="staff-2").status == 409
    if action != "claim":
        assert api.decide(action, **{**says, "comment": "Another word."}).status == 409


def test_an_act_on_the_item_that_was_looked_at_is_said_again() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    (item,) = api.items().body["workItems"]
    assert api.decide("self-pay", item=item["openedAt"]).status == 200
    assert api.decide("self-pay", item=item["openedAt"]).code == "duplicate"
    other = "2026-03-01T00:00:00Z"
    assert api.decide("self-pay", item=other).code == "overtaken"


# --- reopening ----------------------------------------------------------------------------------


def test_a_closed_referral_is_reopened_by_staff_or_its_own_ehr() -> None:
    sent = {"reason": "wrong-report", "resume": "VerifyClosure"}
    for client in ("staff-1", "ehr-1"):
        api = ApiClient(closed())
        reply = api.call("POST", REOPEN, sent, client=client)
        assert reply.status == 200
        assert reply.body["resourceType"] == "Task"
        assert api.world.referral.run == 2
        assert api.world.referral.reopenings[0].actor == client


@pytest.mark.parametrize(
    ("client", "status"), [("clinic-1", 403), ("payer-1", 403), ("ehr-2", 404), ("stranger", 404)]
)
def test_nobody_else_reopens_it(client: str, status: int) -> None:
    api = ApiClient(closed())
    sent = {"reason": "wrong-report", "resume": "VerifyClosure"}
    assert api.call("POST", REOPEN, sent, client=client).status == status
    assert api.world.referral.is_closed


def test_a_reopening_whose_answer_was_lost_is_said_again() -> None:
    api = ApiClient(closed())
    sent = {"reason": "wrong-report", "resume": "VerifyClosure"}
    assert api.call("POST", REOPEN, sent).status == 200
    version = api.world.referral.version
    again = api.call("POST", REOPEN, sent)
    assert (again.status, again.headers["etag"]) == (200, f'W/"{version}"')
    assert api.world.referral.version == version
    assert api.world.referral.run == 2
    for other in ({**sent, "resume": "ContactPatient"}, {**sent, "reason": "another"}):
        assert api.call("POST", REOPEN, other).status == 409
    assert api.call("POST", REOPEN, sent, client="ehr-1").status == 409


def test_an_open_referral_is_not_reopened() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    reply = api.call("POST", REOPEN, {"reason": "x", "resume": "RouteReferral"})
    assert (reply.status, reply.code) == (409, "not-possible-now")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"reason": "Wrong report!", "resume": "VerifyClosure"}, 400),
        ({"reason": "wrong-report", "resume": "Nowhere"}, 400),
        ({"reason": "wrong-report", "resume": "CloseReferral"}, 409),
    ],
)
def test_a_reopening_that_cannot_be_is_refused(body: dict[str, str], status: int) -> None:
    api = ApiClient(closed())
    assert api.call("POST", REOPEN, body).status == status
    assert api.world.referral.is_closed


def test_a_reason_by_which_a_worklist_grows_is_seen_by_whoever_looks() -> None:
    world = a_world()
    accepted(world)
    api = ApiClient(world)
    assert ids(api.items()) == []
    until(world, Reason.CALL_DUE)
    (item,) = api.items("?queue=contact-center").body["workItems"]
    assert item["id"] == ReferralId(REFERRAL)
    assert api.decide("record-call", result="agreed", spokeWith="patient").code == "resolved"
    assert reason_of(world) is None


def test_a_stop_said_on_the_telephone_is_honoured_here_and_at_the_carrier() -> None:
    # Given a patient who is being contacted
    world = a_world()
    accepted(world)
    # When staff record that the patient wants no more messages
    assert (
        ApiClient(world).decide("record-call", result="opted-out", spokeWith="patient").status
        == 200
    )
    # Then the number is on our list and on the carrier's, and a person decides what follows
    phone = ClinicalPayload.load(world.referrals.payload(world.referral)).content.patient.phone
    assert phone
    assert world.referrals.opted_out(TENANT, contact_hash(phone))
    assert phone in world.messenger.opted_out
    assert reason_of(world) is Reason.PATIENT_OPTED_OUT


@pytest.mark.parametrize(
    ("number", "whose", "shared", "stopped"),
    [
        ("+15085550100", TENANT, {RIVERSIDE}, True),
        ("+15085550100", TENANT, set(), False),
        ("+15085550100", RIVERSIDE, {TENANT}, True),
        ("+15085550100", RIVERSIDE, set(), False),
        ("pool-of-nobody", TENANT, {RIVERSIDE}, False),
        (None, TENANT, {RIVERSIDE}, False),
    ],
)
def test_a_stop_on_the_telephone_holds_for_whoever_writes_from_the_number(
    number: str | None,
    whose: Tenant,
    shared: set[Tenant],
    stopped: bool,  # noqa: FBT001 - a case
) -> None:
    # Given a number that two tenants write from, as the profile and the number's principal say
    world = a_world()
    channel = Principal(
        client_id="+15085550100",
        tenant=whose,
        role=Role.PATIENT_CHANNEL,
        organization="carrier",
        shared_with=frozenset(shared),
    )
    profile = world.directory.tenant(TENANT).but(phone_identity=number)
    others = [r for r in world.directory._records if not isinstance(r, TenantProfile)]
    world.directory._records = (profile, channel, *others)
    accepted(world)
    # When staff record that the patient wants no more messages
    ApiClient(world).decide("record-call", result="opted-out", spokeWith="patient")
    # Then no tenant writes from that number any more
    phone = ClinicalPayload.load(world.referrals.payload(world.referral)).content.patient.phone
    assert phone
    assert world.referrals.opted_out(TENANT, contact_hash(phone))
    assert world.referrals.opted_out(RIVERSIDE, contact_hash(phone)) is stopped


@pytest.mark.parametrize("owner", ["nobody", "ehr-1", "stranger"])
def test_an_item_is_assigned_to_staff_of_the_tenant_only(owner: str) -> None:
    api = at(Reason.NOT_ELIGIBLE)
    refused = api.decide("assign", owner=owner)
    assert (refused.status, refused.code) == (422, "unknown-owner")
    item = api.world.referral.work_item
    assert item is not None
    assert item.owner is None


@pytest.mark.parametrize("action", ["claim", "keep-waiting", "comment"])
def test_a_result_beside_another_act_opts_nobody_out(action: str) -> None:
    api = at(Reason.PATIENT_WROTE)
    reply = api.decide(action, result="opted-out", comment="Read.")
    assert (reply.status, reply.code) == (400, "result-without-call")
    assert not api.world.referrals.opt_outs
    assert not api.world.referral.opted_out
