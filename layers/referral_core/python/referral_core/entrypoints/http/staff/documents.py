"""The documents of a referral for staff: what proves its facts, and what people wrote about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from referral_core.domain.errors import NotFound
from referral_core.domain.evidence import Evidence
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.entrypoints.http.exchange import Content, Request, Response
from referral_core.entrypoints.http.lists import KeptEvidence, StoredDocuments
from referral_core.observability import logger
from referral_core.ports.lifecycle import Referrals

COMMENT: Final = "comment"
_MOST_COMMENTS: Final = 20
"""The latest comments are shown with their words; of others the list says that they are there."""
_LARGEST: Final = 4 * 1024 * 1024
"""Bytes; in base64 an answer of Lambda holds little more."""


def is_answered_whole(kept: Evidence) -> bool:
    """Whether one answer holds a document."""
    return kept.size <= _LARGEST


def as_it_came(documents: StoredDocuments, tenant: Tenant, kept: Evidence) -> Response:
    """Return a document as it came. PHI."""
    if not is_answered_whole(kept):
        # More than one answer holds. Whoever may read it gets a short-lived address of it, and of
        # nothing else; the answer is on record like any other.
        address = documents.download_address(tenant, kept.sha256)
        body = {"location": address, "size": kept.size, "contentType": kept.content_type}
        return Response(HTTPStatus.OK, body, {"Cache-Control": "no-store"})
    data = documents.get(tenant, kept.sha256)
    headers = {"Content-Disposition": f'attachment; filename="{kept.sha256[:12]}"'}
    return Response(HTTPStatus.OK, Content(kept.content_type, data), headers)


@dataclass(frozen=True)
class ShowDocuments:
    """Answers staff; nothing here writes.

    Attributes:
        documents: given on first use: few reads open one.
    """

    referrals: Referrals
    kept: KeptEvidence
    documents: Callable[[], StoredDocuments]

    def listed(self, request: Request) -> Response:
        """List a referral's documents, the latest first; comments with their words. PHI."""
        tenant = request.principal.tenant
        kept = self._kept(tenant, ReferralId(request.resource_id))
        worded = [e.sha256 for e in kept if e.kind == COMMENT][:_MOST_COMMENTS]
        rows = [self._row(tenant, e, is_worded=e.sha256 in worded) for e in kept]
        return Response(HTTPStatus.OK, {"documents": rows})

    def document(self, request: Request) -> Response:
        """Return one document as it came; only one that is this referral's. PHI."""
        tenant, referral_id = request.principal.tenant, ReferralId(request.resource_id)
        kept = self._kept(tenant, referral_id)
        found = next((e for e in kept if e.sha256 == request.version_id), None)
        if found is None:
            raise NotFound("The referral has no such document.")
        logger.info("document opened", extra={"referral_id": referral_id, "document": found.sha256})
        return as_it_came(self.documents(), tenant, found)

    def _kept(self, tenant: Tenant, referral_id: ReferralId) -> list[Evidence]:
        self.referrals.load(tenant, referral_id)  # of another tenant there is none
        kept = self.kept.documents_of(tenant, referral_id)
        return sorted(kept, key=lambda e: e.received_at, reverse=True)

    def _row(self, tenant: Tenant, evidence: Evidence, *, is_worded: bool) -> Mapping[str, Any]:
        row: dict[str, Any] = {
            "sha256": evidence.sha256,
            "kind": evidence.kind,
            "source": evidence.source,
            "receivedAt": evidence.received_at.isoformat(),
            "contentType": evidence.content_type,
            "size": evidence.size,
        }
        if is_worded:
            row["text"] = self.documents().get(tenant, evidence.sha256).decode(errors="replace")
        return row
