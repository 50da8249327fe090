"""NPPES: the public file of all National Provider Identifiers, as CSV.

It knows who somebody is, where, and with which licences. It knows nothing of networks, of capacity
and of who takes new patients.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from referral_core.directories.rows import Places, Row, day_in, imaging, readable, state
from referral_core.domain.directory_facts import Fact, ServiceKind
from referral_core.domain.npi import is_npi

_MOST_TAXONOMIES: Final = 15
_NUCC: Final = re.compile(r"[0-9A-Z]{9}X")
_KINDS: Final = {"1": ServiceKind.CLINICIAN, "2": ServiceKind.FACILITY}
_AT: Final = "Provider {} Business Practice Location Address"
_CITY, _STATE, _ZIP, _PHONE = (
    f"Provider Business Practice Location Address {name}"
    for name in ("City Name", "State Name", "Postal Code", "Telephone Number")
)
_LINES: Final = (_AT.format("First Line"), _AT.format("Second Line"))


def read(lines: Iterable[str], places: Places) -> Iterator[Row]:
    """Read a file line by line; the first has the names of the columns.

    Args:
        lines: of the file, opened with `newline=""`.
        places: returns where a postal code lies.
    """
    rows = csv.DictReader(lines)
    for found in rows:
        row = {name: (value or "").strip() for name, value in found.items() if name is not None}
        if None in found:
            yield Row(rows.line_num, refused="more fields than columns")
        else:
            yield from readable(rows.line_num, partial(_rows, rows.line_num, row, places))


def _rows(line: int, row: Mapping[str, str], places: Places) -> Iterator[Row]:
    """Yield an entry for each taxonomy code, the primary one first, or why there is none."""
    npi, taxonomies = row.get("NPI", ""), _taxonomies(row)
    kind = _KINDS.get(row.get("Entity Type Code", ""))
    place = places(row.get(_ZIP, "")[:5])
    name = _name(row)
    refusals = {
        "not an NPI: its check digit is wrong": not is_npi(npi),
        "the NPI is deactivated": _is_deactivated(row),
        "neither a person nor an organization": kind is None,
        "no name": not name,
        "no taxonomy code": not taxonomies,
        "no place is known for the postal code": place is None,
    }
    refused = next((why for why, is_so in refusals.items() if is_so), None)
    if refused is not None or place is None or kind is None:
        yield Row(line, refused=refused)
        return
    says: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "organization": f"npi-{npi}",
        "main_specialty": taxonomies[0],
        **imaging(taxonomies),
        "latitude": place[0],
        "longitude": place[1],
        "licence_states": _licence_states(row),
        "phone": row.get(_PHONE) or None,
        "location": {
            "address": ", ".join(part for part in map(row.get, _LINES) if part) or None,
            "city": row.get(_CITY) or None,
            "state": state(row.get(_STATE)),
            "postal_code": row.get(_ZIP) or None,
        },
    }
    vouched = (Fact.SERVICE, Fact.CONTACT, Fact.LOCATION)
    updated = day_in(row.get("Last Update Date"))
    yield from (Row(line, npi, code, says, updated, vouched) for code in taxonomies)


def _name(row: Mapping[str, str]) -> str:
    person = (
        row.get("Provider First Name", ""),
        row.get("Provider Last Name (Legal Name)", ""),
    )
    organization = row.get("Provider Organization Name (Legal Business Name)", "")
    return organization or " ".join(part for part in person if part)


def _is_deactivated(row: Mapping[str, str]) -> bool:
    return bool(row.get("NPI Deactivation Date")) and not row.get("NPI Reactivation Date")


def _taxonomies(row: Mapping[str, str]) -> list[str]:
    """Return the NUCC codes, the primary one first."""
    found: list[tuple[bool, str]] = []
    for n in range(1, _MOST_TAXONOMIES + 1):
        code = row.get(f"Healthcare Provider Taxonomy Code_{n}", "")
        if _NUCC.fullmatch(code):
            is_primary = row.get(f"Healthcare Provider Primary Taxonomy Switch_{n}") == "Y"
            found.append((not is_primary, code))
    return list(dict.fromkeys(code for _, code in sorted(found, key=lambda one: one[0])))


def _licence_states(row: Mapping[str, str]) -> tuple[str, ...]:
    names = (f"Provider License Number State Code_{n}" for n in range(1, _MOST_TAXONOMIES + 1))
    return tuple(sorted({state for state in map(row.get, names) if state}))
