"""The time zones of the US states: a patient is messaged only when all of their state is awake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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


def zones_of(state: str | None, tenant_zone: str) -> tuple[str, ...]:
    """Return the IANA zones that a patient may be in, the likeliest first.

    Args:
        state: USPS abbreviation of the patient's home.
        tenant_zone: used when the state is not known.
    """
    zones = _BY_STATE.get((state or "").strip().upper(), (tenant_zone,))
    # A tenant's own zone comes first where it is one of the state's.
    return tuple(sorted(zones, key=lambda zone: zone != tenant_zone))
