"""How every update is applied: its document first, under an id by which a repeat is known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, NamedTuple, Protocol

from referral_core.domain.access.ownership import Authority, require_authority
from referral_core.domain.access.principal import Principal
from referral_core.domain.effects import Effect
from referral_core.domain.evidence import Evidence
from referral_core.domain.ids import ReferralId
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Role, Update, UpdateKind
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.fhir.errors import Issue, operation_outcome
from referral_core.fhir.parse import read_resource
from referral_core.lifecycle.engine.apply_update import Receipt, apply_update
from referral_core.lifecycle.engine.engine import Engine
from referral_core.ports.lifecycle import Clock, Documents, Referrals

_SENTENCES: Final[Mapping[Receipt, str]] = {
    Receipt.RESOLVED: "Recorded; the referral moved on.",
    Receipt.RECORDED: "Recorded.",
    Receipt.PENDING: "Recorded; it is used once the referral reaches the step that needs it.",
    Receipt.DUPLICATE: "Already recorded; nothing changed.",
    Receipt.LATE: "Recorded; the referral is closed and was not changed.",
}
_BY_WHOM_AND_WHEN: Final = {"id", "actor", "role", "organization", "received_at"}


class ResourceVersion(NamedTuple):
    """Which version of a resource its sender says that it sends: its `meta`."""

    version_id: str | None
    last_updated: str | None


class UpdateFactory(Protocol):
    """Makes an update of what was read, once it is known who reports it, when, and under which id.

    The classes of `domain/updates.py` with their own fields given are such factories.
    """

    def __call__(self, *, id: str, actor: str, role: Role, received_at: datetime) -> Update:  # noqa: A002 - the field's name
        """Return the update."""


@dataclass(frozen=True)
class UpdateService:
    """Loads within the caller's tenant, stores documents, submits updates."""

    referrals: Referrals
    documents: Documents
    engine: Engine
    clock: Clock

    def load(self, principal: Principal, referral_id: ReferralId) -> Referral:
        """Read a referral of the principal's tenant. Raises: NotFound."""
        return self.referrals.load(principal.tenant, referral_id).referral

    def own(
        self,
        principal: Principal,
        referral_id: ReferralId,
        kind: UpdateKind,
        offer: int | None = None,
    ) -> tuple[Referral, Authority]:
        """Read a referral, and how the principal stands to it, before anything is stored.

        Raises:
            Forbidden, NotFound: it may not report this, or not of this referral.
        """
        referral = self.load(principal, referral_id)
        return referral, require_authority(principal, kind, referral, offer)

    def submit(
        self,
        request: Request,
        referral: Referral,
        factory: UpdateFactory,
        *,
        effects: Sequence[Effect] = (),
        comment: str | None = None,
        update_id: str | None = None,
        occasion: tuple[object, ...] = (),
        version: ResourceVersion | None = None,
    ) -> Receipt:
        """Submit an update.

        Args:
            request: who reports it.
            referral: whom it concerns.
            factory: makes the update.
            effects: what is written with it.
            comment: SHA-256 of the document that holds the sender's text.
            update_id: of the update; by default the same report of a client is the same update,
                unless something has happened since.
            occasion: what tells apart two reports that become equal updates.
            version: of the resource that was sent, where its sender gave it one.
        """
        update = self._update(request, referral, factory, comment, (version, *occasion))
        is_named = request.headers.get("idempotency-key") or version
        return apply_update(
            self.engine,
            referral.tenant,
            referral.id,
            update.but(id=update_id) if update_id else update,
            effects=effects,
            may_recur=update_id is None and not is_named,
        )

    def was_said(
        self,
        request: Request,
        referral: Referral,
        factory: UpdateFactory,
        *,
        comment: str | None = None,
        occasion: tuple[object, ...] = (),
        version: ResourceVersion | None = None,
    ) -> bool:
        """Whether an update that would be submitted so is on record already."""
        update = self._update(request, referral, factory, comment, (version, *occasion))
        return self.referrals.has_update(referral.tenant, referral.id, update.id)

    def id_of(
        self,
        request: Request,
        referral: Referral,
        factory: UpdateFactory,
        *,
        text: str | None,
        occasion: tuple[object, ...],
    ) -> str:
        """Return the id of a report with a text that names no version, as `submit` gives it."""
        comment = sha256(text.encode()).hexdigest() if text is not None else None
        return self._update(request, referral, factory, comment, (None, *occasion)).id

    def _update(
        self,
        request: Request,
        referral: Referral,
        factory: UpdateFactory,
        comment: str | None,
        occasion: tuple[object, ...],
    ) -> Update:
        """Make an update, with the id by which the same report of a client is known."""
        principal, now = request.principal, self.clock.now()
        update = factory(
            id="", actor=principal.client_id, role=principal.role, received_at=now
        ).but(organization=principal.organization, comment=comment)
        key = request.headers.get("idempotency-key", "")
        return update.but(id=_id_of(request, referral, update, (key, *occasion)))

    def store_document(
        self, request: Request, kind: str, content: bytes, content_type: str
    ) -> Evidence:
        """Store a document before the item that names it; return its evidence."""
        return Evidence(
            sha256=self.documents.put(request.principal.tenant, content, content_type),
            kind=kind,
            source=request.principal.organization,
            received_at=self.clock.now(),
            content_type=content_type,
            size=len(content),
        )


def version_of(resource: Mapping[str, Any]) -> ResourceVersion | None:
    """Return the version of a resource as it was sent; None when its sender gave it none."""
    meta = resource.get("meta")
    known = meta if isinstance(meta, Mapping) else {}
    version = ResourceVersion(known.get("versionId"), known.get("lastUpdated"))
    return version if any(version) else None


def sent_version(request: Request, *, is_patch: bool) -> ResourceVersion | None:
    """Return the version that was sent; a patch names none: it is known by its content."""
    return None if is_patch else version_of(read_resource(request.body, request.content_type))


def hashed_id(prefix: str, principal: Principal, *reported: object) -> str:
    """Return the id of an update by who reports what."""
    text = json.dumps([principal.client_id, *reported], sort_keys=True, default=str)
    return f"{prefix}-{sha256(text.encode()).hexdigest()[:32]}"


def _id_of(
    request: Request, referral: Referral, update: Update, occasion: tuple[object, ...]
) -> str:
    return hashed_id(
        update.kind,
        request.principal,
        update.model_dump(mode="json", exclude=_BY_WHOM_AND_WHEN),
        len(referral.reopenings),
        *occasion,
    )


def receipt(request: Request, result: Receipt, status: HTTPStatus) -> Response:
    """Answer what became of an update."""
    return receipts(request, [result], status)


def receipts(request: Request, results: Sequence[Receipt], status: HTTPStatus) -> Response:
    """Answer what became of each update of a request, in its order; of none, that it was read."""
    issues = [
        Issue("information", "informational", result.value, None, _SENTENCES[result])
        for result in results or [Receipt.RECORDED]
    ]
    return Response(status, operation_outcome(issues, request.correlation_id))
