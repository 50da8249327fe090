"""What the directory says of a service: its network by date, its places by week, what is stale."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from referral_core.domain.directory_facts import (
    AgeLimits,
    CapacityStatus,
    Dispute,
    Fact,
    FactSource,
    NetworkMembership,
)
from referral_core.domain.npi import check_digit, is_npi
from tests.unit.domain.routing.practitioners import WEEKS, a_practitioner, npis, ranking

TODAY = date(2026, 3, 2)


def test_an_npi_has_ten_digits_and_the_last_checks_the_others() -> None:
    assert is_npi("1234567893")  # the example of the standard's own text
    for wrong in ("1234567890", "123456789", "12345678931", "١٢٣٤٥٦٧٨٩٣", "", None):
        assert not is_npi(wrong)


def test_one_digit_wrong_is_always_noticed() -> None:
    npi = f"199990001{check_digit('199990001')}"
    for place in range(10):
        for digit in "0123456789".replace(npi[place], ""):
            assert not is_npi(npi[:place] + digit + npi[place + 1 :])


def test_a_payers_membership_counts_by_plan_and_day() -> None:
    memberships = (
        NetworkMembership(payer="harbor", plan="gold", tier=1, valid_to=date(2026, 6, 30)),
        NetworkMembership(payer="harbor", plan="silver", valid_from=date(2026, 4, 1)),
    )
    practitioner = a_practitioner(networks=("*",), memberships=memberships)
    assert practitioner.tier_for("harbor", "gold", TODAY) == 1
    assert practitioner.tier_for("harbor", "gold", date(2026, 6, 30)) == 1
    assert practitioner.tier_for("harbor", "gold", date(2026, 7, 1)) == 3
    assert practitioner.tier_for("harbor", "silver", TODAY) == 3
    assert practitioner.tier_for("harbor", "silver", date(2026, 4, 1)) == 2
    # Of a payer that no membership names, the list of networks says it
    assert practitioner.tier_for("pioneer", None, TODAY) == 1
    assert a_practitioner(networks=("harbor",)).tier_for("pioneer", None, TODAY) == 3


def test_a_week_of_leave_has_no_places_and_another_has_more() -> None:
    practitioner = a_practitioner(weekly_capacity=1, weeks={WEEKS[0]: 0, WEEKS[1]: 2})
    (candidate,) = ranking(practitioner).candidates
    assert (candidate.week, candidate.weekly_capacity) == (WEEKS[1], 2)
    full = {practitioner.npi: {WEEKS[1]: 2, WEEKS[2]: 1}}
    (candidate,) = ranking(practitioner, reserved=full).candidates
    assert candidate.week == WEEKS[3]


@pytest.mark.parametrize("fact", Fact)
def test_nobody_is_sent_where_a_fact_is_disputed(fact: Fact) -> None:
    said = Dispute(fact=fact, said_by="clinic", at=datetime(2026, 3, 2, tzinfo=UTC))
    ranked = ranking(a_practitioner("1", disputes=(said,)), a_practitioner("2"))
    assert npis(ranked) == ["2"]
    assert ranked.exclusions["1"] == f"the directory is to be verified: {fact}"


def test_a_community_resource_that_is_closed_is_not_asked() -> None:
    closed = a_practitioner("1", capacity_status=CapacityStatus.CLOSED)
    limited = a_practitioner("2", capacity_status=CapacityStatus.LIMITED)
    assert npis(ranking(closed, limited)) == ["2"]


def test_a_fact_is_stale_once_it_is_old_or_nobody_vouches_for_it() -> None:
    sources = {
        fact: FactSource(source="nppes", as_of=date(2026, 1, 1))
        for fact in Fact
        if fact is not Fact.NETWORK
    }
    found = a_practitioner(sources=sources).stale_facts(TODAY)
    assert set(found) == {Fact.ACCEPTING, Fact.NETWORK}


def test_age_limits_include_both_ends() -> None:
    limits = AgeLimits(youngest=2, oldest=17)
    assert [limits.admits(age) for age in (1, 2, 17, 18)] == [False, True, True, False]
    assert AgeLimits().admits(0)
    assert AgeLimits(youngest=65).admits(120)
