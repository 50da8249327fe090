"""If-Match and If-None-Match: whether who asks knows the version that is stored."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from referral_core.entrypoints.http.errors import refuse


def matches(if_match: str, etag: str) -> bool:
    """Whether one of the listed entity tags is the stored one, compared weakly; `*` is any."""
    listed = [_opaque(tag) for tag in if_match.split(",")]
    return "*" in listed or _opaque(etag) in listed


def require_match(headers: Mapping[str, str], etag: str) -> None:
    """Refuse a change by who knows another version than the one stored, or wants none there."""
    if_match = headers.get("if-match")
    if if_match is not None and not matches(if_match, etag):
        refuse(
            "stale-version",
            f"The stored version is {etag}: read it, then send your change again.",
            code="conflict",
            status=HTTPStatus.PRECONDITION_FAILED,
        )
    if is_known(headers, etag):
        refuse(
            "stored-already",
            f"The stored version is {etag}, which If-None-Match excludes: leave it out.",
            code="conflict",
            status=HTTPStatus.PRECONDITION_FAILED,
        )


def is_known(headers: Mapping[str, str], etag: str | None) -> bool:
    """Whether a reader has the version stored already: If-None-Match, compared weakly."""
    if_none_match = headers.get("if-none-match")
    return etag is not None and if_none_match is not None and matches(if_none_match, etag)


def _opaque(tag: str) -> str:
    return tag.strip().removeprefix("W/").strip('"')
