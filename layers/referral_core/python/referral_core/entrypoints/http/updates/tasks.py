"""Tasks: partners' answers, by PUT or PATCH alike, and an EHR's own Task about an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from referral_core.domain.access.ownership import Authority, is_referrer, require_authority
from referral_core.domain.access.principal import Principal
from referral_core.domain.effects import KeepEvidence
from referral_core.domain.errors import NotFound
from referral_core.domain.ids import ReferralId
from referral_core.domain.referral import Referral
from referral_core.domain.terminology import Priority
from referral_core.domain.updates import ProgressNoted, Role, ServiceAttested, UpdateKind
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.orders.found import orders_with
from referral_core.entrypoints.http.preconditions import require_match
from referral_core.entrypoints.http.updates.one_patient import OnePatient
from referral_core.entrypoints.http.updates.partners import ReceiveUpdate
from referral_core.entrypoints.http.updates.put_aside import refuse_another_patient
from referral_core.entrypoints.http.updates.service import UpdateService
from referral_core.fhir.errors import Issue
from referral_core.fhir.ids import OwnId
from referral_core.fhir.inbound.task_updates import (
    PostedTask,
    TaskUpdate,
    own_task,
    read_posted_task,
    read_task_update,
    task_update_in,
    unknown_focus,
)
from referral_core.fhir.inbound.visit_times import check_begun
from referral_core.fhir.json_patch import changed
from referral_core.fhir.outbound.tasks import task_a, task_b
from referral_core.fhir.parse import Json

_TEXT: Final = "text/plain; charset=utf-8"
_NOT_PASSED_ON: Final = Issue(
    "warning",
    "informational",
    "kept-not-passed-on",
    "Task",
    "What this Task says in words is kept for the coordinators; what the clinic is to read, "
    "send with the order.",
)


@dataclass(frozen=True)
class ReceiveTasks:
    """Takes what partners do to Tasks of ours, and Tasks about orders that we have."""

    updates: ReceiveUpdate

    @property
    def _service(self) -> UpdateService:
        return self.updates.service

    def update(self, request: Request) -> Response:
        """Take a clinic's answer to its Task, or an EHR's cancellation of the coordination Task."""

        def shown() -> Json | None:
            try:
                return self._shown(request.principal, own_task(request.resource_id))
            except NotFound:
                return None

        reported = read_task_update(request.body, request.content_type, request.resource_id, shown)
        return self._updated(request, reported)

    def patch(self, request: Request) -> Response:
        """Take a patch of a Task as the new version that it makes."""
        current = self._shown(request.principal, own_task(request.resource_id))
        made = changed(current, request.body, request.content_type)
        reported = task_update_in(made, request.resource_id, lambda: current)
        return self._updated(request, reported, is_patch=True)

    def create(self, request: Request) -> Response:
        """Take an EHR's Task about an order that we have: its referral is under way already."""
        posted = read_posted_task(request.body, request.content_type)
        referral = self._ordered(request.principal, posted)
        role = request.principal.role
        if OnePatient(self._service.referrals).is_another(referral, posted.patient, role):
            refuse_another_patient("Task.for")
        if posted.priority.rank > Priority(referral.priority).rank:
            refuse(
                "priority-of-the-order",
                "This Task is more urgent than its order: send the order's new version with this "
                "priority.",
                code="business-rule",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
                expression="Task.priority",
            )
        if posted.words:
            self._noted(request, referral, posted.words)
        stored = self._service.load(request.principal, referral.id)
        headers = {
            "Location": f"{request.base_url}/Task/{referral.id}.a",
            "ETag": f'W/"{stored.version}"',
        }
        warnings: Sequence[Issue] = [_NOT_PASSED_ON] if posted.words else ()
        unchanged = stored.version == referral.version
        return Response(HTTPStatus.OK, task_a(stored), headers, warnings, is_unchanged=unchanged)

    def _ordered(self, principal: Principal, posted: PostedTask) -> Referral:
        """Return the referral of a Task's order, which must be the sender's own.

        Raises:
            FhirError: 422, there is none: what to do instead.
        """
        found = [posted.focus.referral_id] if posted.focus else []
        if posted.identifier is not None:
            found = list(orders_with(self._service.referrals, principal, posted.identifier))
        if len(found) != 1:
            raise unknown_focus()
        try:
            referral = self._service.load(principal, found[0])
        except NotFound:
            raise unknown_focus() from None
        if not is_referrer(principal, referral):
            raise unknown_focus()
        return referral

    def _noted(self, request: Request, referral: Referral, words: str) -> None:
        kept = self._service.store_document(request, "comment", words.encode(), _TEXT)
        self._service.submit(
            request,
            referral,
            partial(ProgressNoted, status="requested"),
            effects=[KeepEvidence(evidence=kept)],
            comment=kept.sha256,
        )

    def _updated(
        self, request: Request, reported: TaskUpdate, *, is_patch: bool = False
    ) -> Response:
        service = self._service
        referral = self.updates.referral_of(request, reported, is_patch=is_patch)
        require_match(request.headers, f'W/"{referral.version}"')
        visit = referral.appointment
        if reported.kind_class is ServiceAttested and visit is not None and visit.is_booked:
            check_begun(visit.start, service.clock.now())
        self._with_words(request, referral, reported, is_patch=is_patch)
        after = service.load(request.principal, referral.id)
        task, unchanged = _rendered(after, reported.offer_number), after.version == referral.version
        headers = {"ETag": f'W/"{after.version}"'}
        return Response(HTTPStatus.OK, task, headers, is_unchanged=unchanged)

    def _with_words(
        self, request: Request, referral: Referral, reported: TaskUpdate, *, is_patch: bool
    ) -> None:
        """Submit an answer; the sender's own words are a document, since they may hold PHI."""
        words = (reported.reason_text or "").encode()
        if not words:
            self.updates.submit(request, referral, reported, is_patch=is_patch)
            return
        kept = self._service.store_document(request, "comment", words, _TEXT)
        evidence = KeepEvidence(evidence=kept)
        self.updates.submit(
            request, referral, reported, evidence, comment=kept.sha256, is_patch=is_patch
        )

    def _shown(self, principal: Principal, own: OwnId) -> Json:
        """Return a Task as it is now to whom may change it.

        Raises:
            Forbidden, NotFound: it is none of the caller's.
        """
        if own.part == "a":
            principal.require_role(Role.EHR, Role.STAFF)
        referral = self._service.load(principal, ReferralId(own.referral_id))
        kind, is_clinic = UpdateKind.PROGRESS_NOTED, principal.role is Role.CLINIC
        authority = require_authority(principal, kind, referral, own.number)
        offered = own.number is None or any(o.number == own.number for o in referral.offers)
        if authority is Authority.NONE or not offered or (is_clinic and own.number is None):
            raise NotFound("There is no such Task.")
        return _rendered(referral, own.number)


def _rendered(referral: Referral, number: int | None) -> Json:
    offer = next((o for o in referral.offers if o.number == number), None)
    return task_a(referral) if offer is None else task_b(referral, offer)
