"""Ask the payer to authorize the visit at the chosen performer (Da Vinci PAS)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final as Constant

from referral_core.domain.errors import Final
from referral_core.domain.lifecycle import Party, Status, Step
from referral_core.domain.network import Payer, Practitioner
from referral_core.domain.pathway import names_code
from referral_core.domain.referral import Authorization, AuthorizationStatus, Referral, change
from referral_core.domain.routing import in_network
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import Reason
from referral_core.ports import (
    AuthorizationAnswer,
    AuthorizationRequest,
    AuthorizationVerdict,
    Directory,
    PriorAuth,
    Referrals,
)
from referral_core.steps.content import ReferralContent, content_of, performer_of
from referral_core.steps.step import (
    ROUTER,
    Draft,
    Moment,
    Recording,
    begun,
    needs_person,
    noted,
    rules,
)

_METERED: Constant = {"payer_transactions": 1}
_SERVICE_DAYS: Constant = 90
"""How long a window of service dates is asked for."""

_STATUS: Constant[Mapping[AuthorizationVerdict, AuthorizationStatus]] = {
    AuthorizationVerdict.APPROVED: AuthorizationStatus.APPROVED,
    AuthorizationVerdict.NOT_REQUIRED: AuthorizationStatus.NOT_REQUIRED,
    AuthorizationVerdict.DENIED: AuthorizationStatus.DENIED,
    AuthorizationVerdict.PENDED: AuthorizationStatus.PENDED,
    AuthorizationVerdict.NEEDS_REVIEW: AuthorizationStatus.PENDED,
}
_DONE: Constant = frozenset({AuthorizationStatus.APPROVED, AuthorizationStatus.NOT_REQUIRED})


@dataclass(frozen=True)
class RequestAuthorization:
    """Ends `authorized`, waits while the payer pends, or gives it to the authorization team."""

    referrals: Referrals
    directory: Directory
    prior_auth: PriorAuth
    name: Step = Step.REQUEST_AUTHORIZATION

    def accepts(self, _referral: Referral) -> frozenset[UpdateKind]:
        """Accept the payer's decision, or one that staff got by phone."""
        return frozenset({UpdateKind.AUTHORIZATION_DECIDED})

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Record that authorization is being sought."""
        return begun(
            referral,
            self.name,
            moment,
            "Asking the payer to authorize the visit.",
            status=Status.AWAITING_AUTHORIZATION,
        )

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Submit one request per performer, unless none is needed."""
        offer, known = referral.offer, referral.authorization
        if offer is None:
            raise Final("authorization needs a chosen performer")
        if known and known.performer == offer.npi and known.status in _DONE:
            return lambda current, at: _authorized(current, at, known, ROUTER, {})
        content = content_of(self.referrals, referral)
        performer = performer_of(self.directory, referral)
        if not _must_ask(referral, content, performer):
            granted = Authorization(
                status=AuthorizationStatus.NOT_REQUIRED,
                trace="",
                performer=offer.npi,
                requested_at=moment.now,
            )
            return lambda current, at: _authorized(current, at, granted, ROUTER, {})
        payer = self.directory.payer(referral.tenant, _payer_id(referral))
        if known and known.performer == offer.npi and known.status is AuthorizationStatus.APPEALED:
            clock = _appeal_clock(payer, referral)
            due = known.due_at or moment.now + clock
            warn_at = due - clock * (1 - rules(referral).authorization.warn_at)
            look_at = warn_at if warn_at > moment.now else due
            return lambda current, at: _appealed(current, at, known, due, look_at)
        trace = _trace_of(referral, offer.number)
        request = self._request(referral, moment, content, performer, trace)
        answer = self.prior_auth.submit(payer, request)
        asked = Authorization(
            status=AuthorizationStatus.SUBMITTED,
            trace=trace,
            performer=offer.npi,
            requested_at=moment.now,
        )
        clock = timedelta(hours=_clock_hours(payer, referral))
        overdue = moment.now + clock
        warn_at = moment.now + clock * rules(referral).authorization.warn_at

        def record(current: Referral, at: Moment) -> Draft:
            draft = _decided(current, at, asked, answer, actor=ROUTER, metered=_METERED)
            if draft is not None:
                return draft
            return Draft(
                change(
                    current,
                    "authorization-pended",
                    at=at.now,
                    actor=ROUTER,
                    why="The payer is reviewing the request; its decision is awaited.",
                    due_at=warn_at,
                    facts={"review_action": answer.review_action, "clock_ends": str(overdue)},
                    metered=_METERED,
                    authorization=asked.model_copy(
                        update={"status": AuthorizationStatus.PENDED, "due_at": overdue}
                    ),
                )
            )

        return record

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Read the payer's decision, or its silence towards the end of its own clock."""
        known = referral.authorization
        if update.kind is UpdateKind.DEADLINE:
            if known is not None and known.due_at is not None and known.due_at > moment.now:
                return _warned(referral, update, moment, known, known.due_at)
            return needs_person(referral, Reason.AUTHORIZATION_OVERDUE, moment, actor=update.actor)
        return authorization_decided(referral, update, moment)

    def _request(
        self,
        referral: Referral,
        moment: Moment,
        content: ReferralContent,
        performer: Practitioner,
        trace: str,
    ) -> AuthorizationRequest:
        profile = self.directory.tenant(referral.tenant)
        today = moment.now.date()
        return AuthorizationRequest(
            trace=trace,
            referral_id=referral.id,
            created=moment.now,
            urgent=_is_urgent(referral),
            patient_family=content.patient.family or "",
            patient_given=content.patient.given or "",
            birth_date=content.patient.birth_date,
            gender=content.patient.gender,
            member_id=content.coverage.member_id or "",
            provider_organization=profile.name,
            provider_npi=profile.npi,
            performer_npi=performer.npi,
            performer_name=performer.name,
            service_system=content.service.system,
            service_code=content.service.code,
            service_text=content.service.display or "Specialist visit",
            diagnoses=tuple((r.system, r.code) for r in content.reasons if r.system and r.code),
            service_from=today,
            service_to=today + timedelta(days=_SERVICE_DAYS),
            request_type=rules(referral).authorization.request_type,
        )


def authorization_decided(referral: Referral, update: Update, moment: Moment) -> Draft:
    """Draft what the payer's decision means; one for another request is recorded only."""
    known, facts = referral.authorization, update.facts
    if known is None or facts.get("trace") != known.trace:
        return noted(referral, update, moment)
    answer = AuthorizationAnswer(
        verdict=AuthorizationVerdict(str(facts["verdict"])),
        review_action=str(facts.get("review_action") or ""),
        trace=known.trace,
        number=_text(facts.get("number")),
        valid_from=_day(facts.get("valid_from")),
        valid_to=_day(facts.get("valid_to")),
        reason=_text(facts.get("reason")),
    )
    return _decided(referral, moment, known, answer, actor=update.actor, metered={}) or noted(
        referral, update, moment
    )


def _trace_of(referral: Referral, offer: int) -> str:
    """Name the request: a retry keeps the name, asking again after a denial takes the next."""
    known, tries = referral.authorization, 1
    if known is not None and known.trace.startswith(f"{referral.id}-a{offer}."):
        tries = int(known.trace.rpartition(".")[2])
        tries += known.status is AuthorizationStatus.DENIED
    return f"{referral.id}-a{offer}.{tries}"


def _must_ask(referral: Referral, content: ReferralContent, performer: Practitioner) -> bool:
    """Whether the payer must be asked: leaving its network always needs its consent."""
    rule = rules(referral).authorization
    if rule.policy == "none" or referral.eligibility is None:
        return False
    service = content.service
    token = f"{service.system}|{service.code}" if service.system else service.code or ""
    if rule.codes and not names_code(rule.codes, (token,)):
        return False
    if not in_network(performer, referral.eligibility.payer):
        return True
    return referral.eligibility.authorization_required is not False


def _warned(
    referral: Referral, update: Update, moment: Moment, known: Authorization, ends: datetime
) -> Draft:
    """Draft that the payer's clock has nearly run out: the team sees it, the wait goes on."""
    return Draft(
        change(
            referral,
            "authorization-clock-warned",
            at=moment.now,
            actor=update.actor,
            why="The payer's clock has nearly run out; call the payer before it does.",
            due_at=ends,
            waits_for=Party.PAYER,
            authorization=known.model_copy(update={"warned": True}),
        )
    )


def _appealed(
    referral: Referral, moment: Moment, known: Authorization, due: datetime, look_at: datetime
) -> Draft:
    return Draft(
        change(
            referral,
            "appeal-awaited",
            at=moment.now,
            actor=ROUTER,
            why="The denial is appealed; the payer's decision is awaited.",
            due_at=look_at,
            authorization=known.model_copy(update={"due_at": due}),
        )
    )


def _payer_id(referral: Referral) -> str:
    return referral.eligibility.payer if referral.eligibility else ""


def _clock_hours(payer: Payer, referral: Referral) -> int:
    return payer.expedited_hours if _is_urgent(referral) else payer.decision_hours


def _appeal_clock(payer: Payer, referral: Referral) -> timedelta:
    """Return how long an appeal may take: an urgent one is expedited as its request was."""
    if _is_urgent(referral):
        return timedelta(hours=payer.expedited_hours)
    return timedelta(days=payer.appeal_days)


def _is_urgent(referral: Referral) -> bool:
    return referral.priority in {"urgent", "asap", "stat"}


def _decided(
    referral: Referral,
    moment: Moment,
    asked: Authorization,
    answer: AuthorizationAnswer,
    *,
    actor: str,
    metered: Mapping[str, int],
) -> Draft | None:
    """Draft a final answer; None while the payer pends."""
    decided = asked.model_copy(
        update={
            "status": _STATUS[answer.verdict],
            "number": answer.number,
            "valid_from": answer.valid_from,
            "valid_to": answer.valid_to,
            "denial_reason": answer.reason,
        }
    )
    facts = {"review_action": answer.review_action, "verdict": answer.verdict.value}
    match answer.verdict:
        case AuthorizationVerdict.APPROVED | AuthorizationVerdict.NOT_REQUIRED:
            return _authorized(referral, moment, decided, actor, metered)
        case AuthorizationVerdict.DENIED:
            return needs_person(
                referral,
                Reason.AUTHORIZATION_DENIED,
                moment,
                actor=actor,
                status=Status.AUTHORIZATION_DENIED_REVIEW,
                facts=facts,
                metered=metered,
                authorization=decided,
            )
        case AuthorizationVerdict.NEEDS_REVIEW:
            return needs_person(
                referral,
                Reason.AUTHORIZATION_UNCLEAR,
                moment,
                actor=actor,
                facts=facts,
                metered=metered,
                authorization=decided,
            )
        case AuthorizationVerdict.PENDED:
            return None


def _authorized(
    referral: Referral,
    moment: Moment,
    granted: Authorization,
    actor: str,
    metered: Mapping[str, int],
) -> Draft:
    return Draft(
        change(
            referral,
            "authorized",
            at=moment.now,
            actor=actor,
            why="The visit is authorized, or needs no authorization.",
            due_at=moment.soon,
            facts={"status": granted.status.value},
            metered=metered,
            authorization=granted,
        ),
        outcome="authorized",
    )


def _text(value: object) -> str | None:
    return str(value) if value else None


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
