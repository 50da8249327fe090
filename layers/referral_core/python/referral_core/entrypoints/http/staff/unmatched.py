"""The worklist of the unmatched: what came and belongs to no referral, and whom it may be about.

The router proposes; attaching something to a referral is a person's act.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from referral_core.domain.effects import KeepEvidence
from referral_core.domain.errors import Conflict, NotFound, NotLegal
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.model import Model
from referral_core.domain.referral import Referral
from referral_core.domain.unmatched import Candidate, Mismatch, Unmatched
from referral_core.domain.updates import (
    AuthorizationDecided,
    CareReceivedElsewhere,
    ReportReceived,
    Role,
    Update,
)
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.lists import StoredDocuments
from referral_core.entrypoints.http.search_parameters import check_parameters, count_of
from referral_core.entrypoints.http.staff.decisions import read_body
from referral_core.entrypoints.http.staff.documents import as_it_came
from referral_core.entrypoints.http.updates.service import UpdateService, receipt
from referral_core.fhir.errors import FhirError
from referral_core.lifecycle.engine.apply_update import Receipt, apply_update
from referral_core.ports.lifecycle import Clock
from referral_core.ports.unmatched import UnmatchedItems

UNMATCHED_PARAMETERS: Final = frozenset({"_count", "_page"})
_ELSEWHERE: Final = "seen-elsewhere"
_OF_ONE_REFERRAL: Final = ("offer", "appointment")
"""Numbers that say something within the referral that the sender meant, and only there."""


class Matching(Model):
    """What a person does with an unmatched item.

    Attributes:
        action: `attach` takes it as if it had come right; `seen-elsewhere` takes a report as the
            word that its author, and no clinic of the referral's, saw the patient.
        referral_id: the referral that it is about, unless it is dismissed.
        performer: of `seen-elsewhere`: NPI of who that was; None: whoever the report names.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    action: Literal["attach", "seen-elsewhere", "dismiss"]
    referral_id: str | None = Field(default=None, max_length=64, pattern=r"^[A-Za-z0-9-]+$")
    performer: str | None = Field(default=None, pattern=r"^[0-9]{10}$")

    @property
    def wanted(self) -> str | None:
        """To which referral it is to be attached; None: it is to be dismissed."""
        return None if self.action == "dismiss" else self.referral_id

    def is_as_chosen(self, item: Unmatched, by: str) -> bool:
        """Whether it is what this person chose before: of which referral, and as what.

        Who chose the same as somebody else is told that it is done: they may have meant another.
        """
        chose = item.settled_by or item.chosen_by
        is_same = self.wanted == item.attached_to and item.chosen_as in {None, self.action}
        return is_same and chose in {None, by}


@dataclass(frozen=True)
class ListUnmatched:
    """Shows what waits for a person to match it.

    Attributes:
        documents: given on first use: few reads open one.
    """

    items: UnmatchedItems
    documents: Callable[[], StoredDocuments]
    clock: Clock

    def unmatched(self, request: Request) -> Response:
        """List what nobody has settled, first received first; on a page, what may harm leads."""
        check_parameters(request.query, UNMATCHED_PARAMETERS)
        count, after = count_of(request.query), request.query.get("_page")
        tenant, now = request.principal.tenant, self.clock.now()
        page, following = self.items.waiting(tenant, count, after, until=now)
        shown = [_shown(item) for item in sorted(page, key=lambda item: not _is_urgent(item))]
        return Response(HTTPStatus.OK, {"unmatched": shown, "next": following})

    def document(self, request: Request) -> Response:
        """Return what came, as it came: a person reads it before they match it. PHI."""
        tenant = request.principal.tenant
        item = self.items.get(tenant, request.resource_id)
        if item.evidence is None:
            raise NotFound("Nothing is kept with it.")
        return as_it_came(self.documents(), tenant, item.evidence)


@dataclass(frozen=True)
class MatchItems:
    """Attaches an item to the referral that a person names, or dismisses it."""

    service: UpdateService
    items: UnmatchedItems

    def decision(self, request: Request) -> Response:
        """Take what a person decides; once settled, an item is settled."""
        principal, matching = request.principal, read_body(Matching, request.body, "decision")
        item = self.items.get(principal.tenant, request.resource_id)
        is_mine = matching.is_as_chosen(item, principal.client_id)
        if item.is_left(self.service.clock.now()) and not is_mine:
            item = self._given_free(item)
        now = self.service.clock.now()
        settled = item.but(
            settled_at=now,
            settled_by=principal.client_id,
            attached_to=None,
            chosen_at=None,
            chosen_as=matching.action,
        )
        result = Receipt.RECORDED
        if item.settled_at is not None:
            return self._settled_before(request, item, matching)
        if item.attached_to is not None and not is_mine:
            raise Conflict("Somebody else settles it: look again.")
        if matching.action != "dismiss":
            referral = self._named(principal.tenant, matching)
            settled = settled.but(attached_to=referral.id, chosen_by=principal.client_id)
            # First: whoever is at it meanwhile attaches it to no other, and dismisses it not.
            chosen = settled.but(settled_at=None, settled_by=None, chosen_at=now)
            self.items.choose(chosen)
            try:
                said = _attached(settled, referral, matching)
                result = self._attach(settled, referral, said, principal.organization)
            except (NotLegal, FhirError):
                self.items.release(chosen)
                raise
        # Last: what could not be attached goes on waiting.
        self.items.settle(settled)
        return receipt(request, result, HTTPStatus.OK)

    def _given_free(self, item: Unmatched) -> Unmatched:
        """Take back a choice whose attaching never came to an end; if it did, say that it is so."""
        chosen, update = item.attached_to, f"matched-{item.id}"
        if chosen is not None and self.service.referrals.has_update(item.tenant, chosen, update):
            at = item.chosen_at or self.service.clock.now()
            done = item.but(settled_at=at, settled_by=item.chosen_by, chosen_at=None)
            self.items.settle(done)
            return done
        self.items.release(item)
        return item.but(attached_to=None, chosen_at=None, chosen_as=None, chosen_by=None)

    def _settled_before(self, request: Request, item: Unmatched, matching: Matching) -> Response:
        """Say that it is done already, or that somebody decided otherwise."""
        if not matching.is_as_chosen(item, request.principal.client_id):
            is_elsewhere = item.chosen_as == _ELSEWHERE
            took = "recorded by it as seen elsewhere" if is_elsewhere else "attached it to"
            done = f"{took} {item.attached_to}" if item.attached_to else "dismissed it"
            refuse(
                "overtaken",
                f"Nothing was done: {item.settled_by or 'somebody'} {done} before.",
                code="conflict",
                status=HTTPStatus.CONFLICT,
            )
        return receipt(request, Receipt.DUPLICATE, HTTPStatus.OK)

    def _named(self, tenant: Tenant, matching: Matching) -> Referral:
        if matching.referral_id is None:
            refuse(
                "incomplete-decision",
                f"Send referralId with {matching.action}.",
                code="required",
                status=HTTPStatus.BAD_REQUEST,
            )
        return self.service.referrals.load(tenant, ReferralId(matching.referral_id)).referral

    def _attach(
        self, item: Unmatched, referral: Referral, said: Update, organization: str
    ) -> Receipt:
        update = said.but(
            id=f"matched-{item.id}",
            actor=item.settled_by,
            role=Role.STAFF,
            organization=organization,
            received_at=item.settled_at,
        )
        kept = (KeepEvidence(evidence=item.evidence),) if item.evidence else ()
        return apply_update(self.service.engine, referral.tenant, referral.id, update, effects=kept)


def _attached(item: Unmatched, referral: Referral, matching: Matching) -> Update:
    """Return what an item reports of the referral that a person found."""
    if item.update is None or item.evidence is None:
        refuse(
            "nothing-to-attach",
            "Read it, record what it says on the referral, then dismiss it.",
            code="business-rule",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    if matching.action == "attach":
        return _of_referral(item.update, referral)
    report = _report_in(item)
    if report is None:
        refuse(
            "no-report",
            "Only a report says that its author saw the patient: attach it, or dismiss it.",
            code="business-rule",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    if referral.is_closed:
        raise NotLegal("The referral is closed: open it again, then say where the patient was.")
    if referral.report is not None:
        raise NotLegal(
            "The report of the referral's own clinic is in, and it ends with that: attach this one "
            "too, or call the clinic."
        )
    header = report.model_dump(include={"id", "actor", "role", "received_at"})
    return CareReceivedElsewhere(**header, performer=matching.performer or report.author)


def _report_in(item: Unmatched) -> ReportReceived | None:
    """Return the report by which somebody says that they saw a patient; None of anything else."""
    found = item.update
    return found if isinstance(found, ReportReceived) and not found.withdrawn else None


def _actions(item: Unmatched) -> list[str]:
    if item.update is None:
        return ["dismiss"]
    return ["attach", *(["seen-elsewhere"] if _report_in(item) else []), "dismiss"]


def _of_referral(update: Update, referral: Referral) -> Update:
    """Return an update with what names something of another referral replaced by this one's."""
    if isinstance(update, AuthorizationDecided):
        known = referral.authorization
        return update.but(trace=known.trace if known else None)
    own = {n: None for n in _OF_ONE_REFERRAL if n in type(update).model_fields}
    return update.but(**own)


def _is_urgent(item: Unmatched) -> bool:
    """Whether somebody may come to harm by it: a critical result, a referral that stands."""
    return _is_critical(item) or item.mismatch is Mismatch.REFERRAL_STANDS


def _is_critical(item: Unmatched) -> bool:
    return isinstance(item.update, ReportReceived) and item.update.critical


def _shown(item: Unmatched) -> Mapping[str, Any]:
    report = _report_in(item)
    return {
        "id": item.id,
        "reason": item.mismatch.value,
        "kind": item.update.kind.value if item.update else None,
        "critical": _is_critical(item),
        "receivedAt": item.received_at.isoformat(),
        "from": item.organization,
        "client": item.client_id,
        "document": item.evidence.sha256 if item.evidence else None,
        "contentType": item.evidence.content_type if item.evidence else None,
        "size": item.evidence.size if item.evidence else None,
        "chosen": item.attached_to,
        "candidates": [_candidate(candidate) for candidate in item.candidates],
        "author": report.author if report else None,
        "refusedFor": [fault.model_dump(exclude_none=True) for fault in item.refused_for],
        "actions": _actions(item),
    }


def _candidate(candidate: Candidate) -> Mapping[str, Any]:
    return {
        "referralId": candidate.referral_id,
        "because": [sign.value for sign in candidate.signs],
        "open": candidate.is_open,
    }
