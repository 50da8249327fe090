"""Slots over HTTP: a clinic publishes its own, and reads which of them are reserved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from referral_core.domain.errors import NotFound, VersionMoved
from referral_core.domain.slots import Slot, StatedSlot
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.preconditions import matches
from referral_core.fhir.inbound.slots import read_schedule, read_slot, read_slots
from referral_core.fhir.outbound import slots as shown
from referral_core.fhir.parse import Json
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.routing.directory_changes import entries_for
from referral_core.lifecycle.routing.slot_plan import SlotRefused
from referral_core.lifecycle.routing.slot_publication import (
    PublishedSlots,
    SlotStore,
    begin_publishing,
    end_publishing,
    publish_slots,
)

_GONE: Final = "entered-in-error"


@dataclass(frozen=True)
class KeepSlots:
    """Takes what clinics publish of their times."""

    engine: Engine
    store: SlotStore

    def schedule(self, request: Request) -> Response:
        """Take that a clinic's places are slots from now on, or that none of them is any more."""
        own_id = request.resource_id or None
        stated = read_schedule(request.body, request.content_type, own_id)
        npi, who = self._listed(request, stated.named), request.principal
        act = begin_publishing if stated.is_active else end_publishing
        entry = act(self.engine, self.store, who, npi)[0]
        body = shown.schedule(entry)
        if own_id is not None:
            return Response(HTTPStatus.OK, body)
        return Response(HTTPStatus.CREATED, body, {"Location": f"Schedule/{entry.npi}"})

    def slot(self, request: Request) -> Response:
        """Take one slot; posted or put again it is the same one."""
        organization, own_id = request.principal.organization, request.resource_id or None
        npi, stated = read_slot(request.body, request.content_type, organization, own_id)
        if_match = request.headers.get("if-match")
        if if_match is not None:
            stated = stated._replace(is_known=lambda version: _matches(if_match, version))
        published = self._published(request, npi, [stated], "Slot")
        body = _shown(stated, published.slots[0])
        status = HTTPStatus.CREATED if published.are_new[0] else HTTPStatus.OK
        version = body["meta"]["versionId"] if "meta" in body else "0"
        headers = {"ETag": f'W/"{version}"', "Location": f"Slot/{stated.id}"}
        return Response(status, body, headers)

    def slots(self, request: Request) -> Response:
        """Take the slots of a Bundle: all of them, or none."""
        npi, organization = request.resource_id, request.principal.organization
        stated = read_slots(request.body, request.content_type, organization, npi)
        published = self._published(request, npi, stated, "Bundle")
        entry = [
            {
                "resource": _shown(one, kept),
                "response": {"status": "201 Created" if is_new else "200 OK"},
            }
            for one, kept, is_new in zip(stated, published.slots, published.are_new, strict=True)
        ]
        body = {"resourceType": "Bundle", "type": "transaction-response", "entry": entry}
        return Response(HTTPStatus.OK, body)

    def _listed(self, request: Request, named: Sequence[str]) -> str:
        """Return the first of some ids that the directory has an entry of the clinic's under."""
        for npi in named:
            try:
                entries_for(self.engine, request.principal, npi)
            except NotFound:
                continue
            return npi
        raise NotFound("The directory has no such entry of yours.")

    def _published(
        self, request: Request, npi: str, stated: Sequence[StatedSlot], path: str
    ) -> PublishedSlots:
        try:
            return publish_slots(self.engine, self.store, request.principal, npi, stated)
        except SlotRefused as error:
            at = path if path == "Slot" else f"Bundle.entry[{error.number}].resource"
            refuse(
                "slot-refused",
                str(error),
                code="business-rule",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
                expression=at,
            )
        except VersionMoved:
            refuse(
                "stale-version",
                "The stored version is another one: read it, then send your change again.",
                code="conflict",
                status=HTTPStatus.PRECONDITION_FAILED,
            )


def _matches(if_match: str, version: int) -> bool:
    return version > 0 and matches(if_match, f'W/"{version}"')


def _shown(stated: StatedSlot, kept: Slot | None) -> Json:
    if kept is not None:
        return shown.slot(kept, _NOBODY)
    return {"resourceType": "Slot", "id": stated.id, "status": _GONE}


_NOBODY: Final[Mapping[str, str]] = {}
