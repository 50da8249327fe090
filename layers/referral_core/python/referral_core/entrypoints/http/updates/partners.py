"""Updates: what clinics, payers and EHRs report on a referral, each applied to its mailbox."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from referral_core.domain.access.ownership import Authority, require_may_post
from referral_core.domain.access.principal import Principal
from referral_core.domain.effects import Effect, KeepEvidence
from referral_core.domain.errors import NotFound, NotLegal
from referral_core.domain.evidence import REPORT, Evidence
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Step
from referral_core.domain.pathway import Pathway
from referral_core.domain.payers.requests import AuthorizationResponse
from referral_core.domain.referral import Referral
from referral_core.domain.unmatched import Mismatch
from referral_core.domain.updates import (
    ONLY_INFORMS,
    AppointmentBooked,
    AuthorizationDecided,
    OfferDeclined,
    ReportReceived,
    UpdateKind,
    kind_of,
)
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.preconditions import require_match
from referral_core.entrypoints.http.updates.booked_slots import require_slot
from referral_core.entrypoints.http.updates.late_results import is_to_be_read_now
from referral_core.entrypoints.http.updates.one_patient import OnePatient
from referral_core.entrypoints.http.updates.put_aside import (
    PutAside,
    kept_unmatched,
    refuse_another_patient,
)
from referral_core.entrypoints.http.updates.service import (
    UpdateFactory,
    UpdateService,
    receipt,
    receipts,
    sent_version,
)
from referral_core.entrypoints.http.updates.uploads import Uploads
from referral_core.fhir.ids import appointment_id as own_appointment_id
from referral_core.fhir.inbound.acknowledgements import read_acknowledgement
from referral_core.fhir.inbound.documents import (
    DocumentUpdate,
    read_diagnostic_report,
    read_document,
)
from referral_core.fhir.inbound.named_patient import NamedPatient
from referral_core.fhir.inbound.partner_updates import PartnerUpdate, read_appointment
from referral_core.fhir.parse import read_resource
from referral_core.fhir.pas.response import UNTRACED, read_claim_responses
from referral_core.lifecycle.engine.apply_update import Receipt
from referral_core.lifecycle.engine.reopen import LATE_CRITICAL, reopen

_TRACE: Final = re.compile(r"([!-~]+)-a(\d{1,4})\.\d{1,4}", re.ASCII)
"""How a request is named: its referral, the offer that it is for, and which try it is."""
_NOTHING_TO_DO: Final = ONLY_INFORMS | {UpdateKind.NOTICE_ACKNOWLEDGED}
"""What of a closed referral's updates no person needs to see."""
_FHIR: Final = "application/fhir+json"


@dataclass(frozen=True)
class ReceiveUpdate:
    """Reads what a partner reports, checks that it may, and submits it."""

    service: UpdateService
    aside: PutAside
    uploads: Uploads

    def appointment(self, request: Request) -> Response:
        """Take what the clinic reports on the appointment."""
        own_id = request.resource_id or None
        now = self.service.clock.now()
        reported = read_appointment(request.body, request.content_type, now, own_id)
        referral = self.referral_of(request, reported)
        require_match(request.headers, f'W/"{referral.version}"')
        known = referral.appointment
        is_booked_then = known is not None and known.is_booked and known.start == reported.start
        number = known.number if known else 0
        if reported.kind_class is not AppointmentBooked or not is_booked_then:
            require_slot(self.service.engine, referral, reported)
            self.submit(request, referral, reported)
            number += 1
        stored = own_id or own_appointment_id(referral.id, number)
        resource = {**read_resource(request.body, request.content_type), "id": stored}
        if own_id is not None:
            return Response(HTTPStatus.OK, resource)
        return Response(HTTPStatus.CREATED, resource, {"Location": f"Appointment/{stored}"})

    def document(self, request: Request) -> Response:
        """Take a report: the document is stored under its hash before the item that names it."""
        return self._document(request, read_document(request.body, request.content_type))

    def diagnostic_report(self, request: Request) -> Response:
        """Take the result of a diagnostic service, as a document."""
        return self._document(request, read_diagnostic_report(request.body, request.content_type))

    def upload(self, request: Request) -> Response:
        """Offer a place for a document that is too large to be sent inline."""
        return self.uploads.offer(request)

    def _document(self, request: Request, sent: DocumentUpdate) -> Response:
        reported = self.uploads.joined(request.principal, sent)
        if reported.referral_id is None and reported.content is not None:
            require_may_post(request.principal, kind_of(reported.kind_class))
            self.aside.report(request, reported, Mismatch.REFERRAL_NOT_NAMED)
            return kept_unmatched(request)
        referral = self.referral_of(request, reported)
        if reported.content is None:
            refuse(
                "document-not-inline",
                "Send the document inline, in the attachment's data, or upload it by $upload: "
                "the router keeps a copy, and fetches nothing.",
                code="not-supported",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
            )
        evidence = self.service.store_document(
            request, REPORT, reported.content, reported.content_type
        )
        pathways = self.service.engine.sources.pathways
        rules = pathways(referral.pathway, referral.pathway_version)
        known = reported.but(loinc=_first_known(reported, rules))
        if is_to_be_read_now(referral, known):
            # A person must read it now: what is closed stands on nobody's worklist.
            # One that cannot be opened, for want of a consent say, leads the unmatched list.
            with suppress(NotLegal):
                referral = reopen(
                    self.service.engine,
                    referral.tenant,
                    referral.id,
                    resume=Step.VERIFY_CLOSURE,
                    actor=request.principal.client_id,
                    reason=LATE_CRITICAL,
                )
        result = self.submit(request, referral, known, KeepEvidence(evidence=evidence))
        return receipt(request, result, HTTPStatus.CREATED)

    def claim_response(self, request: Request) -> Response:
        """Take a payer's decisions: a ClaimResponse, or a notification Bundle that holds some."""
        responses = read_claim_responses(read_resource(request.body, request.content_type))
        untraced = [response for response in responses if response.trace == UNTRACED]
        for response in untraced:
            self.aside.decision(request, _decision(response), response, Mismatch.TRACE_UNKNOWN)
        if untraced and len(untraced) == len(responses):
            return kept_unmatched(request)
        responses = tuple(response for response in responses if response.trace != UNTRACED)
        # All or nothing: whoever may not decide one of them has none of them stored.
        referrals = [self._asked(request, response) for response in responses]
        evidence = self.service.store_document(request, "payer-decision", request.body, _FHIR)
        results = [
            self._decided(request, referral, response, evidence)
            for referral, response in zip(referrals, responses, strict=True)
        ]
        return receipts(request, results, HTTPStatus.OK)

    def communication(self, request: Request) -> Response:
        """Take the EHR's acknowledgement of a notice."""
        reported = read_acknowledgement(request.body, request.content_type)
        referral = self.referral_of(request, reported)
        result = self.submit(request, referral, reported)
        return receipt(request, result, HTTPStatus.CREATED)

    def submit(
        self,
        request: Request,
        referral: Referral,
        reported: PartnerUpdate,
        *effects: Effect,
        comment: str | None = None,
        is_patch: bool = False,
    ) -> Receipt:
        """Submit what a resource says, known by its version where its sender gave it one."""
        result = self.service.submit(
            request,
            referral,
            reported.as_update,
            effects=effects,
            comment=comment,
            occasion=reported.occasion,
            version=sent_version(request, is_patch=is_patch),
        )
        if result is Receipt.LATE and kind_of(reported.kind_class) not in _NOTHING_TO_DO:
            # The closed referral is not changed: a person sees what came, and may open it again.
            self.aside.report(request, reported, Mismatch.REFERRAL_CLOSED)
        return result

    def _asked(self, request: Request, response: AuthorizationResponse) -> Referral:
        """Load the referral whose request a payer decides; it decides those put to it only."""
        kind = UpdateKind.AUTHORIZATION_DECIDED
        try:
            wanted = self._named(request.principal, response.trace)
        except NotFound:
            self.aside.decision(request, _decision(response), response, Mismatch.TRACE_UNKNOWN)
            raise
        referral, _ = self.service.own(request.principal, wanted, kind)
        patient, role = NamedPatient(identity=response.patient), request.principal.role
        if OnePatient(self.service.referrals).is_another(referral, patient, role):
            mismatch = Mismatch.ANOTHER_PATIENT
            self.aside.decision(request, _decision(response), response, mismatch, referral.id)
            refuse_another_patient("ClaimResponse.patient")
        return referral

    def _named(self, principal: Principal, trace: str) -> ReferralId:
        """Return whose request a trace names. Raises: NotFound: nobody's, of any offer."""
        if named := _TRACE.fullmatch(trace):
            referral = self.service.load(principal, ReferralId(named[1]))
            if int(named[2]) in {offer.number for offer in referral.offers}:
                return referral.id
        raise NotFound("There is no such request.")

    def _decided(
        self,
        request: Request,
        referral: Referral,
        response: AuthorizationResponse,
        evidence: Evidence,
    ) -> Receipt:
        kept = (KeepEvidence(evidence=evidence),)
        asked_for = referral.authorization.performer if referral.authorization else None
        decided = _decision(response.for_performer(asked_for), evidence.sha256)
        return self.service.submit(request, referral, decided, effects=kept)

    def referral_of(
        self, request: Request, reported: PartnerUpdate, *, is_patch: bool = False
    ) -> Referral:
        """Load the referral that a partner reports on; it sees its own and nothing else.

        What a partner sends about another patient is refused, and kept for a person; so is a
        report about a referral that is none of its own. What ended its part, it may say again.
        """
        principal, kind = request.principal, kind_of(reported.kind_class)
        wanted = ReferralId(reported.referral_id or "")
        try:
            referral, authority = self.service.own(principal, wanted, kind, reported.offer_number)
        except NotFound:
            if isinstance(reported, DocumentUpdate):
                self.aside.report(request, reported, Mismatch.REFERRAL_UNKNOWN)
            raise
        if OnePatient(self.service.referrals).is_another(
            referral, reported.patient, principal.role
        ):
            self.aside.report(request, reported, Mismatch.ANOTHER_PATIENT)
            refuse_another_patient()
        # A document is kept whoever sends it: what it means then, a person reads.
        is_over = authority is Authority.ENDED and reported.kind_class is not ReportReceived
        if is_over and not self._gave_back(request, referral, reported, is_patch=is_patch):
            refuse(
                "offer-not-in-hand",
                "This offer has ended: the referral is no longer with you.",
                code="conflict",
                status=HTTPStatus.CONFLICT,
            )
        return referral

    def _gave_back(
        self, request: Request, referral: Referral, reported: PartnerUpdate, *, is_patch: bool
    ) -> bool:
        """Whether a clinic says again, word for word, that it gives an offer back."""
        words = reported.reason_text
        return reported.kind_class is OfferDeclined and self.service.was_said(
            request,
            referral,
            reported.as_update,
            comment=sha256(words.encode()).hexdigest() if words else None,
            occasion=reported.occasion,
            version=sent_version(request, is_patch=is_patch),
        )


def _first_known(reported: DocumentUpdate, rules: Pathway) -> tuple[str, ...]:
    """Return the code of a document's type: the one that the pathway knows, else the first."""
    wanted = {code for rule in rules.closure.evidence for code in rule.loinc}
    known = [code for code in reported.loinc if code in wanted]
    return (*known, *reported.loinc)[:1]


def _decision(response: AuthorizationResponse, document: str | None = None) -> UpdateFactory:
    """Return the update that a payer's answer is; `document` is the SHA-256 of what came."""
    return partial(
        AuthorizationDecided,
        trace=response.trace or None,
        verdict=response.verdict,
        review_action=response.review_action,
        number=response.number,
        valid_from=response.valid_from,
        valid_to=response.valid_to,
        reason=response.reason,
        document=document,
    )
