"""What staff do with work items, and who may open a closed referral again."""

from __future__ import annotations

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
from referral_core.api.posting import Poster, name_of, said
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.lifecycle import Step
from referral_core.domain.model import Record, ReferralId
from referral_core.domain.outreach import reach_hash
from referral_core.domain.principal import Principal
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Role, UpdateKind
from referral_core.domain.work import ENTER_AUTHORIZATION, RECORD_CALL, SELF_PAY, Reason
from referral_core.fhir.tasks import task_a
from referral_core.ports import Directory, OptOuts
from referral_core.steps.content import content_of
from referral_core.steps.engine import Receipt
from referral_core.steps.patient_words import OPTED_OUT, RESULTS
from referral_core.steps.records import available_actions


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
    number: str | None = Field(default=None, max_length=80, pattern=r"^[\w ./#-]+$")
    valid_from: date | None = None
    valid_to: date | None = None
    fee_class: Literal["A", "B", "C", "D"] | None = None
    result: str | None = None


class Reopen(Record):
    """That a closed referral goes on, why, and at which step."""

    reason: str = Field(min_length=1, max_length=80, pattern=r"^[a-z0-9-]+$")
    resume: Step


@dataclass(frozen=True)
class DecideWorkItems:
    """Takes decisions, care of an item, facts told by telephone, and reopenings."""

    poster: Poster
    directory: Directory
    opt_outs: OptOuts

    def decision(self, call: Call, referral_id: str) -> Answer:
        """Take what a person does with a work item or notes of a referral, if it may be now."""
        call.principal.require_may_post(UpdateKind.DECISION)
        loaded = self.poster.referrals.load(call.principal.tenant, ReferralId(referral_id))
        referral, known_as = loaded.referral, _name_of_repeat(call, referral_id)
        told = _read(Decision, call, "decision")
        if known_as is not None and known_as in loaded.mailbox.seen:
            # What it did may have made the action impossible: said again, it is done already,
            # but for the carrier, which may have been away.
            if told.result == OPTED_OUT and (stopped := self._opted_out(referral)) is not None:
                self.opt_outs.add(stopped)
            return said(call, Receipt.DUPLICATE, HTTPStatus.OK)
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
            evidence = self.poster.kept(call, "comment", content, "text/plain; charset=utf-8")
            facts["comment"] = evidence.sha256
        if referral.work_item is not None:
            facts["item"] = referral.work_item.opened_at.isoformat()
        named = known_as or _name_of_act(call, kind, facts, self.poster.clock.now())
        if told.owner is not None:
            self._require_colleague(call.principal, told.owner)
        stopped = self._opted_out(referral) if told.result == OPTED_OUT else None
        receipt = self.poster.post(call, referral, kind, facts, evidence=evidence, name=named)
        if stopped is not None:
            # Last, since the carrier may be away: by then the stop is honoured and on record.
            self.opt_outs.add(stopped)
        return said(call, receipt, HTTPStatus.OK)

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
        phone = content_of(self.poster.referrals, referral).patient.phone
        if phone is not None:
            self.poster.referrals.opt_out(
                referral.tenant, reach_hash(phone), self.poster.clock.now()
            )
        return phone

    def reopen(self, call: Call, referral_id: str) -> Answer:
        """Open a closed referral again."""
        call.principal.require_role(Role.STAFF, Role.EHR)
        referral = self.poster.load(call.principal, ReferralId(referral_id))
        if call.principal.role is Role.EHR and referral.referrer != call.principal.organization:
            raise NotFound("There is no such referral.")
        told = _read(Reopen, call, "reopening")
        principal = call.principal
        reopened = self.poster.engine.reopen(
            principal.tenant, referral.id, told.resume, principal.client_id, told.reason
        )
        return Answer(HTTPStatus.OK, task_a(reopened), {"ETag": f'W/"{reopened.version}"'})


def _name_of_repeat(call: Call, referral_id: str) -> str | None:
    """Return the name of an act whose client says which one it is; None without its key."""
    key = call.headers.get("idempotency-key")
    return name_of("act", call, referral_id, key, sha256(call.body).hexdigest()) if key else None


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
    return name_of(kind, call, dict(facts), when.get(kind))


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
