"""An order as it is stored: what the answers to a post or put of an order are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.large_parts import with_its_order
from referral_core.domain.referral import Referral
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.fhir.errors import Issue
from referral_core.fhir.intake.orders import Intake
from referral_core.fhir.outbound.responses import service_request_as_stored
from referral_core.fhir.parse import Json
from referral_core.ports.documents import ReadableDocuments
from referral_core.ports.lifecycle import NewReferrals

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class StoredOrder:
    """One order as it is stored now, and whether this request created its referral.

    Attributes:
        warnings: what was forgiven in what was sent.
        is_unchanged: the request said what is stored already.
    """

    def __init__(
        self,
        referral: Referral,
        service_request: Json,
        *,
        created: bool,
        warnings: Sequence[Issue] = (),
        is_unchanged: bool = False,
    ) -> None:
        self.referral = referral
        self.service_request = service_request
        self.created = created
        self.warnings = warnings
        self.is_unchanged = is_unchanged

    @property
    def etag(self) -> str:
        """The version that its author sent last."""
        return etag_of(self.referral)

    def location(self, base_url: str) -> str:
        """Return the address of this version."""
        version = self.referral.payload_version
        return f"{base_url}/ServiceRequest/{self.referral.id}/_history/{version}"

    def response(self, request: Request) -> Response:
        """Answer with the order: 201 when it was created, else 200."""
        status = HTTPStatus.CREATED if self.created else HTTPStatus.OK
        headers = {"Location": self.location(request.base_url), "ETag": self.etag}
        unchanged = self.is_unchanged
        return Response(status, self.resource, headers, self.warnings, is_unchanged=unchanged)

    @property
    def resource(self) -> Json:
        """The order as a read returns it."""
        return service_request_as_stored(self.referral, self.service_request)


def read_order(
    referrals: NewReferrals,
    documents: ReadableDocuments,
    tenant: Tenant,
    referral_id: ReferralId,
    warnings: Sequence[Issue] = (),
    *,
    is_unchanged: bool = False,
) -> StoredOrder:
    """Read an order as it is stored."""
    referral = referrals.load(tenant, referral_id).referral
    stored = ClinicalPayload.load(referrals.payload(referral))
    payload = with_its_order(stored, partial(documents.get, tenant))
    order = payload.service_request
    return StoredOrder(referral, order, created=False, warnings=warnings, is_unchanged=is_unchanged)


def payload_of(
    intake: Intake, source_sha256: str, uploads: Mapping[str, str] = _NONE
) -> ClinicalPayload:
    """Return the payload of what was understood.

    Args:
        intake: it.
        source_sha256: names the request's bytes.
        uploads: what names an upload in it → where the document is read.
    """
    return ClinicalPayload(
        service_request=intake.service_request,
        resources=intake.resources,
        attached=intake.attached,
        order_links=intake.order_links,
        uploads=dict(uploads),
        content=intake.clinical,
        source_sha256=source_sha256,
        content_hash=intake.canonical_hash,
    )


def etag_of(referral: Referral) -> str:
    """Return the ETag of the version that the author sent last."""
    return f'W/"{referral.payload_version}"'
