"""Names that operators send: what nobody has would hold nothing; a refusal says who is near."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final, get_args

from referral_core.domain.ids import Tenant
from referral_core.domain.outreach.plan import Channel
from referral_core.domain.pause import PauseScope
from referral_core.ports.operations import Parties

_NAMED: Final = 5
"""How many names a refusal offers."""
_LIKENESS: Final = 0.4


def can_be_paused(parties: Parties, tenant: Tenant, scope: PauseScope) -> Collection[str]:
    """Return what a pause of a scope can name."""
    match scope:
        case PauseScope.TENANT:
            return [tenant]
        case PauseScope.PAYER:
            return [payer.id for payer in parties.payers(tenant)]
        case PauseScope.CLINIC:
            return parties.organizations(tenant)
        case PauseScope.CHANNEL:
            return get_args(Channel)


def no_such(what: str, name: str, known: Collection[str]) -> str:
    """Return a sentence that says that nobody has a name, and which names there are.

    Args:
        what: the name is of, `payer`.
        name: as it was sent.
        known: all there are.
    """
    if not known:
        return f"There is no {what} {name!r}: the tenant has none. Load its configuration first."
    listed = sorted(known)
    folded = {one.casefold(): one for one in reversed(listed)}
    near = [folded[one] for one in get_close_matches(name.casefold(), folded, _NAMED, _LIKENESS)]
    offered = near or listed[:_NAMED]
    more = f", and {len(listed) - len(offered)} more" if len(listed) > len(offered) else ""
    return f"There is no {what} {name!r}. Name one of these: {', '.join(offered)}{more}."
