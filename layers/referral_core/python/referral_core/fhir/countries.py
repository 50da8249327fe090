"""The names of countries in many languages, and their codes of three letters.

They are those of the library `phonenumbers` (Apache-2.0, from java.util.Locale), in a file of their
own: beside them the library keeps megabytes of other data, which loading them would load too.
Codes, and what else ISO 3166-1 calls a country, are those of pycountry 26.2.16 (LGPL).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

_FILES: Final = ("country_names.json", "country_codes.json")
"""The later one counts: NGA is Nigeria, and Nga is what Russia is called in Vietnamese."""


def region_named(country: str) -> str | None:
    """Return the region (ISO 3166-1 alpha-2) of a country's name or code in capitals, or None."""
    return _regions().get(country)


@cache
def _regions() -> Mapping[str, str]:
    return {
        name: region
        for file in _FILES
        for region, names in json.loads((resources.files(__package__) / file).read_bytes()).items()
        for name in names
    }
