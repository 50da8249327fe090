"""Hard filters: who cannot see the patient at all, and the reason that is given."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from referral_core.domain.directory_facts import (
    AgeLimits,
    CapacityStatus,
    Dispute,
    Fact,
    Location,
    NetworkMembership,
)
from referral_core.domain.modality import ImagingModality, Modality
from referral_core.domain.routing.filters import HARD_FILTERS, exclusion
from tests.unit.domain.routing.practitioners import a_need, a_practitioner, a_rule, km_north

TODAY = date(2026, 3, 2)
VIDEO = (Modality.VIDEO,)
CT, MR = ImagingModality.CT, ImagingModality.MR
DISPUTE = Dispute(fact=Fact.ACCEPTING, said_by="clinic", at=datetime(2026, 3, 1, tzinfo=UTC))


def member(**fields: Any) -> tuple[NetworkMembership, ...]:
    return (NetworkMembership(payer="harbor", **fields),)


@pytest.mark.parametrize(
    ("who", "patient", "rule", "reason"),
    [
        ({"disputes": (DISPUTE,)}, {}, {}, "the directory is to be verified: accepting"),
        ({"accepting": False}, {}, {}, "not accepting new patients"),
        ({"capacity_status": CapacityStatus.CLOSED}, {}, {}, "not accepting new patients"),
        ({}, {"is_consented": False}, {}, "the patient's consent is missing"),
        ({"networks": ("pioneer",)}, {}, {}, "out of network"),
        ({"networks": ()}, {}, {}, "out of network"),
        (
            {"networks": ("harbor",), "memberships": member(valid_to=date(2026, 3, 1))},
            {"day": TODAY},
            {},
            "out of network",
        ),
        (
            {"networks": (), "memberships": member(plan="gold")},
            {"day": TODAY, "plan": "silver"},
            {},
            "out of network",
        ),
        (
            {},
            {"is_network_denied": True},
            {},
            "the payer says the benefits are out of network",
        ),
        (km_north(81), {}, {}, "too far"),
        ({"ages": AgeLimits(youngest=18)}, {"age": 17}, {}, "does not see patients of this age"),
        ({"ages": AgeLimits(oldest=17)}, {"age": 18}, {}, "does not see patients of this age"),
        ({"sex": "female"}, {"sex": "male"}, {}, "does not see patients of this sex"),
        ({}, {}, {"modalities": VIDEO}, "is not seen the way this needs"),
        ({"imaging": (CT,)}, {"imaging": frozenset({MR})}, {}, "does no MR"),
        ({"imaging": (CT,)}, {"imaging": frozenset({CT, MR})}, {}, "does no MR"),
        ({"specialty": "261QM1200X"}, {}, {}, "is for MR, which the order does not ask for"),
        ({"specialty": "261QR0206X"}, {}, {}, "is for MG, which the order does not ask for"),
        (
            {"licence_states": ("NH",), "location": Location(state="MA")},
            {},
            {},
            "not licensed in MA",
        ),
        (
            {"licence_states": ("MA",), "modalities": VIDEO},
            {"state": "NH"},
            {},
            "not licensed in NH",
        ),
        (
            {"languages": ("en",)},
            {"language": "vi"},
            {"language_required": True},
            "nobody there speaks the patient's language",
        ),
    ],
)
def test_who_cannot_see_the_patient_is_excluded_for_that_reason(
    who: dict[str, Any], patient: dict[str, Any], rule: dict[str, Any], reason: str
) -> None:
    need, wanted = a_need(**patient), a_rule(**{"max_distance_km": 80, **rule})
    assert exclusion(need, a_practitioner("1", **who), wanted) == reason
    assert exclusion(a_need(), a_practitioner("2"), a_rule()) is None


@pytest.mark.parametrize(
    ("who", "patient", "rule"),
    [
        ({"memberships": member(valid_to=TODAY)}, {"day": TODAY}, {}),
        ({"networks": (), "memberships": member(plan="gold")}, {"day": TODAY, "plan": "gold"}, {}),
        ({"networks": ()}, {"payer": None, "is_network_denied": True}, {}),
        ({"networks": ()}, {"is_network_denied": True}, {"networks": "any"}),
        ({**km_north(500), "modalities": VIDEO}, {}, {}),
        ({**km_north(500)}, {"latitude": None}, {}),
        ({"ages": AgeLimits(youngest=18, oldest=18)}, {"age": 18}, {}),
        ({"ages": AgeLimits(youngest=18)}, {"age": None}, {}),
        ({"sex": "female"}, {"sex": "female"}, {}),
        ({"sex": "female"}, {"sex": "other"}, {}),
        ({"sex": "female"}, {"sex": None}, {}),
        ({"modalities": (Modality.IN_PERSON, Modality.VIDEO)}, {}, {"modalities": VIDEO}),
        ({"imaging": (CT, MR)}, {"imaging": frozenset({MR})}, {}),
        ({"imaging": ()}, {"imaging": frozenset({MR})}, {}),
        ({"specialty": "261QM1200X", "imaging": (MR,)}, {"imaging": frozenset({MR})}, {}),
        ({"imaging": (CT,)}, {}, {}),
        ({"licence_states": ("MA",), "modalities": VIDEO}, {"state": "MA"}, {}),
        ({"licence_states": ("MA",), "location": Location(state="MA")}, {"state": "NH"}, {}),
        ({"licence_states": ()}, {"state": "NH"}, {}),
        ({"languages": ("vi",)}, {"language": "vi"}, {"language_required": True}),
        ({"languages": ("en",)}, {"language": "vi"}, {}),
    ],
)
def test_who_can_see_the_patient_passes(
    who: dict[str, Any], patient: dict[str, Any], rule: dict[str, Any]
) -> None:
    need, wanted = a_need(**patient), a_rule(**{"max_distance_km": 80, **rule})
    assert exclusion(need, a_practitioner("1", **who), wanted) is None


def test_every_filter_is_a_reason_of_its_own() -> None:
    assert len({f.__name__ for f in HARD_FILTERS}) == len(HARD_FILTERS) == 11
