"""Ask the payer to authorize the visit at the chosen performer (Da Vinci PAS)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from referral_core.domain.directory import Payer, Practitioner
from referral_core.domain.effects import Effect
from referral_core.domain.errors import Permanent
from referral_core.domain.events import AuthorizationFacts, EventKind
from referral_core.domain.lifecycle import End, Next, Party, Status, Step
from referral_core.domain.orders.patient_identity import Likeness, compare, insured_identity_of
from referral_core.domain.orders.selection import names_code
from referral_core.domain.payers.authorization import (
    Authorization,
    AuthorizationStatus,
    AuthorizationVerdict,
)
from referral_core.domain.payers.requests import AuthorizationRequest, AuthorizationResponse
from referral_core.domain.referral import Offer, Referral
from referral_core.domain.routing.filters import in_network
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.documents import FHIR_JSON, keep
from referral_core.lifecycle.draft import Draft, draft, open_work_item, start_draft
from referral_core.lifecycle.reactions.authorization import DONE, authorized, concluded
from referral_core.lifecycle.reactions.table import reactions_to
from referral_core.lifecycle.reactions.unasked import wrote
from referral_core.lifecycle.routing.proposal import need_of
from referral_core.lifecycle.step import Reacting, Reaction, Recorder
from referral_core.ports.lifecycle import Documents, PriorAuth

_METERED: Final = {"payer_transactions": 1}
_SERVICE_DAYS: Final = 90
"""How long a window of service dates is asked for."""
_REVIEWED: Final = "The payer is reviewing the request; its decision is awaited."
_URGENT: Final = frozenset({"urgent", "asap", "stat"})


@dataclass(frozen=True)
class RequestAuthorization(Reacting):
    """Goes on once authorized, waits while the payer pends, or gives it to the team."""

    prior_auth: PriorAuth
    documents: Documents
    name: ClassVar[Step] = Step.REQUEST_AUTHORIZATION
    goes_to: ClassVar[frozenset[Next]] = frozenset(
        {
            Step.CHECK_READINESS,
            Step.OFFER_REFERRAL,
            Step.VERIFY_CLOSURE,
            Step.OPEN_WORK_ITEM,
            End.SUPERSEDED,
        }
    )
    reactions: ClassVar[Mapping[UpdateKind, Reaction]] = {
        **reactions_to(UpdateKind.AUTHORIZATION_DECIDED),
        UpdateKind.PATIENT_REPLIED: wrote,
    }

    def start(self, case: Case) -> Draft:
        """Record that authorization is being sought."""
        return start_draft(
            case,
            self.name,
            "Asking the payer to authorize the visit.",
            status=Status.AWAITING_AUTHORIZATION,
        )

    def execute(self, case: Case) -> Recorder:
        """Submit one request per performer, unless none is needed."""
        offer, known = case.referral.offer, case.referral.authorization
        if offer is None:
            raise Permanent("authorization needs a chosen performer")
        current = known if known and known.performer == offer.npi else None
        if current and current.status in DONE:
            return lambda case: authorized(case, current)
        performer = case.performer()
        if not _must_ask(case, performer):
            return lambda case: authorized(case, _not_required(case, offer))
        payer = case.payer(_payer_id(case.referral))
        if current and current.status is AuthorizationStatus.APPEALED:
            return lambda case: _appealed(case, current, payer)
        if current and current.due_at is not None and current.due_at > case.now:
            return lambda case: _awaited(case, current, payer)
        return self._submitted(case, payer, performer, offer)

    def _submitted(
        self, case: Case, payer: Payer, performer: Practitioner, offer: Offer
    ) -> Recorder:
        request = _request(case, performer, _trace_of(case.referral, offer.number))
        answer = self.prior_auth.submit(payer, request).for_performer(offer.npi)
        response = _of_the_patient(case, answer)
        kept = keep(
            self.documents,
            case,
            response.source,
            kind="authorization-response",
            content_type=FHIR_JSON,
            source=payer.id,
        )
        asked = Authorization(
            status=AuthorizationStatus.SUBMITTED,
            trace=request.trace,
            performer=offer.npi,
            payer=payer.id,
            requested_at=case.now,
            expedited=_is_urgent(case.referral),
        )
        return lambda current: (
            concluded(current, asked, response, metered=_METERED, effects=kept)
            or _pended(current, asked, response, payer, kept)
        )

    def on_deadline(self, case: Case, update: Update) -> Draft:
        """React to the payer's silence towards the end of its own clock."""
        known = case.referral.authorization
        if known is not None and known.due_at is not None and known.due_at > case.now:
            return _warned(case, update, known, known.due_at)
        return open_work_item(case, Reason.AUTHORIZATION_OVERDUE, by=update)


def _of_the_patient(case: Case, response: AuthorizationResponse) -> AuthorizationResponse:
    """Leave an answer about another patient to a person, whatever it decides."""
    known = insured_identity_of(case.content)
    if compare(known, response.patient) is not Likeness.ANOTHER:
        return response
    return response.but(
        verdict=AuthorizationVerdict.NEEDS_REVIEW, number=None, reason="another-patient"
    )


def _not_required(case: Case, offer: Offer) -> Authorization:
    return Authorization(
        status=AuthorizationStatus.NOT_REQUIRED,
        trace="",
        performer=offer.npi,
        requested_at=case.now,
    )


def _request(case: Case, performer: Practitioner, trace: str) -> AuthorizationRequest:
    content, profile, today = case.content, case.profile, case.now.date()
    patient, service = content.patient, content.service
    return AuthorizationRequest(
        trace=trace,
        referral_id=case.referral.id,
        created=case.now,
        urgent=_is_urgent(case.referral),
        patient_family=patient.family or "",
        patient_given=patient.given or "",
        patient_suffix=patient.suffix,
        birth_date=patient.birth_date,
        gender=patient.gender,
        member_id=content.coverage.member_id or "",
        subscriber=content.coverage.subscriber,
        provider_organization=profile.name,
        provider_npi=profile.npi,
        performer_npi=performer.npi,
        performer_name=performer.name,
        service_system=service.system,
        service_code=service.code,
        service_text=service.display or "Specialist visit",
        diagnoses=tuple((r.system, r.code) for r in content.reasons if r.system and r.code),
        service_from=today,
        service_to=today + timedelta(days=_SERVICE_DAYS),
        request_type=case.rules.authorization.request_type,
        discloses=case.referral.service.discloses(service.wanted),
    )


def _trace_of(referral: Referral, offer: int) -> str:
    """Name the request: a retry keeps the name, asking again after a denial takes the next."""
    known, tries = referral.authorization, 1
    if known is not None and known.trace.startswith(f"{referral.id}-a{offer}."):
        tries = int(known.trace.rpartition(".")[2])
        tries += known.status is AuthorizationStatus.DENIED
    return f"{referral.id}-a{offer}.{tries}"


def _must_ask(case: Case, performer: Practitioner) -> bool:
    """Whether the payer must be asked: leaving its network always needs its consent."""
    rule, known = case.rules.authorization, case.referral.eligibility
    if rule.policy == "none" or known is None:
        return False
    if not in_network(need_of(case), performer):
        return True
    service = case.content.service
    token = f"{service.system}|{service.code}" if service.system else service.code or ""
    if rule.codes and not names_code(rule.codes, (token,)):
        return False
    return known.authorization_required is not False


def _pended(
    case: Case,
    asked: Authorization,
    response: AuthorizationResponse,
    payer: Payer,
    kept: tuple[Effect, ...],
) -> Draft:
    overdue = asked.requested_at + _clock(payer, case.referral)
    return draft(
        case,
        EventKind.AUTHORIZATION_PENDED,
        _REVIEWED,
        due_at=_warned_at(case, asked, payer),
        facts=AuthorizationFacts(
            review_action=response.review_action,
            clock_ends=overdue,
            asked_at=asked.requested_at,
            expedited=asked.expedited,
        ),
        metered=_METERED,
        effects=kept,
        authorization=asked.but(status=AuthorizationStatus.PENDED, due_at=overdue),
    )


def _warned_at(case: Case, asked: Authorization, payer: Payer) -> datetime:
    """Return when the team is to see that the payer's clock has nearly run out."""
    clock = _clock(payer, case.referral)
    return asked.requested_at + clock * case.rules.authorization.warn_at


def _awaited(case: Case, known: Authorization, payer: Payer) -> Draft:
    """Draft that a request is under review already: the payer is not asked again."""
    warn_at = _warned_at(case, known, payer)
    return draft(
        case,
        EventKind.AUTHORIZATION_AWAITED,
        _REVIEWED,
        due_at=warn_at if warn_at > case.now else known.due_at,
        facts=AuthorizationFacts(clock_ends=known.due_at),
    )


def _warned(case: Case, update: Update, known: Authorization, ends: datetime) -> Draft:
    """Draft that the payer's clock has nearly run out: the team sees it, the wait goes on."""
    return draft(
        case,
        EventKind.AUTHORIZATION_CLOCK_WARNED,
        "The payer's clock has nearly run out; call the payer before it does.",
        due_at=ends,
        by=update,
        waits_for=Party.PAYER,
        facts=AuthorizationFacts(clock_ends=ends),
        authorization=known.but(warned=True),
    )


def _appealed(case: Case, known: Authorization, payer: Payer) -> Draft:
    clock = _appeal_clock(payer, case.referral)
    due = known.due_at or case.now + clock
    warn_at = due - clock * (1 - case.rules.authorization.warn_at)
    return draft(
        case,
        EventKind.APPEAL_AWAITED,
        "The denial is appealed; the payer's decision is awaited.",
        due_at=warn_at if warn_at > case.now else due,
        facts=AuthorizationFacts(clock_ends=due),
        authorization=known.but(due_at=due),
    )


def _payer_id(referral: Referral) -> str:
    return referral.eligibility.payer if referral.eligibility else ""


def _clock(payer: Payer, referral: Referral) -> timedelta:
    hours = payer.expedited_hours if _is_urgent(referral) else payer.decision_hours
    return timedelta(hours=hours)


def _appeal_clock(payer: Payer, referral: Referral) -> timedelta:
    """Return how long an appeal may take: an urgent one is expedited as its request was."""
    if _is_urgent(referral):
        return timedelta(hours=payer.expedited_hours)
    return timedelta(days=payer.appeal_days)


def _is_urgent(referral: Referral) -> bool:
    return referral.priority in _URGENT
