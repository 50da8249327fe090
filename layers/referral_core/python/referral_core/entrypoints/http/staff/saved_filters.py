"""The filters that a person keeps for the worklist, and those that a team shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, NoReturn

from pydantic import Field

from referral_core.domain.access.saved_filter import MOST_FILTERS, SavedFilter
from referral_core.domain.errors import Forbidden
from referral_core.domain.lifecycle import Queue
from referral_core.domain.model import Model
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.staff.decisions import read_body
from referral_core.entrypoints.http.staff.item_filters import (
    FILTERS,
    LONGEST_BACK,
    days_of,
    filtered,
)
from referral_core.ports.lifecycle import Clock
from referral_core.ports.people import SavedFilters

KEPT: Final = FILTERS | {"queue", "owner", "overdue", "due-within", "closed-within"}
"""Parameters of the list of work items that a filter may hold."""
_LONGEST: Final = 400


class Saving(Model):
    """A filter to be kept. Attributes: team: who shares it; None: nobody."""

    name: str = Field(min_length=1, max_length=60)
    query: Mapping[str, str]
    team: Queue | None = None


@dataclass(frozen=True)
class KeepFilters:
    """Answers staff; a filter is a person's own, or of a team that they are of."""

    kept: SavedFilters
    clock: Clock

    def listed(self, request: Request) -> Response:
        """List the caller's, and those of the caller's teams, by name."""
        queues = {"", *request.principal.queues}
        # Of a team that the caller was taken out of, a filter has no list any more.
        usable = [f for f in self._of(request) if f.query.get("queue", "") in queues]
        found = sorted(usable, key=lambda each: each.name.casefold())
        return Response(HTTPStatus.OK, {"filters": [_row(each) for each in found]})

    def save(self, request: Request) -> Response:
        """Keep a filter; the same name replaces what it named before."""
        principal = request.principal
        asked = read_body(Saving, request.body, "filter")
        if asked.team is not None and asked.team not in principal.queues:
            raise Forbidden(f"You are not of the team {asked.team}.")
        unknown = sorted(set(asked.query) - KEPT)
        if unknown or any(len(value) > _LONGEST for value in asked.query.values()):
            _refuse(f"Use only the filters {', '.join(sorted(KEPT))}, each of one line.")
        filtered(asked.query, self.clock.now())
        for name in ("due-within", "closed-within"):
            days_of(asked.query, name, 0, LONGEST_BACK)
        if asked.query.get("queue") and asked.query["queue"] not in principal.queues:
            raise Forbidden(f"You are not of the team {asked.query['queue']}.")
        saved = SavedFilter(
            id=sha256(asked.name.strip().casefold().encode()).hexdigest()[:16],
            name=asked.name.strip() or "-",
            query=dict(asked.query),
            owner=principal.client_id,
            team=asked.team,
        )
        beside = [f for f in self._of(request) if f.team is saved.team and f.id != saved.id]
        if len(beside) >= MOST_FILTERS:
            _refuse(f"There are {MOST_FILTERS} already: forget one first.")
        self.kept.save(principal.tenant, saved)
        return Response(HTTPStatus.OK, _row(saved))

    def forget(self, request: Request) -> Response:
        """Remove a filter, by its id; that of a team goes for all of the team."""
        team = request.query.get("team") or None
        found = [f for f in self._of(request) if f.id == request.resource_id and f.team == team]
        for each in found:
            self.kept.forget(request.principal.tenant, each)
        return Response(HTTPStatus.OK, {"forgotten": len(found)})

    def _of(self, request: Request) -> list[SavedFilter]:
        principal = request.principal
        teams = sorted(principal.queues)
        return list(self.kept.filters_of(principal.tenant, principal.client_id, teams))


def _row(saved: SavedFilter) -> dict[str, Any]:
    return {
        "id": saved.id,
        "name": saved.name,
        "query": dict(saved.query),
        "team": saved.team.value if saved.team else None,
        "savedBy": saved.owner,
    }


def _refuse(sentence: str) -> NoReturn:
    refuse("invalid-filter", sentence, code="value", status=HTTPStatus.BAD_REQUEST)
