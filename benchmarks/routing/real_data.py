"""A season on real places: specialists of NPPES, patients of Synthea.

Real are the specialists' specialties and practice ZIPs, the patients' homes, languages and kinds of
insurance. Neither source knows networks, tiers, capacity or orders: those are drawn from the seed.
Names and numbers of people are not read.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.routing.season import (
    ARRIVAL_WEEKS,
    PAYERS,
    REFERRALS,
    URGENT,
    Arrival,
    Season,
    drawn_languages,
    drawn_tiers,
    weekly_places,
)
from referral_core.domain.routing.matching import Demand, Service

SPECIALTIES: Final = frozenset(
    {
        "207RC0000X",
        "207RG0100X",
        "207N00000X",
        "207W00000X",
        "208600000X",
        "208800000X",
        "2084P0800X",
        "225100000X",
    }
)
_LOAD: Final = 0.95
_PASTS: Final = 8
_TAXONOMIES: Final = 15

Place = tuple[float, float]
Patient = tuple[Place, str, str]
"""Home, language, payer."""


class RealData:
    """What the sources say, read once.

    Args:
        folder: has `nppes/`, `reference/` and `synthea-ma-2019-fhir/`.
    """

    def __init__(self, folder: Path) -> None:
        self.specialists = tuple(_specialists(folder))
        self.patients = tuple(_patients(folder / "synthea-ma-2019-fhir"))

    def season(self, seed: int) -> Season:
        """Draw what the sources do not know: networks, capacity, and who is referred where."""
        rng = Random(seed)  # noqa: S311 - figures, not secrets
        services = tuple(
            Service(f"service-{n:04d}", specialty, place, drawn_tiers(rng), drawn_languages(rng))
            for n, (specialty, place) in enumerate(self.specialists)
        )
        count = Counter(s.specialty for s in services)
        shares = {k: n / len(services) for k, n in count.items()}
        return Season(
            services=services,
            weekly=weekly_places(services, shares, _LOAD, rng),
            history=tuple(self._arrivals(shares, rng) for _ in range(_PASTS)),
            arrivals=self._arrivals(shares, rng),
        )

    def _arrivals(self, shares: dict[str, float], rng: Random) -> tuple[Arrival, ...]:
        specialties = rng.choices(list(shares), list(shares.values()), k=REFERRALS)
        patients = rng.choices(self.patients, k=REFERRALS)
        arrivals = (
            Arrival(
                rng.uniform(0, ARRIVAL_WEEKS),
                Demand(specialty, payer, home, language, urgent=rng.random() < URGENT),
            )
            for specialty, (home, language, payer) in zip(specialties, patients, strict=True)
        )
        return tuple(sorted(arrivals, key=lambda a: a.at))


def missing(folder: Path) -> bool:
    """Whether a source is not there."""
    return not all(
        (folder / name).exists()
        for name in ("nppes", "reference/zip_centroids_subset.csv", "synthea-ma-2019-fhir")
    )


def _specialists(folder: Path) -> Iterator[tuple[str, Place]]:
    with (folder / "reference/zip_centroids_subset.csv").open(encoding="utf-8") as rows:
        centroids = {r["zip"]: (float(r["lat"]), float(r["long"])) for r in csv.DictReader(rows)}
    with (folder / "nppes/practitioners.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            place = centroids.get(
                row["Provider Business Practice Location Address Postal Code"][:5]
            )
            specialty = _primary_taxonomy(row)
            if place is not None and specialty in SPECIALTIES:
                yield specialty, place


def _primary_taxonomy(row: dict[str, str]) -> str:
    for n in range(1, _TAXONOMIES + 1):
        if row.get(f"Healthcare Provider Primary Taxonomy Switch_{n}") == "Y":
            return row[f"Healthcare Provider Taxonomy Code_{n}"]
    return row["Healthcare Provider Taxonomy Code_1"]


def _patients(folder: Path) -> Iterator[Patient]:
    payers: Sequence[str] = tuple(PAYERS)
    with (folder / "patient_insurance.csv").open(encoding="utf-8") as rows:
        kinds = {r["patient_id"]: r["coverage_type"] for r in csv.DictReader(rows)}
    ranks = [kind for kind, _ in Counter(kinds.values()).most_common()]
    with (folder / "Patient.ndjson").open(encoding="utf-8") as lines:
        for line in lines:
            patient: dict[str, Any] = json.loads(line)
            home = _home(patient)
            if home is not None and patient["id"] in kinds:
                rank = min(ranks.index(kinds[patient["id"]]), len(payers) - 1)
                yield home, _language(patient), payers[rank]


def _home(patient: dict[str, Any]) -> Place | None:
    for extension in patient["address"][0].get("extension", ()):
        if extension["url"].endswith("/geolocation"):
            parts = {e["url"]: float(e["valueDecimal"]) for e in extension["extension"]}
            return parts["latitude"], parts["longitude"]
    return None


def _language(patient: dict[str, Any]) -> str:
    spoken = patient.get("communication") or [{"language": {"coding": [{"code": "en"}]}}]
    code: str = spoken[0]["language"]["coding"][0]["code"]
    return code.split("-", maxsplit=1)[0]
