"""Intake: a referral is accepted once, completely and durably, or refused with a reason.

What is new is written by one transaction and answered from what was written; only a repeat is
answered from what is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from referral_core.domain.access.principal import Principal
from referral_core.domain.change import received
from referral_core.domain.errors import Conflict
from referral_core.domain.evidence import Evidence
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import RESPONSIBLE, Status
from referral_core.domain.new_referral import Key, NewReferral
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.large_parts import LargeParts
from referral_core.domain.orders.patient_identity import Likeness, told_apart_by
from referral_core.domain.orders.patient_of_versions import compare_orders
from referral_core.domain.orders.requisition import requisition_key
from referral_core.domain.orders.selection import SelectPathway, order_of
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.referral import Referral, WantedService
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.negotiation import REPRESENTATION, wanted_return
from referral_core.entrypoints.http.orders.found import orders_with
from referral_core.entrypoints.http.orders.keys import (
    keys_of,
    refuse_other_patient,
    repeats_of,
    require_distinct,
)
from referral_core.entrypoints.http.orders.left_out import stored_left_out
from referral_core.entrypoints.http.orders.origins import origin_of
from referral_core.entrypoints.http.orders.stored import StoredOrder, payload_of, read_order
from referral_core.entrypoints.http.orders.wanted_services import service_of
from referral_core.fhir.errors import operation_outcome
from referral_core.fhir.intake.conditions import condition_identifier
from referral_core.fhir.intake.orders import Intake, read_referrals
from referral_core.fhir.outbound.bundle_responses import EntryAnswer, transaction_response
from referral_core.fhir.outbound.responses import message_response
from referral_core.fhir.parse import read_resource
from referral_core.lifecycle.engine.conflicts import Conflicts
from referral_core.ports.lifecycle import Clock, NewReferrals

if TYPE_CHECKING:
    from referral_core.entrypoints.http.orders.changes import ReceiveOrderUpdate
    from referral_core.entrypoints.http.orders.joined_uploads import (
        DocumentsOfOrders,
        JoinedUploads,
    )


class ReceiveReferral:
    """Accepts, repeats or refuses referrals of an EHR.

    Attributes:
        orders: builds what ends the orders that a new one replaces; most replace none.
        select_pathway: of this release's pathways.
        conflicts: how a write is tried against other writers.
    """

    def __init__(
        self,
        referrals: NewReferrals,
        documents: DocumentsOfOrders,
        clock: Clock,
        orders: Callable[[], ReceiveOrderUpdate],
        select_pathway: SelectPathway,
        *,
        new_id: Callable[[], str] = lambda: uuid4().hex,
        conflicts: Conflicts | None = None,
    ) -> None:
        """Take where things are kept, and what the class says of the rest."""
        self.referrals = referrals
        self.documents = documents
        self.clock = clock
        self.orders = orders
        self.select_pathway = select_pathway
        self.new_id = new_id
        self.conflicts = conflicts or Conflicts()

    def create(self, request: Request) -> Response:
        """Accept one ServiceRequest: 201 new, 200 a repeat, 409 other content under the key."""
        return self._accept(request, self._read(request, "resource"))[0].response(request)

    def create_bundle(self, request: Request) -> Response:
        """Accept all referrals of a Bundle in one transaction, or none."""
        intakes = self._read(request, "bundle")
        accepted = self._accept(request, intakes)
        size = len(read_resource(request.body, request.content_type).get("entry", []))
        positions = _positions(intakes, size)
        whole = wanted_return(request.headers) == REPRESENTATION
        found = {
            position: EntryAnswer(
                one.location(request.base_url),
                one.etag,
                one.created,
                one.resource if whole else None,
                operation_outcome(one.warnings, request.correlation_id) if one.warnings else None,
            )
            for one, position in zip(accepted, positions, strict=True)
        }
        last = max(size - 1, *positions)
        entries = [found.get(position) for position in range(last + 1)]
        body = transaction_response(entries, self.clock.now())
        return Response(HTTPStatus.OK, body, is_unchanged=whole and _is_repeat(accepted))

    def process_message(self, request: Request) -> Response:
        """Accept the referrals of a message and answer with a message."""
        accepted = self._accept(request, self._read(request, "message"))
        locations = [one.location(request.base_url) for one in accepted]
        warnings = [issue for one in accepted for issue in one.warnings]
        outcome = operation_outcome(warnings, request.correlation_id) if warnings else None
        body = message_response(request.body, locations, self.clock.now(), outcome)
        return Response(HTTPStatus.OK, body)

    def _read(
        self, request: Request, kind: Literal["resource", "bundle", "message"]
    ) -> Sequence[Intake]:
        now = request.local(self.clock.now())
        return read_referrals(request.body, request.content_type, kind, now)

    def _accept(self, request: Request, intakes: Sequence[Intake]) -> Sequence[StoredOrder]:
        principal = request.principal
        services = [service_of(intake, self.clock.now()) for intake in intakes]
        source = self.documents.put(principal.tenant, *request.as_it_came)
        joined = self._joined(principal) if any(i.uploads for i in intakes) else None
        large = LargeParts(partial(self.documents.put, principal.tenant))
        new_referrals = [
            self._new_referral(
                *(request, intake, service, keys_of(request, intakes, n), source),
                joined=joined,
                large=large,
            )
            for n, (intake, service) in enumerate(zip(intakes, services, strict=True))
        ]
        require_distinct(new_referrals)
        conditions = [request.headers.get("if-none-exist") or i.if_none_exist for i in intakes]
        known = {
            new.referral.id: existing
            for new, condition in zip(new_referrals, conditions, strict=True)
            if condition and (existing := self._existing(principal, new, condition))
        }
        left_out = stored_left_out(self.documents, self.clock, principal, intakes)
        repeats = self._write(new_referrals, known, left_out)
        accepted = [
            self._answered(new.referral, intake, repeats.get(new.referral.id))
            for new, intake in zip(new_referrals, intakes, strict=True)
        ]
        for one, intake in zip(accepted, intakes, strict=True):
            if intake.replaces:
                self.orders().supersede(principal, one.referral, intake)
        return accepted

    def _answered(
        self, referral: Referral, intake: Intake, repeated: ReferralId | None
    ) -> StoredOrder:
        """Return what was just written as it is stored; a repeat is read."""
        if repeated is None:
            order = intake.service_request
            return StoredOrder(referral, order, created=True, warnings=intake.warnings)
        stored = self.referrals, self.documents, referral.tenant, repeated
        return read_order(*stored, is_unchanged=True)

    def _write(
        self,
        new_referrals: Sequence[NewReferral],
        known: dict[ReferralId, ReferralId],
        left_out: Evidence | None,
    ) -> dict[ReferralId, ReferralId]:
        """Write what is new; return new id → stored id of what was there already.

        What was left out is written with the first that is new.
        """
        repeats = dict(known)
        for _ in self.conflicts:
            fresh = [a for a in new_referrals if a.referral.id not in repeats]
            try:
                sent = [fresh[0].but(left_out=left_out), *fresh[1:]] if fresh else ()
                existing = self.referrals.accept(sent) if sent else ()
            except Conflict:
                continue  # posts of the same referral at the same instant: one will have won
            if not existing:
                return repeats
            repeats |= repeats_of(fresh, existing, self._of_one_patient)
        raise AssertionError("the tries end with an error of their own")

    def _existing(
        self, principal: Principal, new: NewReferral, condition: str
    ) -> ReferralId | None:
        """Return the referral that an If-None-Exist condition finds: one, and of this patient."""
        identifier = condition_identifier(condition)
        found = orders_with(self.referrals, principal, identifier)
        if not found:
            return None
        if len(found) > 1:
            refuse(
                "condition-not-selective",
                "Several orders have the identifier of If-None-Exist: name the order's own number.",
                code="multiple-matches",
                status=HTTPStatus.PRECONDITION_FAILED,
            )
        if self._of_one_patient(new, found[0]) is None:
            refuse_other_patient()
        return found[0]

    def _of_one_patient(self, new: NewReferral, stored: ReferralId) -> Referral | None:
        """Return a stored referral that may be about a new order's patient; None for another's."""
        known = self.referrals.load(new.referral.tenant, stored).referral
        first, second = (
            ClinicalPayload.load(body) for body in (self.referrals.payload(known), new.payload)
        )
        return None if compare_orders(first, second) is Likeness.ANOTHER else known

    def _joined(self, principal: Principal) -> JoinedUploads:
        from referral_core.entrypoints.http.orders import joined_uploads  # noqa: PLC0415

        return joined_uploads.JoinedUploads(self.documents, self.clock, principal)

    def _new_referral(
        self,
        request: Request,
        intake: Intake,
        service: WantedService,
        keys: tuple[Key, ...],
        source: str,
        *,
        joined: JoinedUploads | None,
        large: LargeParts,
    ) -> NewReferral:
        principal = request.principal
        # A repeat may come when what it names is stored, and forgotten where it was uploaded.
        is_repeat = intake.uploads and any(self.referrals.taken(principal.tenant, k) for k in keys)
        evidence = joined.of(intake.uploads) if joined and not is_repeat else ()
        now, phone = self.clock.now(), intake.clinical.patient.phone
        pathway = self.select_pathway(order_of(intake.clinical, service))
        responsible = RESPONSIBLE[Status.RECEIVED]
        referral = Referral(
            tenant=principal.tenant,
            id=ReferralId(self.new_id()),
            pathway=pathway.id,
            pathway_version=pathway.version,
            priority=service.urgency.level.value,
            service=service,
            referrer=principal.organization,
            origin=origin_of(principal, intake, pathway),
            placer_identifier=intake.placer_identifier,
            requisition=requisition_key(principal.organization, intake.clinical),
            authored_at=intake.authored_on,
            received_at=now,
            updated_at=now,
            status_since=now,
            due_at=now + self.clock.grace(),
            queue=responsible.queue,
            waits_for=responsible.waits_for,
            status_reason="Received; its lifecycle is about to start.",
        )
        read_at = request.base_url, referral.id
        uploads = joined.addresses(intake.uploads, *read_at) if joined else {}
        return NewReferral(
            referral=referral,
            event=received(referral, actor=principal.client_id, metered={"states": 1}),
            payload=large.stored(payload_of(intake, source, uploads)),
            keys=keys,
            identifiers=intake.other_identifiers,
            contact_hash=contact_hash(phone) if phone else None,
            evidence=evidence,
            patient=told_apart_by(intake.clinical.patient),
        )


def _is_repeat(accepted: Sequence[StoredOrder]) -> bool:
    return any(one.is_unchanged for one in accepted)


def _positions(intakes: Sequence[Intake], size: int) -> list[int]:
    """Return where each referral is answered: in its entry's place; a second one of it, behind."""
    found: list[int] = []
    for intake in intakes:
        own = intake.entry
        free = own is not None and own not in found
        found.append(own if own is not None and free else max([size - 1, *found]) + 1)
    return found
