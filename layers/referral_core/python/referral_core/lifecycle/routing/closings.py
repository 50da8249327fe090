"""Whoever is booked where nobody is seen any more is looked at: a person asks the clinic.

A clinic closes, its clinician is on leave or leaves the directory: the entry says so, and the
outbox asks for a look in shares, so that five thousand visits are no single message's work.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Final, Protocol

from referral_core.domain.errors import RouterError
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.referral import Referral
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.run import CLOSING_SHARES, ClosingRequest
from referral_core.domain.updates import ClinicClosed, Role
from referral_core.lifecycle.engine.apply_update import Receipt, apply_update
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.reactions.appointment import closing_sentence, is_booked

_WEEKS_BACK: Final = 52
"""A place that was reserved longer ago is no open referral's: a run has its end within the year."""
_WEEKS: Final = _WEEKS_BACK + 27
"""As far ahead as any pathway looks."""


class Holders(Protocol):
    """Who reserves places of whom."""

    def holders(self, tenant: Tenant, npi: str, weeks: Sequence[str]) -> Sequence[ReferralId]:
        """List the referrals that reserve a place of one of some weeks that follow each other."""


def look_at_booked(engine: Engine, store: Holders, request: ClosingRequest) -> int:
    """Tell each referral of a share that is booked on a day when nobody is seen; return how many.

    Told twice of the same closing, a referral is told once.

    Raises:
        RouterError: one of them could not be told; all others are.
    """
    first = engine.clock.now().date() - timedelta(weeks=_WEEKS_BACK)
    told, failed = 0, None
    for one in store.holders(request.tenant, request.npi, weeks_from(first, _WEEKS)):
        if _share_of(one) != request.share:
            continue
        try:
            told += _tell(engine, request, one)
        except RouterError as error:
            failed = error
    if failed is not None:
        raise failed
    return told


def _tell(engine: Engine, request: ClosingRequest, referral_id: ReferralId) -> bool:
    referral = engine.sources.referrals.load(request.tenant, referral_id).referral
    if not _is_concerned(engine, referral, request.npi):
        return False
    said = ClinicClosed(
        id=f"clinic-closed-{request.npi}-{request.closing}",
        actor="directory",
        role=Role.ROUTER,
        received_at=engine.clock.now(),
        npi=request.npi,
    )
    receipt = apply_update(engine, request.tenant, referral_id, said)
    return receipt is not Receipt.DUPLICATE


def _is_concerned(engine: Engine, referral: Referral, npi: str) -> bool:
    offer = referral.offer
    if referral.is_closed or offer is None or offer.npi != npi or not is_booked(referral):
        return False
    return closing_sentence(engine.case(referral)) is not None


def _share_of(referral_id: ReferralId) -> int:
    return int.from_bytes(sha256(referral_id.encode()).digest()[:2]) % CLOSING_SHARES
