"""What partners are called: figures know them by id or NPI, people by name.

Payers and EHRs are configured with their names. A practice is named by its orders alone: the lists
of what is open and closed are read on for it, in pieces, and one order of each practice of a piece.
Clinics and channels have no name but their id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.pause import PauseScope
from referral_core.domain.referral import Referral
from referral_core.domain.work_items.lists import Closed, ItemList, OfTeam, Waiting
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.lists import WorkLists
from referral_core.entrypoints.http.search_parameters import check_parameters
from referral_core.entrypoints.http.staff.known_names import can_be_paused
from referral_core.entrypoints.http.staff.lists_walk import BEGIN, walked
from referral_core.entrypoints.http.staff.operations import operator_of
from referral_core.ports.operations import Parties

_LISTS: Final[Sequence[ItemList]] = (
    *(OfTeam(queue) for queue in Queue),
    *(Waiting(queue) for queue in Queue),
    Closed(),
)
"""Where practices are looked for: first what is open, then what was closed, the last first."""
_PARAMETERS: Final = frozenset({"_page"})


@dataclass(frozen=True)
class NamePartners:
    """Answers operators within their tenant; no name here is a patient's."""

    parties: Parties
    lists: WorkLists

    def names(self, request: Request) -> Response:
        """Return the names by kind and id; a payer or practice that has none is left out.

        Practices are named as far as was read; `next` goes on, and names practices only.
        """
        check_parameters(request.query, _PARAMETERS)
        tenant, begin = operator_of(request).tenant, request.query.get("_page", BEGIN)
        read, end = walked(self.lists, tenant, _LISTS, begin)
        practices = self._practices(read)
        names = {"practice": practices}
        if begin == BEGIN:
            ehrs = {ehr.id: ehr.name for ehr in self.parties.ehrs(tenant)}
            names = {
                "payer": {payer.id: payer.name for payer in self.parties.payers(tenant)},
                "practice": {**ehrs, **practices},
                "clinic": self._ids(tenant, PauseScope.CLINIC),
                "channel": self._ids(tenant, PauseScope.CHANNEL),
            }
        following = None
        if end is not None:
            url = f"{request.base_url.removesuffix('/fhir')}/operations/partners"
            following = f"{url}?{urlencode({'_page': end})}"
        return Response(HTTPStatus.OK, {"names": names, "next": following})

    def _ids(self, tenant: Tenant, scope: PauseScope) -> dict[str, str]:
        """Return the ids that can be held back, for a person to choose from."""
        return {of: of for of in can_be_paused(self.parties, tenant, scope)}

    def _practices(self, read: Sequence[Referral]) -> dict[str, str]:
        """Return the names under which practices sent an order."""
        of_each = {r.origin.practice: r for r in read if r.origin.practice}
        payloads = self.lists.payloads(list(of_each.values()))
        named = {
            practice: ClinicalPayload.load(payloads[r.id]).content.requester.organization
            for practice, r in of_each.items()
            if r.id in payloads
        }
        return {practice: name for practice, name in named.items() if name}
