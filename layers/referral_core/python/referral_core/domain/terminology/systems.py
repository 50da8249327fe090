"""The names under which senders write the code systems, and how their codes are compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

SNOMED: Final = "http://snomed.info/sct"
NUCC: Final = "http://nucc.org/provider-taxonomy"
CPT: Final = "http://www.ama-assn.org/go/cpt"
HCPCS: Final = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
LOINC: Final = "http://loinc.org"
ICD10CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
_UPPER: Final = frozenset({NUCC, CPT, HCPCS, ICD10CM})


@cache
def _names() -> Mapping[str, str]:
    text = files(__package__).joinpath("data", "systems.json").read_text(encoding="utf-8")
    names: dict[str, str] = {}
    for row in json.loads(text)["systems"]:
        for name in (row["system"], *row["aliases"]):
            names[_plain(name)] = row["system"]
    return names


def _plain(system: str) -> str:
    return system.strip().rstrip("/").removeprefix("https:").removeprefix("http:").casefold()


def canonical_system(system: str | None) -> str | None:
    """Return the URI that the tables use; an unknown system as it came, without blanks."""
    if not system or not system.strip():
        return None
    plain = _plain(system)
    if plain.startswith(_plain(SNOMED) + "/"):
        return SNOMED
    return _names().get(plain, system.strip())


def canonical_code(system: str | None, code: str) -> str:
    """Return a code as the tables write it: upper case where the system knows no other."""
    stripped = code.strip()
    return stripped.upper() if system in _UPPER else stripped
