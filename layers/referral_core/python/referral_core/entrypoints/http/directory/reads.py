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
from referral_core.ports import Clock, Directory

_WEEKS_SHOWN: Final = 26


class ToVerify(Protocol):
    """The entries that a person is to verify."""

    def to_verify(self, tenant: Tenant) -> Sequence[Practitioner]:
        """List the entries of which somebody who should know says that a fact is wrong."""


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
        weeks = weeks_from(self.clock.now().date(), _WEEKS_SHOWN)
        reserved = self.directory.reserved(principal.tenant, npi, weeks)
        body: dict[str, Any] = {
            "entries": [shown_entry(entry, weeks) for entry in found],
            "reserved": {week: count for week, count in reserved.items() if count},
        }
        return Response(HTTPStatus.OK, body)

    def to_verify(self, request: Request) -> Response:
        """List the entries that somebody contradicted: nobody is sent there meanwhile."""
        weeks = weeks_from(self.clock.now().date(), 1)
        found = self.store.to_verify(request.principal.tenant)
        return Response(HTTPStatus.OK, {"toVerify": [shown_entry(e, weeks) for e in found]})
