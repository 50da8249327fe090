"""What payers and practices are called, of the tenant only."""

from __future__ import annotations

from typing import Any, get_args

from referral_core.domain.access.scopes import OPERATE
from referral_core.domain.ids import ReferralId
from referral_core.domain.outreach.plan import Channel
from tests.in_memory import REFERRAL, TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.entrypoints.http.staff.test_people import GRACE, MARIA, an_api

NPI = "1999900019"


def names(api: ApiClient, client: str = GRACE) -> Any:
    return api.call("GET", "/operations/partners", client=client, scope=OPERATE)


def test_payers_and_ehrs_have_their_configured_names_and_practices_those_of_their_orders() -> None:
    world = World()
    world.accept("happy-path")
    state = world.referrals.load(TENANT, ReferralId(REFERRAL))
    origin = state.referral.origin.but(practice=NPI)
    world.referrals._referrals[TENANT, ReferralId(REFERRAL)] = state.but(
        referral=state.referral.but(origin=origin)
    )
    found = names(an_api(world)).body["names"]
    assert found["payer"]["harbor"] == world.directory.payer(TENANT, "harbor").name
    assert found["practice"][NPI] == "Lakeside Family Medicine"


def test_only_operators_are_told() -> None:
    assert names(an_api(World()), MARIA).status == 403


def test_whatever_can_be_held_back_can_be_chosen() -> None:
    world = World()
    found = names(an_api(world)).body["names"]
    assert found["clinic"].keys() == set(world.directory.organizations(TENANT)) != set()
    assert found["channel"].keys() == set(get_args(Channel))
