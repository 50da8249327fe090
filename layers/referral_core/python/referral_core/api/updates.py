"""Updates: what clinics, payers and EHRs say of a referral, each posted to its mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from referral_core.api.face import Answer, Call, refuse
from referral_core.api.posting import Poster, said
from referral_core.domain.errors import NotFound
from referral_core.domain.model import ReferralId
from referral_core.domain.principal import Principal
from referral_core.domain.referral import Offer, Referral
from referral_core.domain.updates import Role, UpdateKind
from referral_core.fhir.body import read_resource
from referral_core.fhir.documents import DocumentUpdate, read_diagnostic_report, read_document
from referral_core.fhir.ids import appointment_id as own_appointment_id
from referral_core.fhir.ids import own_id
from referral_core.fhir.partner_updates import (
    PartnerUpdate,
    read_acknowledgement,
    read_appointment,
    read_task_update,
)
from referral_core.fhir.pas import read_claim_responses
from referral_core.fhir.tasks import task_a, task_b
from referral_core.ports import AuthorizationAnswer, Evidence
from referral_core.steps.engine import Receipt
from referral_core.steps.step import rules

_TRACE: Final = "-a"


@dataclass(frozen=True)
class ReceiveUpdate:
    """Checks who may say it, reads it, and posts it."""

    poster: Poster

    def task(self, call: Call, task_id: str) -> Answer:
        """Take a clinic's answer to its Task, or an EHR's cancellation of the coordination Task."""
        told = read_task_update(call.body, call.content_type, task_id)
        referral = self._referral(call.principal, told)
        if told.task == "a":
            call.principal.require_role(Role.EHR, Role.STAFF)
        facts = {
            "offer": told.offer_number,
            "status": told.status,
            "reason": told.reason_code,
        }
        self.poster.post(call, referral, told.kind or UpdateKind.PROGRESS_NOTED, facts)
        referral = self.poster.load(call.principal, told.referral_id)
        number = told.offer_number
        offer = next((o for o in referral.offers if o.number == number), None)
        task = task_a(referral) if offer is None else task_b(referral, offer)
        return Answer(HTTPStatus.OK, task, {"ETag": f'W/"{referral.version}"'})

    def appointment(self, call: Call, appointment_id: str | None) -> Answer:
        """Take what the clinic says of the visit."""
        told = read_appointment(call.body, call.content_type, appointment_id)
        referral = self._referral(call.principal, told)
        own = own_id(appointment_id) if appointment_id else None
        facts = {
            "appointment": own.number if own else None,
            "start": told.start.isoformat() if told.start else None,
            "status": told.status,
            "reason": told.reason_code,
        }
        visit, kind = referral.appointment, told.kind or UpdateKind.PROGRESS_NOTED
        standing = visit is not None and visit.status == "booked" and visit.start == told.start
        number = visit.number if visit else 0
        if kind is not UpdateKind.APPOINTMENT_BOOKED or not standing:
            # Booked for a time, moved and moved back are three words, though two are alike.
            after = visit.start.isoformat() if visit else None
            self.poster.post(call, referral, kind, {**facts, "after": after})
            number += 1
        created = appointment_id is None
        stored = appointment_id or own_appointment_id(referral.id, number)
        resource = {**read_resource(call.body, call.content_type), "id": stored}
        return Answer(
            HTTPStatus.CREATED if created else HTTPStatus.OK,
            resource,
            {"Location": f"Appointment/{stored}"} if created else {},
        )

    def document(self, call: Call) -> Answer:
        """Take a report: the document is stored under its hash before the item that names it."""
        return self._document(call, read_document(call.body, call.content_type))

    def _document(self, call: Call, told: DocumentUpdate) -> Answer:
        referral = self._referral(call.principal, told)
        if told.content is None or told.sha256 is None:
            refuse(
                "document-not-inline",
                "Send the document inline, in the attachment's data: the router keeps a copy.",
                code="not-supported",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
            )
        evidence = self.poster.kept(call, "report", told.content, told.content_type)
        facts = {
            "sha256": told.sha256,
            "loinc": _type_of(referral, told),
            "final": told.final,
            "critical": told.critical,
        }
        kind = told.kind or UpdateKind.PROGRESS_NOTED
        receipt = self.poster.post(call, referral, kind, facts, evidence=evidence)
        return said(call, receipt, HTTPStatus.CREATED)

    def claim_response(self, call: Call) -> Answer:
        """Take a payer's decisions: a ClaimResponse, or a notification Bundle that holds some."""
        call.principal.require_may_post(UpdateKind.AUTHORIZATION_DECIDED)
        answers = read_claim_responses(read_resource(call.body, call.content_type))
        evidence = self.poster.kept(call, "payer-decision", call.body, "application/fhir+json")
        receipt = Receipt.RECORDED
        for answer in answers:
            receipt = self._decided(call, answer, evidence)
        return said(call, receipt, HTTPStatus.OK)

    def communication(self, call: Call) -> Answer:
        """Take the EHR's acknowledgement of a notice."""
        told = read_acknowledgement(call.body, call.content_type)
        referral = self._referral(call.principal, told)
        facts = {"notice": told.notice_number}
        kind = told.kind or UpdateKind.PROGRESS_NOTED
        return said(call, self.poster.post(call, referral, kind, facts), HTTPStatus.CREATED)

    def diagnostic_report(self, call: Call) -> Answer:
        """Take the result of a diagnostic service, as a document."""
        return self._document(call, read_diagnostic_report(call.body, call.content_type))

    def _decided(self, call: Call, answer: AuthorizationAnswer, evidence: Evidence) -> Receipt:
        referral_id, mark, _ = answer.trace.rpartition(_TRACE)
        if not mark:
            raise NotFound("No request of ours has this trace.")
        referral = self.poster.load(call.principal, ReferralId(referral_id))
        facts = {
            "trace": answer.trace,
            "verdict": answer.verdict.value,
            "review_action": answer.review_action,
            "number": answer.number,
            "valid_from": answer.valid_from.isoformat() if answer.valid_from else None,
            "valid_to": answer.valid_to.isoformat() if answer.valid_to else None,
            # A denial that is upheld says the same as the first one, in another document.
            "decision": evidence.sha256,
        }
        kind = UpdateKind.AUTHORIZATION_DECIDED
        return self.poster.post(call, referral, kind, facts, evidence=evidence)

    def _referral(self, principal: Principal, told: PartnerUpdate) -> Referral:
        """Load the referral that a partner speaks of; a partner sees its own and nothing else."""
        referral = self.poster.load(principal, told.referral_id)
        if told.kind is not None:
            principal.require_may_post(told.kind)
        match principal.role:
            case Role.CLINIC:
                _require_in_hand(principal, referral, told)
            case Role.EHR:
                if referral.referrer != principal.organization:
                    raise NotFound("There is no such referral.")
            case Role.STAFF:
                pass
            case _:
                principal.require_role(Role.CLINIC, Role.EHR, Role.STAFF)
        return referral


def _require_in_hand(principal: Principal, referral: Referral, told: PartnerUpdate) -> None:
    """Refuse a clinic that never had the referral, or no longer has it."""
    offers = [o for o in referral.offers if o.organization == principal.organization]
    named: Offer | None = offers[-1] if offers else None
    if told.offer_number is not None:
        named = next((o for o in offers if o.number == told.offer_number), None)
    if named is None:
        raise NotFound("There is no such referral.")
    if named.answer not in {"open", "accepted"} and told.kind is not UpdateKind.REPORT_RECEIVED:
        refuse(
            "offer-not-in-hand",
            f"This offer is {named.answer}: the referral is no longer with you.",
            code="conflict",
            status=HTTPStatus.CONFLICT,
        )


def _type_of(referral: Referral, told: DocumentUpdate) -> str | None:
    """Return the code of a document's type: the one that the pathway knows, else the first."""
    wanted = {code for rule in rules(referral).closure.evidence for code in rule.loinc}
    known = (code for code in told.loinc if code in wanted)
    return next(known, next(iter(told.loinc), None))
