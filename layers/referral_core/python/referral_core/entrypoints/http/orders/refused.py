"""Orders that are refused: their sender is told, and a person sees them in any case.

An interface engine may write an error down and go on. So what came is kept, and stands among the
unmatched with the reasons until somebody has read it. What a sender sends again is one item, and of
one reason and day a client has so many at most: one more says that there were others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from referral_core.domain.errors import NotFound
from referral_core.domain.evidence import Evidence
from referral_core.domain.ids import ReferralId
from referral_core.domain.unmatched import (
    MOST_REFUSED_A_DAY,
    Candidate,
    Fault,
    Sign,
    of_more_refused,
    of_refused,
)
from referral_core.entrypoints.http.errors import shown
from referral_core.entrypoints.http.exchange import Refused
from referral_core.ports.lifecycle import Clock, Documents, Referrals
from referral_core.ports.unmatched import UnmatchedItems

_SEEN: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""What says that an order, as it was sent, is not taken; other answers ask to send it once more."""
_FHIR: Final = "application/fhir+json"
_ANYTHING: Final = "application/octet-stream"


@dataclass(frozen=True)
class KeepRefusedOrders:
    """Keeps what was refused, before its sender is answered.

    Attributes:
        referrals: given on first use: most orders are new.
    """

    items: UnmatchedItems
    documents: Documents
    referrals: Callable[[], Referrals]
    clock: Clock

    def keep(self, refused: Refused) -> None:
        """Put a refused order before a person, unless it was nothing, or is to be sent again."""
        status, issues = shown(refused.error)
        if status not in _SEEN:
            return
        principal = refused.principal
        body, kind = (refused.came(), _ANYTHING) if refused.body is None else (refused.body, _FHIR)
        if not body:
            return
        evidence = Evidence(
            sha256=self.documents.put(principal.tenant, body, kind),
            kind="refused-order",
            source=principal.organization,
            received_at=self.clock.now(),
            content_type=kind,
            size=len(body),
        )
        faults = [Fault(code=i.own_code, says=i.diagnostics, where=i.expression) for i in issues]
        sender = principal.client_id, principal.organization
        item = of_refused(principal.tenant, sender, evidence, faults, self._named(refused))
        if not self.items.keep_few(item, MOST_REFUSED_A_DAY):
            self.items.keep(of_more_refused(item))

    def _named(self, refused: Refused) -> Candidate | None:
        """Return the referral that the address names, if there is one."""
        if not refused.resource_id:
            return None
        tenant, named = refused.principal.tenant, ReferralId(refused.resource_id)
        try:
            referral = self.referrals().load(tenant, named).referral
        except NotFound:
            return None
        return Candidate(
            referral_id=referral.id, signs=(Sign.NAMED,), is_open=not referral.is_closed
        )
