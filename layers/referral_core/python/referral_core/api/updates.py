"""Updates: what clinics, payers, EHRs and staff say of a referral, each posted to its mailbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from pydantic import Field, ValidationError

from referral_core.api.face import Answer, Call, refuse
from referral_core.domain.errors import NotFound
from referral_core.domain.model import Record, ReferralId
from referral_core.domain.principal import Principal
from referral_core.domain.referral import Offer, Referral
from referral_core.domain.updates import Role, Update, UpdateKind
from referral_core.fhir.body import read_resource
from referral_core.fhir.documents import read_document
from referral_core.fhir.errors import Issue, operation_outcome
from referral_core.fhir.ids import appointment_id as own_appointment_id
from referral_core.fhir.partner_updates import (
    PartnerUpdate,
    read_acknowledgement,
    read_appointment,
    read_task_update,
)
from referral_core.fhir.pas import read_claim_responses
from referral_core.fhir.tasks import task_a, task_b
from referral_core.ports import AuthorizationAnswer, Clock, Documents, Evidence, Referrals
from referral_core.steps.engine import Engine, Receipt

_SAID: Final[Mapping[Receipt, str]] = {
    Receipt.ANSWERED: "Taken: the referral moves on.",
    Receipt.RECORDED: "Recorded.",
    Receipt.PENDING: "Kept: it is used as soon as the referral gets there.",
    Receipt.DUPLICATE: "This was on record already; nothing changed.",
    Receipt.LATE: "The referral is closed: your word is on record and changes nothing.",
}
_TRACE: Final = "-a"


class Decision(Record):
    """What staff decide on a work item: one of its actions, with a reason."""

    action: str = Field(min_length=1, max_length=80)
    comment: str | None = Field(default=None, max_length=2000)


@dataclass(frozen=True)
class ReceiveUpdate:
    """Checks who may say it, reads it, and posts it."""

    referrals: Referrals
    documents: Documents
    engine: Engine
    clock: Clock

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
        self._post(call, referral, told.kind or UpdateKind.PROGRESS_NOTED, facts)
        referral = self._load(call.principal, told.referral_id)
        number = told.offer_number
        offer = next((o for o in referral.offers if o.number == number), None)
        task = task_a(referral) if offer is None else task_b(referral, offer)
        return Answer(HTTPStatus.OK, task, {"ETag": f'W/"{referral.version}"'})

    def appointment(self, call: Call, appointment_id: str | None) -> Answer:
        """Take what the clinic says of the visit."""
        told = read_appointment(call.body, call.content_type, appointment_id)
        referral = self._referral(call.principal, told)
        facts = {
            "start": told.start.isoformat() if told.start else None,
            "status": told.status,
            "reason": told.reason_code,
        }
        self._post(call, referral, told.kind or UpdateKind.PROGRESS_NOTED, facts)
        number = referral.appointment.number if referral.appointment else 0
        created = appointment_id is None
        stored = appointment_id or own_appointment_id(referral.id, number + 1)
        resource = {**read_resource(call.body, call.content_type), "id": stored}
        return Answer(
            HTTPStatus.CREATED if created else HTTPStatus.OK,
            resource,
            {"Location": f"Appointment/{stored}"} if created else {},
        )

    def document(self, call: Call) -> Answer:
        """Take a report: the document is stored under its hash before the item that names it."""
        told = read_document(call.body, call.content_type)
        referral = self._referral(call.principal, told)
        if told.content is None or told.sha256 is None:
            refuse(
                "document-not-inline",
                "Send the document in content.attachment.data: the router keeps a copy.",
                code="not-supported",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
                expression="DocumentReference.content[0].attachment.data",
            )
        evidence = self._kept(call, "report", told.content, told.content_type)
        facts = {"sha256": told.sha256, "loinc": next(iter(told.loinc), None)}
        kind = told.kind or UpdateKind.PROGRESS_NOTED
        receipt = self._post(call, referral, kind, facts, evidence=evidence)
        return _said(call, receipt, HTTPStatus.CREATED)

    def claim_response(self, call: Call) -> Answer:
        """Take a payer's decisions: a ClaimResponse, or a notification Bundle that holds some."""
        call.principal.require_may_post(UpdateKind.AUTHORIZATION_DECIDED)
        answers = read_claim_responses(read_resource(call.body, call.content_type))
        evidence = self._kept(call, "payer-decision", call.body, "application/fhir+json")
        receipt = Receipt.RECORDED
        for answer in answers:
            receipt = self._decided(call, answer, evidence)
        return _said(call, receipt, HTTPStatus.OK)

    def communication(self, call: Call) -> Answer:
        """Take the EHR's acknowledgement of a notice."""
        told = read_acknowledgement(call.body, call.content_type)
        referral = self._referral(call.principal, told)
        facts = {"notice": told.notice_number}
        kind = told.kind or UpdateKind.PROGRESS_NOTED
        return _said(call, self._post(call, referral, kind, facts), HTTPStatus.CREATED)

    def decision(self, call: Call, referral_id: str) -> Answer:
        """Take a person's decision on a work item."""
        call.principal.require_may_post(UpdateKind.DECISION)
        referral = self._load(call.principal, ReferralId(referral_id))
        try:
            decision = Decision.model_validate_json(call.body)
        except ValidationError:
            refuse(
                "invalid-decision",
                'Send {"action": "...", "comment": "..."}; GET /work-items lists the actions.',
                code="structure",
                status=HTTPStatus.BAD_REQUEST,
            )
        item = referral.work_item
        if item is None:
            refuse(
                "no-work-item",
                "No work item is open for this referral: nothing is to be decided.",
                code="conflict",
                status=HTTPStatus.CONFLICT,
            )
        facts = {"action": decision.action, "item": item.opened_at.isoformat()}
        receipt = self._post(call, referral, UpdateKind.DECISION, facts)
        return _said(call, receipt, HTTPStatus.OK)

    def _kept(self, call: Call, kind: str, content: bytes, content_type: str) -> Evidence:
        """Store a document before the item that names it; return its evidence."""
        return Evidence(
            sha256=self.documents.put(call.principal.tenant, content, content_type),
            kind=kind,
            source=call.principal.organization,
            received_at=self.clock.now(),
            content_type=content_type,
            size=len(content),
        )

    def _decided(self, call: Call, answer: AuthorizationAnswer, evidence: Evidence) -> Receipt:
        referral_id, mark, _ = answer.trace.rpartition(_TRACE)
        if not mark:
            raise NotFound("No request of ours has this trace.")
        referral = self._load(call.principal, ReferralId(referral_id))
        facts = {
            "trace": answer.trace,
            "verdict": answer.verdict.value,
            "review_action": answer.review_action,
            "number": answer.number,
            "valid_from": answer.valid_from.isoformat() if answer.valid_from else None,
            "valid_to": answer.valid_to.isoformat() if answer.valid_to else None,
        }
        kind = UpdateKind.AUTHORIZATION_DECIDED
        return self._post(call, referral, kind, facts, evidence=evidence)

    def _referral(self, principal: Principal, told: PartnerUpdate) -> Referral:
        """Load the referral that a partner speaks of; a partner sees its own and nothing else."""
        referral = self._load(principal, told.referral_id)
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

    def _load(self, principal: Principal, referral_id: ReferralId) -> Referral:
        return self.referrals.load(principal.tenant, referral_id).referral

    def _post(
        self,
        call: Call,
        referral: Referral,
        kind: UpdateKind,
        facts: Mapping[str, str | int | None],
        evidence: Evidence | None = None,
    ) -> Receipt:
        """Post an update; the same words from the same client are the same update."""
        told = json.dumps([kind, call.principal.client_id, dict(facts)], sort_keys=True)
        digest = sha256(told.encode() + call.headers.get("idempotency-key", "").encode())
        update = Update(
            id=f"{kind}-{digest.hexdigest()[:32]}",
            kind=kind,
            actor=call.principal.client_id,
            role=call.principal.role,
            received_at=self.clock.now(),
            facts={name: value for name, value in facts.items() if value is not None},
        )
        return self.engine.post(referral.tenant, referral.id, update, evidence=evidence)


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


def _said(call: Call, receipt: Receipt, status: HTTPStatus) -> Answer:
    issue = Issue("information", "informational", receipt.value, None, _SAID[receipt])
    return Answer(status, operation_outcome([issue], call.correlation_id), {})
