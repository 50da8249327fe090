"""What people see beside the worklist: themselves, their colleagues, one referral, a search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from pydantic import Field

from referral_core.domain.errors import NotFound
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.model import Model
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.search_terms import name_words, number_term, terms_of
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.referral import Referral
from referral_core.domain.work_items import WORK_ITEM_POLICIES
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.lists import WorkLists
from referral_core.entrypoints.http.orders.route_explanation import ExplainRouting
from referral_core.entrypoints.http.staff.decisions import read_body
from referral_core.entrypoints.http.staff.service_question import question_of
from referral_core.entrypoints.http.staff.views import (
    patient_row,
    principal_row,
    referral_page,
    referral_row,
)
from referral_core.fhir.telecom import e164
from referral_core.observability import logger
from referral_core.ports.lifecycle import Clock, Directory, Referrals

_ID: Final = re.compile(r"[0-9a-f]{32}")
_CANDIDATES: Final = 100
"""Referrals of a family name whose patients' other names are read."""
_SHOWN: Final = 20
"""Referrals that a search shows at most."""


class Search(Model):
    """What a person looks for; sent in a body, since an address is logged."""

    text: str = Field(min_length=2, max_length=120)


@dataclass(frozen=True)
class ShowReferrals:
    """Answers people; nothing here writes."""

    referrals: Referrals
    lists: WorkLists
    directory: Directory
    clock: Clock

    def me(self, request: Request) -> Response:
        """Return who calls, what they may see, and the tenant's time zone."""
        principal = request.principal
        profile = self.directory.tenant(principal.tenant)
        body = {
            **principal_row(principal),
            "tenant": profile.name,
            "timeZone": profile.time_zone,
            "slidingFee": profile.sliding_fee,
            "reasons": [
                reason.value
                for reason, policy in WORK_ITEM_POLICIES.items()
                if policy.queue in principal.queues
            ],
            "now": self.clock.now().isoformat(),
        }
        return Response(HTTPStatus.OK, body)

    def people(self, request: Request) -> Response:
        """List the tenant's people, by name."""
        rows = [principal_row(p) for p in self.directory.people(request.principal.tenant)]
        return Response(HTTPStatus.OK, {"people": sorted(rows, key=lambda row: str(row["name"]))})

    def referral(self, request: Request) -> Response:
        """Return one referral with its events; that it was opened is logged."""
        tenant, referral_id = request.principal.tenant, ReferralId(request.resource_id)
        referral = self.referrals.load(tenant, referral_id).referral
        payload = ClinicalPayload.load(self.referrals.payload(referral))
        page = referral_page(referral, payload, self.referrals.events(tenant, referral_id))
        logger.info("record opened", extra={"referral_id": referral_id})
        question = question_of(self.referrals, referral)
        body = {**page, "question": question, "now": self.clock.now().isoformat()}
        return Response(HTTPStatus.OK, body, {"ETag": f'W/"{referral.version}"'})

    def explain_routing(self, request: Request) -> Response:
        """Return a referral's routing decisions in words."""
        return ExplainRouting(self.referrals, self.directory, self.clock).explain(request)

    def search(self, request: Request) -> Response:
        """Find referrals by what people know of them: open ones first, the latest received first.

        By the name's words, the birth date, a telephone, record, order or authorization number, or
        by the id. `more` says that there may be others: what was typed is too common.
        """
        text = read_body(Search, request.body, "search").text.strip()
        everything, is_cut = self.found(request.principal.tenant, text)
        found = everything[:_SHOWN]
        payloads = self.lists.payloads(found)
        rows = [
            {
                **referral_row(referral),
                "outcome": referral.outcome.value if referral.outcome else None,
                "patient": patient_row(ClinicalPayload.load(payloads[referral.id]))
                if referral.id in payloads
                else None,
            }
            for referral in found
        ]
        more = is_cut or len(everything) > _SHOWN
        body = {"referrals": rows, "more": more, "now": self.clock.now().isoformat()}
        return Response(HTTPStatus.OK, body)

    def found(self, tenant: Tenant, text: str) -> tuple[Sequence[Referral], bool]:
        """Return what is found, and whether there may be more."""
        if _ID.fullmatch(text):
            with suppress(NotFound):
                return [self.referrals.load(tenant, ReferralId(text)).referral], False
        terms, found, is_cut = terms_of(text), dict[ReferralId, Referral](), False
        if terms.number:
            found.update((r.id, r) for r in self.lists.with_number(tenant, terms.number))
            is_cut |= self._add(tenant, (number_term(terms.number),), frozenset(), found)
        for wanted, besides in terms.of_person:
            is_cut |= self._add(tenant, wanted, besides, found)
        if phone := e164(terms.written):
            ids = self.referrals.with_phone(tenant, contact_hash(phone))
            found.update((i, self.referrals.load(tenant, i).referral) for i in ids[:_SHOWN])
            is_cut |= len(ids) > _SHOWN
        latest = sorted(found.values(), key=lambda r: r.received_at, reverse=True)
        return sorted(latest, key=lambda r: r.is_closed), is_cut

    def _add(
        self,
        tenant: Tenant,
        terms: Sequence[str],
        besides: AbstractSet[str],
        found: dict[ReferralId, Referral],
    ) -> bool:
        """Add the referrals that bear all of some terms; return whether there may be more.

        Args:
            tenant: whose referrals they are.
            terms: the rarest first.
            besides: words that the patient's name must have too.
            found: what they are added to.
        """
        page, more = self.lists.found_by(tenant, terms, _CANDIDATES if besides else _SHOWN)
        if besides:
            payloads = self.lists.payloads(page)
            page = [r for r in page if r.id in payloads and besides <= _names(payloads[r.id])]
        found.update((r.id, r) for r in page)
        return more


def _names(payload: bytes) -> AbstractSet[str]:
    return name_words(ClinicalPayload.load(payload).content.patient)
