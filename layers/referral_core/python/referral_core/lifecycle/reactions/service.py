"""A person says which service an order wants, and perhaps that the next ones mean the same."""

from __future__ import annotations

from referral_core.domain.effects import Effect, KeepMapping
from referral_core.domain.errors import NotLegal
from referral_core.domain.referral import WantedService
from referral_core.domain.terminology import Override, key_to_keep, terminology
from referral_core.domain.updates import DecisionMade
from referral_core.lifecycle.case import Case


def named(case: Case, update: DecisionMade) -> WantedService:
    """Return the service as a person named it.

    Raises:
        NotLegal: nothing was named, or nobody refers to that specialty.
    """
    if update.specialty is None:
        raise NotLegal("Send the specialty, a NUCC code, with name-service.")
    row = terminology().specialty(update.specialty)
    if row is not None and row.refused is not None:
        raise NotLegal(f"{row.display or row.code} takes no referrals: name another service.")
    order = case.content.service.wanted
    return case.referral.service.named(update.specialty, by=update.actor, order=order)


def kept(case: Case, update: DecisionMade, service: WantedService) -> tuple[Effect, ...]:
    """Return the effect that keeps the answer for the tenant's next orders, if it is wanted.

    Raises:
        NotLegal: the order has no code or words of its own.
    """
    if not update.keep:
        return ()
    key = key_to_keep(case.content.service.wanted)
    if key is None:
        raise NotLegal("The order has no code or words of its own: send keep false.")
    override = Override(
        specialty=service.specialty or "", name=service.name or "", decided_by=update.actor
    )
    return (KeepMapping(key=key, override=override),)
