"""RouteReferral: what it hands the ranking, what it keeps of it, and whom it asks again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral_core.domain.directory import Practitioner
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.referral import Reservation
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.updates import Cancel, Role
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.engine.reopen import reopen
from referral_core.lifecycle.routing.proposal import proposed
from referral_core.pathways import pathway
from tests.in_memory import REFERRAL, TENANT
from tests.partner_actions import notified, reason_of
from tests.unit.domain.routing.practitioners import a_practitioner, km_north
from tests.unit.fhir.orders import a_coverage
from tests.unit.lifecycle.steps.routed import HOME, Routed

SELF_PAY = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/coverage-selfpay", "code": "pay"}]
}


def full(weeks: int, first: int = 10) -> dict[str, int]:
    """Return so many weeks of 2026 with all five places held; the world begins in week 10."""
    return {f"2026-W{first + n:02d}": 5 for n in range(weeks)}


def three() -> list[Practitioner]:
    """Return three practitioners who are asked in the order of their tiers: 3, 2, 1."""
    return [a_practitioner(str(4 - tier), tier=tier) for tier in (1, 2, 3)]


# --- what the ranking is given -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pathway_id", "first"), [("generic-specialist", "1"), ("high-risk-cardiology", "2")]
)
def test_the_weights_are_those_of_the_pathway(pathway_id: str, first: str) -> None:
    """Two tiers and one of eight weeks against one of two: the urgent pathway takes the sooner."""
    preferred, sooner = a_practitioner("1", tier=1), a_practitioner("2", tier=3)
    world = Routed(preferred, sooner, pathway_id=pathway_id, reserved={"1": full(1)})
    assert world.ranked[0] == first
    assert len(world.ranked) == 2


@pytest.mark.parametrize(
    ("pathway_id", "reasons"),
    [("generic-specialist", {}), ("high-risk-cardiology", {"1": "too far"})],
)
def test_the_farthest_distance_is_that_of_the_pathway(
    pathway_id: str, reasons: dict[str, str]
) -> None:
    world = Routed(
        a_practitioner("1", **km_north(60)), a_practitioner("2", tier=3), pathway_id=pathway_id
    )
    assert world.decision.exclusions == reasons


@pytest.mark.parametrize("pathway_id", ["generic-specialist", "high-risk-cardiology"])
def test_capacity_is_looked_at_as_many_weeks_ahead_as_the_pathway_says(pathway_id: str) -> None:
    ahead = pathway(pathway_id, 1).routing.weeks_ahead
    in_the_last = Routed(
        a_practitioner("1"), pathway_id=pathway_id, reserved={"1": full(ahead - 1)}
    )
    assert in_the_last.decision.chosen == "1"
    one_later = Routed(a_practitioner("1"), pathway_id=pathway_id, reserved={"1": full(ahead)})
    assert one_later.decision.exclusions == {"1": "no capacity"}


def test_the_network_is_that_of_the_payer_who_covers_the_patient() -> None:
    ours, theirs = (
        a_practitioner("1", networks=("harbor",)),
        a_practitioner("2", networks=("pioneer",)),
    )
    assert Routed(ours, theirs).decision.exclusions == {"2": "out of network"}
    pioneer = a_coverage(payor=[{"display": "Pioneer Valley Medicare Advantage"}])
    assert Routed(ours, theirs, coverage=pioneer).decision.exclusions == {"1": "out of network"}


def test_who_pays_alone_may_go_to_anybody() -> None:
    coverage = a_coverage(type=SELF_PAY, payor=[{"display": "Self"}])
    world = Routed(a_practitioner("1", networks=("pioneer",)), coverage=coverage)
    assert world.calls == [("offer", "1")]


def test_the_place_is_the_patients() -> None:
    near, far = a_practitioner("2", **km_north(2)), a_practitioner("1", **km_north(70))
    assert Routed(near, far).ranked == ["2", "1"]
    nowhere = {name: notified for name, notified in HOME.items() if name != "extension"}
    assert Routed(near, far, address=[nowhere]).ranked == ["1", "2"]


@pytest.mark.parametrize(("code", "ranked"), [("es-US", ["2", "1"]), (None, ["1", "2"])])
def test_the_language_is_the_patients_and_english_when_unknown(
    code: str | None, ranked: list[str]
) -> None:
    spoken = [{"language": {"coding": [{"code": code}]}, "preferred": True}] if code else []
    english, spanish = a_practitioner("1"), a_practitioner("2", languages=("es",))
    assert Routed(english, spanish, communication=spoken).ranked == ranked


@pytest.mark.parametrize(
    ("code", "excluded"),
    [
        ("24590-2", {"1": "does no MR", "3": "does no MR"}),  # MR Brain
        ("24627-2", {"2": "does no CT", "3": "does no CT"}),  # CT Chest
        ("81551-4", {"1": "does no PET", "2": "does no PET"}),  # PET+CT Bone
    ],
)
def test_an_image_is_taken_where_there_is_what_it_is_taken_with(
    code: str, excluded: dict[str, str]
) -> None:
    ct, mr = a_practitioner("1", imaging=("CT",)), a_practitioner("2", imaging=("MR",))
    pet = a_practitioner("3", imaging=("PET",))
    wanted = {"coding": [{"system": "http://loinc.org", "code": code}]}
    world = Routed(ct, mr, pet, pathway_id="routine-imaging", code=wanted)
    assert world.decision.exclusions == excluded


def test_what_is_kept_of_a_demand_says_what_the_image_is_taken_with() -> None:
    wanted = {"coding": [{"system": "http://loinc.org", "code": "24590-2"}]}
    world = Routed(a_practitioner("1"), pathway_id="routine-imaging", code=wanted)
    ((_, kept),) = world.referrals.demands.items()
    assert [str(m) for demand in kept.values() for m in demand.imaging] == ["MR"]


@pytest.mark.parametrize(
    ("system", "code", "excluded"),
    [
        ("http://loinc.org", "24590-2", {}),  # MR Brain
        ("http://loinc.org", "24627-2", {"2": "does no CT"}),  # CT Chest
        (
            "http://terminology.hl7.org/CodeSystem/v2-0074",
            "RAD",
            {"2": "is for MR, which the order does not ask for"},
        ),
    ],
)
def test_an_mri_centre_is_asked_for_mr_and_for_nothing_else(
    system: str, code: str, excluded: dict[str, str]
) -> None:
    """It is listed under a specialty of its own, as an importer lists it."""
    centre = a_practitioner("2", specialty="261QM1200X", imaging=("MR",))
    wanted = {"coding": [{"system": system, "code": code}]}
    world = Routed(a_practitioner("1"), centre, pathway_id="routine-imaging", code=wanted)
    assert world.decision.exclusions == excluded


# --- what is chosen, held and kept ---------------------------------------------------------------


def test_the_best_ranked_is_chosen_and_asked_whatever_their_number() -> None:
    world = Routed(*three())
    assert world.ranked == ["3", "2", "1"]
    assert world.decision.chosen == "3"
    assert world.asked == ["3"]


def test_the_earliest_week_with_capacity_is_held() -> None:
    world = Routed(a_practitioner("1"), reserved={"1": {**full(2), "2026-W12": 4}})
    offer = world.referral.offer
    assert offer is not None
    assert offer.reservation == Reservation(npi="1", week="2026-W12")
    assert world.referrals.reserved[TENANT, "1", "2026-W12"] == 5


def test_the_weeks_begin_with_the_one_of_the_day_of_the_decision() -> None:
    world = Routed(*three())
    world.clock.move(timedelta(days=1))
    world.decline()
    assert world.referral.offers[-1].reservation == Reservation(npi="2", week="2026-W10")
    world.clock.move(timedelta(days=6))
    world.decline()
    assert world.referral.offers[-1].reservation == Reservation(npi="1", week="2026-W11")


def test_the_decision_keeps_candidates_with_scores_and_exclusions_with_reasons() -> None:
    world = Routed(
        a_practitioner("1", tier=2, languages=("vi",)),
        a_practitioner("2", accepting=False),
        a_practitioner("3", networks=("pioneer",)),
        a_practitioner("4", **km_north(81)),
        a_practitioner("5"),
        a_practitioner("6"),
        reserved={"1": full(4), "5": full(8)},
    )
    decision = world.decision
    assert decision.policy == "greedy-cost/1"
    assert decision.exclusions == {
        "2": "not accepting new patients",
        "3": "out of network",
        "4": "too far",
        "5": "no capacity",
    }
    best, second = decision.candidates
    parts = {"tier": 1.0, "earliest": 1.0, "distance": 1.0, "language": 1.0}
    parts |= {"continuity": 0.0, "attendance": 1.0}
    assert best == {"npi": "6", "week": "2026-W10", "score": 1.0, "price": 0.0, "km": 0.0, **parts}
    assert (second["npi"], second["week"], second["earliest"]) == ("1", "2026-W14", 0.5)
    assert second["score"] == pytest.approx(0.35 * 2 / 3 + 0.35 * 0.5 + 0.15, abs=1e-6)
    (offer,) = world.referral.offers
    assert (offer.npi, offer.decision) == (decision.chosen, decision.number)


def test_every_routing_leaves_a_decision() -> None:
    world = Routed(*three())
    for _ in range(3):
        world.decline()
    decisions = world.referrals.decisions[TENANT, REFERRAL]
    assert [d.chosen for d in decisions] == ["3", "2", "1", None]
    assert len({d.number for d in decisions}) == 4


def test_a_decision_keeps_its_twenty_best_candidates() -> None:
    world = Routed(*(a_practitioner(f"{n:02d}", **km_north(n)) for n in range(1, 26)))
    assert world.ranked == [f"{n:02d}" for n in range(1, 21)]


def test_the_decision_keeps_the_list_that_the_law_wants_shown() -> None:
    at_home = Routed(*three(), pathway_id="home-based-care")
    assert at_home.decision.shown == ("1", "2", "3")
    imaging = [a_practitioner(str(9 - n), **km_north(n)) for n in range(7)]
    assert Routed(*imaging, pathway_id="routine-imaging").decision.shown == tuple("98765")
    assert Routed(*three()).decision.shown == ()


# --- who is not asked again ----------------------------------------------------------------------


def test_a_clinic_that_declined_is_not_asked_again() -> None:
    world = Routed(*three())
    world.decline()
    assert world.asked == ["3", "2"]
    assert world.decision.exclusions == {"3": "declined this referral"}
    assert world.referrals.reserved[TENANT, "3", "2026-W10"] == 0
    world.decline()
    world.decline()
    assert world.asked == ["3", "2", "1"]
    assert world.decision.exclusions == dict.fromkeys("321", "declined this referral")


def test_a_clinic_that_declined_is_no_candidate_though_somebody_wishes_it() -> None:
    """Whom an order or a person names is looked at wherever it ranks."""
    world = Routed(*three())
    world.decline()
    case = world.engine.case(world.referral)
    looked = proposed(case, weeks_from(world.clock.now().date(), 8), also=("3", "1")).ranking
    assert [candidate.npi for candidate in looked.candidates] == ["2", "1"]
    assert looked.exclusions == {"3": "declined this referral"}


def test_a_clinic_that_stayed_silent_is_not_asked_again_and_hears_so() -> None:
    world = Routed(*three())
    world.wait()
    assert world.asked == ["3", "2"]
    assert world.decision.exclusions == {"3": "silent this referral"}
    assert world.clinics.withdrawn == {f"{REFERRAL}.b1": "no-answer"}


def test_a_clinic_whose_offer_ended_only_because_the_referral_was_closed_is_asked_again() -> None:
    world = Routed(*three())
    world.report(Cancel, role=Role.EHR)
    notified(world)
    reopen(
        world.engine,
        TENANT,
        REFERRAL,
        resume=Step.ROUTE_REFERRAL,
        actor="staff-1",
        reason="closed-by-mistake",
    )
    world.settle()
    assert world.asked == ["3", "3"]


def test_only_so_many_clinics_are_asked_as_the_pathway_says() -> None:
    world = Routed(*(a_practitioner(str(n)) for n in range(1, 7)))
    while world.referral.offer is not None:
        world.decline()
    assert world.asked == ["1", "2", "3", "4"]
    assert reason_of(world) is Reason.NO_CANDIDATE
    assert (world.ranked, world.decision.chosen) == (["5", "6"], None)


# --- nobody to ask -------------------------------------------------------------------------------


def test_a_full_directory_waitlists_until_there_is_capacity() -> None:
    everybody = {npi: full(8) for npi in "123"}
    world = Routed(*three(), reserved=everybody)
    assert world.referral.status is Status.WAITLISTED
    assert world.decision.chosen is None
    assert world.decision.exclusions == dict.fromkeys("123", "no capacity")
    assert (world.calls, world.referral.offers, reason_of(world)) == ([], (), None)
    world.referrals.reserved[TENANT, "1", "2026-W13"] -= 1
    world.wait()
    assert world.referral.offers[-1].reservation == Reservation(npi="1", week="2026-W13")
    assert (world.asked, world.referral.waitlist_tries) == (["1"], 0)


def test_a_directory_that_stays_full_comes_to_a_person() -> None:
    world = Routed(*three(), reserved={npi: full(30) for npi in "123"})
    waits = 0
    while reason_of(world) is None:
        assert world.referral.status is Status.WAITLISTED
        world.wait()
        waits += 1
    assert (waits, reason_of(world)) == (3, Reason.NO_CANDIDATE)
