"""How every word is posted: its document first, under a name by which a repeat is known as one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from referral_core.api.face import Answer, Call
from referral_core.domain.model import ReferralId
from referral_core.domain.principal import Principal
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Update, UpdateKind
from referral_core.fhir.errors import Issue, operation_outcome
from referral_core.ports import Clock, Documents, Evidence, Referrals
from referral_core.steps.engine import Engine, Receipt

_SAID: Final[Mapping[Receipt, str]] = {
    Receipt.ANSWERED: "Taken: the referral moves on.",
    Receipt.RECORDED: "Recorded.",
    Receipt.PENDING: "Kept: it is used as soon as the referral gets there.",
    Receipt.DUPLICATE: "This was on record already; nothing changed.",
    Receipt.LATE: "The referral is closed: your word is on record and changes nothing.",
}


@dataclass(frozen=True)
class Poster:
    """Loads within the caller's tenant, keeps what comes as a document, posts updates."""

    referrals: Referrals
    documents: Documents
    engine: Engine
    clock: Clock

    def load(self, principal: Principal, referral_id: ReferralId) -> Referral:
        """Read a referral of the principal's tenant. Raises: NotFound."""
        return self.referrals.load(principal.tenant, referral_id).referral

    def post(
        self,
        call: Call,
        referral: Referral,
        kind: UpdateKind,
        facts: Mapping[str, str | int | bool | None],
        *,
        evidence: Evidence | None = None,
        name: str | None = None,
    ) -> Receipt:
        """Post an update; without another name, the same words of a client are the same update."""
        update = Update(
            id=name
            or name_of(
                kind,
                call,
                dict(facts),
                call.headers.get("idempotency-key", ""),
                len(referral.reopenings),
            ),
            kind=kind,
            actor=call.principal.client_id,
            role=call.principal.role,
            received_at=self.clock.now(),
            facts={name: value for name, value in facts.items() if value is not None},
        )
        return self.engine.post(referral.tenant, referral.id, update, evidence=evidence)

    def kept(self, call: Call, kind: str, content: bytes, content_type: str) -> Evidence:
        """Store a document before the item that names it; return its evidence."""
        return Evidence(
            sha256=self.documents.put(call.principal.tenant, content, content_type),
            kind=kind,
            source=call.principal.organization,
            received_at=self.clock.now(),
            content_type=content_type,
            size=len(content),
        )


def name_of(prefix: str, call: Call, *told: object) -> str:
    """Return the name of an update by who says what."""
    said = json.dumps([call.principal.client_id, *told], sort_keys=True)
    return f"{prefix}-{sha256(said.encode()).hexdigest()[:32]}"


def said(call: Call, receipt: Receipt, status: HTTPStatus) -> Answer:
    """Answer what became of a word."""
    issue = Issue("information", "informational", receipt.value, None, _SAID[receipt])
    return Answer(status, operation_outcome([issue], call.correlation_id), {})
