"""For whom a payer authorizes the items of a request: it may name another clinician than asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from referral_core.fhir.npi_identifiers import NPI_NAMES
from referral_core.fhir.pas.review_actions import Json, extensions_of, name_of

CLINICIANS: Final = frozenset({"Practitioner", "PractitionerRole"})
_DEEPEST: Final = 3


def authorized_npis(
    lines: Iterable[Json], response: Json, sent: Sequence[Json], path: str
) -> tuple[str, ...]:
    """Return the NPIs of the clinicians whom items name, as far as the answer says who they are.

    Args:
        lines: the items.
        response: the ClaimResponse, for what it contains.
        sent: the clinicians that came with it.
        path: of the ClaimResponse.
    """
    contained = response.get("contained")
    inside = [one for one in _listed(contained) if one.get("resourceType") in CLINICIANS]
    named = (
        part.get("valueReference")
        for line in lines
        for authorized in extensions_of(line, path)
        if name_of(authorized) == "itemAuthorizedProvider"
        for part in extensions_of(authorized, path)
        if name_of(part) == "provider"
    )
    known = _by_name([*inside, *sent])
    found = (npi for reference in named for npi in _npis(reference, known, _DEEPEST))
    return tuple(dict.fromkeys(found))


def _by_name(clinicians: Iterable[Json]) -> dict[str, list[Json]]:
    """Return clinicians by what leads to them: `#id`, type and id, or the end of `fullUrl`."""
    found: dict[str, list[Json]] = {}
    for one in clinicians:
        own, url = str(one.get("id", "")), one.get("fullUrl")
        names = {f"#{own}", f"{one.get('resourceType')}/{own}"} if own else set()
        names |= {_end_of(url)} if isinstance(url, str) else set()
        for name in names:
            found.setdefault(name, []).append(one)
    return found


def _end_of(literal: str) -> str:
    """Return what of a reference says whom it names: the last two parts, of any version."""
    return "/".join(literal.partition("/_history/")[0].split("/")[-2:])


def _npis(reference: Any, known: dict[str, list[Json]], depth: int) -> Iterator[str]:
    """Iterate over the NPIs to which a reference leads; who was asked once is not asked again."""
    if not isinstance(reference, Mapping) or depth == 0:
        return
    yield from _numbers([reference.get("identifier")])
    for one in known.pop(_end_of(str(reference.get("reference", ""))), ()):
        yield from _numbers(one.get("identifier"))
        yield from _npis(one.get("practitioner"), known, depth - 1)


def _numbers(identifiers: Any) -> Iterator[str]:
    for one in _listed(identifiers):
        value = one.get("value")
        if str(one.get("system")) in NPI_NAMES and isinstance(value, str):
            yield value.strip()


def _listed(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
