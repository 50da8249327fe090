"""What a use case is given and what it returns, free of API Gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from referral_core.domain.access.caller import NO_ZONE
from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import RouterError
from referral_core.entrypoints.http.negotiation import wanted_handling
from referral_core.entrypoints.http.search_parameters import (
    SHAPES,
    known_parameters,
    stated_parameters,
)
from referral_core.fhir.errors import Issue


@dataclass(frozen=True, eq=False, repr=False)
class Request:
    """One authenticated request.

    Attributes:
        resource_id: the `{id}` of the path, or of an entry's; empty where there is none.
        version_id: the `{version}` of the path.
        base_url: of the FHIR endpoint, as the caller knows it.
        query: the last value of each parameter.
        parameters: all of them in their order; one that is there twice is there twice.
        time_zone: IANA name of the tenant's.
        source: what came, and its media type, where `body` was made of it: a patch.
        scopes: what the caller's token allows.
    """

    principal: Principal
    body: bytes
    content_type: str | None
    headers: Mapping[str, str]
    query: Mapping[str, str]
    correlation_id: str
    base_url: str
    resource_id: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    version_id: str = ""
    time_zone: str = NO_ZONE
    source: tuple[bytes, str | None] | None = None
    scopes: frozenset[str] = frozenset()

    @property
    def as_it_came(self) -> tuple[bytes, str]:
        """What came, byte for byte, and its media type: that is what is kept of a request."""
        body, media_type = self.source or (self.body, self.content_type)
        return body, media_type or ""

    def made_into(self, body: bytes, content_type: str | None, **fields: Any) -> Request:
        """Return the request with a body that was made of what came."""
        source = self.source or (self.body, self.content_type)
        return replace(self, body=body, content_type=content_type, source=source, **fields)

    @property
    def zone(self) -> ZoneInfo:
        """The tenant's, in which a bare date is read; one that is misspelt loses no order."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo(NO_ZONE)

    def local(self, at: datetime) -> datetime:
        """Return an instant with the tenant's zone."""
        return at.astimezone(self.zone)

    def but_known(self, known: Mapping[str, str], shapes: frozenset[str] = SHAPES) -> Request:
        """Return the search without the parameters that it does not have.

        Raises:
            FhirError: 400, it has others, and the caller does not prefer that they are ignored.
        """
        handling = wanted_handling(self.headers)
        stated = stated_parameters(self.parameters, strict=handling == "strict")
        kept = known_parameters(stated, known, shapes, lenient=handling == "lenient")
        return replace(self, parameters=kept, query=dict(kept))


class Refused(NamedTuple):
    """A request that is answered with an error of ours.

    Attributes:
        resource_id: the `{id}` of the path, or of an entry's; empty where there is none.
        body: what was meant; None: it could not be unpacked, or is longer than one may be.
        came: returns it as it came, perhaps compressed.
    """

    principal: Principal
    resource_id: str
    body: bytes | None
    came: Callable[[], bytes]
    error: RouterError


class Content:
    """What is no FHIR JSON. Attributes: media_type: of the data."""

    def __init__(self, media_type: str, data: bytes) -> None:
        self.media_type = media_type
        self.data = data


class Response:
    """What a use case answers; rendered as FHIR JSON, unless it is other content.

    Attributes:
        warnings: what was forgiven in what was sent.
        is_unchanged: a write that changed nothing: no event tells what it shows.
        is_of_parts: each part of the request was taken or refused for itself.
    """

    def __init__(
        self,
        status: int,
        body: Mapping[str, Any] | Content,
        headers: Mapping[str, str] | None = None,
        warnings: Sequence[Issue] = (),
        *,
        is_unchanged: bool = False,
        is_of_parts: bool = False,
    ) -> None:
        self.status = status
        self.body = body
        self.headers: Mapping[str, str] = headers or {}
        self.warnings = warnings
        self.is_unchanged = is_unchanged
        self.is_of_parts = is_of_parts


UseCase = Callable[[Request], Response]
"""Answers the requests of one route."""
