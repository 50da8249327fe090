"""What people see beside the worklist: themselves, their colleagues, one referral, a search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from pydantic import Field

from referral_core.domain.clinical_content import ClinicalPayload
from referral_core.domain.errors import NotFound
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.model import Model
from referral_core.domain.numbers import folded_number
from referral_core.domain.referral import Referral
from referral_core.domain.work_items import WORK_ITEM_POLICIES
from referral_core.entrypoints.http.decisions import read_body
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.lists import WorkLists
from referral_core.entrypoints.http.service_question import question_of
from referral_core.entrypoints.http.staff_views import (
    patient_row,
    principal_row,
    referral_page,
    referral_row,
)
from referral_core.observability import logger
from referral_core.ports import Clock, Directory, Referrals

_ID: Final = re.compile(r"[0-9a-f]{32}")


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

    def search(self, request: Request) -> Response:
        """Find referrals by their id or by the placer's number, as it is printed on the order."""
        text = read_body(Search, request.body, "search").text.strip()
        found = self._found(request.principal.tenant, text)
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
        return Response(HTTPStatus.OK, {"referrals": rows, "now": self.clock.now().isoformat()})

    def _found(self, tenant: Tenant, text: str) -> Sequence[Referral]:
        if _ID.fullmatch(text):
            try:
                return [self.referrals.load(tenant, ReferralId(text)).referral]
            except NotFound:
                pass
        folded = folded_number(text)
        return self.lists.with_number(tenant, folded) if folded else []
