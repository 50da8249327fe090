"""A referral leaves the payer's network only with the payer's consent."""

from __future__ import annotations

import pytest

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.directory import Practitioner
from referral_core.domain.payers.authorization import AuthorizationStatus
from referral_core.domain.work_items import Reason
from tests.partner_actions import reason_of
from tests.unit.timelines.world import PathwayWorld


class Outside(PathwayWorld):
    """A world in which the specialists are in some payer's network."""

    networks: tuple[str, ...] = ("pioneer",)

    def clinics_named(self, specialty: str, *, capacity: int = 5) -> None:
        super().clinics_named(specialty, capacity=capacity)
        self.directory._records = tuple(
            r.but(networks=self.networks) if isinstance(r, Practitioner) else r
            for r in self.directory._records
        )


class Inside(Outside):
    """The same, in the network of the patient's payer."""

    networks = ("pioneer", "harbor")


# The eligibility answer says that no authorization is required.
NOT_REQUIRED = PayerScript(authorization="not-required")


def test_inside_the_network_the_payers_word_that_none_is_needed_counts() -> None:
    world = Inside("external-provider", NOT_REQUIRED)
    assert world.payer._requests == {}
    assert world.referral.offer is not None
    assert list(world.clinics.offers)


def test_outside_the_network_the_payer_is_asked_all_the_same() -> None:
    world = Outside("external-provider", NOT_REQUIRED)
    (request,) = world.payer._requests.values()
    assert world.referral.offer is not None
    assert request.performer_npi == world.referral.offer.npi


@pytest.mark.parametrize("script", ["A3", "A4-then-A1", "A2"])
def test_outside_the_network_no_clinic_is_offered_anything_before_the_payer_consents(
    script: str,
) -> None:
    world = Outside("external-provider", PayerScript(authorization=script))  # type: ignore[arg-type]
    assert world.clinics.offers == {}
    known = world.referral.authorization
    assert known is not None
    assert known.status is not AuthorizationStatus.APPROVED


def test_a_pathway_that_keeps_to_the_network_offers_it_to_nobody_outside() -> None:
    world = Outside("generic-specialist", NOT_REQUIRED)
    assert world.clinics.offers == {}
    while reason_of(world) is None:
        world.wait()
    assert reason_of(world) is Reason.NO_CANDIDATE
    assert world.clinics.offers == {}
