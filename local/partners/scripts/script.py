"""How the partners behave for one referral: from its sidecar, at random, or good-natured.

A sidecar `<name>.sidecar.json` stands beside the referral `<name>.json`; its `partners` holds the
parts (parts.py, staff_part.py), each optional, as is everything in them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, Self

from local.partners.scripts.fields import span
from local.partners.scripts.parts import ClinicPart, EhrPart, PatientPart, PayerPart
from local.partners.scripts.random import partners_at_random
from local.partners.scripts.staff import StaffPart

__all__ = ["ClinicPart", "EhrPart", "PatientPart", "Script", "Scripts", "placers", "span"]

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_PAYER: Final[Mapping[str, Any]] = {"eligibility": "active", "authorization": "A1"}


@dataclass(frozen=True)
class Script:
    """All partners' parts; the payer reads its own."""

    payer: Mapping[str, Any] = field(default_factory=lambda: dict(_PAYER))
    clinic: ClinicPart = field(default_factory=ClinicPart)
    patient: PatientPart = field(default_factory=PatientPart)
    ehr: EhrPart = field(default_factory=EhrPart)
    staff: StaffPart = field(default_factory=StaffPart)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Read a sidecar's `partners`.

        Raises:
            ValueError: it names a partner or a behaviour that there is not.
        """
        if unknown := sorted(set(given) - {f.name for f in fields(cls)}):
            raise ValueError(f"there is no partner {', '.join(unknown)}")
        payer = {**_PAYER, **given.get("payer", {})}
        PayerPart.read(payer)
        return cls(
            payer=payer,
            clinic=ClinicPart.read(given.get("clinic", {})),
            patient=PatientPart.read(given.get("patient", {})),
            ehr=EhrPart.read(given.get("ehr", {})),
            staff=StaffPart.read(given.get("staff", {})),
        )

    @classmethod
    def at_random(cls, seed: str, world_seed: str = "") -> Self:
        """Write the script at random; the same seeds write the same."""
        return cls.read(partners_at_random(Random(f"{world_seed}/{seed}")))  # noqa: S311 - a simulation's own

    @classmethod
    def good_natured(cls, seed: str) -> Self:
        """Make a good case whose delays follow from the seed alone."""
        random = Random(seed)  # noqa: S311 - a simulation's own

        def between(least: timedelta, most: timedelta) -> timedelta:
            return timedelta(minutes=random.randint(least // _MINUTE, most // _MINUTE))

        return cls(
            clinic=ClinicPart(
                answer_after=between(_HOUR, 8 * _HOUR),
                books_after=between(_DAY, 2 * _DAY),
                visit_in=between(3 * _DAY, 10 * _DAY),
                report_after=between(_DAY, 4 * _DAY),
            ),
            patient=PatientPart(reply_after=between(_HOUR, 6 * _HOUR)),
            ehr=EhrPart(acknowledges_after=between(2 * _HOUR, _DAY)),
        )


class Scripts:
    """The scripts of a folder's sidecars, by the placer identifier of their referral.

    Attributes:
        staffed: whether there is anything for staff to do.
    """

    def __init__(self, folder: Path | None, seed: str | None = None) -> None:
        """Read the sidecars of a folder.

        Args:
            folder: of sidecars and their referrals; none at all when None.
            seed: what happens at random to a referral without sidecar follows from it; without a
                seed it goes well, and staff leave it alone.

        Raises:
            ValueError: a sidecar is no script, or stands beside no referral.
        """
        self._folder = folder
        self._seed = seed
        self._by_placer: dict[str, Script] = {}
        if folder is not None and folder.is_dir():
            for sidecar in sorted(folder.glob("*.sidecar.json")):
                self._read(sidecar)
        decided = any(script.staff.decides for script in self._by_placer.values())
        self.staffed = seed is not None or decided

    def of(self, service_request: Mapping[str, Any]) -> Script:
        """Return the script of a referral."""
        named = placers(service_request)
        for placer in named:
            if placer in self._by_placer:
                return self._by_placer[placer]
        # The placer's own number comes before the router's, which is new with every run.
        own = named[0] if named else str(service_request.get("id"))
        if self._seed is None:
            return Script.good_natured(own)
        return Script.at_random(own, self._seed)

    def resource(self, name: str) -> dict[str, Any]:
        """Read a resource that a script names, beside the sidecars."""
        if self._folder is None:
            raise FileNotFoundError(name)
        resource: dict[str, Any] = json.loads((self._folder / name).read_text())
        return resource

    def _read(self, sidecar: Path) -> None:
        referral = sidecar.with_name(sidecar.name.replace(".sidecar.json", ".json"))
        try:
            script = Script.read(json.loads(sidecar.read_text()).get("partners", {}))
            named = placers(json.loads(referral.read_text()))
        except (ValueError, OSError) as error:
            raise ValueError(f"{sidecar.name}: {error}") from error
        self._by_placer |= dict.fromkeys(named, script)


def placers(resource: Any) -> list[str]:
    """List the identifiers' values of every ServiceRequest in a resource."""
    if isinstance(resource, list):
        return [p for item in resource for p in placers(item)]
    if not isinstance(resource, dict):
        return []
    own = []
    if resource.get("resourceType") == "ServiceRequest":
        own = [str(i["value"]) for i in resource.get("identifier", []) if "value" in i]
    return own + [p for value in resource.values() for p in placers(value)]
