"""Builders: a referral, an update, a moment, with only what the test is about spelled out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from referral_core.domain.lifecycle import RESPONSIBLE, Status
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.referral import Event, Referral
from referral_core.domain.updates import Role, Update, UpdateKind
from referral_core.ports import Arrival, Key, KeyKind
from referral_core.steps.step import Moment

TENANT = Tenant("lakeside")
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in Boston
MOMENT = Moment(now=NOW, soon=NOW + timedelta(minutes=5))


def a_referral(referral_id: str = "r1", **fields: Any) -> Referral:
    status = fields.get("status", Status.RECEIVED)
    base: dict[str, Any] = {
        "tenant": TENANT,
        "id": ReferralId(referral_id),
        "pathway": "generic-specialist",
        "pathway_version": 1,
        "referrer": "main-ehr",
        "received_at": NOW,
        "updated_at": NOW,
        "status_since": NOW,
        "due_at": NOW + timedelta(minutes=5),
        "queue": RESPONSIBLE[status].queue,
        "waits_for": RESPONSIBLE[status].waits_for,
        "why": "Just received.",
    }
    return Referral.model_validate({**base, **fields})


def an_update(kind: UpdateKind, update_id: str | None = None, **facts: Any) -> Update:
    return Update(
        id=update_id or f"u-{kind}",
        kind=kind,
        actor="client-1",
        role=Role.CLINIC,
        received_at=NOW,
        facts=facts,
    )


def an_arrival(referral: Referral, payload: bytes = b"{}", *keys: str) -> Arrival:
    event = Event(
        tenant=referral.tenant,
        referral_id=referral.id,
        version=1,
        run=1,
        kind="received",
        at=referral.received_at,
        actor="ehr-1",
        from_status=None,
        to_status=referral.status,
        why=referral.why,
        pathway=referral.pathway,
        metered={"states": 1},
    )
    return Arrival(
        referral=referral,
        event=event,
        payload=payload,
        keys=tuple(Key(kind=KeyKind.PLACER, value=k, content_hash="c") for k in keys),
    )
