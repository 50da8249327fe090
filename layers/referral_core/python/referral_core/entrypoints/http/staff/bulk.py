"""Care of many work items at once: each by itself, so that one overtaken stops no other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, Literal

from pydantic import AwareDatetime, Field

from referral_core.domain.errors import RouterError
from referral_core.domain.model import Model
from referral_core.entrypoints.http.errors import shown
from referral_core.entrypoints.http.exchange import Request, Response, UseCase
from referral_core.entrypoints.http.staff.decisions import read_body

MOST_ITEMS: Final = 25
"""Of one request: they are decided one after the other, within the time that an answer may take."""


class SeenItem(Model):
    """A work item as it was looked at. Attributes: id: of its referral; item: its `openedAt`."""

    id: str = Field(pattern=r"^[\w-]{1,64}$")
    item: AwareDatetime | None = None


class BulkCare(Model):
    """What is done with all of some items: care only, since a decision is about one patient.

    Attributes:
        owner: of `assign`; `until`: of `snooze`.
    """

    action: Literal["claim", "assign", "release", "snooze"]
    items: tuple[SeenItem, ...] = Field(min_length=1, max_length=MOST_ITEMS)
    owner: str | None = None
    until: AwareDatetime | None = None


def care_for_many(decide: UseCase, request: Request) -> Response:
    """Do the same with each item; the answer says of each what came of it.

    Raises:
        RouterError: nothing was done with any of them: why not with the first.
    """
    asked = read_body(BulkCare, request.body, "care")
    errors = [_error(decide, request, asked, seen) for seen in asked.items]
    if errors[0] is not None and None not in errors:
        raise errors[0]
    paired = zip(asked.items, errors, strict=True)
    return Response(HTTPStatus.OK, {"results": [_result(seen, error) for seen, error in paired]})


def _error(
    decide: UseCase, request: Request, asked: BulkCare, seen: SeenItem
) -> RouterError | None:
    said = asked.model_dump(mode="json", exclude={"items"}, exclude_none=True)
    at = {"item": seen.item.isoformat()} if seen.item else {}
    body = json.dumps({**said, **at}).encode()
    try:
        decide(replace(request, resource_id=seen.id, body=body))
    except RouterError as error:
        return error
    return None


def _result(seen: SeenItem, error: RouterError | None) -> Mapping[str, Any]:
    if error is None:
        return {"id": seen.id, "status": int(HTTPStatus.OK)}
    status, (issue, *_) = shown(error)
    said_of = {"code": issue.own_code, "says": issue.diagnostics}
    return {"id": seen.id, "status": int(status), **said_of}
