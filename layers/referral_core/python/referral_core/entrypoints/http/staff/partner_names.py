"""What partners are called: figures know them by id or NPI, people by name.

Payers and EHRs are configured with their names. A practice is named by its orders alone: one order
of each practice among the first that are open or closed of each list is read for it. Clinics and
channels have no name but their id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.pause import PauseScope
from referral_core.domain.referral import Referral
from referral_core.domain.work_items.lists import Closed, ItemList, OfTeam, Waiting
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.lists import WorkLists
from referral_core.entrypoints.http.staff.known_names import can_be_paused
from referral_core.entrypoints.http.staff.operations import operator_of
from referral_core.ports.operations import Parties

_LOOKED_AT: Final = 100
"""Referrals of each list that are looked at for a practice."""


@dataclass(frozen=True)
class NamePartners:
    """Answers operators within their tenant; no name here is a patient's."""

    parties: Parties
    lists: WorkLists

    def names(self, request: Request) -> Response:
        """Return the names by kind and id; a payer or practice that has none is left out."""
        tenant = operator_of(request).tenant
        practices = {ehr.id: ehr.name for ehr in self.parties.ehrs(tenant)}
        body = {
            "payer": {payer.id: payer.name for payer in self.parties.payers(tenant)},
            "practice": {**practices, **self._practices(tenant)},
            "clinic": self._ids(tenant, PauseScope.CLINIC),
            "channel": self._ids(tenant, PauseScope.CHANNEL),
        }
        return Response(HTTPStatus.OK, {"names": body})

    def _ids(self, tenant: Tenant, scope: PauseScope) -> dict[str, str]:
        """Return the ids that can be held back, for a person to choose from."""
        return {of: of for of in can_be_paused(self.parties, tenant, scope)}

    def _practices(self, tenant: Tenant) -> dict[str, str]:
        """Return the names under which practices sent an order."""
        of_each = {r.origin.practice: r for r in self._referrals(tenant) if r.origin.practice}
        payloads = self.lists.payloads(list(of_each.values()))
        named = {
            practice: ClinicalPayload.load(payloads[r.id]).content.requester.organization
            for practice, r in of_each.items()
            if r.id in payloads
        }
        return {practice: name for practice, name in named.items() if name}

    def _referrals(self, tenant: Tenant) -> Iterator[Referral]:
        """Iterate over some referrals of each list."""
        lists: list[ItemList] = [Closed()]
        for queue in Queue:
            lists += [Waiting(queue), OfTeam(queue)]
        for of in lists:
            yield from self.lists.items(tenant, of, _LOOKED_AT)[0]
