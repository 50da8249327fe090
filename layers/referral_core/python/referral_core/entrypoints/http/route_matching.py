"""Which route of the table a request leads to, in all the ways that say the same."""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

from referral_core.entrypoints.http.route import Route
from referral_core.entrypoints.http.route_table import FALLBACK, ROUTES


class RouteFound(NamedTuple):
    """A route of a request, with the parts of its path.

    Attributes:
        resource_id: the `{id}`; empty where the route has none.
        version_id: the `{version}`.
    """

    route: Route
    resource_id: str = ""
    version_id: str = ""


def route_of(method: str, path: str) -> RouteFound | None:
    """Return the route of a request; None when there is no such route.

    A slash at the end says nothing, HEAD is a GET without its body, and a search may be posted.

    Args:
        method: of HTTP.
        path: as it came, without the stage.
    """
    plain, asked = path.rstrip("/"), "GET" if method == "HEAD" else method
    if asked == "POST" and plain.endswith(POSTED_SEARCH):
        plain, asked = plain.removesuffix(POSTED_SEARCH), "GET"
        if "/" not in plain.strip("/"):
            return None
    for route in ROUTES:
        found = _pattern(route.path).fullmatch(plain) if route.method == asked else None
        if found is not None:
            parts = found.groupdict()
            return RouteFound(route, parts.get("id", ""), parts.get("version", ""))
    return None


def methods_of(path: str) -> tuple[str, ...]:
    """Return the methods that a path has."""
    plain = path.rstrip("/")
    return tuple(dict.fromkeys(r.method for r in ROUTES if _pattern(r.path).fullmatch(plain)))


POSTED_SEARCH: Final = "/_search"


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def function_of(method: str, path: str) -> str:
    """Return the function that answers a request."""
    found = route_of(method, path)
    return found.route.function if found else FALLBACK
