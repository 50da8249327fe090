"""A route of the HTTP API as plain data: it imports nothing that a function needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from referral_core.domain.access.scopes import OPERATE, READ, WRITE, covered
from referral_core.domain.update_kinds import Role

SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        READ: "Read records within the client's tenant",
        WRITE: "Post referrals and updates",
        OPERATE: "Operate: find, hold back, let go on, give once more",
    }
)
"""The scopes of a token, and what each allows."""

RECEIVE_REFERRAL: Final = "receive_referral"
RECEIVE_UPDATE: Final = "receive_update"
READ_RECORDS: Final = "query_api"
QUERY_REPORTS: Final = "query_reports"
MANAGE_PEOPLE: Final = "manage_people"
RUN_OPERATIONS: Final = "run_operations"

_LETTERS: Final = MappingProxyType({"GET": "r", "POST": "c", "PUT": "u", "PATCH": "u"})
"""SMART's letters for what a method does; a GET of a list searches, an operation updates."""

FILES: Final = "/reports"
"""Paths whose answers are no FHIR: their formats are asked for by a parameter."""

BINARIES: Final = "/fhir/Binary/"
"""Paths of documents, which are answered as what they are."""


class Route(NamedTuple):
    """One route.

    Attributes:
        method: of HTTP.
        path: as API Gateway writes it; its parameters are `{id}` and `{version}`.
        function: the Lambda function behind it.
        operation: its name, unique in the API.
        scope: that the token must have; None: no token is needed.
        roles: that may call it; what else a caller needs depends on what is sent.
        does: one sentence.
    """

    method: str
    path: str
    function: str
    operation: str
    scope: str | None
    roles: frozenset[Role]
    does: str

    @property
    def key(self) -> str:
        """The route as API Gateway writes it: method and path."""
        return f"{self.method} {self.path}"

    @property
    def resource_scope(self) -> str | None:
        """SMART's scope for it; None: it is no FHIR, and only a broad scope allows it."""
        if not self.path.startswith("/fhir") or self.scope is None:
            return None
        _, _, resource, *rest = (*self.path.split("/"), "")
        if not resource or resource.startswith("$"):
            return "system/ServiceRequest.c"
        letter = _LETTERS[self.method] if self.method != "GET" or any(rest) else "s"
        return f"system/{resource}.{'u' if letter == 'c' and any(rest) else letter}"

    def allows(self, scopes: Collection[str]) -> bool:
        """Return whether a token with these scopes may call it."""
        wanted = self.resource_scope
        return self.scope in scopes or (wanted is not None and covered(scopes, wanted))
