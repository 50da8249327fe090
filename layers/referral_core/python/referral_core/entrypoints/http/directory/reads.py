"""What the directory says of a clinic's own entries, and what of it is to be verified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol

from referral_core.domain.directory import Practitioner
from referral_core.domain.errors import NotFound
from referral_core.domain.ids import Tenant
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.updates import Role
from referral_core.entrypoints.http.directory.entries import shown_entry
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.page_room import bounded
from referral_core.entrypoints.http.search_parameters import check_parameters, count_of
from referral_core.ports.lifecycle import Clock, Directory

_WEEKS_SHOWN: Final = 26
TO_VERIFY_PARAMETERS: Final = frozenset({"_count", "_page"})
"""The parameters of the list of what is to be verified."""


class ToVerify(Protocol):
    """The entries that a person is to verify."""

    def to_verify(
        self, tenant: Tenant, after: tuple[str, str], most: int
    ) -> Sequence[Practitioner]:
        """List the entries of which somebody who should know says that a fact is wrong.

        Args:
            tenant: whose directory.
            after: (specialty, NPI) that the list goes on after.
            most: how many are read.
        """


@dataclass(frozen=True)
class ShowDirectory:
    """Shows entries to those who keep them."""

    directory: Directory
    store: ToVerify
    clock: Clock

    def entry(self, request: Request) -> Response:
        """Show the entries of an NPI with their places and what is reserved: a clinic its own."""
        principal, npi = request.principal, request.resource_id
        found = [
            entry
            for entry in self.directory.entries_of(principal.tenant, npi)
            if principal.role is Role.STAFF or entry.organization == principal.organization
        ]
        if not found:
            raise NotFound("The directory has no such entry of yours.")
        today = self.clock.now().date()
        weeks = weeks_from(today, _WEEKS_SHOWN)
        reserved = self.directory.reserved(principal.tenant, npi, weeks)
        body: dict[str, Any] = {
            "entries": [shown_entry(entry, today, weeks) for entry in found],
            "reserved": {week: count for week, count in reserved.items() if count},
        }
        return Response(HTTPStatus.OK, body)

    def to_verify(self, request: Request) -> Response:
        """List the entries that somebody contradicted: nobody is sent there meanwhile."""
        check_parameters(request.query, TO_VERIFY_PARAMETERS)
        today = self.clock.now().date()
        weeks = weeks_from(today, 1)
        count, (specialty, _, npi) = count_of(request.query), self._after(request)
        found = self.store.to_verify(request.principal.tenant, (specialty, npi), count + 1)
        page, following = bounded((dict(shown_entry(e, today, weeks)) for e in found), most=count)
        last = found[len(page) - 1] if following is not None and page else None
        body = {"toVerify": page, "next": f"{last.specialty}~{last.npi}" if last else None}
        return Response(HTTPStatus.OK, body)

    @staticmethod
    def _after(request: Request) -> tuple[str, str, str]:
        return request.query.get("_page", "").partition("~")
