"""Operators find, hold back, let go on and give once more, each within their own tenant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral_core.domain.access.audit import Access
from referral_core.domain.access.scopes import OPERATE, READ, WRITE
from referral_core.domain.directory import EhrSystem
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.pause import Pause, PauseScope
from referral_core.domain.work_items import Reason
from tests.in_memory import REFERRAL, TENANT, World
from tests.unit.builders import NOW
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.staff.test_people import GRACE, MARIA, an_api, at, stored
from tests.unit.entrypoints.http.staff.test_work_items import an_item

ELSEWHERE = Tenant("riverside")


def call(api: ApiClient, method: str, path: str, body: Any = None, **who: str) -> Reply:
    return api.call(method, f"/operations{path}", body, **{"scope": OPERATE, **who})


def an_office() -> ApiClient:
    return an_api(World())


@pytest.mark.parametrize("scope", [READ, WRITE, f"{READ} {WRITE}"])
def test_it_needs_the_scope_of_its_own(scope: str) -> None:
    assert call(an_office(), "GET", "/pauses", scope=scope).status == 403


@pytest.mark.parametrize(("client", "status"), [(GRACE, 200), ("staff-1", 200), (MARIA, 403)])
def test_of_people_only_managers_operate(client: str, status: int) -> None:
    assert call(an_office(), "GET", "/pauses", client=client).status == status


@pytest.mark.parametrize("client", ["ehr-1", "finance-1"])
def test_no_other_role_operates(client: str) -> None:
    assert call(an_office(), "GET", "/overdue", client=client).status == 403


def test_what_is_held_back_is_listed_and_let_go_on() -> None:
    api = an_office()
    asked = {"scope": "payer", "of": "harbor", "reason": "their gateway is down"}
    made = call(api, "POST", "/pauses", asked)
    assert (made.status, made.body["id"], made.body["by"]) == (201, "payer:harbor", "staff-1")
    assert [p["id"] for p in call(api, "GET", "/pauses").body["pauses"]] == ["payer:harbor"]
    assert call(api, "DELETE", "/pauses/payer:harbor").body == {"resumed": True}
    again = call(api, "DELETE", "/pauses/payer:harbor")
    assert (again.status, again.says) == (404, "Nothing is held back.")


@pytest.mark.parametrize(
    ("scope", "of"),
    [("tenant", TENANT), ("payer", "pioneer"), ("clinic", "clinic-2"), ("channel", "sms")],
)
def test_whom_the_tenant_works_with_can_be_held_back(scope: str, of: str) -> None:
    asked = {"scope": scope, "of": of, "reason": "it is down"}
    assert call(an_office(), "POST", "/pauses", asked).status == 201


def test_all_of_the_tenants_own_work_is_held_back_without_naming_the_tenant() -> None:
    api = an_office()
    made = call(api, "POST", "/pauses", {"scope": "tenant", "reason": "a restore is under way"})
    assert (made.status, made.body["id"]) == (201, f"tenant:{TENANT}")
    assert call(api, "DELETE", f"/pauses/tenant:{TENANT}").body == {"resumed": True}
    nameless = call(api, "POST", "/pauses", {"scope": "payer", "reason": "it is down"})
    assert (nameless.status, nameless.code) == (400, "invalid-operation")


@pytest.mark.parametrize(
    ("scope", "of", "says"),
    [
        ("payer", "acme", "no payer 'acme'. Name one of these: harbor, pioneer."),
        ("payer", "Harbour", "Name one of these: harbor, and 1 more."),
        ("payer", "clinic-1", "no payer 'clinic-1'"),
        ("clinic", "clinic-9", "Name one of these: clinic-2, clinic-1."),
        ("clinic", "harbor", "no clinic 'harbor'"),
        ("tenant", "riverside", "Name one of these: lakeside."),
        ("channel", "SMS", "Name one of these: sms"),
        ("channel", "pigeon", "call, email, letter, portal, sms, and 1 more."),
    ],
)
def test_a_pause_of_nobody_holds_nothing_so_it_says_whom_there_is(
    scope: str, of: str, says: str
) -> None:
    api = an_office()
    reply = call(api, "POST", "/pauses", {"scope": scope, "of": of, "reason": "it is down"})
    assert (reply.status, reply.code) == (400, "invalid-operation")
    assert says in reply.says
    assert api.world.directory.paused == []


def test_a_payer_of_another_tenant_is_nobody_here() -> None:
    api = an_office()
    theirs = [p.but(tenant=ELSEWHERE, id="acme") for p in api.world.directory.payers(TENANT)]
    api.world.directory._records = (*api.world.directory._records, *theirs)
    reply = call(api, "POST", "/pauses", {"scope": "payer", "of": "acme", "reason": "it is down"})
    assert reply.status == 400
    assert "acme," not in reply.says


def test_what_is_not_held_back_says_what_is() -> None:
    api = an_office()
    call(api, "POST", "/pauses", {"scope": "payer", "of": "harbor", "reason": "it is down"})
    reply = call(api, "DELETE", "/pauses/payer:harbour")
    assert (reply.status, reply.code) == (404, "not-found")
    assert "Name one of these: payer:harbor." in reply.says
    assert len(api.world.directory.paused) == 1


def test_another_tenants_pause_is_neither_seen_nor_ended() -> None:
    api = an_office()
    theirs = Pause(
        tenant=ELSEWHERE, scope=PauseScope.PAYER, of="acme", reason="down", by="x", since=NOW
    )
    api.world.directory.paused = [theirs]
    assert call(api, "GET", "/pauses").body == {"pauses": []}
    reply = call(api, "DELETE", "/pauses/payer:acme")
    assert (reply.status, reply.says) == (404, "Nothing is held back.")
    assert api.world.directory.paused == [theirs]


@pytest.mark.parametrize(
    "asked",
    [
        {"scope": "payer", "of": "two words", "reason": "it is down"},
        {"scope": "payer", "of": "acme", "reason": "x"},
        {"scope": "tenant", "of": "riverside", "reason": "not ours"},
        {"scope": "moon", "of": "acme", "reason": "it is down"},
    ],
)
def test_a_pause_that_is_not_right_is_refused(asked: dict[str, str]) -> None:
    api = an_office()
    assert call(api, "POST", "/pauses", asked).status == 400
    assert api.world.directory.paused == []


@pytest.mark.parametrize("named", ["acme", "moon:acme", "payer:"])
def test_what_names_no_pause_is_refused(named: str) -> None:
    assert call(an_office(), "DELETE", f"/pauses/{named}").status == 400


def test_executions_are_listed_with_where_the_console_of_aws_has_them() -> None:
    api = at(Reason.FAULT)
    told = call(api, "GET", f"/referrals/{REFERRAL}/executions")
    (execution,) = told.body["executions"]
    assert execution["arn"].endswith(f":execution:referral_lifecycle:{REFERRAL}-1")
    assert execution["console"].endswith(f"/executions/details/{execution['arn']}")
    assert (execution["run"], execution["state"]) == (1, "active")
    assert call(api, "GET", f"/referrals/{'f' * 32}/executions").status == 404


@pytest.mark.parametrize("text", [REFERRAL])
def test_a_referral_is_found_and_no_patient_is_shown(text: str) -> None:
    api = at(Reason.FAULT)
    (row,) = call(api, "POST", "/find", {"text": text}).body["referrals"]
    assert row["id"] == REFERRAL
    assert row.keys().isdisjoint({"patient", "name", "birthDate", "placerIdentifier"})


def test_a_search_for_a_person_is_on_record() -> None:
    api = at(Reason.FAULT)
    assert call(api, "POST", "/find", {"text": "Whitlock"}).body["referrals"]
    (entry,) = api.trail.entries
    assert (entry.operation, entry.referral_id) == ("find-for-operators", REFERRAL)
    assert entry.access is Access.SEARCH


def test_what_is_overdue_says_who_must_act_and_why() -> None:
    api = at(Reason.FAULT)
    referral = api.world.referral
    assert call(api, "GET", "/overdue").body["overdue"] == []
    assert referral.item_due_at is not None
    api.world.clock.move_to(referral.item_due_at + timedelta(seconds=1))
    (row,) = call(api, "GET", "/overdue").body["overdue"]
    assert (row["id"], row["acts"]) == (REFERRAL, referral.queue)
    assert row["why"] == referral.status_reason


def test_dead_letters_are_given_once_more_for_the_caller_only() -> None:
    api = an_office()
    assert call(api, "POST", "/redrive").body == {"used": 2, "kept": 1, "more": False}
    assert api.letters.asked == [TENANT]


def test_undelivered_notices_go_out_again_together() -> None:
    api = at(Reason.NOTICE_UNDELIVERED)
    profile = {"name": "EHR", "notices_url": "https://ehr.example.org", "secret": "s"}
    known = [EhrSystem(tenant=TENANT, id=one, **profile) for one in ("lakeside-ehr", "another-ehr")]
    api.world.directory._records = (*api.world.directory._records, *known)
    nobody = call(api, "POST", "/notices/replay?ehr=lakeside")
    assert nobody.status == 400
    assert "Name one of these: lakeside-ehr" in nobody.says
    elsewhere = call(api, "POST", "/notices/replay?ehr=another-ehr")
    assert elsewhere.body == {"replayed": [], "left": 0, "more": False}
    told = call(api, "POST", "/notices/replay")
    assert told.body == {"replayed": [REFERRAL], "left": 0, "more": False}
    assert api.world.referral.work_item is None or (
        api.world.referral.work_item.reason is not Reason.NOTICE_UNDELIVERED
    )
    assert call(api, "POST", "/notices/replay").body["replayed"] == []


def test_a_notice_behind_a_page_of_other_items_goes_out_too() -> None:
    api = at(Reason.NOTICE_UNDELIVERED)
    for n in range(100):
        other = an_item(-1000, reason=Reason.NOT_ACKNOWLEDGED)
        stored(api.world, f"other{n}", queue=Queue.REFERRAL_COORDINATORS, work_item=other)
    told = call(api, "POST", "/notices/replay")
    assert told.body == {"replayed": [REFERRAL], "left": 0, "more": False}
