"""A document of a referral as a Binary: for the clinic and the EHR that it was sent to or by."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from referral_core.domain.access.ownership import may_read
from referral_core.domain.errors import NotFound
from referral_core.entrypoints.http.exchange import Content, Request, Response
from referral_core.entrypoints.http.lists import KeptEvidence, StoredDocuments
from referral_core.entrypoints.http.negotiation import is_json_wanted
from referral_core.entrypoints.http.staff.documents import as_it_came, is_answered_whole
from referral_core.fhir.ids import digits_of, own_id
from referral_core.observability import logger
from referral_core.ports.lifecycle import Referrals


@dataclass(frozen=True)
class ReadBinaries:
    """Answers reads of documents, whoever sent them and however: inline, or uploaded.

    Attributes:
        documents: given on first use: few reads open one.
    """

    referrals: Referrals
    kept: KeptEvidence
    documents: Callable[[], StoredDocuments]

    def binary(self, request: Request) -> Response:
        """Return a document as it came, as a Binary where FHIR is asked for, or its address."""
        principal, own = request.principal, own_id(request.resource_id)
        tenant, digits = principal.tenant, digits_of(request.resource_id)
        if own is None or digits is None:
            raise NotFound("There is no such Binary.")
        referral = self.referrals.load(tenant, own.referral_id).referral
        kept = self.kept.documents_of(tenant, own.referral_id)
        named = (one for one in kept if one.sha256.startswith(digits))
        found = next((one for one in named if may_read(principal, referral, one)), None)
        if found is None:
            raise NotFound("There is no such Binary.")
        logger.info("document opened", extra={"referral_id": referral.id, "document": found.sha256})
        if not is_answered_whole(found):
            address = self.documents().download_address(tenant, found.sha256)
            headers = {"Location": address, "Cache-Control": "no-store"}
            return Response(HTTPStatus.TEMPORARY_REDIRECT, {}, headers)
        answer = as_it_came(self.documents(), tenant, found)
        if not isinstance(answer.body, Content) or not is_json_wanted(
            request.headers, request.query
        ):
            return answer
        binary = {
            "resourceType": "Binary",
            "id": request.resource_id,
            "contentType": found.content_type,
            "securityContext": {"reference": f"ServiceRequest/{referral.id}"},
            "data": b64encode(answer.body.data).decode("ascii"),
        }
        return Response(HTTPStatus.OK, binary)
