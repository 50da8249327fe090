"""What the record's events say for the accounting: what went out, and who wrote what.

Each stands in an event that was written with it or not at all, and is never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from referral_core.domain.access.audit import Access, AuditEntry, Purpose, Recipient
from referral_core.domain.events import Event, EventKind
from referral_core.domain.referral import Referral

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
_OURS: Final = frozenset({"router", "timer", "waitlist"})
"""Actors that are nobody from outside."""


def disclosures(referral: Referral, events: Iterable[Event]) -> Iterator[AuditEntry]:
    """Yield what went out of a referral, and to whom."""
    for event in events:
        recipient = _recipient(event)
        if recipient is not None:
            yield _disclosure(referral, event, recipient)


def granted_writes(events: Iterable[Event]) -> Iterator[AuditEntry]:
    """Yield who wrote to a referral, and what came of it."""
    for event in events:
        if event.actor not in _OURS:
            yield AuditEntry(
                id=f"{event.referral_id}.{event.version}.w",
                at=event.at,
                tenant=event.tenant,
                referral_id=event.referral_id,
                access=Access.WRITE,
                agent=event.actor,
                operation=event.kind.value,
            )


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
