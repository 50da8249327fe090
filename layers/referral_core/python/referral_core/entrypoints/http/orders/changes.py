"""What an author sends after an order: its new version, its end, or an order that replaces it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from referral_core.domain.access.ownership import is_referrer, require_authority
from referral_core.domain.access.principal import Principal
from referral_core.domain.effects import (
    Effect,
    IndexContact,
    IndexIdentifier,
    KeepEvidence,
    StorePayload,
    TakeNumber,
)
from referral_core.domain.errors import NotFound, VersionMoved
from referral_core.domain.ids import ReferralId
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.large_parts import LargeParts, whole
from referral_core.domain.orders.order_change import changed_parts
from referral_core.domain.orders.patient_identity import Likeness, identity_of
from referral_core.domain.orders.patient_of_versions import compare_orders
from referral_core.domain.orders.search_terms import patient_terms
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.referral import Referral
from referral_core.domain.updates import (
    Cancel,
    DeceasedOrMoved,
    EnteredInError,
    InformationSupplied,
    Superseded,
    Update,
    UpdateKind,
)
from referral_core.domain.writes import KeyTaken
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.orders.found import orders_with
from referral_core.entrypoints.http.orders.joined_uploads import (
    DocumentsOfOrders,
    JoinedUploads,
)
from referral_core.entrypoints.http.orders.stored import (
    StoredOrder,
    etag_of,
    payload_of,
    read_order,
)
from referral_core.entrypoints.http.orders.wanted_services import service_of
from referral_core.entrypoints.http.preconditions import require_match
from referral_core.fhir.ids import own_id
from referral_core.fhir.intake.orders import Intake, read_update
from referral_core.ports.lifecycle import Clock, Referrals

if TYPE_CHECKING:
    from referral_core.lifecycle.engine.engine import Engine

_WANTED: Final = frozenset({"draft", "active", "on-hold"})
"""Statuses of an order that still wants something."""
_TOO_LATE: Final = (
    "Recorded; the referral is closed and was not changed. Post a new referral if one is needed."
)
_ENDED_BEFORE: Final = (
    "Recorded; the referral had ended another way before, and nothing is left to end. "
    "Read its Task for how, and reopen it if something is to be done."
)
_ENDS: Final[Mapping[str, type[Cancel | EnteredInError]]] = {
    "revoked": Cancel,
    "entered-in-error": EnteredInError,
}
"""What ends a referral, by the status of its order."""


@dataclass(frozen=True)
class ReceiveOrderUpdate:
    """Takes the author's new versions, and ends what a new order replaces.

    Attributes:
        engine: builds what applies updates when an update first needs it: a new order needs none.
    """

    referrals: Referrals
    documents: DocumentsOfOrders
    engine: Callable[[], Engine]
    clock: Clock

    def update(self, request: Request) -> Response:
        """Take the author's new version: missing data, corrected coverage, revoked, in error."""
        principal, referral_id = request.principal, ReferralId(request.resource_id)
        referral = self.referrals.load(principal.tenant, referral_id).referral
        require_authority(principal, UpdateKind.INFORMATION_SUPPLIED, referral)
        stored_before = ClinicalPayload.load(self.referrals.payload(referral))
        before = whole(stored_before, partial(self.documents.get, principal.tenant))
        now = request.local(self.clock.now())
        intake = read_update(request.body, request.content_type, referral_id, now, before)
        _require_same_patient(before, intake)
        require_match(request.headers, etag_of(referral))
        is_same = intake.clinical.service.wanted == before.content.service.wanted
        if is_same and intake.canonical_hash == before.content_hash:
            order = before.service_request
            known = StoredOrder(referral, order, created=False, is_unchanged=True)
            return known.response(request)
        if intake.status in _WANTED:
            service_of(intake, now)
        self._apply(request, referral, before, intake)
        stored = read_order(
            self.referrals, self.documents, principal.tenant, referral.id, intake.warnings
        )
        return stored.response(request)

    def supersede(self, principal: Principal, successor: Referral, intake: Intake) -> None:
        """End the referrals that a new one replaces; a repeat of the post says it again."""
        for name in intake.replaces:
            own = own_id(name.rpartition("/")[2])
            named = orders_with(self.referrals, principal, name)
            # A number that several orders have says of none that it is replaced.
            replaced = own.referral_id if own else named[0] if len(named) == 1 else None
            if replaced is None or replaced == successor.id:
                continue
            with suppress(NotFound):
                old = self.referrals.load(principal.tenant, replaced).referral
                if not is_referrer(principal, old) or old.is_closed:
                    continue
                update = Superseded(
                    id=f"superseded-by-{successor.id}",
                    actor=principal.client_id,
                    role=principal.role,
                    organization=principal.organization,
                    received_at=self.clock.now(),
                    by=successor.id,
                )
                self._is_applied_late(old, update)

    def _apply(
        self, request: Request, referral: Referral, before: ClinicalPayload, intake: Intake
    ) -> None:
        principal = request.principal
        effects = self._written(request, referral, before, intake)
        update = _said_by(before, intake)(
            id=_update_id(referral, intake),
            actor=principal.client_id,
            role=principal.role,
            organization=principal.organization,
            received_at=self.clock.now(),
        )
        is_known = request.headers.get("if-match", "*").strip() != "*"
        known_version = referral.payload_version if is_known else None
        try:
            is_late = self._is_applied_late(referral, update, effects, known_version)
        except VersionMoved:
            stored = self.referrals.load(principal.tenant, referral.id).referral
            require_match(request.headers, etag_of(stored))
            raise
        except KeyTaken:
            refuse(
                "number-of-another-order",
                "Another order has one of these identifiers: send this order's own.",
                code="duplicate",
                status=HTTPStatus.CONFLICT,
                expression="ServiceRequest.identifier",
            )
        if is_late and referral.outcome is not None and update.ends_with is referral.outcome:
            return  # it ended so already
        if is_late:
            refuse(
                "referral-closed",
                _TOO_LATE if update.ends_with is None else _ENDED_BEFORE,
                code="conflict",
                status=HTTPStatus.CONFLICT,
            )

    def _written(
        self, request: Request, referral: Referral, before: ClinicalPayload, intake: Intake
    ) -> tuple[Effect, ...]:
        """Store the documents of a new version; return what else is written with it."""
        principal = request.principal
        new = [one for one in intake.uploads if one.literal not in before.uploads]
        joined = JoinedUploads(self.documents, self.clock, principal)
        evidence = joined.of(new)
        source = self.documents.put(principal.tenant, *request.as_it_came)
        uploads = joined.addresses(intake.uploads, request.base_url, referral.id)
        large = LargeParts(partial(self.documents.put, principal.tenant))
        return (
            *_written_with(intake, large.stored(payload_of(intake, source, uploads))),
            *(KeepEvidence(evidence=one) for one in evidence),
        )

    def _is_applied_late(
        self,
        referral: Referral,
        update: Update,
        effects: Sequence[Effect] = (),
        known_version: int | None = None,
    ) -> bool:
        """Apply an update; return whether it came too late."""
        # A new order needs none of this, and most requests are new orders.
        from referral_core.lifecycle.engine.apply_update import (  # noqa: PLC0415
            Receipt,
            apply_update,
        )

        result = apply_update(
            self.engine(),
            referral.tenant,
            referral.id,
            update,
            effects=effects,
            known_version=known_version,
        )
        return result is Receipt.LATE


def _said_by(before: ClinicalPayload, intake: Intake) -> Callable[..., Update]:
    """Return what another version says besides its content: an end, or in what it differs."""
    if intake.status in _ENDS:
        return _ENDS[intake.status]
    if intake.clinical.patient.deceased and not before.content.patient.deceased:
        return DeceasedOrMoved
    changed = changed_parts(before, payload_of(intake, before.source_sha256))
    return partial(InformationSupplied, changed=changed)


def _written_with(intake: Intake, payload: bytes) -> tuple[Effect, ...]:
    """Return what a new version writes besides its update: its content, and what finds it."""
    phone, digest = intake.clinical.patient.phone, intake.canonical_hash
    return (
        StorePayload(body=payload),
        *(TakeNumber(number=number, content_hash=digest) for number in intake.order_numbers),
        *(
            IndexIdentifier(identifier=one)
            for one in (*intake.other_identifiers, *patient_terms(intake.clinical.patient))
        ),
        *((IndexContact(contact_hash=contact_hash(phone)),) if phone else ()),
    )


def _require_same_patient(before: ClinicalPayload, intake: Intake) -> None:
    """Refuse a version that exchanges the patient, or no longer says who it is."""
    known, named = identity_of(before.content.patient), identity_of(intake.clinical.patient)
    likeness = compare_orders(before, payload_of(intake, before.source_sha256))
    literal = before.service_request.get("subject", {}).get("reference")
    kept = {literal, intake.subject}
    if likeness is Likeness.UNKNOWN and None not in kept and len(kept) > 1:
        # As its author writes it: two records, and nothing says that they are one person's.
        is_lasting = not any(str(one).startswith(("#", "urn:")) for one in kept)
        likeness = Likeness.ANOTHER if is_lasting else likeness
    if likeness is Likeness.ANOTHER:
        refuse(
            "another-patient",
            "This order is about another patient than its referral: post it as a new order. Of a "
            "patient whose name changed, send the former name too, or the record number.",
            code="business-rule",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            expression="ServiceRequest.subject",
        )
    # Who was sent before says nothing of a reference that is another now, and leads nowhere.
    is_moved = intake.subject not in {literal, None} and not intake.subject_is_found
    if known.is_stated and (is_moved or not named.is_stated):
        refuse(
            "subject-unresolved",
            "Send the Patient with this version, or refer to it as the version before did.",
            code="business-rule",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            expression="ServiceRequest.subject",
        )


def _update_id(referral: Referral, intake: Intake) -> str:
    """Name a version of the order: sent again after a reopening, it is another fact."""
    digest = intake.canonical_hash[:32]
    return f"put-{len(referral.reopenings)}-{referral.payload_version}-{digest}"
