"""Which payer a coverage names: by identifier, by another identifier, or by name; else none."""

from __future__ import annotations

import pytest

from referral_core.domain.directory import Payer
from referral_core.domain.orders.clinical_content import Payor
from referral_core.domain.payers.eligibility import payer_of
from tests.unit.payer_requests import a_payer

NAIC = "urn:oid:2.16.840.1.113883.6.300"
PAYERS = [
    a_payer(id="harbor", name="Harbor Health Plan", aliases=("99101", "hhp of ma")),
    a_payer(id="pioneer", name="Pioneer Valley Medicare Advantage", aliases=("99102",)),
]


def named(
    *identifiers: str, name: str | None = None, payers: list[Payer] | None = None
) -> str | None:
    """Return the id of the payer that a coverage's payor leads to."""
    payor = Payor(name=name, identifiers=identifiers)
    found = payer_of(payor, PAYERS if payers is None else payers)
    return found.id if found else None


@pytest.mark.parametrize("identifier", ["99102", f"{NAIC}|99102", "pioneer", f"{NAIC}|PIONEER"])
def test_an_identifier_names_the_payer_without_any_name(identifier: str) -> None:
    assert named(identifier) == "pioneer"


@pytest.mark.parametrize("identifier", ["99102", f"{NAIC}|99102", "pioneer"])
def test_an_identifier_names_the_payer_whatever_its_name_is_called_there(identifier: str) -> None:
    assert named(identifier, name="PVMA Gold 2026") == "pioneer"


def test_one_of_several_identifiers_is_enough() -> None:
    assert named("urn:other|1", f"{NAIC}|99102", "urn:other|2") == "pioneer"


@pytest.mark.parametrize(
    "name", ["Pioneer Valley Medicare Advantage", "  pioneer  valley MEDICARE\tadvantage "]
)
def test_a_name_names_the_payer_however_it_is_spaced_and_spelled(name: str) -> None:
    assert named(name=name) == "pioneer"
    assert named("urn:other|1", name=name) == "pioneer"


def test_an_alias_is_a_name_too() -> None:
    assert named(name="HHP of MA") == "harbor"


@pytest.mark.parametrize(
    "name", ["Harbor Health", "Harbor Health Plan of Maine", "Pioneer Valley", "99"]
)
def test_a_name_that_is_merely_alike_names_nobody(name: str) -> None:
    assert named(name=name) is None


@pytest.mark.parametrize("identifier", ["9910", "991021", "99102|x", f"99102|{NAIC}", ""])
def test_a_number_that_is_merely_alike_names_nobody(identifier: str) -> None:
    assert named(identifier) is None


def test_identifier_and_name_that_agree_name_the_payer_in_whatever_order_payers_are_listed() -> (
    None
):
    for payers in (PAYERS, PAYERS[::-1]):
        found = named(f"{NAIC}|99102", name="Pioneer Valley Medicare Advantage", payers=payers)
        assert found == "pioneer"


def test_a_number_of_one_payer_with_the_name_of_another_leads_to_nobody() -> None:
    third = a_payer(id="third", name="Third Plan", aliases=("99103",))
    found = named(f"{NAIC}|99102", name="Harbor Health Plan", payers=[third, *PAYERS])
    assert found is None


def test_a_coverage_without_payor_names_nobody() -> None:
    assert payer_of(None, PAYERS) is None
    assert named() is None
    assert named("99102", payers=[]) is None


def test_a_number_and_another_payers_name_are_for_a_person() -> None:
    assert named(f"{NAIC}|99101", name="Pioneer Valley Medicare Advantage") is None
    assert named(f"{NAIC}|99101", f"{NAIC}|99102") is None


@pytest.mark.parametrize("name", ["Harbor Health Plan", "HHP of MA", "Harbor Gold 2026", None])
def test_a_number_counts_beside_its_own_name_or_one_that_nobody_has(name: str | None) -> None:
    assert named(f"{NAIC}|99101", name=name) == "harbor"
