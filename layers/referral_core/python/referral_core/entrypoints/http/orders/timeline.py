"""`$timeline`: what happened to a referral and what is planned, for its referrer and for staff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from referral_core.domain.access.ownership import is_referrer
from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import NotFound
from referral_core.domain.events import Event, EventKind
from referral_core.domain.ids import ReferralId
from referral_core.domain.planned import Planned
from referral_core.domain.updates import Role
from referral_core.domain.work_items.told_outside import told_outside
from referral_core.domain.writes import ReferralState
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.page_room import PageRoom
from referral_core.fhir.outbound.timeline import happened, timeline
from referral_core.fhir.parse import Json
from referral_core.ports.lifecycle import Clock, Referrals

if TYPE_CHECKING:
    from referral_core.lifecycle.case import Sources

_MOST_EVENTS: Final = 500
"""What happened before is left out, and counted."""
_MECHANISM: Final = frozenset(
    {
        EventKind.STEP_STARTED,
        EventKind.RESOLUTION_FOUND,
        EventKind.RESOLUTION_RESENT,
        EventKind.WAIT_TAKEN_OVER,
    }
)
"""What says how the router works and not what happened, unless the status changed with it."""
_MACHINES: Final = frozenset({"router", "timer"})


@dataclass(frozen=True)
class ShowTimeline:
    """Answers `$timeline`; nothing here writes.

    Attributes:
        sources: given on first use: few reads need the rules of a pathway.
    """

    referrals: Referrals
    sources: Callable[[], Sources]
    clock: Clock

    def timeline(self, request: Request) -> Response:
        """Return what happened and what is planned; an EHR is told no name of a person.

        Nor is it told of another practice's order.
        """
        principal = request.principal
        state = self._own(principal, ReferralId(request.resource_id))
        events = self.referrals.events(principal.tenant, state.referral.id)
        told = [event for event in events if _is_told(event)]
        now = self.clock.now()
        actors, referral = None, state.referral
        if principal.role is not Role.STAFF:
            actors = _MACHINES | {principal.client_id}
            told = [e.but(status_reason=told_outside(e.status_reason)) for e in told]
            referral = referral.but(status_reason=told_outside(referral.status_reason))
        shown = _latest([happened(event, actors) for event in told[-_MOST_EVENTS:]])
        left_out = len(told) - len(shown)
        plan = self._plan(state, now)
        body = timeline(referral, shown, plan, now, left_out)
        return Response(HTTPStatus.OK, body, {"ETag": _etag_of(state, plan)})

    def _plan(self, state: ReferralState, now: datetime) -> Sequence[Planned]:
        # Loaded on first use, as the sources are.
        from referral_core.lifecycle.case import Case  # noqa: PLC0415
        from referral_core.lifecycle.planned import planned  # noqa: PLC0415

        case = Case(state.referral, now, now + self.clock.grace(), self.sources())
        return planned(case, state.mailbox)

    def _own(self, principal: Principal, referral_id: ReferralId) -> ReferralState:
        state = self.referrals.load(principal.tenant, referral_id)
        if principal.role is Role.STAFF or is_referrer(principal, state.referral):
            return state
        raise NotFound("There is no such referral.")


def _latest(events: Sequence[Json]) -> Sequence[Json]:
    """Return the last events, as many as an answer has room for."""
    room = PageRoom()
    kept = list(takewhile(room.takes, reversed(events)))
    return kept[::-1]


def _etag_of(state: ReferralState, plan: Sequence[Planned]) -> str:
    """Name what is shown: the referral's version, and what of its plan is still to come."""
    planned = sha256("".join(one.model_dump_json() for one in plan).encode()).hexdigest()
    return f'W/"{state.referral.version}.{planned[:16]}"'


def _is_told(event: Event) -> bool:
    return event.kind not in _MECHANISM or event.from_status is not event.to_status
