"""Overhead is shared out over tenants in whole units, and nothing of it is lost or made."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.ids import Tenant
from referral_core.domain.money.overhead import shared_out

TENANTS = st.dictionaries(
    st.text("abc", min_size=1, max_size=3).map(Tenant), st.integers(0, 10**6), min_size=1
)
USED = st.dictionaries(
    st.sampled_from(["lambda_ms", "read_units", "states"]), st.integers(0, 10**9)
)


@given(USED, TENANTS)
def test_the_shares_of_all_tenants_are_what_there_was(
    units: dict[str, int], open_by_tenant: dict[Tenant, int]
) -> None:
    found = shared_out(units, open_by_tenant)
    together: Counter[str] = Counter()
    for share in found.values():
        assert all(count >= 0 for count in share.values())
        together.update(share)
    assert together == units
    assert found.keys() == open_by_tenant.keys()


@given(st.integers(0, 10**9), TENANTS)
def test_a_share_is_within_a_unit_of_what_is_open(
    count: int, open_by_tenant: dict[Tenant, int]
) -> None:
    everything = sum(open_by_tenant.values())
    for tenant, share in shared_out({"states": count}, open_by_tenant).items():
        if everything:
            assert abs(share["states"] - count * open_by_tenant[tenant] / everything) < 1 + 1e-6


def test_where_nothing_is_open_tenants_share_alike() -> None:
    none = {Tenant("a"): 0, Tenant("b"): 0}
    assert shared_out({"states": 5}, none) == {"a": {"states": 2}, "b": {"states": 3}}
