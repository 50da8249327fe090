"""The tenant that is loaded beside the partners: somebody for every pathway, and one bottleneck."""

from __future__ import annotations

import pytest

from local.seed import CLINICS, OUTSIDE, OUTSIDE_SPECIALTIES, SCARCE, SPECIALTIES, records
from referral_core.domain.directory import Practitioner

SPECIALISTS = [r for r in records("http://partners") if isinstance(r, Practitioner)]


def of(specialty: str) -> list[Practitioner]:
    return [s for s in SPECIALISTS if s.specialty == specialty]


@pytest.mark.parametrize("specialty", SPECIALTIES)
def test_every_specialty_has_several_clinics_in_the_network(specialty: str) -> None:
    inside = {s.organization for s in of(specialty) if s.networks}

    assert inside == set(CLINICS)


def test_one_specialty_has_one_place_a_week() -> None:
    assert [s.weekly_capacity for s in of(SCARCE)] == [1]


def test_one_clinic_is_outside_every_network() -> None:
    outside = [s for s in SPECIALISTS if s.organization == OUTSIDE]

    assert [s.specialty for s in outside] == list(OUTSIDE_SPECIALTIES)
    assert all(s.networks == () for s in outside)
    assert of(OUTSIDE_SPECIALTIES[-1]) == [outside[-1]]


def test_every_specialist_has_an_identifier_and_an_endpoint_of_their_own_clinic() -> None:
    assert len({s.npi for s in SPECIALISTS}) == len(SPECIALISTS)
    assert all(s.clinic_url == f"http://partners/clinic/{s.organization}" for s in SPECIALISTS)
