"""What staff send about a work item, and the update that it is."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from http import HTTPStatus
from typing import Final, Literal, TypeVar, get_args

from pydantic import AwareDatetime, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from referral_core.domain import work_items
from referral_core.domain.codes import npi_in, number_in
from referral_core.domain.lifecycle import Outcome, Step
from referral_core.domain.model import Model
from referral_core.domain.outreach.vocabulary import CallResult
from referral_core.domain.payers.authorization import AuthorizationVerdict
from referral_core.domain.performer_choice import Override
from referral_core.domain.referral import Referral
from referral_core.domain.updates import (
    AuthorizationDecided,
    ContactRecorded,
    DecisionMade,
    WorkItemAct,
    WorkItemUpdated,
)
from referral_core.domain.work_items import Reason
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.updates.service import UpdateFactory

_CARE: Final = frozenset(get_args(WorkItemAct))
_NEEDS: Final = {"assign": "owner", "snooze": "until", "comment": "comment"}
"""What some acts of care need."""

M = TypeVar("M", bound=Model)


class Decision(Model):
    """What staff do with a work item: one of the actions allowed now, and what it needs.

    Attributes:
        item: `openedAt` of the item that was looked at; refused when another one is open by now.
        comment: why; kept as a document, since it may hold PHI.
        owner: of `assign`: a client id.
        until: of `snooze`.
        number, valid_from, valid_to: of `enter-authorization`, as the payer stated by phone.
        fee_class: of `self-pay`, where the tenant has a sliding fee scale.
        result, spoke_with: of `record-call`: what came of it, and who said so: needed where
            anything was said, for only the patient, or who may speak for them, decides.
        specialty: of `name-service`: a NUCC code; `keep`: whether the next orders that say the same
            are understood by it.
        performer, override: of `choose-performer`: the NPI of who is asked next, and why; the first
            also of `close:care-received-elsewhere`: the NPI of who gave the care, if it is known;
            none: whose document the item asks to read.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    action: str = Field(min_length=1, max_length=80)
    item: AwareDatetime | None = None
    comment: str | None = Field(default=None, max_length=2000)
    owner: str | None = Field(default=None, max_length=128, pattern=r"^[\w.@+-]+$")
    until: AwareDatetime | None = None
    number: str | None = Field(default=None, max_length=80, pattern=r"^[\w ./#-]+$")
    valid_from: date | None = None
    valid_to: date | None = None
    fee_class: Literal["A", "B", "C", "D"] | None = None
    result: str | None = None
    spoke_with: Literal["patient", "contact"] | None = None
    specialty: str | None = Field(default=None, pattern=r"^[0-9A-Z]{9}X$")
    keep: bool = False
    performer: str | None = Field(default=None, max_length=64, pattern=r"^[\w.:-]+$")
    override: Override | None = None

    @property
    def is_opt_out(self) -> bool:
        """Whether the patient told the caller to stop: the one way in that staff have.

        Who is called beside the patient speaks of their own number.
        """
        is_call = self.action == work_items.RECORD_CALL
        return is_call and self.result == CallResult.OPTED_OUT and self.spoke_with == "patient"


class Reopening(Model):
    """That a closed referral goes on, why, and at which step."""

    reason: str = Field(min_length=1, max_length=80, pattern=r"^[a-z0-9-]+$")
    resume: Step


def read_body(model: type[M], body: bytes, what: str) -> M:
    """Read a JSON body, or refuse it by naming what is to be corrected."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        names = ", ".join(sorted({str(e["loc"][0]) for e in error.errors() if e["loc"]}))
        refuse(
            f"invalid-{what}",
            f"Correct {names or 'the JSON'}; docs/work_items.md shows what to send.",
            code="structure",
            status=HTTPStatus.BAD_REQUEST,
        )


def factory_of(decision: Decision, referral: Referral) -> UpdateFactory:
    """Return what makes the update that an action is: a report, care of the item, a decision."""
    if decision.result is not None and decision.action != work_items.RECORD_CALL:
        refuse(
            "result-without-call",
            f"Send result with {work_items.RECORD_CALL} only.",
            code="value",
            status=HTTPStatus.BAD_REQUEST,
        )
    item = referral.work_item
    opened_at = item.opened_at if item else None
    match decision.action:
        case "claim" | "assign" | "release" | "snooze" | "comment" as act:
            return _care(act, decision, opened_at)
        case work_items.RECORD_CALL:
            return _call(decision)
        case work_items.ENTER_AUTHORIZATION:
            return _authorization(decision, referral)
        case action:
            is_missing = item is not None and item.reason is Reason.FEE_CLASS_MISSING
            if action == work_items.SELF_PAY and is_missing:
                _require(decision.fee_class, "feeClass", action)
            if action == work_items.NAME_SERVICE:
                _require(decision.specialty, "specialty, a NUCC code,", action)
            if action == work_items.CHOOSE_PERFORMER:
                both = decision.performer and decision.override
                _require(both, f"performer and override ({', '.join(get_args(Override))})", action)
            ends = work_items.outcome_of(action)
            if decision.performer and ends is Outcome.CARE_RECEIVED_ELSEWHERE:
                is_known = npi_in(decision.performer) is not None
                _require(is_known, "performer, an NPI of ten digits, or none", action)
            return partial(
                DecisionMade,
                action=action,
                item=opened_at,
                fee_class=decision.fee_class,
                specialty=decision.specialty,
                keep=decision.keep,
                performer=decision.performer,
                override=decision.override,
            )


def occasion_of(decision: Decision, now: datetime) -> tuple[object, ...]:
    """Return what tells an act without a key apart from an equal one, where it may recur.

    Claiming, releasing and claiming again are three acts; two calls of one minute are one.
    """
    if decision.action in _CARE:
        return (now,)
    return (
        (now.replace(second=0, microsecond=0),) if decision.action == work_items.RECORD_CALL else ()
    )


def _care(act: WorkItemAct, decision: Decision, opened_at: datetime | None) -> UpdateFactory:
    needed = _NEEDS.get(act)
    if needed is not None:
        _require(getattr(decision, needed), needed, act)
    return partial(
        WorkItemUpdated, act=act, item=opened_at, owner=decision.owner, until=decision.until
    )


def _call(decision: Decision) -> UpdateFactory:
    results = ", ".join(sorted(CallResult))
    _require(decision.result in set(CallResult), f"result, one of {results}", decision.action)
    result = CallResult(decision.result or "")
    who = "spokeWith (patient, or contact: anybody else), which says who said so,"
    _require(decision.spoke_with or not result.is_said, who, decision.action)
    return partial(ContactRecorded, result=result, spoke_with=decision.spoke_with)


def _authorization(decision: Decision, referral: Referral) -> UpdateFactory:
    first, last = decision.valid_from, decision.valid_to
    _require(number_in(decision.number) and last, "number and validTo", decision.action)
    is_ordered = first is None or last is None or first <= last
    _require(is_ordered, "a validTo that is not before validFrom", decision.action)
    known = referral.authorization
    return partial(
        AuthorizationDecided,
        trace=known.trace if known else None,
        verdict=AuthorizationVerdict.APPROVED,
        review_action="phone",
        number=decision.number,
        valid_from=first,
        valid_to=last,
    )


def _require(present: object, wanted: str, action: str) -> None:
    if not present:
        refuse(
            "incomplete-decision",
            f"Send {wanted} with {action}.",
            code="required",
            status=HTTPStatus.BAD_REQUEST,
        )
