"""What staff do with work items, and who may open a closed referral again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import NoReturn

from referral_core.domain.access.ownership import is_referrer, require_authority
from referral_core.domain.access.principal import Principal
from referral_core.domain.effects import Effect, KeepEvidence
from referral_core.domain.errors import Forbidden, NotFound, NotLegal, RouterError
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Role, UpdateKind
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.staff.bulk import care_for_many
from referral_core.entrypoints.http.staff.decisions import (
    Decision,
    Reopening,
    factory_of,
    occasion_of,
    read_body,
)
from referral_core.entrypoints.http.staff.said_again import is_said_again
from referral_core.entrypoints.http.updates.service import (
    UpdateFactory,
    UpdateService,
    hashed_id,
    receipt,
)
from referral_core.fhir.outbound.tasks import task_a
from referral_core.lifecycle.engine.apply_update import Receipt
from referral_core.lifecycle.engine.reopen import reopen
from referral_core.lifecycle.reactions.work_item import available_actions
from referral_core.ports.lifecycle import Directory, OptOuts

_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class DecideWorkItems:
    """Takes decisions, care of an item, facts reported by telephone, and reopenings."""

    service: UpdateService
    directory: Directory
    opt_outs: OptOuts

    def decision(self, request: Request) -> Response:
        """Take what a person does with a work item or records of a referral, if it may be now."""
        tenant, referral_id = request.principal.tenant, ReferralId(request.resource_id)
        referral = self.service.load(request.principal, referral_id)
        decision = read_body(Decision, request.body, "decision")
        is_opt_out = decision.is_opt_out
        repeat_id = _id_of_repeat(request)
        if repeat_id and self.service.referrals.has_update(tenant, referral_id, repeat_id):
            # What it did may have made the action impossible: sent again, it is done already,
            # but for the carrier, which may have been away.
            self._add_to_carrier(self._opted_out(referral) if is_opt_out else None)
            return receipt(request, Receipt.DUPLICATE, HTTPStatus.OK)
        try:
            self._require_possible(request.principal, referral, decision)
        except RouterError:
            # What it did may be why: its answer was lost, and it is sent again.
            if not is_said_again(self.service, request, referral, decision):
                raise
            return receipt(request, Receipt.DUPLICATE, HTTPStatus.OK)
        factory = factory_of(decision, referral)
        if decision.owner is not None:
            self._require_colleague(request.principal, referral, decision.owner)
        stopped = self._opted_out(referral) if is_opt_out else None
        try:
            result = self._submit(request, referral, decision, factory, repeat_id)
        except NotLegal:
            # Overtaken between the look and the write: what is so now says more.
            now = self.service.load(request.principal, referral_id)
            self._require_possible(request.principal, now, decision)
            raise
        # Last, since the carrier may be away: by then the stop is honoured and on record.
        self._add_to_carrier(stopped)
        return receipt(request, result, HTTPStatus.OK)

    def care(self, request: Request) -> Response:
        """Take care of many items at once."""
        return care_for_many(self.decision, request)

    def reopen(self, request: Request) -> Response:
        """Open a closed referral again."""
        principal = request.principal
        referral = self.service.load(principal, ReferralId(request.resource_id))
        if principal.role is not Role.STAFF and not is_referrer(principal, referral):
            raise NotFound("There is no such referral.")
        reopening = read_body(Reopening, request.body, "reopening")
        reopened = reopen(
            self.service.engine,
            principal.tenant,
            referral.id,
            resume=reopening.resume,
            actor=principal.client_id,
            reason=reopening.reason,
        )
        headers = {"ETag": f'W/"{reopened.version}"'}
        return Response(HTTPStatus.OK, task_a(reopened), headers)

    def _submit(
        self,
        request: Request,
        referral: Referral,
        decision: Decision,
        factory: UpdateFactory,
        repeat_id: str | None,
    ) -> Receipt:
        effects: tuple[Effect, ...] = ()
        comment: str | None = None
        if decision.comment is not None:
            content = decision.comment.encode()
            evidence = self.service.store_document(request, "comment", content, _TEXT)
            effects, comment = (KeepEvidence(evidence=evidence),), evidence.sha256
        return self.service.submit(
            request,
            referral,
            factory,
            effects=effects,
            comment=comment,
            update_id=repeat_id,
            occasion=occasion_of(decision, self.service.clock.now()),
        )

    def _require_possible(
        self, principal: Principal, referral: Referral, decision: Decision
    ) -> None:
        """Refuse what this person may not do with the referral as it stands."""
        self._require_seen(referral, decision)
        # Whatever the act is, it is of the team on whose worklist the referral stands.
        require_authority(principal, UpdateKind.DECISION, referral)
        self._require_free(principal, referral, decision)
        self._require_available(referral, decision.action)

    def _require_seen(self, referral: Referral, decision: Decision) -> None:
        """Refuse an act on an item that is another one by now than the one that was looked at."""
        item = referral.work_item
        if decision.item is not None and (item is None or item.opened_at != decision.item):
            self._refuse("overtaken", f"The item was settled meanwhile. {self._now(referral)}")

    def _require_free(self, principal: Principal, referral: Referral, decision: Decision) -> None:
        """Refuse what a person does with an item that a colleague has claimed."""
        owner = referral.work_item.owner if referral.work_item else None
        if principal.person is None or principal.is_manager or decision.action == "comment":
            return
        if owner not in {None, principal.client_id}:
            self._refuse("claimed-by-another", self._now(referral))

    def _require_available(self, referral: Referral, action: str) -> None:
        allowed = available_actions(referral)
        if action not in allowed:
            now = f"Now allowed: {', '.join(allowed) or 'nothing'}."
            code = "value" if allowed else "conflict"
            self._refuse("action-not-allowed", f"{now} {self._now(referral)}", code)

    def _now(self, referral: Referral) -> str:
        """Say in a sentence or two what is so now."""
        if referral.is_closed:
            return f"The referral is closed: {referral.outcome}."
        item = referral.work_item
        if item is None:
            return f"It waits for the {referral.waits_for}: {referral.status_reason}"
        if item.owner is None:
            return f"Nobody has claimed it: {referral.status_reason}"
        return f"{self._name(item.owner)} has claimed it: {referral.status_reason}"

    def _name(self, client_id: str) -> str:
        with suppress(Forbidden):
            owner = self.directory.principal(client_id)
            if owner.person is not None:
                return owner.person.name
        return client_id

    def _refuse(self, own_code: str, sentence: str, code: str = "conflict") -> NoReturn:
        refuse(own_code, sentence, code=code, status=HTTPStatus.CONFLICT)

    def _require_colleague(self, principal: Principal, referral: Referral, owner: str) -> None:
        """Refuse an owner who is not of the team in the same tenant: nobody would ever look."""
        with suppress(Forbidden):
            colleague = self.directory.principal(owner)
            if colleague.tenant == principal.tenant:
                require_authority(colleague, UpdateKind.DECISION, referral)
                return
        refuse(
            "unknown-owner",
            "Name the client id of a colleague with the role staff, of the item's team.",
            code="value",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )

    def _opted_out(self, referral: Referral) -> str | None:
        """Put the patient's number on the opt-out list before anything else; return it."""
        referrals = self.service.referrals
        phone = ClinicalPayload.load(referrals.payload(referral)).content.patient.phone
        if phone is not None:
            for tenant in self._writing_from_the_number_of(referral.tenant):
                referrals.opt_out(tenant, contact_hash(phone), self.service.clock.now())
        return phone

    def _writing_from_the_number_of(self, tenant: Tenant) -> frozenset[Tenant]:
        """Return who texts from a tenant's own number, itself included: a stop holds for each."""
        number = self.directory.tenant(tenant).phone_identity
        with suppress(Forbidden):
            if number is not None:
                channel = self.directory.principal(number)
                every = channel.shared_with | {channel.tenant}
                return every if tenant in every else frozenset({tenant})
        return frozenset({tenant})

    def _add_to_carrier(self, number: str | None) -> None:
        if number is not None:
            self.opt_outs.add(number)


def _id_of_repeat(request: Request) -> str | None:
    """Return the id of an act whose client says which one it is; None without its key."""
    key = request.headers.get("idempotency-key")
    if not key:
        return None
    body = sha256(request.body).hexdigest()
    return hashed_id("act", request.principal, request.resource_id, key, body)
