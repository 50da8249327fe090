"""Updates: what clinics, payers, EHRs and staff say of a referral, each posted to its mailbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Final, Literal, TypeVar

from pydantic import AwareDatetime, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from referral_core.api.face import Answer, Call, refuse
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.lifecycle import Step
from referral_core.domain.model import Record, ReferralId
from referral_core.domain.outreach import reach_hash
from referral_core.domain.principal import Principal
from referral_core.domain.referral import Offer, Referral
from referral_core.domain.updates import Role, Update, UpdateKind
from referral_core.domain.work import ENTER_AUTHORIZATION, RECORD_CALL, SELF_PAY, Reason
from referral_core.fhir.body import read_resource
from referral_core.fhir.documents import DocumentUpdate, read_diagnostic_report, read_document
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
from referral_core.ports import (
    AuthorizationAnswer,
    Clock,
    Directory,
    Documents,
    Evidence,
    OptOuts,
    Referrals,
)
from referral_core.steps.content import content_of
from referral_core.steps.engine import Engine, Receipt
from referral_core.steps.patient_words import OPTED_OUT, RESULTS
from referral_core.steps.records import available_actions
from referral_core.steps.step import rules

_SAID: Final[Mapping[Receipt, str]] = {
    Receipt.ANSWERED: "Taken: the referral moves on.",
    Receipt.RECORDED: "Recorded.",
    Receipt.PENDING: "Kept: it is used as soon as the referral gets there.",
    Receipt.DUPLICATE: "This was on record already; nothing changed.",
    Receipt.LATE: "The referral is closed: your word is on record and changes nothing.",
}
_TRACE: Final = "-a"


class Decision(Record):
    """What staff do with a work item: one of the actions allowed now, and what it needs.

    Attributes:
        comment: why; kept as a document, since it may hold PHI.
        owner: of `assign`: a client id.
        until: of `snooze`.
        number, valid_from, valid_to: of `enter-authorization`, as the payer told by phone.
        fee_class: of `self-pay`, where the tenant has a sliding fee scale.
        result: of `record-call`.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    action: str = Field(min_length=1, max_length=80)
    comment: str | None = Field(default=None, max_length=2000)
    owner: str | None = Field(default=None, max_length=128, pattern=r"^[\w.@+-]+$")
    until: AwareDatetime | None = None
    number: str | None = Field(default=None, max_length=80)
    valid_from: date | None = None
    valid_to: date | None = None
    fee_class: Literal["A", "B", "C", "D"] | None = None
    result: str | None = None


class Reopen(Record):
    """That a closed referral goes on, why, and at which step."""

    reason: str = Field(min_length=1, max_length=80, pattern=r"^[a-z0-9-]+$")
    resume: Step


@dataclass(frozen=True)
class ReceiveUpdate:
    """Checks who may say it, reads it, and posts it."""

    referrals: Referrals
    documents: Documents
    engine: Engine
    directory: Directory
    clock: Clock
    opt_outs: OptOuts

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
        evidence = self._kept(call, "report", told.content, told.content_type)
        facts = {
            "sha256": told.sha256,
            "loinc": _type_of(referral, told),
            "final": told.final,
            "critical": told.critical,
        }
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

    def diagnostic_report(self, call: Call) -> Answer:
        """Take the result of a diagnostic service, as a document."""
        return self._document(call, read_diagnostic_report(call.body, call.content_type))

    def decision(self, call: Call, referral_id: str) -> Answer:
        """Take what a person does with a work item or notes of a referral, if it may be now."""
        call.principal.require_may_post(UpdateKind.DECISION)
        loaded = self.referrals.load(call.principal.tenant, ReferralId(referral_id))
        referral, known_as = loaded.referral, _name_of_repeat(call, referral_id)
        if known_as is not None and known_as in loaded.mailbox.seen:
            # What it did may have made the action impossible: said again, it is done already.
            return _said(call, Receipt.DUPLICATE, HTTPStatus.OK)
        told = _read(Decision, call, "decision")
        allowed = available_actions(referral)
        if told.action not in allowed:
            refuse(
                "action-not-allowed",
                f"Now allowed: {', '.join(allowed) or 'nothing'}.",
                code="conflict" if not allowed else "value",
                status=HTTPStatus.CONFLICT,
            )
        kind, facts = _as_update(referral, told)
        evidence = None
        if told.comment is not None:
            content = told.comment.encode()
            evidence = self._kept(call, "comment", content, "text/plain; charset=utf-8")
            facts["comment"] = evidence.sha256
        if referral.work_item is not None:
            facts["item"] = referral.work_item.opened_at.isoformat()
        named = known_as or _name_of_act(call, kind, facts, self.clock.now())
        if told.owner is not None:
            self._require_colleague(call.principal, told.owner)
        stopped = self._opted_out(referral) if told.result == OPTED_OUT else None
        receipt = self._post(call, referral, kind, facts, evidence=evidence, name=named)
        if stopped is not None:
            # Last, since the carrier may be away: by then the stop is honoured and on record.
            self.opt_outs.add(stopped)
        return _said(call, receipt, HTTPStatus.OK)

    def _require_colleague(self, principal: Principal, owner: str) -> None:
        """Refuse an owner who is not staff of the same tenant: nobody would ever look."""
        with suppress(Forbidden):
            colleague = self.directory.principal(owner)
            if colleague.tenant == principal.tenant and colleague.role is Role.STAFF:
                return
        refuse(
            "unknown-owner",
            "Name the client id of a colleague with the role staff.",
            code="value",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )

    def _opted_out(self, referral: Referral) -> str | None:
        """Put the patient's number on the opt-out list before anything else; return it."""
        phone = content_of(self.referrals, referral).patient.phone
        if phone is not None:
            self.referrals.opt_out(referral.tenant, reach_hash(phone), self.clock.now())
        return phone

    def reopen(self, call: Call, referral_id: str) -> Answer:
        """Open a closed referral again."""
        call.principal.require_role(Role.STAFF, Role.EHR)
        referral = self._load(call.principal, ReferralId(referral_id))
        if call.principal.role is Role.EHR and referral.referrer != call.principal.organization:
            raise NotFound("There is no such referral.")
        told = _read(Reopen, call, "reopening")
        principal = call.principal
        reopened = self.engine.reopen(
            principal.tenant, referral.id, told.resume, principal.client_id, told.reason
        )
        return Answer(HTTPStatus.OK, task_a(reopened), {"ETag": f'W/"{reopened.version}"'})

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
            # A denial that is upheld says the same as the first one, in another document.
            "decision": evidence.sha256,
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
        facts: Mapping[str, str | int | bool | None],
        *,
        evidence: Evidence | None = None,
        name: str | None = None,
    ) -> Receipt:
        """Post an update; without another name, the same words of a client are the same update."""
        update = Update(
            id=name or _name(kind, call, facts, call.headers.get("idempotency-key", "")),
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


def _type_of(referral: Referral, told: DocumentUpdate) -> str | None:
    """Return the code of a document's type: the one that the pathway knows, else the first."""
    wanted = {code for rule in rules(referral).closure.evidence for code in rule.loinc}
    known = (code for code in told.loinc if code in wanted)
    return next(known, next(iter(told.loinc), None))


def _name(prefix: str, call: Call, *told: object) -> str:
    said = json.dumps([call.principal.client_id, *told], sort_keys=True)
    return f"{prefix}-{sha256(said.encode()).hexdigest()[:32]}"


def _name_of_repeat(call: Call, referral_id: str) -> str | None:
    """Return the name of an act whose client says which one it is; None without its key."""
    key = call.headers.get("idempotency-key")
    return _name("act", call, referral_id, key, sha256(call.body).hexdigest()) if key else None


def _name_of_act(
    call: Call, kind: UpdateKind, facts: Mapping[str, str | int | None], now: datetime
) -> str:
    """Return the name of an act without a key, by what it says and, where that may recur, when.

    Claiming, releasing and claiming again are three acts; two calls of one minute are one.
    """
    when = {
        UpdateKind.WORK_ITEM_UPDATED: now.isoformat(),
        UpdateKind.CONTACT_RECORDED: now.isoformat(timespec="minutes"),
    }
    return _name(kind, call, dict(facts), when.get(kind))


_ITEM_ACTS: Final = frozenset({"claim", "assign", "release", "snooze", "comment"})

R = TypeVar("R", bound=Record)


def _read(model: type[R], call: Call, what: str) -> R:
    try:
        return model.model_validate_json(call.body)
    except ValidationError as error:
        names = ", ".join(sorted({str(e["loc"][0]) for e in error.errors() if e["loc"]}))
        refuse(
            f"invalid-{what}",
            f"Correct {names or 'the JSON'}; docs/work_items.md shows what to send.",
            code="structure",
            status=HTTPStatus.BAD_REQUEST,
        )


def _as_update(
    referral: Referral, told: Decision
) -> tuple[UpdateKind, dict[str, str | int | None]]:
    """Return the update that an action is: a fact, care of the item, or a decision."""
    if told.action in _ITEM_ACTS:
        _require(told.action != "assign" or told.owner, "owner", told.action)
        _require(told.action != "snooze" or told.until, "until", told.action)
        _require(told.action != "comment" or told.comment, "comment", told.action)
        until = told.until.isoformat() if told.until else None
        facts = {"act": told.action, "owner": told.owner, "until": until}
        return UpdateKind.WORK_ITEM_UPDATED, dict(facts)
    if told.action == RECORD_CALL:
        _require(
            told.result in RESULTS, f"result, one of {', '.join(sorted(RESULTS))}", told.action
        )
        return UpdateKind.CONTACT_RECORDED, {"channel": "call", "result": told.result}
    if told.action == ENTER_AUTHORIZATION:
        _require(told.number and told.valid_to, "number and validTo", told.action)
        ordered = not (told.valid_from and told.valid_to) or told.valid_from <= told.valid_to
        _require(ordered, "a validTo that is not before validFrom", told.action)
        known = referral.authorization
        return UpdateKind.AUTHORIZATION_DECIDED, {
            "trace": known.trace if known else None,
            "verdict": "approved",
            "review_action": "phone",
            "number": told.number,
            "valid_from": told.valid_from.isoformat() if told.valid_from else None,
            "valid_to": told.valid_to.isoformat() if told.valid_to else None,
        }
    item = referral.work_item
    if told.action == SELF_PAY and item is not None and item.reason is Reason.FEE_CLASS_MISSING:
        _require(told.fee_class, "feeClass", told.action)
    return UpdateKind.DECISION, {"action": told.action, "fee_class": told.fee_class}


def _require(present: object, wanted: str, action: str) -> None:
    if not present:
        refuse(
            "incomplete-decision",
            f"Send {wanted} with {action}.",
            code="required",
            status=HTTPStatus.BAD_REQUEST,
        )


def _said(call: Call, receipt: Receipt, status: HTTPStatus) -> Answer:
    issue = Issue("information", "informational", receipt.value, None, _SAID[receipt])
    return Answer(status, operation_outcome([issue], call.correlation_id), {})
