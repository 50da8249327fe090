"""What a list can be filtered by: the values that its referrals have, counted, with their names.

A page of rows knows the values of its own rows only; whoever looks for a practice or a clinic that
is not among the first finds it here. All of a list is read for it, in pieces.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.referral import Referral
from referral_core.domain.terminology.specialties import specialty_names
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.lists import WorkLists
from referral_core.entrypoints.http.search_parameters import check_parameters
from referral_core.entrypoints.http.staff.asked_lists import (
    LISTED_BY,
    before_of,
    lists_of,
    wanted_of,
)
from referral_core.entrypoints.http.staff.item_filters import VALUES
from referral_core.entrypoints.http.staff.lists_walk import BEGIN, walked
from referral_core.entrypoints.http.staff.views import patient_row
from referral_core.ports.lifecycle import Clock

VALUE_PARAMETERS: Final = LISTED_BY | {"_page"}
_NAMED_BY_ORDERS: Final = ("practice", "payer")
"""Filters whose values have the name that their orders give them."""


@dataclass(frozen=True)
class CountListValues:
    """Answers staff of their teams' lists; no value here is a patient's."""

    lists: WorkLists
    clock: Clock

    def values(self, request: Request) -> Response:
        """Count the values of a list by filter; `next` goes on with what was not read yet."""
        check_parameters(request.query, VALUE_PARAMETERS)
        query, principal, now = request.query, request.principal, self.clock.now()
        wanted = wanted_of(principal, query, now)
        read, end = walked(
            self.lists,
            principal.tenant,
            lists_of(principal, query),
            query.get("_page", BEGIN),
            before=before_of(query, now),
        )
        found = [referral for referral in read if wanted(referral)]
        names = self._names(found)
        values = {name: _counted(found, name, names.get(name, {})) for name in VALUES}
        following = None
        if end is not None:
            url = f"{request.base_url.removesuffix('/fhir')}/work-items/values"
            following = f"{url}?{urlencode({**query, '_page': end})}"
        body = {
            "values": values,
            "read": len(found),
            "next": following,
            "now": now.isoformat(),
        }
        return Response(HTTPStatus.OK, body)

    def _names(self, found: Sequence[Referral]) -> Mapping[str, Mapping[str, str]]:
        """Return value → name, read of one order of each value."""
        of_each = {
            (name, value): referral
            for referral in found
            for name in _NAMED_BY_ORDERS
            if (value := VALUES[name](referral))
        }
        payloads = self.lists.payloads(list({r.id: r for r in of_each.values()}.values()))
        rows = {r: patient_row(ClinicalPayload.load(stored)) for r, stored in payloads.items()}
        names: dict[str, dict[str, str]] = {"specialty": dict(specialty_names())}
        for (name, value), referral in of_each.items():
            if said := rows.get(referral.id, {}).get(name):
                names.setdefault(name, {})[value] = said
        return names


def _counted(
    found: Sequence[Referral], name: str, names: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    counts = Counter(value for referral in found if (value := VALUES[name](referral)))
    return [
        {"value": value, "name": names.get(value), "count": count}
        for value, count in sorted(counts.items())
    ]
