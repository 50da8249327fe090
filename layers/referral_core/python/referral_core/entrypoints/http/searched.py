"""What a search answers: one page, with links to itself and to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.search_parameters import shaped
from referral_core.fhir.outbound.responses import searchset
from referral_core.fhir.parse import Json


def searched(
    request: Request,
    resource: str,
    found: Sequence[Json],
    following: str | None = None,
    *,
    total: int | None = None,
    count: Callable[[], int | None] = lambda: None,
) -> Response:
    """Return a page of what a search found.

    Args:
        request: with the parameters that the search has.
        resource: the type that was searched.
        found: on this page.
        following: names the next page; None: this is the last.
        total: how many there are, if that is known.
        count: counts what is on all pages, where that is asked for; None: too many to count.
    """

    def url(extra: Mapping[str, str]) -> str:
        asked = [(name, value) for name, value in request.parameters if name not in extra]
        return f"{request.base_url}/{resource}?{urlencode([*asked, *extra.items()])}"

    alone = following is None and "_page" not in request.query
    if total is None and request.query.get("_total") == "accurate":
        total = len(found) if alone else count()
    bundle = searchset(
        [shaped(one, request.query) for one in found],
        request.base_url,
        self_url=url({}),
        next_url=url({"_page": following}) if following else None,
        total=total,
    )
    return Response(HTTPStatus.OK, bundle)
