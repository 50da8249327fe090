"""Which referrals an identifier of an order finds: its own number, or one that several may have."""

from __future__ import annotations

from collections.abc import Sequence

from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.writes import Key, KeyKind
from referral_core.ports import Referrals


def orders_with(referrals: Referrals, tenant: Tenant, identifier: str) -> Sequence[ReferralId]:
    """List the referrals whose order has an identifier, each once.

    Args:
        referrals: the record.
        tenant: of the principal.
        identifier: `system|value`, or `|value` of one that has no system.
    """
    held = referrals.taken(tenant, Key(kind=KeyKind.PLACER, value=identifier, content_hash=""))
    own = [held.referral_id] if held else []
    return tuple(dict.fromkeys([*own, *referrals.identified(tenant, identifier)]))
