"""One contract for people and their filters, memory and the table; and what the pool is told."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory, config_item
from referral_core.adapters.aws.dynamodb.people import PeopleTable
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.aws.user_pool import UserPoolAccounts
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.people import MemoryPeople
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.access.principal import Duty, Person, Principal
from referral_core.domain.access.saved_filter import SavedFilter
from referral_core.domain.errors import Conflict, Forbidden, NotFound
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.ports.people import NameTaken
from tests.in_memory import TENANT
from tests.unit.entrypoints.http.events import PRINCIPALS

FRONT, CALLS = Queue.FRONT_OFFICE, Queue.CONTACT_CENTER
INES = Principal.of_person("ines", TENANT, Person(name="Ines Moreau"), {FRONT})
MACHINE = PRINCIPALS["ehr-1"]
Both = tuple[Any, Any]
"""The people, and the directory that everybody else reads."""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield


@pytest.fixture(params=["memory", "table"])
def both(request: pytest.FixtureRequest, aws: None) -> Both:
    if request.param == "memory":
        directory = MemoryDirectory(MemoryReferrals(), [MACHINE])
        return MemoryPeople(directory), directory
    client = boto3.client("dynamodb")
    client.create_table(**create_table_request("people"))
    client.put_item(TableName="people", Item=config_item(MACHINE))
    return PeopleTable(client, "people"), DynamoDbDirectory(client, "people")


def test_who_is_added_signs_in_and_is_listed(both: Both) -> None:
    people, directory = both
    people.add(INES, None)
    assert people.person(TENANT, "ines") == directory.principal("ines") == INES
    assert list(directory.people(TENANT)) == [INES]
    with pytest.raises(NotFound):
        people.person(Tenant("riverside"), "ines")


@pytest.mark.parametrize("taken", [INES, MACHINE])
def test_a_name_is_given_once_whoever_has_it(both: Both, taken: Principal) -> None:
    people, directory = both
    people.add(INES, None)
    with pytest.raises(NameTaken):
        people.add(INES.but(client_id=taken.client_id, tenant=Tenant("riverside")), None)
    assert directory.principal(taken.client_id) == taken
    assert list(directory.people(Tenant("riverside"))) == []


def test_who_is_changed_is_so_for_everybody_and_who_has_left_is_not_changed(both: Both) -> None:
    people, directory = both
    people.add(INES, None)
    changed = INES.but(teams=frozenset({CALLS}))
    people.change(changed, None)
    assert directory.principal("ines") == changed
    assert list(directory.people(TENANT)) == [changed]
    people.remove(changed, None)
    people.remove(changed, None)
    with pytest.raises(NotFound):
        people.change(INES, None)
    with pytest.raises(Forbidden):
        directory.principal("ines")
    assert list(directory.people(TENANT)) == []


def a_manager(name: str) -> Principal:
    person = Person(name=name.capitalize(), duty=Duty.MANAGER)
    return Principal.of_person(name, TENANT, person, ())


def demoted(manager: Principal) -> Principal:
    assert manager.person
    return manager.but(person=manager.person.but(duty=Duty.STAFF), teams=frozenset())


@pytest.mark.parametrize("act", ["add", "change", "remove"])
@pytest.mark.parametrize("gone", ["demoted", "removed"])
def test_who_is_no_manager_any_more_changes_nobody(both: Both, act: str, gone: str) -> None:
    people, directory = both
    grace, hal = a_manager("grace"), a_manager("hal")
    for each in (grace, hal):
        people.add(each, None)
    if gone == "demoted":
        people.change(demoted(hal), grace)
    else:
        people.remove(hal, grace)
    with pytest.raises(Forbidden):
        getattr(people, act)(INES if act == "add" else demoted(grace), hal)
    assert directory.principal("grace") == grace
    with pytest.raises(Forbidden):
        directory.principal("ines")


@pytest.mark.parametrize("act", ["change", "remove"])
def test_of_two_managers_who_end_each_other_at_once_one_stays(aws: None, act: str) -> None:
    client = boto3.client("dynamodb")
    client.create_table(**create_table_request("people"))
    people = PeopleTable(client, "people")
    grace, hal = a_manager("grace"), a_manager("hal")
    for each in (grace, hal):
        people.add(each, None)
    meanwhile = [partial(getattr(PeopleTable(client, "people"), act), demoted(grace), hal)]

    class Slow(PeopleTable):
        def _still_manager(self, by: Principal | None) -> Any:
            parts = super()._still_manager(by)
            while meanwhile:  # hal is faster, between grace's look and her write
                meanwhile.pop()()
            return parts

    with pytest.raises(Conflict):
        getattr(Slow(client, "people"), act)(demoted(hal), grace)
    managers = [p for p in DynamoDbDirectory(client, "people").people(TENANT) if p.is_manager]
    assert managers == [hal]


def a_filter(name: str, **fields: Any) -> SavedFilter:
    known = {"id": f"{ord(name):016x}", "name": name, "query": {"reason": "call-due"}}
    return SavedFilter.model_validate({**known, "owner": "ines", **fields})


def test_filters_are_found_by_their_person_and_by_their_teams(both: Both) -> None:
    people, _ = both
    own, shared = a_filter("a"), a_filter("b", team=FRONT)
    others = a_filter("c", owner="ines.b"), a_filter("d", team=CALLS)
    for each in (own, shared, *others):
        people.save(TENANT, each)
    people.save(Tenant("riverside"), a_filter("e"))
    assert sorted(f.name for f in people.filters_of(TENANT, "ines", [FRONT])) == ["a", "b"]
    people.save(TENANT, own.but(name="A"))
    people.forget(TENANT, shared)
    assert [f.name for f in people.filters_of(TENANT, "ines", [FRONT])] == ["A"]


def test_an_account_asks_for_a_password_of_ones_own_and_its_end_keeps_the_name(aws: None) -> None:
    cognito = boto3.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
    accounts = UserPoolAccounts(cognito, pool)
    password = accounts.create("ines")
    assert len(password) >= 14
    user = cognito.admin_get_user(UserPoolId=pool, Username="ines")
    assert (user["UserStatus"], user["Enabled"]) == ("FORCE_CHANGE_PASSWORD", True)
    accounts.end("ines")
    accounts.end("nobody")
    assert not cognito.admin_get_user(UserPoolId=pool, Username="ines")["Enabled"]
    with pytest.raises(NameTaken):
        accounts.create("ines")
