"""Builders: a referral, an update, a case, with only what the test is about spelled out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from referral_core.domain.access.ownership import may_post
from referral_core.domain.change import received
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import RESPONSIBLE, ReferralKind, Status
from referral_core.domain.new_referral import Key, KeyKind, NewReferral
from referral_core.domain.orders.clinical_content import ClinicalContent, ClinicalPayload
from referral_core.domain.referral import Origin, Referral
from referral_core.domain.updates import UPDATES, Role, Update, UpdateKind
from referral_core.domain.work_items import RETRY

TENANT = Tenant("lakeside")
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in Boston
ORIGIN = Origin(kind=ReferralKind.EXTERNAL_PROVIDER)


EMPTY = ClinicalPayload(
    service_request={},
    resources={},
    content=ClinicalContent(),
    source_sha256="0" * 64,
    content_hash="0" * 64,
)
"""Of an order that says nothing."""


def a_referral(referral_id: str = "r1", **fields: Any) -> Referral:
    status = fields.get("status", Status.RECEIVED)
    base: dict[str, Any] = {
        "tenant": TENANT,
        "id": ReferralId(referral_id),
        "pathway": "generic-specialist",
        "pathway_version": 1,
        "referrer": "main-ehr",
        "origin": ORIGIN,
        "received_at": NOW,
        "updated_at": NOW,
        "status_since": NOW,
        "due_at": NOW + timedelta(minutes=5),
        "queue": RESPONSIBLE[status].queue,
        "waits_for": RESPONSIBLE[status].waits_for,
        "status_reason": "Just received.",
    }
    return Referral.model_validate({**base, **fields})


_LEAST: Final[Mapping[UpdateKind, Mapping[str, Any]]] = {
    UpdateKind.SUPERSEDED: {"by": "r2"},
    UpdateKind.AUTHORIZATION_DECIDED: {"trace": "t1", "verdict": "approved"},
    UpdateKind.PATIENT_REPLIED: {"reply": "yes"},
    UpdateKind.CONTACT_RECORDED: {"result": "agreed"},
    UpdateKind.APPOINTMENT_BOOKED: {"start": NOW + timedelta(days=7)},
    UpdateKind.REPORT_RECEIVED: {"sha256": "a" * 64},
    UpdateKind.NOTICE_DELIVERED: {"notice": 1},
    UpdateKind.NOTICE_UNDELIVERABLE: {"notice": 1},
    UpdateKind.NOTICE_ACKNOWLEDGED: {"notice": 1},
    UpdateKind.DECISION: {"action": RETRY},
    UpdateKind.WORK_ITEM_UPDATED: {"act": "claim"},
    UpdateKind.DEADLINE: {"wait": "1-1"},
    UpdateKind.PLACE_OPENED: {"wait": "1-1"},
    UpdateKind.CLINIC_CLOSED: {"npi": "1999900032"},
}
"""What an update of a kind must say at least."""


def an_update(kind: UpdateKind, update_id: str | None = None, **fields: Any) -> Update:
    """An update of a kind, with what it must say at least, posted by one who may."""
    said = {**_LEAST.get(kind, {}), **fields}
    update: Any = UPDATES[kind].model_validate(
        {
            "id": update_id or f"u-{kind}",
            "actor": "client-1",
            "role": role_of(kind),
            "received_at": NOW,
            **said,
        }
    )
    typed: Update = update
    return typed


def role_of(kind: UpdateKind) -> Role:
    """The first of the roles that may post a kind: a clinic where it may."""
    may = may_post(kind)
    order = (Role.CLINIC, Role.PATIENT_CHANNEL, Role.EHR, Role.PAYER, Role.STAFF, Role.ROUTER)
    return next(role for role in order if role in may)


def a_new_referral(referral: Referral, payload: bytes = b"{}", *keys: str) -> NewReferral:
    return NewReferral(
        referral=referral,
        event=received(referral, actor="ehr-1", metered={"states": 1}),
        payload=payload,
        keys=tuple(
            Key(kind=KeyKind.PLACER, owner=referral.referrer, value=k, content_hash="c")
            for k in keys
        ),
    )
