"""What a partner sends and belongs to no referral of its own: kept, and put before a person."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NoReturn

from referral_core.domain.evidence import REPORT, Evidence
from referral_core.domain.ids import ReferralId
from referral_core.domain.payers.requests import AuthorizationResponse
from referral_core.domain.unmatched import Mismatch
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.updates.service import UpdateFactory, UpdateService, hashed_id
from referral_core.fhir.errors import Issue, operation_outcome
from referral_core.fhir.inbound.documents import DocumentUpdate
from referral_core.fhir.inbound.partner_updates import PartnerUpdate
from referral_core.lifecycle.keep_unmatched import Clues, KeepUnmatched

_FHIR: Final = "application/fhir+json"


@dataclass(frozen=True)
class PutAside:
    """Stores what came, then the item that a person is to match."""

    service: UpdateService
    kept: KeepUnmatched

    def report(self, request: Request, reported: PartnerUpdate, mismatch: Mismatch) -> None:
        """Keep what a partner reports: its document, or what came."""
        if isinstance(reported, DocumentUpdate) and reported.content is not None:
            evidence = self.service.store_document(
                request, REPORT, reported.content, reported.content_type
            )
        else:
            evidence = self.service.store_document(request, "partner-update", request.body, _FHIR)
        clues = Clues(reported.patient.identity, referral_id=reported.referral_id)
        self._keep(request, reported.as_update, evidence, mismatch, clues)

    def decision(
        self,
        request: Request,
        decided: UpdateFactory,
        response: AuthorizationResponse,
        mismatch: Mismatch,
        referral_id: ReferralId | None = None,
    ) -> None:
        """Keep a payer's decision; `referral_id` is of the request that its trace names."""
        evidence = self.service.store_document(request, "payer-decision", request.body, _FHIR)
        clues = Clues(response.patient, referral_id=referral_id)
        self._keep(request, decided, evidence, mismatch, clues)

    def _keep(
        self,
        request: Request,
        factory: UpdateFactory,
        evidence: Evidence,
        mismatch: Mismatch,
        clues: Clues,
    ) -> None:
        principal, at = request.principal, evidence.received_at
        reported = factory(
            id="", actor=principal.client_id, role=principal.role, received_at=at
        ).but(organization=principal.organization)
        said = reported.model_dump(mode="json", exclude={"id", "received_at"})
        self.kept.keep(
            principal.tenant,
            mismatch,
            evidence,
            client_id=principal.client_id,
            update=reported.but(id=hashed_id("unmatched", principal, said)),
            clues=clues,
        )


def kept_unmatched(request: Request) -> Response:
    """Answer that something is kept, though it names no referral."""
    said = "Kept: it names no referral of the router, so a person finds the one it belongs to."
    issue = Issue("information", "informational", "kept-unmatched", None, said)
    return Response(HTTPStatus.ACCEPTED, operation_outcome([issue], request.correlation_id))


def refuse_another_patient(expression: str | None = None) -> NoReturn:
    """Refuse what names another patient than the referral that it is about."""
    refuse(
        "another-patient",
        "This names another patient than the referral's: a person looks into it. "
        "Send it about the right referral.",
        code="business-rule",
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        expression=expression,
    )
