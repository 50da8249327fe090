"""What a token allows: three broad scopes of ours, and SMART's, by resource and interaction."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

READ: Final = "referrals/read"
WRITE: Final = "referrals/write"
OPERATE: Final = "referrals/operate"

_SMART: Final = re.compile(r"system/(\*|[A-Z][A-Za-z]*)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)")
"""SMART App Launch 2.2 (create, read, update, delete, search, in this order), and its version 1."""
_VERSION_1: Final = {"read": "rs", "write": "cud", "*": "cruds"}


def covers(granted: str, wanted: str) -> bool:
    """Return whether a scope allows all that another one does."""
    if granted == wanted:
        return True
    has, needs = _parts(granted), _parts(wanted)
    if has is None or needs is None:
        return False
    return has[0] in {"*", needs[0]} and needs[1] <= has[1]


def covered(granted: Iterable[str], wanted: str) -> bool:
    """Return whether one of some scopes allows all that another one does."""
    return any(covers(scope, wanted) for scope in granted)


def is_scope(text: str) -> bool:
    """Return whether a client may be given this scope at all."""
    return text in {READ, WRITE, OPERATE} or _parts(text) is not None


def _parts(scope: str) -> tuple[str, frozenset[str]] | None:
    """Return the resource and the letters of its interactions; None: it is none of SMART's."""
    found = _SMART.fullmatch(scope)
    if found is None:
        return None
    resource, letters = found.groups()
    return resource, frozenset(_VERSION_1.get(letters, letters))
