"""A clinic's Schedules and Slots, read and searched: what is reserved of them is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import Practitioner
from referral_core.domain.errors import NotFound
from referral_core.domain.updates import Role
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.page_room import begin_of, bounded
from referral_core.entrypoints.http.search_parameters import (
    SHAPES,
    count_of,
    counts_only,
    shaped,
)
from referral_core.entrypoints.http.searched import searched
from referral_core.fhir.outbound import slots as shown
from referral_core.fhir.parse import Json
from referral_core.fhir.search import (
    SLOT_SEARCH,
    Asked,
    meets_date,
    meets_reference,
    meets_token,
    span_of,
)
from referral_core.lifecycle.routing.slot_publication import read_weeks
from referral_core.ports.lifecycle import Clock, Directory

SLOT_SHAPES: Final = SHAPES - {"_sort"}
SLOT_PARAMETERS: Final = frozenset(SLOT_SEARCH) | SLOT_SHAPES
_STATUS: Final = "http://hl7.org/fhir/slotstatus"
_PAGE: Final = "n"


@dataclass(frozen=True)
class ShowSlots:
    """Shows clinics their own times, and staff those of all."""

    directory: Directory
    clock: Clock

    def schedule(self, request: Request) -> Response:
        """Show the Schedule of one NPI."""
        entry = next(iter(self._publishing(request.principal, request.resource_id)), None)
        if entry is None:
            raise NotFound("There is no such Schedule of yours.")
        return Response(HTTPStatus.OK, shaped(shown.schedule(entry), request.query))

    def slot(self, request: Request) -> Response:
        """Show one slot."""
        wanted = request.resource_id
        found = self._slots(request.principal, wanted.partition(".")[0])
        slot = next((one for one in found if one["id"] == wanted), None)
        if slot is None:
            raise NotFound("There is no such Slot of yours.")
        etag = {"ETag": f'W/"{slot["meta"]["versionId"]}"'}
        return Response(HTTPStatus.OK, shaped(slot, request.query), etag)

    def slots(self, request: Request) -> Response:
        """Search the slots of a Schedule, page by page: this week's and those to come."""
        search = request.but_known(SLOT_SEARCH, SLOT_SHAPES)
        asked = [Asked.of(name, value, search.zone) for name, value in search.parameters]
        schedules = list(dict.fromkeys(_schedules(asked)))
        if not schedules:
            refuse(
                "search-too-wide",
                "Search Slot by schedule=Schedule/<NPI>, or by _id.",
                code="not-supported",
                status=HTTPStatus.BAD_REQUEST,
            )
        found = [
            slot
            for npi in schedules
            for slot in self._slots(request.principal, npi)
            if all(_meets(one, slot) for one in asked if one.name in SLOT_SEARCH)
        ]
        if counts_only(search.query):
            return searched(search, "Slot", [], total=len(found))
        page, following = bounded(found, begin_of(search.query, _PAGE), count_of(search.query))
        token = f"{_PAGE}~{following}" if following else None
        return searched(search, "Slot", page, token, count=lambda: len(found))

    def _slots(self, principal: Principal, npi: str) -> Iterator[Json]:
        """Iterate over the slots of an NPI that a caller may see, soonest first."""
        own = self._publishing(principal, npi)
        if not own:
            return
        organizations = {entry.organization for entry in own}
        for _, week in sorted(read_weeks(self.directory, own[0], self.clock.now()).items()):
            for slot in sorted(week.slots.values(), key=lambda slot: (slot.start, slot.id)):
                if slot.organization in organizations:
                    yield shown.slot(slot, week.holders)

    def _publishing(self, principal: Principal, npi: str) -> Sequence[Practitioner]:
        return [
            entry
            for entry in self.directory.entries_of(principal.tenant, npi)
            if entry.publishes_slots
            and (principal.role is Role.STAFF or entry.organization == principal.organization)
        ]


def _schedules(asked: Sequence[Asked]) -> Iterator[str]:
    """Iterate over the NPIs of the Schedules that a search names, itself or by a slot."""
    for one in asked:
        if one.modifier not in {"", "Schedule"}:
            continue
        for value in one.values:
            if one.name == "schedule":
                yield value.rpartition("/")[2]
            elif one.name == "_id":
                yield value.partition(".")[0]


def _meets(asked: Asked, slot: Json) -> bool:
    return asked.holds(lambda value: _is(asked, value, slot), is_there=True)


def _is(asked: Asked, wanted: str, slot: Json) -> bool:
    match asked.name:
        case "_id":
            return wanted == str(slot["id"])
        case "status":
            return meets_token(wanted, [(_STATUS, slot["status"]), ("", slot["status"])])
        case "start":
            return meets_date(wanted, span_of(slot["start"]), asked.zone)
        case _:
            return meets_reference(wanted, slot["schedule"], None)
