"""A second tenant on the same stack."""

from __future__ import annotations

from typing import Final

from referral_core.domain.directory import TenantProfile
from referral_core.domain.ids import Tenant

RIVERSIDE: Final = Tenant("riverside")
RIVERSIDE_PROFILE: Final = TenantProfile(
    tenant=RIVERSIDE,
    name="Riverside Health",
    npi="1999900115",
    time_zone="America/New_York",
    holidays="US-MA",
    sender_name="Riverside",
    call_back="508-555-0199",
)
