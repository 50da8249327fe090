"""Who saw what of a patient, and what went out of them: the accounting of disclosures.

Reads and refusals are the audit's own; what went out is what the record's events say, each written
with what it says or not at all. Neither is ever changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from referral_core.domain.audit import Access, AuditEntry, AuditTrail, Purpose, Recipient
from referral_core.domain.clinical_content import ClinicalPayload
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.events import Event, EventKind
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.numbers import folded_number
from referral_core.domain.patient_identity import identity_of
from referral_core.domain.principal import Duty, Principal
from referral_core.domain.referral import Referral
from referral_core.domain.search_terms import number_term
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.search_parameters import check_parameters, count_of
from referral_core.fhir.outbound.audit_events import audit_event
from referral_core.fhir.outbound.responses import searchset
from referral_core.ports import Clock, Referrals

PARAMETERS: Final = frozenset({"patient", "entity", "_count"})
_KEPT: Final = timedelta(days=6 * 366)
"""What the law asks for is six years back (45 CFR 164.528)."""
_MAY_READ: Final = frozenset({Duty.REVIEWER, Duty.PRIVACY_OFFICER})
_METERED: Final[Mapping[str, Recipient]] = MappingProxyType(
    {
        "payer_transactions": Recipient.PAYER,
        "sms_parts": Recipient.VENDOR,
        "voice_calls": Recipient.VENDOR,
        "emails": Recipient.VENDOR,
        "letters": Recipient.VENDOR,
        "portal_messages": Recipient.EHR,
    }
)
"""What an event counts that was sent, and to what kind of partner."""
_SENT: Final[Mapping[EventKind, Recipient]] = MappingProxyType(
    {EventKind.OFFERED: Recipient.CLINIC, EventKind.NOTICE_DELIVERED: Recipient.EHR}
)
"""What is sent and costs nothing."""


@dataclass(frozen=True)
class ReadAudit:
    """Answers reviewers and privacy officers."""

    referrals: Referrals
    trail: AuditTrail
    clock: Clock

    def search(self, request: Request) -> Response:
        """Return the AuditEvents of a patient's referrals, or of one, the latest first."""
        query, principal = request.query, request.principal
        _require_duty(principal)
        check_parameters(query, PARAMETERS)
        count = count_of(query)
        ids = self._asked(principal.tenant, query)
        found = [e for i in ids for e in self._of(principal.tenant, i, count)]
        latest = sorted(found, key=lambda entry: entry.at, reverse=True)[:count]
        body = searchset(
            [audit_event(entry) for entry in latest],
            request.base_url,
            self_url=f"{request.base_url}/AuditEvent",
        )
        return Response(HTTPStatus.OK, body)

    def _asked(self, tenant: Tenant, query: Mapping[str, str]) -> Sequence[ReferralId]:
        if entity := query.get("entity"):
            return [ReferralId(entity.rpartition("/")[2])]
        patient = query.get("patient", "")
        if "|" not in patient:
            refuse(
                "patient-not-named",
                "Name the patient (patient=system|value) or an order (entity=ServiceRequest/id).",
                code="required",
                status=HTTPStatus.BAD_REQUEST,
            )
        folded = folded_number(patient)
        found = self.referrals.identified(tenant, number_term(folded)) if folded else ()
        return [i for i in found if self._is_of(tenant, i, patient.casefold())]

    def _is_of(self, tenant: Tenant, referral_id: ReferralId, token: str) -> bool:
        """Whether the patient has the identifier: the index folds numbers and knows no system."""
        referral = self.referrals.load(tenant, referral_id).referral
        patient = ClinicalPayload.load(self.referrals.payload(referral)).content.patient
        return token in {known.casefold() for known in identity_of(patient).identifiers}

    def _of(self, tenant: Tenant, referral_id: ReferralId, count: int) -> Iterator[AuditEntry]:
        yield from self.trail.of_referral(tenant, referral_id, self.clock.now() - _KEPT, count)
        try:
            referral = self.referrals.load(tenant, referral_id).referral
        except NotFound:
            return
        for event in self.referrals.events(tenant, referral_id):
            recipient = _recipient(event)
            if recipient is not None:
                yield _disclosure(referral, event, recipient)


def _recipient(event: Event) -> Recipient | None:
    """Return to what kind of partner content went with an event; None: to none."""
    counted = (recipient for unit, recipient in _METERED.items() if event.metered.get(unit))
    return next(counted, _SENT.get(event.kind))


def _disclosure(referral: Referral, event: Event, recipient: Recipient) -> AuditEntry:
    is_payment = recipient is Recipient.PAYER
    return AuditEntry(
        id=f"{event.referral_id}.{event.version}",
        at=event.at,
        tenant=event.tenant,
        referral_id=event.referral_id,
        access=Access.DISCLOSE,
        agent=event.actor,
        operation=event.kind.value,
        purpose=Purpose.PAYMENT if is_payment else Purpose.TREATMENT,
        recipient=recipient,
        recipient_id=_recipient_id(referral, event, recipient),
    )


def _recipient_id(referral: Referral, event: Event, recipient: Recipient) -> str | None:
    match recipient:
        case Recipient.EHR:
            return referral.referrer
        case Recipient.PAYER:
            return getattr(event.facts, "payer", None) or event.dimensions.payer
        case Recipient.CLINIC:
            return event.dimensions.performer_organization
        case _:
            return getattr(event.facts, "channel", None)


def _require_duty(principal: Principal) -> None:
    person = principal.person
    if person is None or person.duty not in _MAY_READ:
        raise Forbidden("Who saw what is shown to reviewers and privacy officers only.")
