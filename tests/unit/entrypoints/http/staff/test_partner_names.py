"""What payers and practices are called, of the tenant only."""

from __future__ import annotations

from typing import Any, get_args

from referral_core.domain.access.scopes import OPERATE
from referral_core.domain.ids import ReferralId
from referral_core.domain.outreach.plan import Channel
from referral_core.domain.work_items import Reason
from tests.in_memory import REFERRAL, TENANT, World
from tests.unit.builders import a_new_referral, a_referral
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.entrypoints.http.staff.test_people import FRONT, GRACE, MARIA, an_api
from tests.unit.entrypoints.http.staff.test_work_items import an_item

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


def test_a_practice_is_named_however_much_else_is_due_before() -> None:
    world = World()
    world.accept("happy-path")
    sent = world.referrals.load(TENANT, ReferralId(REFERRAL)).referral
    payload = world.referrals.payload(sent)
    for number in range(520):
        item = an_item(number, reason=Reason.NOT_ELIGIBLE)
        origin = sent.origin.but(practice=NPI if number == 519 else None)
        referral = a_referral(f"i{number}", queue=FRONT, work_item=item, origin=origin)
        world.referrals.accept([a_new_referral(referral, payload)])
    api = an_api(world)
    first = names(api).body
    assert NPI not in first["names"]["practice"]
    url = first["next"][first["next"].index("/operations") :]
    following = api.call("GET", url, client=GRACE, scope=OPERATE).body
    assert following["names"] == {"practice": {NPI: "Lakeside Family Medicine"}}
    assert following["next"] is None


def test_only_operators_are_told() -> None:
    assert names(an_api(World()), MARIA).status == 403


def test_whatever_can_be_held_back_can_be_chosen() -> None:
    world = World()
    found = names(an_api(world)).body["names"]
    assert found["clinic"].keys() == set(world.directory.organizations(TENANT)) != set()
    assert found["channel"].keys() == set(get_args(Channel))
