"""Who a client is: read once in five minutes, and refused within five minutes of its end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral_core.adapters.clock import ManualClock
from referral_core.domain.errors import Forbidden
from referral_core.domain.principal import Principal
from referral_core.domain.updates import Role
from referral_core.entrypoints.http.principals import CachedPrincipals
from tests.in_memory import World
from tests.unit.builders import NOW, TENANT
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.fhir.orders import an_order

FIVE_MINUTES = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


class Register:
    """Operations' register of clients; counts how often it is read."""

    def __init__(self, *clients: str) -> None:
        self.roles = dict.fromkeys(clients, Role.EHR)
        self.reads: list[str] = []

    def principal(self, client_id: str) -> Principal:
        self.reads.append(client_id)
        if client_id not in self.roles:
            raise Forbidden("This client is not registered.")
        return Principal(
            client_id=client_id,
            tenant=TENANT,
            role=self.roles[client_id],
            organization=f"of-{client_id}",
        )


def test_a_principal_is_read_once_in_five_minutes_and_never_for_another() -> None:
    register, clock = Register("a", "b"), ManualClock(NOW)
    principals = CachedPrincipals(register, clock)
    for _ in range(3):
        assert principals.principal("a").organization == "of-a"
        assert principals.principal("b").organization == "of-b"
        clock.move(timedelta(minutes=1))
    assert register.reads == ["a", "b"]
    clock.move_to(NOW + FIVE_MINUTES)
    principals.principal("a")
    assert register.reads == ["a", "b", "a"]


def test_a_client_that_is_revoked_is_refused_within_five_minutes_however_often_it_calls() -> None:
    register, clock = Register("a"), ManualClock(NOW)
    principals = CachedPrincipals(register, clock)
    principals.principal("a")
    del register.roles["a"]
    while clock.now() < NOW + FIVE_MINUTES - SECOND:
        clock.move(timedelta(seconds=30))
        if clock.now() < NOW + FIVE_MINUTES:
            principals.principal("a")
    with pytest.raises(Forbidden):
        principals.principal("a")
    # Nor does it come back from what was known.
    with pytest.raises(Forbidden):
        principals.principal("a")


def test_a_role_that_is_changed_holds_within_five_minutes() -> None:
    register, clock = Register("a"), ManualClock(NOW)
    principals = CachedPrincipals(register, clock)
    principals.principal("a")
    register.roles["a"] = Role.CLINIC
    clock.move(FIVE_MINUTES)
    assert principals.principal("a").role is Role.CLINIC


def test_that_a_client_is_unknown_is_not_remembered() -> None:
    register = Register()
    principals = CachedPrincipals(register, ManualClock(NOW))
    with pytest.raises(Forbidden):
        principals.principal("a")
    register.roles["a"] = Role.EHR
    assert principals.principal("a").role is Role.EHR


def test_the_api_refuses_a_revoked_client_within_five_minutes() -> None:
    # Given an EHR that posts, and is then revoked
    api = ApiClient(World(), settled=False)
    assert api.call("POST", "/fhir/ServiceRequest", an_order(), client="ehr-1").status == 201
    directory = api.world.directory
    directory._records = tuple(
        r for r in directory._records if getattr(r, "client_id", None) != "ehr-1"
    )
    # When five minutes have passed
    api.world.clock.move(FIVE_MINUTES)
    # Then whatever it posts is refused
    reply = api.call("POST", "/fhir/ServiceRequest", an_order(), client="ehr-1")
    assert (reply.status, reply.code) == (403, "forbidden")
