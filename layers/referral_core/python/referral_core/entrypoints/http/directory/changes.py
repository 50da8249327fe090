"""The directory over HTTP: places of weeks, statuses, what is wrong, and what a person verified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from referral_core.domain.directory import Practitioner
from referral_core.domain.directory_facts import CapacityStatus, Fact
from referral_core.domain.model import Model
from referral_core.domain.routing.capacity import weeks_from
from referral_core.entrypoints.http.directory.entries import shown_entry
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.staff.decisions import read_body
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.routing.capacity_changes import (
    CapacityChange,
    CapacityStore,
    change_capacity,
)
from referral_core.lifecycle.routing.directory_changes import (
    Correction,
    change_status,
    dispute_fact,
    entries_for,
    verify_facts,
)

_CAMEL: Final = ConfigDict(alias_generator=to_camel, populate_by_name=True)
_WEEKS_SHOWN: Final = 8


class StatedCapacity(CapacityChange):
    """The places of some weeks: none while a clinic is closed or its clinician on leave."""

    model_config = _CAMEL


class StatedStatus(Model):
    """Whether a community resource takes people now."""

    status: CapacityStatus


class StatedDispute(Model):
    """Which fact of an entry is wrong."""

    fact: Fact


class Verification(Model):
    """What a person verified; what was wrong is corrected, what is not named was right."""

    model_config = _CAMEL

    facts: tuple[Fact, ...] = Field(default=(), max_length=len(Fact))
    corrected: Correction = Correction()
    organization: str | None = Field(default=None, max_length=128)


@dataclass(frozen=True)
class KeepDirectory:
    """Takes what clinics and people say of the directory's entries."""

    engine: Engine
    store: CapacityStore

    def capacity(self, request: Request) -> Response:
        """Take the places of some weeks; offers for which there is none any more are given back."""
        stated = read_body(StatedCapacity, request.body, "capacity")
        given_back = change_capacity(
            self.engine, self.store, request.principal, request.resource_id, stated
        )
        own = entries_for(self.engine, request.principal, request.resource_id)
        return self._shown(own, givenBack=given_back)

    def status(self, request: Request) -> Response:
        """Take whether a community resource takes people now."""
        stated = read_body(StatedStatus, request.body, "status")
        principal, npi = request.principal, request.resource_id
        return self._shown(change_status(self.engine, self.store, principal, npi, stated.status))

    def dispute(self, request: Request) -> Response:
        """Take that a fact is wrong: nobody is sent there until a person has verified it."""
        stated = read_body(StatedDispute, request.body, "dispute")
        principal, npi = request.principal, request.resource_id
        return self._shown(dispute_fact(self.engine, self.store, principal, npi, stated.fact))

    def verify(self, request: Request) -> Response:
        """Take what a person verified, corrected where it was wrong."""
        found = read_body(Verification, request.body, "verification")
        entries = verify_facts(
            self.engine,
            self.store,
            request.principal,
            request.resource_id,
            facts=found.facts,
            correction=found.corrected,
            organization=found.organization,
        )
        return self._shown(entries)

    def _shown(self, entries: Sequence[Practitioner], **also: Any) -> Response:
        today = self.engine.clock.now().date()
        weeks = weeks_from(today, _WEEKS_SHOWN)
        body = {"entries": [shown_entry(entry, today, weeks) for entry in entries], **also}
        return Response(HTTPStatus.OK, body)
