"""How the partners behave for one referral: from its sidecar, or good-natured by chance.

A sidecar `<name>.sidecar.json` stands beside the referral `<name>.json`; its `partners` holds the
parts below, each optional, as is everything in them. Durations are ISO 8601, in virtual time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, Self

_SPAN: Final = re.compile(r"P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?)?", re.ASCII)
_ANSWERS: Final = frozenset({"accept", "decline", "silent"})
_VISITS: Final = frozenset({"attended", "no-show", "cancelled"})
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def span(text: str) -> timedelta:
    """Read an ISO 8601 duration of days, hours and minutes.

    Raises:
        ValueError: it is none.
    """
    match = _SPAN.fullmatch(text)
    if match is None or text == "P":
        raise ValueError(f"{text!r} is no duration")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


class _Part:
    """Reads one partner's part of a script; an unknown or misspelt name is an error."""

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        if unknown := sorted(set(told) - known):
            raise ValueError(f"{cls.__name__} has no {', '.join(unknown)}")
        return cls(**{name: _value(name, value) for name, value in told.items()})


@dataclass(frozen=True)
class ClinicPart(_Part):
    """The clinics.

    Attributes:
        books_after: counted from the patient's word that a visit is wanted.
        offers: the answer to each successive offer; the last one repeats.
        visit: how each successive visit goes, for a clinic that books again.
        report_type: `text/plain` or `application/pdf`.
    """

    offers: tuple[str, ...] = ("accept",)
    answer_after: timedelta = 4 * _HOUR
    books: bool = True
    books_after: timedelta = _DAY
    visit_in: timedelta = 7 * _DAY
    visit: tuple[str, ...] = ("attended",)
    report: bool = True
    report_after: timedelta = 3 * _DAY
    report_loinc: str = "11488-4"
    report_type: str = "text/plain"

    def __post_init__(self) -> None:
        if not self.offers or not _ANSWERS.issuperset(self.offers):
            raise ValueError(f"a clinic answers an offer by one of {sorted(_ANSWERS)}")
        if not self.visit or not _VISITS.issuperset(self.visit):
            raise ValueError(f"a visit is one of {sorted(_VISITS)}")

    def answer(self, number: int) -> str:
        """Return the answer to an offer, counted from 0."""
        return self.offers[min(number, len(self.offers) - 1)]


@dataclass(frozen=True)
class PatientPart(_Part):
    """The patient.

    Attributes:
        reply: to each successive message; None ignores it, and the last one repeats.
    """

    reply: tuple[str | None, ...] = ("YES",)
    reply_after: timedelta = 2 * _HOUR

    def answer(self, number: int) -> str | None:
        """Return the reply to a message, counted from 0."""
        return self.reply[min(number, len(self.reply) - 1)] if self.reply else None


@dataclass(frozen=True)
class EhrPart(_Part):
    """The EHR.

    Attributes:
        supplies: the file, beside the sidecar, with the order as it is sent when asked for more.
        cancels_when: the business status of the coordination Task at which the order is revoked.
    """

    supplies: str | None = None
    supplies_after: timedelta = _DAY
    cancels_when: str | None = None
    acknowledges: bool = True
    acknowledges_after: timedelta = 6 * _HOUR


@dataclass(frozen=True)
class Script:
    """All partners' parts; the payer reads its own."""

    payer: Mapping[str, Any] = field(
        default_factory=lambda: {"eligibility": "active", "authorization": "A1"}
    )
    clinic: ClinicPart = field(default_factory=ClinicPart)
    patient: PatientPart = field(default_factory=PatientPart)
    ehr: EhrPart = field(default_factory=EhrPart)

    @classmethod
    def read(cls, told: Mapping[str, Mapping[str, Any]]) -> Self:
        """Read a sidecar's `partners`.

        Raises:
            ValueError: it names a partner or a behaviour that there is not.
        """
        if unknown := sorted(set(told) - {f.name for f in fields(cls)}):
            raise ValueError(f"there is no partner {', '.join(unknown)}")
        return cls(
            payer={**cls().payer, **told.get("payer", {})},
            clinic=ClinicPart.read(told.get("clinic", {})),
            patient=PatientPart.read(told.get("patient", {})),
            ehr=EhrPart.read(told.get("ehr", {})),
        )

    @classmethod
    def by_chance(cls, seed: str, world_seed: str = "") -> Self:
        """Make a good case whose delays follow from the seeds alone."""
        dice = Random(f"{world_seed}/{seed}")  # noqa: S311 - a simulation's dice

        def between(least: timedelta, most: timedelta) -> timedelta:
            return timedelta(minutes=dice.randint(least // _MINUTE, most // _MINUTE))

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


_MINUTE: Final = timedelta(minutes=1)


class Scripts:
    """The scripts of a folder's sidecars, by the placer identifier of their referral."""

    def __init__(self, folder: Path | None, seed: str = "") -> None:
        """Read the sidecars of a folder; the seed decides what happens without one.

        Raises:
            ValueError: a sidecar is no script, or stands beside no referral.
        """
        self._folder = folder
        self._seed = seed
        self._by_placer: dict[str, Script] = {}
        if folder is None or not folder.is_dir():
            return
        for sidecar in sorted(folder.glob("*.sidecar.json")):
            referral = sidecar.with_name(sidecar.name.replace(".sidecar.json", ".json"))
            try:
                script = Script.read(json.loads(sidecar.read_text()).get("partners", {}))
                named = placers(json.loads(referral.read_text()))
            except (ValueError, OSError) as error:
                raise ValueError(f"{sidecar.name}: {error}") from error
            self._by_placer |= dict.fromkeys(named, script)

    def of(self, service_request: Mapping[str, Any]) -> Script:
        """Return the script of a referral; without a sidecar it goes well, by chance."""
        named = placers(service_request)
        for placer in named:
            if placer in self._by_placer:
                return self._by_placer[placer]
        # The placer's own number comes before the router's, which is new with every run.
        return Script.by_chance(named[0] if named else str(service_request.get("id")), self._seed)

    def resource(self, name: str) -> dict[str, Any]:
        """Read a resource that a script names, beside the sidecars."""
        if self._folder is None:
            raise FileNotFoundError(name)
        resource: dict[str, Any] = json.loads((self._folder / name).read_text())
        return resource


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


def _value(name: str, value: Any) -> Any:
    if name.endswith(("_after", "_in")):
        return span(value)
    if name in {"offers", "visit", "reply"}:
        return tuple(value) if isinstance(value, list) else (value,)
    return value
