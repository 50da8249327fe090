"""One clinic contract, two sides: in memory, and over HTTP against the simulated clinic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from local.partners.clinic import endpoint as simulated
from referral_core.adapters.http.client import HttpClient
from referral_core.adapters.http.clinic import HttpClinics
from referral_core.adapters.memory.partners import MemoryClinics
from referral_core.domain.directory import Practitioner
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.messages import OfferedReferral
from referral_core.domain.orders.clinical_content import ClinicalContent, ClinicalPayload
from referral_core.domain.referral import Referral
from referral_core.fhir.intake.orders import read_referrals
from referral_core.fhir.outbound.offers import offer_bundle
from referral_core.ports.lifecycle import Clinics
from tests.adapters.still_world import Partner, partner
from tests.unit.builders import NOW
from tests.unit.fhir.partners import a_performer, an_offered_referral

EXAMPLES = sorted(
    path
    for path in (Path(__file__).parents[2] / "events/referrals").glob("*.json")
    if not path.name.endswith(".sidecar.json")
)
HAPPY = next(path for path in EXAMPLES if path.stem == "happy-path")


class Side(Protocol):
    clinics: Clinics
    practitioner: Practitioner

    def offered(self) -> set[str]:
        """Return the Tasks that were offered."""

    def withdrawn(self) -> dict[str, str]:
        """Return the reason of each Task taken back."""

    def turn(self, mode: str) -> None:
        """Make the clinic `up`, `down`, or one that `refuses`."""


class MemorySide:
    def __init__(self) -> None:
        self.memory = MemoryClinics()
        self.clinics: Clinics = self.memory
        self.practitioner = a_performer()

    def offered(self) -> set[str]:
        return set(self.memory.offers)

    def withdrawn(self) -> dict[str, str]:
        return self.memory.withdrawn

    def turn(self, mode: str) -> None:
        self.memory.mode = mode  # type: ignore[assignment]


class HttpSide:
    def __init__(self, clinic: Partner) -> None:
        self.clinics: Clinics = HttpClinics(HttpClient(lambda name: f"token-of-{name}"))
        self.clinic = clinic
        self.practitioner = self._at("/clinic/skin-clinic")

    def offered(self) -> set[str]:
        return set(self.bundles())

    def bundles(self) -> dict[str, Any]:
        """Return the Bundle last taken for each Task."""
        taken = [e["body"] for e in self.clinic.received if e["status"] == 200]
        bundles = [body for body in taken if body["resourceType"] == "Bundle"]
        return {bundle["entry"][0]["resource"]["id"]: bundle for bundle in bundles}

    def withdrawn(self) -> dict[str, str]:
        tasks = [e["body"] for e in self.clinic.received if e["method"] == "PUT"]
        return {task["id"]: task["statusReason"]["coding"][0]["code"] for task in tasks}

    def turn(self, mode: str) -> None:
        if mode == "refuses":
            self.practitioner = self._at("/no-clinic")
        else:
            self.clinic.world.mode["clinic"] = mode

    def _at(self, path: str) -> Practitioner:
        return a_performer().but(clinic_url=f"{self.clinic.url}{path}")


@pytest.fixture
def http_side() -> Iterator[HttpSide]:
    with partner("clinic", simulated.routes) as clinic:
        yield HttpSide(clinic)


@pytest.fixture(params=["memory", "http"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "memory":
        return MemorySide()
    side: HttpSide = request.getfixturevalue("http_side")
    return side


def an_offer(
    performer: Practitioner, path: Path = HAPPY, referral: Referral | None = None
) -> OfferedReferral:
    body = path.read_bytes()
    bundled = json.loads(body)["resourceType"] == "Bundle"
    (intake,) = read_referrals(
        body, "application/fhir+json", "bundle" if bundled else "resource", NOW
    )
    referral = referral or an_offered_referral()
    payload = ClinicalPayload(
        service_request=intake.service_request,
        resources=dict(intake.resources),
        content=ClinicalContent(),
        source_sha256="0" * 64,
        content_hash="0" * 64,
    )
    task_id = f"{referral.id}.b1"
    return OfferedReferral(referral=referral, task_id=task_id, performer=performer, payload=payload)


def test_an_offer_reaches_the_clinic(side: Side) -> None:
    side.clinics.offer(an_offer(side.practitioner))

    assert side.offered() == {"r1.b1"}


def test_the_same_offer_twice_is_one_offer(side: Side) -> None:
    side.clinics.offer(an_offer(side.practitioner))
    side.clinics.offer(an_offer(side.practitioner))

    assert side.offered() == {"r1.b1"}


def test_an_offer_reaches_the_clinic_whole(http_side: HttpSide) -> None:
    offer = an_offer(http_side.practitioner)

    http_side.clinics.offer(offer)

    whole = offer_bundle(offer.referral, offer.performer, offer.payload)
    assert http_side.bundles() == {"r1.b1": whole}


@pytest.mark.parametrize("known", [True, False])
def test_a_withdrawal_reaches_the_clinic_with_its_reason(side: Side, known: bool) -> None:  # noqa: FBT001
    if known:
        side.clinics.offer(an_offer(side.practitioner))

    side.clinics.withdraw(side.practitioner, "r1.b1", "cancelled-by-referrer")
    side.clinics.withdraw(side.practitioner, "r1.b1", "cancelled-by-referrer")

    assert side.withdrawn() == {"r1.b1": "cancelled-by-referrer"}


def test_a_clinic_that_is_down_is_worth_a_retry(side: Side) -> None:
    side.turn("down")
    with pytest.raises(Retryable):
        side.clinics.offer(an_offer(side.practitioner))
    with pytest.raises(Retryable):
        side.clinics.withdraw(side.practitioner, "r1.b1", "patient-declined")

    side.turn("up")

    side.clinics.offer(an_offer(side.practitioner))
    assert side.offered() == {"r1.b1"}


def test_a_clinic_that_refuses_is_final(side: Side) -> None:
    side.turn("refuses")

    with pytest.raises(Permanent):
        side.clinics.offer(an_offer(side.practitioner))
    with pytest.raises(Permanent):
        side.clinics.withdraw(side.practitioner, "r1.b1", "patient-declined")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_strict_clinic_takes_what_we_make_of_every_example(
    http_side: HttpSide, path: Path
) -> None:
    http_side.clinics.offer(an_offer(http_side.practitioner, path))

    assert http_side.offered() == {"r1.b1"}


def test_a_clinic_refuses_an_offer_that_it_cannot_work_with(http_side: HttpSide) -> None:
    offer = an_offer(http_side.practitioner)
    patients = {
        reference: resource
        for reference, resource in offer.payload.resources.items()
        if resource["resourceType"] == "Patient"
    }
    order = offer.payload.service_request
    contained = [r for r in order.get("contained", ()) if r["resourceType"] != "Patient"]
    assert patients or contained != list(order.get("contained", ()))
    cut = offer.payload.but(
        service_request={**order, "contained": contained},
        resources={k: v for k, v in offer.payload.resources.items() if k not in patients},
    )

    with pytest.raises(Permanent, match="400"):
        http_side.clinics.offer(offer.but(payload=cut))


def test_an_offer_is_one_transaction_at_the_base_of_the_endpoint(http_side: HttpSide) -> None:
    slashed = f"{http_side.practitioner.clinic_url}/"
    practitioner = http_side.practitioner.but(clinic_url=slashed)

    http_side.clinics.offer(an_offer(practitioner))
    http_side.clinics.withdraw(practitioner, "r1.b1", "patient-declined")

    assert [(e["method"], e["path"]) for e in http_side.clinic.received] == [
        ("POST", "/clinic/skin-clinic"),
        ("PUT", "/clinic/skin-clinic/Task/r1.b1"),
    ]
