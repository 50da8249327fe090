"""What specialties are called: of the one table that says so, for those who only show them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def specialty_names() -> Mapping[str, str]:
    """Return NUCC code → name, read once; the other tables are not."""
    table = files(__package__).joinpath("data", "nucc.json").read_text(encoding="utf-8")
    return {row["code"]: row["display"] for row in json.loads(table)["codes"]}
