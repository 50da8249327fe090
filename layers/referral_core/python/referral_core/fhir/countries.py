"""The names of countries in many languages.

They are those of the library `phonenumbers` (Apache-2.0, from java.util.Locale), in a file of their
own: beside them the library keeps megabytes of other data, which loading them would load too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources


def region_named(country: str) -> str | None:
    """Return the region (ISO 3166-1 alpha-2) of a country's name in capitals; None: of none."""
    return _regions().get(country)


@cache
def _regions() -> Mapping[str, str]:
    content = (resources.files(__package__) / "country_names.json").read_bytes()
    return {name: region for region, names in json.loads(content).items() for name in names}
