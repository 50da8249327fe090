"""`$route-explain`: who could be asked, who not and why, and what a coordinator may do about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from referral_core.domain.directory import Practitioner
from referral_core.domain.directory_facts import Fact, FactSource
from referral_core.domain.work_items import CHOOSE_PERFORMER
from tests.in_memory import REFERRAL, START, TENANT, World
from tests.partner_actions import reason_of
from tests.unit.domain.routing.practitioners import a_practitioner, km_north
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.lifecycle.steps.routed import Routed

TODAY = START.date()
URL = f"/fhir/ServiceRequest/{REFERRAL}/$route-explain"


def explained(world: World) -> list[dict[str, Any]]:
    reply = ApiClient(world, settled=True).call("GET", URL)
    assert reply.status == 200
    parameters: list[dict[str, Any]] = reply.body["parameter"]
    return parameters


def value(part: dict[str, Any]) -> Any:
    found = [v for k, v in part.items() if k.startswith("value")]
    return found[0] if found else {p["name"]: value(p) for p in part["part"]}


def all_of(parts: list[dict[str, Any]], name: str) -> list[Any]:
    return [value(p) for p in parts if p["name"] == name]


def a_world(*others: Practitioner) -> Routed:
    return Routed(
        a_practitioner("1", name="Dr. Near", **km_north(3)),
        a_practitioner("2", name="Dr. Far", tier=2, languages=("vi",), **km_north(40)),
        a_practitioner("3", name="Dr. Outside", networks=("pioneer",)),
        *others,
    )


def test_candidates_and_exclusions_are_named_with_their_reasons() -> None:
    first = explained(a_world())[1]["part"]
    near, far = all_of(first, "candidate")
    assert (near["rank"], near["npi"], near["name"]) == (1, "1", "Dr. Near")
    assert near["because"] == (
        "preferred tier, 3 km away, room in the week of 2 Mar 2026, speaks the patient's language"
    )
    assert "second tier, 40 km away" in far["because"]
    assert "does not speak the patient's language" in far["because"]
    assert near["total"] < far["total"]
    (outside,) = all_of(first, "excluded")
    assert outside == {"npi": "3", "name": "Dr. Outside", "because": "out of network"}


def test_a_candidate_says_which_facts_nobody_vouched_for_lately() -> None:
    old, new = (FactSource(source="clinic", as_of=TODAY - timedelta(days=n)) for n in (31, 1))
    vouched = {**dict.fromkeys(Fact, new), Fact.ACCEPTING: old}
    world = Routed(
        a_practitioner("1", sources=dict.fromkeys(Fact, new)),
        a_practitioner("2", tier=2, sources=vouched),
    )
    parts = [p["part"] for p in explained(world)[1]["part"] if p["name"] == "candidate"]
    assert [all_of(part, "stale") for part in parts] == [[], ["accepting"]]


def test_a_fact_that_nobody_vouched_for_since_the_decision_is_stale_for_who_chooses_now() -> None:
    vouched = dict.fromkeys(Fact, FactSource(source="clinic", as_of=TODAY))
    world = Routed(a_practitioner("1", sources=vouched))
    explained(world)
    world.clock.move(timedelta(days=31))
    (only,) = [p["part"] for p in explained(world)[1]["part"] if p["name"] == "candidate"]
    assert "accepting" in all_of(only, "stale")


def test_the_summary_says_who_is_asked_and_by_which_policy() -> None:
    first = explained(a_world())[1]["part"]
    (summary,), (policy,) = all_of(first, "summary"), all_of(first, "policy")
    assert summary.startswith("Dr. Near is the best of 2 who can see the patient: preferred tier")
    assert policy == "By the pathway's weights alone: no valid prices were published."
    assert all_of(first, "chosen") == [{"npi": "1", "name": "Dr. Near"}]


def test_every_decision_is_there_the_last_first_and_every_offer() -> None:
    world = a_world()
    world.decline()
    parameters = explained(world)
    last, first = (p["part"] for p in parameters if p["name"] == "decision")
    assert all_of(last, "chosen")[0]["npi"] == "2"
    assert all_of(first, "chosen")[0]["npi"] == "1"
    assert {"npi": "1", "name": "Dr. Near", "because": "declined this referral"} in all_of(
        last, "excluded"
    )
    assert [(o["npi"], o["status"]) for o in all_of(parameters, "offer")] == [
        ("1", "declined"),
        ("2", "open"),
    ]


def test_a_coordinator_chooses_from_the_same_list() -> None:
    world = Routed(a_practitioner("3", name="Dr. Outside", networks=("pioneer",)))
    while reason_of(world) is None:
        world.wait()
    api = ApiClient(world, settled=True)
    parameters = api.call("GET", URL).body["parameter"]
    assert CHOOSE_PERFORMER in value(parameters[0])
    (listed,) = all_of(parameters[1]["part"], "excluded")
    choice = {"action": CHOOSE_PERFORMER, "performer": listed["npi"]}
    item = f"/work-items/{REFERRAL}/decision"
    assert api.call("POST", item, choice).status == 400
    assert api.call("POST", item, {**choice, "override": "because-i-say-so"}).status == 400
    reply = api.call("POST", item, {**choice, "override": "patient-preference"})
    assert reply.status == 200
    world.settle()
    last = explained(world)[1]["part"]
    assert all_of(last, "override") == ["patient-preference"]
    assert all_of(last, "summary") == ["Dr. Outside is asked because the patient prefers it."]


def test_before_anything_is_decided_the_answer_says_so() -> None:
    world = World()
    world.accept("happy-path")
    (advice,) = explained(world)
    assert value(advice).startswith("Nothing was decided yet.")


def test_it_is_for_staff_of_the_tenant() -> None:
    api = ApiClient(a_world(), settled=True)
    assert api.call("GET", URL, client="clinic-1").status == 403
    assert api.call("GET", URL.replace(REFERRAL, "f" * 32)).status == 404


def test_a_price_that_decides_is_said_in_words() -> None:
    world = a_world()
    (decision,) = world.referrals.decisions[TENANT, REFERRAL]
    priced = [{**c, "price": 12.0} for c in decision.candidates]
    world.referrals.decisions[TENANT, REFERRAL][0] = decision.but(
        candidates=tuple(priced), policy="bid-prices/1", price_version="solve-7"
    )
    first = explained(world)[1]["part"]
    assert "others will need this place (12 points)" in all_of(first, "candidate")[0]["because"]
    assert "(prices solve-7)" in all_of(first, "policy")[0]


def test_what_a_place_out_of_network_must_be_better_by_is_added_up_and_said() -> None:
    world = a_world()
    (decision,) = world.referrals.decisions[TENANT, REFERRAL]
    world.referrals.decisions[TENANT, REFERRAL][0] = decision.but(
        candidates=tuple({**c, "price": 12.0, "margin": 5.0} for c in decision.candidates)
    )
    candidate = all_of(explained(world)[1]["part"], "candidate")[0]
    assert "out of network (5 points)" in candidate["because"]
    assert candidate["margin"] == 5.0
    assert candidate["total"] == round(100 * (1 - candidate["score"]) + 12 + 5, 3)
