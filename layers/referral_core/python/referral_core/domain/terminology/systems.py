"""The names under which senders write the code systems, and how their codes are compared."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

SNOMED: Final = "http://snomed.info/sct"
NUCC: Final = "http://nucc.org/provider-taxonomy"
CPT: Final = "http://www.ama-assn.org/go/cpt"
HCPCS: Final = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
LOINC: Final = "http://loinc.org"
ICD10CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
ICD9CM: Final = "http://hl7.org/fhir/sid/icd-9-cm"
_OID: Final = re.compile(r"[0-2](?:\.\d+){3,}")
_ICD9_CATEGORY: Final = 3
_PIPES: Final = 2
_KEPT_SYSTEMS: Final = 512
"""Spellings that are remembered: an EHR writes the same few in each of its orders."""
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
    """Return what is the same of every spelling: no scheme, `www`, version, case or last slash."""
    bare = system.strip().casefold().partition("|")[0].rstrip("/")
    if _OID.fullmatch(bare):
        return f"urn:oid:{bare}"
    return bare.removeprefix("https:").removeprefix("http:").replace("//www.", "//", 1)


@lru_cache(maxsize=_KEPT_SYSTEMS)
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
    if system == SNOMED:
        # A code may come with its words behind it: 394582007 |Dermatology|.
        return stripped.partition("|")[0].strip() if stripped.count("|") == _PIPES else stripped
    if system == ICD9CM and "." not in stripped and len(stripped) > _ICD9_CATEGORY:
        return f"{stripped[:_ICD9_CATEGORY]}.{stripped[_ICD9_CATEGORY:]}"
    return stripped.upper() if system in _UPPER else stripped
