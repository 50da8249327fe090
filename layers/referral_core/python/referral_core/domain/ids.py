"""The identifiers that lead from one item to another: opaque strings that are never mixed up."""

from __future__ import annotations

from typing import NewType

Tenant = NewType("Tenant", str)
ReferralId = NewType("ReferralId", str)
