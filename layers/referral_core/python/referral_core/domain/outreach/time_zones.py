"""The time zones of the US states: a patient is messaged only when all of their state is awake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zoneinfo import available_timezones

from referral_core.domain.outreach.zip_zones import zones_of_zip

_EASTERN, _CENTRAL = "America/New_York", "America/Chicago"
_MOUNTAIN, _PACIFIC = "America/Denver", "America/Los_Angeles"

_ZONES: Final[Mapping[tuple[str, ...], str]] = {
    (_EASTERN,): "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
    (_EASTERN, _CENTRAL): "FL IN KY MI",
    (_CENTRAL,): "AL AR IA IL LA MN MO MS OK WI",
    (_CENTRAL, _EASTERN): "TN",
    (_CENTRAL, _MOUNTAIN): "KS ND NE SD TX",
    (_MOUNTAIN,): "CO MT NM UT WY",
    (_MOUNTAIN, _PACIFIC): "ID",
    ("America/Phoenix", _MOUNTAIN): "AZ",
    (_PACIFIC,): "CA WA",
    (_PACIFIC, _MOUNTAIN): "NV OR",
    ("America/Anchorage", "America/Adak"): "AK",
    ("Pacific/Honolulu",): "HI",
    ("America/Puerto_Rico",): "PR VI",
    ("Pacific/Guam",): "GU MP",
    ("Pacific/Pago_Pago",): "AS",
}
_BY_STATE: Final = {state: zones for zones, states in _ZONES.items() for state in states.split()}

# FHIR's `Address.state` may be a name, and many systems send one.
_NAMES: Final[Mapping[str, str]] = {
    "ALABAMA": "AL",
    "ALASKA": "AK",
    "AMERICAN SAMOA": "AS",
    "ARIZONA": "AZ",
    "ARKANSAS": "AR",
    "CALIFORNIA": "CA",
    "COLORADO": "CO",
    "CONNECTICUT": "CT",
    "DELAWARE": "DE",
    "DISTRICT OF COLUMBIA": "DC",
    "FLORIDA": "FL",
    "GEORGIA": "GA",
    "GUAM": "GU",
    "HAWAII": "HI",
    "IDAHO": "ID",
    "ILLINOIS": "IL",
    "INDIANA": "IN",
    "IOWA": "IA",
    "KANSAS": "KS",
    "KENTUCKY": "KY",
    "LOUISIANA": "LA",
    "MAINE": "ME",
    "MARYLAND": "MD",
    "MASSACHUSETTS": "MA",
    "MICHIGAN": "MI",
    "MINNESOTA": "MN",
    "MISSISSIPPI": "MS",
    "MISSOURI": "MO",
    "MONTANA": "MT",
    "NEBRASKA": "NE",
    "NEVADA": "NV",
    "NEW HAMPSHIRE": "NH",
    "NEW JERSEY": "NJ",
    "NEW MEXICO": "NM",
    "NEW YORK": "NY",
    "NORTH CAROLINA": "NC",
    "NORTH DAKOTA": "ND",
    "NORTHERN MARIANA ISLANDS": "MP",
    "OHIO": "OH",
    "OKLAHOMA": "OK",
    "OREGON": "OR",
    "PENNSYLVANIA": "PA",
    "PUERTO RICO": "PR",
    "RHODE ISLAND": "RI",
    "SOUTH CAROLINA": "SC",
    "SOUTH DAKOTA": "SD",
    "TENNESSEE": "TN",
    "TEXAS": "TX",
    "UTAH": "UT",
    "VERMONT": "VT",
    "VIRGIN ISLANDS": "VI",
    "VIRGINIA": "VA",
    "WASHINGTON": "WA",
    "WEST VIRGINIA": "WV",
    "WISCONSIN": "WI",
    "WYOMING": "WY",
}


_EVERY_STATES: Final = tuple(dict.fromkeys(zone for zones in _ZONES for zone in zones))


def zones_of(
    tenant_zone: str,
    *,
    state: str | None = None,
    postal_code: str | None = None,
    phone: str | None = None,
) -> tuple[str, ...]:
    """Return the IANA zones that a patient may be in, the likeliest first.

    Where nothing says where the patient lives, the hours must suit all of the United States: an
    unknown zone is not "here".

    Args:
        tenant_zone: comes first where it is one of those found.
        state: of the patient's home: its USPS abbreviation or its name.
        postal_code: of the home, asked where the state is not known.
        phone: E.164, asked where neither is.
    """
    named = " ".join((state or "").upper().split())
    zones = (
        _BY_STATE.get(_NAMES.get(named, named))
        or zones_of_zip(postal_code)
        or zones_of_number(phone)
        or _EVERY_STATES
    )
    return tuple(sorted(zones, key=lambda zone: zone != tenant_zone))


def zones_of_number(phone: str | None) -> tuple[str, ...]:
    """Return the zones of a number's area; none where it says nothing."""
    if not phone:
        return ()
    # Most patients have a state, and need none of it.
    from phonenumbers import NumberParseException, parse  # noqa: PLC0415
    from phonenumbers.timezone import time_zones_for_number  # noqa: PLC0415

    try:
        found = time_zones_for_number(parse(phone))
    except NumberParseException:
        return ()
    return tuple(zone for zone in found if zone in available_timezones())
