"""Managers onboard people and let them leave, within their tenant; people keep their filters."""

from __future__ import annotations

from typing import Any

import pytest

from referral_core.adapters.memory.people import MemoryPeople
from referral_core.domain.access.principal import Duty, Person, Principal
from referral_core.domain.errors import Retryable
from referral_core.domain.lifecycle import Queue
from referral_core.domain.updates import Role
from referral_core.domain.work_items import Reason
from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.staff.test_people import (
    CALLS,
    FRONT,
    GRACE,
    MARIA,
    OLU,
    RIVERSIDE,
    a_person,
    an_api,
    at,
)

INES = {"username": "ines", "name": "Ines Moreau", "teams": ["front-office"]}


def an_office() -> ApiClient:
    return an_api(World())


def post(api: ApiClient, path: str, body: Any, client: str = GRACE) -> Reply:
    return api.call("POST", path, body, client=client)


def known(api: ApiClient, username: str) -> Principal:
    return api.world.directory.principal(username)


# --- people --------------------------------------------------------------------------------------


def test_a_manager_onboards_who_may_work_at_once() -> None:
    api = an_office()
    reply = post(api, "/people", INES)
    assert reply.status == 201
    assert reply.body["password"]
    assert reply.headers["cache-control"] == "no-store"
    person = Person(name="Ines Moreau")
    assert known(api, "ines") == Principal.of_person("ines", TENANT, person, {FRONT})
    assert api.items(client="ines").status == 200
    names = [p["id"] for p in api.call("GET", "/people", client=MARIA).body["people"]]
    assert "ines" in names


@pytest.mark.parametrize("client", [MARIA, "nobodys", "staff-1"])
def test_nobody_but_a_manager_changes_who_sees_what(client: str) -> None:
    api = an_office()
    calls = [
        ("POST", "/people", INES),
        ("PUT", f"/people/{OLU}", {"name": "Olu", "duty": "manager"}),
        ("POST", f"/people/{OLU}/leave", {}),
        # Nor is anybody else told who there is.
        ("POST", "/people/nobody/leave", {}),
    ]
    for method, path, body in calls:
        assert api.call(method, path, body, client=client).status == 403, path
    assert known(api, OLU) == a_person(OLU, FRONT, CALLS)
    assert api.accounts.names == api.accounts.ended == set()


@pytest.mark.parametrize("duty", list(Duty))
def test_each_duty_has_its_role_and_teams(duty: Duty) -> None:
    api = an_office()
    post(api, "/people", {**INES, "duty": duty})
    made = known(api, "ines")
    assert made.role is (Role.FINANCE if duty is Duty.FINANCE else Role.STAFF)
    wanted = {Duty.MANAGER: frozenset(Queue), Duty.FINANCE: frozenset()}
    assert made.queues == wanted.get(duty, frozenset({FRONT}))


@pytest.mark.parametrize("taken", [MARIA, "away", "ehr-1", "long-gone"])
def test_a_name_that_anybody_has_or_had_is_taken_of_nobody(taken: str) -> None:
    api = an_office()
    api.accounts.names.add("long-gone")
    before = api.world.directory._records
    reply = post(api, "/people", {**INES, "username": taken})
    assert (reply.status, reply.code) == (409, "name-taken")
    assert list(api.world.directory._records) == list(before)


@pytest.mark.parametrize(
    "wrong",
    [{"username": "Ines M"}, {"username": ""}, {"teams": ["no-team"]}, {"duty": "owner"}, {"x": 1}],
)
def test_what_cannot_be_a_person_is_refused(wrong: dict[str, Any]) -> None:
    api = an_office()
    assert post(api, "/people", {**INES, **wrong}).status == 400
    assert api.accounts.names == set()


def test_a_manager_gives_another_duty_and_other_teams() -> None:
    api = an_office()
    body = {"name": "Maria S.", "duty": "reviewer", "teams": ["contact-center"]}
    assert api.call("PUT", f"/people/{MARIA}", body, client=GRACE).status == 200
    changed = known(api, MARIA)
    assert changed.person == Person(name="Maria S.", duty=Duty.REVIEWER)
    assert changed.queues == {CALLS}


@pytest.mark.parametrize(("username", "duty"), [(MARIA, "finance"), ("felix", "staff")])
def test_who_saw_patients_is_not_made_finance_nor_finance_made_staff(
    username: str, duty: str
) -> None:
    api = an_office()
    felix = a_person("felix", duty=Duty.FINANCE)
    api.world.directory._records = (*api.world.directory._records, felix)
    before = known(api, username)
    reply = api.call("PUT", f"/people/{username}", {"name": "X", "duty": duty}, client=GRACE)
    assert (reply.status, reply.code) == (409, "another-role")
    assert known(api, username) == before


def test_who_has_left_has_no_access_and_no_name_for_another() -> None:
    api = an_office()
    post(api, "/people", INES)
    assert post(api, "/people/ines/leave", {}).status == 200
    assert api.accounts.ended == {"ines"}
    assert "ines" not in {p["id"] for p in api.call("GET", "/people", client=MARIA).body["people"]}
    assert post(api, "/people", INES).code == "name-taken"
    assert post(api, "/people/ines/leave", {}).status == 404


def test_nobody_leaves_with_work_in_hand() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    api.decide("claim", client=OLU)
    reply = post(api, f"/people/{OLU}/leave", {})
    assert (reply.status, reply.code) == (409, "has-work")
    assert "1 item is theirs" in reply.says
    assert api.accounts.ended == set()
    api.decide("assign", client=GRACE, owner=MARIA)
    assert post(api, f"/people/{OLU}/leave", {}).status == 200


def test_nobody_changes_or_ends_their_own_access() -> None:
    api = an_office()
    for method, path in (("PUT", f"/people/{GRACE}"), ("POST", f"/people/{GRACE}/leave")):
        reply = api.call(method, path, {"name": "Grace", "duty": "staff"}, client=GRACE)
        assert (reply.status, reply.code) == (409, "oneself")


def test_another_tenants_people_and_machines_are_nobody() -> None:
    api = an_office()
    for username in ("away", "ehr-1", "nobody"):
        assert post(api, f"/people/{username}/leave", {}).status == 404
        body = {"name": "X", "duty": "staff"}
        assert api.call("PUT", f"/people/{username}", body, client=GRACE).status == 404
    assert known(api, "away").tenant == RIVERSIDE


def test_who_gave_or_ended_access_is_on_record() -> None:
    api = an_office()
    post(api, "/people", INES)
    post(api, "/people/ines/leave", {})
    operations = [(entry.operation, entry.agent) for entry in api.trail.entries]
    assert operations[-2:] == [("onboard-person", GRACE), ("end-person", GRACE)]


def two_managers() -> ApiClient:
    api = an_office()
    hal = a_person("hal", duty=Duty.MANAGER)
    api.world.directory._records = (*api.world.directory._records, hal)
    return api


@pytest.mark.parametrize("way", ["leave", "demote"])
def test_a_manager_who_was_ended_a_moment_ago_ends_nobody(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authorizer may hand over for a minute what no longer is."""
    api = two_managers()
    for_a_minute = api.handed_over("hal")
    assert end(api, "hal", GRACE, way).status == 200
    with monkeypatch.context() as cached:
        cached.setattr(api, "handed_over", lambda *_: for_a_minute)
        assert end(api, GRACE, "hal", way).status == 403
        assert post(api, "/people", INES, "hal").status == 403
        assert end(api, OLU, "hal", way).status == 403
    assert known(api, GRACE).is_manager
    assert known(api, OLU) == a_person(OLU, FRONT, CALLS)
    assert api.accounts.ended <= {"hal"}


def end(api: ApiClient, whom: str, client: str, way: str) -> Reply:
    if way == "leave":
        return post(api, f"/people/{whom}/leave", {}, client)
    body = {"name": "X", "duty": "staff"}
    return api.call("PUT", f"/people/{whom}", body, client=client)


def test_a_manager_whose_account_could_not_be_ended_is_none_and_leaves_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = two_managers()

    def fails(_: str) -> None:
        raise Retryable("The account could not be ended.")

    with monkeypatch.context() as broken:
        broken.setattr(api.accounts, "end", fails)
        assert post(api, "/people/hal/leave", {}).status == 503
    assert not known(api, "hal").is_manager
    assert known(api, "hal").queues == frozenset()
    assert post(api, "/people/hal/leave", {}).status == 200
    assert api.accounts.ended == {"hal"}


# --- saved filters -------------------------------------------------------------------------------


def saved(api: ApiClient, client: str) -> list[tuple[str, str | None]]:
    found = api.call("GET", "/filters", client=client).body["filters"]
    return [(each["name"], each["team"]) for each in found]


def test_a_filter_is_its_owners_and_a_shared_one_its_teams() -> None:
    api = an_office()
    late = {"name": "Late calls", "query": {"reason": "call-due", "overdue": "true"}}
    assert post(api, "/filters", late, OLU).status == 200
    assert post(api, "/filters", {**late, "team": "contact-center"}, OLU).status == 200
    assert saved(api, OLU) == [("Late calls", None), ("Late calls", "contact-center")]
    assert saved(api, GRACE) == [("Late calls", "contact-center")]
    assert saved(api, MARIA) == []
    assert saved(api, "away") == [], "of another tenant's team of the same name"


def test_a_filter_of_a_name_replaces_the_one_before_and_is_forgotten_by_its_id() -> None:
    api = an_office()
    for reason in ("call-due", "not-eligible"):
        post(api, "/filters", {"name": "Mine", "query": {"reason": reason}}, OLU)
    (kept,) = api.call("GET", "/filters", client=OLU).body["filters"]
    assert kept["query"] == {"reason": "not-eligible"}
    assert api.call("DELETE", f"/filters/{kept['id']}", client=MARIA).body["forgotten"] == 0
    assert api.call("DELETE", f"/filters/{kept['id']}", client=OLU).body["forgotten"] == 1
    assert saved(api, OLU) == []


@pytest.mark.parametrize(
    "query",
    [{"text": "Whitlock"}, {"reason": "no-reason"}, {"payer": "x" * 401}, {"older-than": "x"}],
)
def test_a_filter_holds_what_the_list_is_filtered_by_and_nothing_else(
    query: dict[str, str],
) -> None:
    api = an_office()
    assert post(api, "/filters", {"name": "A", "query": query}, OLU).status == 400
    assert saved(api, OLU) == []


def test_a_filter_is_shared_with_ones_own_teams_only_and_so_many_are_enough() -> None:
    api = an_office()
    shared = {"name": "A", "query": {"priority": "urgent"}, "team": "clinical-review"}
    assert post(api, "/filters", shared, OLU).status == 403
    for number in range(50):
        mine = {"name": f"n{number}", "query": {"priority": "urgent"}}
        assert post(api, "/filters", mine, OLU).status == 200
    assert post(api, "/filters", {"name": "one more", "query": {}}, OLU).status == 400
    assert post(api, "/filters", {"name": "n3", "query": {}}, OLU).status == 200


def test_who_could_not_be_given_an_account_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    api = an_office()

    def fails(_: str) -> str:
        raise Retryable("The account could not be made.")

    with monkeypatch.context() as broken:
        broken.setattr(api.accounts, "create", fails)
        assert post(api, "/people", INES).status == 503
    assert "ines" not in [p["id"] for p in api.call("GET", "/people").body["people"]]
    assert post(api, "/people", INES).status == 201


class Killed(BaseException):
    """The function's worker died."""


@pytest.mark.parametrize("made", [False, True])
def test_who_was_half_onboarded_leaves_and_comes_again(
    made: bool,  # noqa: FBT001 - a case
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a worker that died at the account: before it was made, or before it could say so
    api = an_office()
    create = api.accounts.create

    def dies(username: str) -> str:
        if made:
            create(username)
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(api.accounts, "create", dies)
        with pytest.raises(Killed):
            post(api, "/people", INES)
    # When the manager tries again: what to do is said, and nobody else is told who is here
    refused = post(api, "/people", INES)
    assert (refused.status, refused.code) == (409, "name-taken")
    assert "leaves, and comes again" in refused.says
    # Then whoever cannot sign in is let go, and comes again: under another name where there was one
    assert post(api, "/people/ines/leave", {}).status == 200
    again = {**INES, "username": "ines.m"} if made else INES
    assert post(api, "/people", again).status == 201
    assert known(api, str(again["username"])).person == Person(name="Ines Moreau")


def test_a_name_of_another_tenant_is_taken_without_a_word_of_whose() -> None:
    api = an_office()
    refused = post(api, "/people", {**INES, "username": "away"})
    assert (refused.status, refused.code) == (409, "name-taken")
    assert "your people" not in refused.says


def test_nobody_is_taken_out_of_a_team_with_work_in_hand() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    api.decide("claim", client=OLU)
    other = {"name": "Olu", "duty": "staff", "teams": [CALLS]}
    reply = api.call("PUT", f"/people/{OLU}", other, client=GRACE)
    assert (reply.status, reply.code) == (409, "has-work")
    more = {"name": "Olu A.", "duty": "staff", "teams": list(Queue)}
    assert api.call("PUT", f"/people/{OLU}", more, client=GRACE).status == 200
    api.decide("release", client=OLU)
    assert api.call("PUT", f"/people/{OLU}", other, client=GRACE).status == 200


def test_a_filter_that_no_list_takes_is_not_kept_nor_listed() -> None:
    api = an_office()
    for query in ({"due-within": "soon"}, {"closed-within": "9999"}, {"queue": "nobodys"}):
        assert post(api, "/filters", {"name": "x", "query": query}, OLU).status in {400, 403}
    assert post(api, "/filters", {"name": "F", "query": {"queue": FRONT}}, OLU).status == 200
    body = {"name": "Olu", "duty": "staff", "teams": [CALLS]}
    assert api.call("PUT", f"/people/{OLU}", body, client=GRACE).status == 200
    assert api.call("GET", "/filters", client=OLU).body["filters"] == []


def test_ones_own_name_is_taken_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DynamoDB refuses a transaction that checks an item and puts it."""
    api = an_api(World())
    monkeypatch.setattr(MemoryPeople, "add", None)
    refused = post(api, "/people", {**INES, "username": GRACE}, GRACE)
    assert refused.code == "name-taken"
