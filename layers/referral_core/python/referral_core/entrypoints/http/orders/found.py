"""Which referrals an identifier of an order finds: its own number, or one that several may have."""

from __future__ import annotations

from collections.abc import Sequence

from referral_core.domain.access.ownership import is_referrer
from referral_core.domain.access.principal import Principal
from referral_core.domain.ids import ReferralId
from referral_core.domain.update_kinds import Role
from referral_core.ports.lifecycle import NewReferrals


def orders_with(
    referrals: NewReferrals, principal: Principal, identifier: str
) -> Sequence[ReferralId]:
    """List the referrals whose order has an identifier: of an EHR's, those that it sent itself.

    Args:
        referrals: the record.
        principal: who asks.
        identifier: `system|value`, or `|value` of one that has no system.
    """
    found = referrals.identified(principal.tenant, identifier)
    if principal.role is Role.STAFF:
        return found
    return [
        one
        for one in found
        if is_referrer(principal, referrals.load(principal.tenant, one).referral)
    ]
