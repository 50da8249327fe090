"""The uploads that orders name: stored as documents of their referrals, each read once."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, Protocol

from referral_core.domain.access.principal import Principal
from referral_core.domain.evidence import ORDER_DOCUMENT, Evidence
from referral_core.domain.upload import NamedUpload
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.uploaded import UploadedDocuments, verified
from referral_core.fhir.ids import binary_id
from referral_core.ports.documents import ReadableDocuments
from referral_core.ports.lifecycle import Clock, Documents

_MOST: Final = 5
"""Uploads that one request may name: each is read and hashed before it is answered."""


class DocumentsOfOrders(Documents, ReadableDocuments, UploadedDocuments, Protocol):
    """Where the documents of orders are stored and read, and where uploads lie before."""


class JoinedUploads:
    """The uploads of one request.

    Attributes:
        principal: who sends it, and uploaded what it names.
        kept: by SHA-256, as far as they are stored.
    """

    def __init__(self, documents: DocumentsOfOrders, clock: Clock, principal: Principal) -> None:
        self.documents = documents
        self.clock = clock
        self.principal = principal
        self.kept: dict[str, Evidence] = {}

    def of(self, named: Sequence[NamedUpload]) -> tuple[Evidence, ...]:
        """Store what an order names as uploaded; return what keeps it with the referral.

        Raises:
            FhirError: 422, one is not there, is something else, or the request names too many.
        """
        return tuple({one.sha256: self._evidence(one) for one in named}.values())

    def _evidence(self, named: NamedUpload) -> Evidence:
        if named.sha256 not in self.kept:
            if len(self.kept) == _MOST:
                refuse(
                    "too-many-uploads",
                    f"Name at most {_MOST} uploads in one request: send more with a new version.",
                    code="too-costly",
                    status=HTTPStatus.UNPROCESSABLE_ENTITY,
                    expression=named.path,
                )
            self.kept[named.sha256] = self._stored(named)
        return self.kept[named.sha256]

    def _stored(self, named: NamedUpload) -> Evidence:
        found = verified(self.documents, self.principal, named)
        tenant, kind = self.principal.tenant, found.content_type
        return Evidence(
            sha256=self.documents.put(tenant, found.content, kind),
            kind=ORDER_DOCUMENT,
            source=self.principal.organization,
            received_at=self.clock.now(),
            content_type=kind,
            size=len(found.content),
        )

    @staticmethod
    def addresses(named: Sequence[NamedUpload], base_url: str, referral_id: str) -> dict[str, str]:
        """Return where each upload is read once it is a document of a referral, by its literal."""
        binaries = f"{base_url}/Binary"
        return {one.literal: f"{binaries}/{binary_id(referral_id, one.sha256)}" for one in named}
