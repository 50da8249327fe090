"""Whether a partner that answers 2xx has taken what it was sent: its body may say that it has not.

A login page, a proxy's greeting or an OperationOutcome with errors is no receipt, and of a
transaction each entry has a status of its own. What says nothing of this is one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from urllib3.util import parse_url

from referral_core.adapters.http.client import Response, require_success
from referral_core.domain.errors import Permanent, Refused

_PAGE: Final = (b"<!doctype html", b"<html")
_LONGEST_START: Final = 1024
_WRONG: Final = ("error", "fatal")


def require_taken(response: Response, url: str) -> None:
    """Raise unless a FHIR server's 2xx answer says, or leaves open, that it took everything.

    Args:
        response: as it came.
        url: that was asked, for its host.

    Raises:
        Retryable: an entry of it was not taken for now.
        Refused: it, or an entry of it, was refused.
        Permanent: it is a page for people, or no FHIR: the address is wrong, or something stands
            before it.
    """
    host = parse_url(url).host or "A partner"
    start = response.body[:_LONGEST_START].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_html = response.content_type.lower().startswith("text/html")
    # A server that has nothing to say may name its usual type all the same.
    if start.startswith(_PAGE) or (start and is_html):
        raise Permanent(f"{host} is not configured as it answers: a page in place of FHIR.")
    if not start.startswith((b"{", b"[")):
        return
    try:
        answer = json.loads(response.body)
    except (ValueError, RecursionError):
        raise Permanent(f"{host} is not configured as it answers: no JSON.") from None
    if isinstance(answer, Mapping):
        _require_no_error(answer, host)
        for status in _entries(answer):
            require_success(status, host)


def _require_no_error(answer: Mapping[str, Any], host: str) -> None:
    if answer.get("resourceType") != "OperationOutcome":
        return
    if any(issue.get("severity") in _WRONG for issue in _objects(answer.get("issue"))):
        raise Refused(f"{host} refuses the request: an OperationOutcome with errors.")


def _entries(answer: Mapping[str, Any]) -> Iterator[int]:
    """Iterate over the statuses of the entries of a transaction's or a batch's answer."""
    if answer.get("resourceType") != "Bundle":
        return
    for entry in _objects(answer.get("entry")):
        of_entry = entry.get("response")
        said = str(of_entry.get("status", "")) if isinstance(of_entry, Mapping) else ""
        number = said.strip()[:3]
        is_status = number.isascii() and number.isdecimal() and len(number) == len("200")
        # What is there already as it was sent was taken.
        if is_status and int(number) != HTTPStatus.NOT_MODIFIED:
            yield int(number)


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    for one in value if isinstance(value, list) else []:
        if isinstance(one, Mapping):
            yield one
