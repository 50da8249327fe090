"""What operators do within their tenant: find, hold back, let go on, give once more.

Nothing here shows a patient: ids, states, times and sentences of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, NoReturn

from pydantic import Field, ValidationError

from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import NotFound, NotLegal
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.model import Model
from referral_core.domain.pause import Pause, PauseScope
from referral_core.domain.referral import Referral
from referral_core.domain.updates import DecisionMade
from referral_core.domain.work_items import RETRY, WORK_ITEM_POLICIES, Reason
from referral_core.domain.work_items.lists import FIRST, OfTeam, instant
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.lists import WorkLists
from referral_core.entrypoints.http.search_parameters import check_parameters
from referral_core.entrypoints.http.staff.decisions import read_body
from referral_core.entrypoints.http.staff.known_names import can_be_paused, no_such
from referral_core.ports.lifecycle import Clock, Referrals
from referral_core.ports.operations import Parties, Pauses, StreamLetters

_AT_ONCE: Final = 25
"""Notices that one request replays; send it again for the rest."""
_LISTED: Final = 100
"""Items of a team that are read at once, and overdue ones that are listed."""
_PAGES: Final = 30
"""Pages of its list that one request looks through."""

Find = Callable[[Tenant, str], tuple[Sequence[Referral], bool]]
Decide = Callable[[Tenant, ReferralId, DecisionMade], Any]


class Wanted(Model):
    """What is looked for: an id, a number, or what is known of a patient; never in an address."""

    text: str = Field(min_length=2, max_length=120)


class HoldingBack(Model):
    """What is to be held back; a tenant's own pause names the tenant, or nobody."""

    scope: PauseScope
    of: str = ""
    reason: str


@dataclass(frozen=True)
class RunOperations:
    """Answers operators.

    Attributes:
        parties: whom the tenant works with.
        find: finds referrals by an id, by a number, by what is known of a patient.
        decide: applies a decision to a work item.
        machine_arn: of the state machine; executions are named by referral and run.
    """

    referrals: Referrals
    lists: WorkLists
    held: Pauses
    letters: StreamLetters
    parties: Parties
    find: Find
    decide: Decide
    clock: Clock
    machine_arn: str

    def executions(self, request: Request) -> Response:
        """List a referral's executions, the last first, with where the console of AWS has each."""
        operator = operator_of(request)
        state = self.referrals.load(operator.tenant, ReferralId(request.resource_id))
        referral = state.referral
        found = [
            {"run": run, "state": _state(referral, run), **_links(self.machine_arn, referral, run)}
            for run in range(referral.run, 0, -1)
        ]
        return Response(HTTPStatus.OK, {**_row(referral), "executions": found})

    def found(self, request: Request) -> Response:
        """Find referrals; `more` says that what was sent is too common."""
        operator = operator_of(request)
        text = read_body(Wanted, request.body, "search").text.strip()
        everything, is_cut = self.find(operator.tenant, text)
        rows = [_row(referral) for referral in everything[:_AT_ONCE]]
        more = is_cut or len(everything) > len(rows)
        return Response(HTTPStatus.OK, {"referrals": rows, "more": more})

    def overdue(self, request: Request) -> Response:
        """List what is overdue, the longest first, with who must act and why."""
        operator = operator_of(request)
        now, rows, more = self.clock.now(), list[tuple[datetime, dict[str, Any]]](), False
        for queue in Queue:
            page, end = self.lists.items(
                operator.tenant, OfTeam(queue), _LISTED, before=instant(now)
            )
            more |= end is not None
            for referral in page:
                due = referral.item_due_at or referral.due_at
                owner = referral.work_item.owner if referral.work_item else None
                who = {"since": due.isoformat(), "acts": owner or queue.value}
                rows.append((due, {**_row(referral), **who}))
        rows.sort(key=lambda row: row[0])
        return Response(HTTPStatus.OK, {"overdue": [row for _, row in rows], "more": more})

    # --- pauses -----------------------------------------------------------------------------------

    def pauses(self, request: Request) -> Response:
        """List what is held back, since when, by whom and why."""
        operator = operator_of(request)
        return Response(
            HTTPStatus.OK, {"pauses": list(map(_held, self.held.pauses(operator.tenant)))}
        )

    def pause(self, request: Request) -> Response:
        """Hold back; nothing is lost meanwhile, and each referral that is held says so."""
        operator = operator_of(request)
        asked = read_body(HoldingBack, request.body, "pause")
        of = asked.of or (operator.tenant if asked.scope is PauseScope.TENANT else "")
        known = can_be_paused(self.parties, operator.tenant, asked.scope)
        if of not in known:
            _refuse(no_such(asked.scope, of, known))
        try:
            wanted = Pause(
                tenant=operator.tenant,
                by=operator.client_id,
                since=self.clock.now(),
                scope=asked.scope,
                of=of,
                reason=asked.reason,
            )
        except ValidationError as error:
            wrong = sorted(str(e["loc"][0]) if e["loc"] else "of" for e in error.errors())
            _refuse(f"Correct {', '.join(wrong)}.")
        self.held.pause(wanted)
        return Response(HTTPStatus.CREATED, _held(wanted))

    def resume(self, request: Request) -> Response:
        """Let go on what `scope:of` names; what is held looks within a quarter of an hour."""
        operator = operator_of(request)
        scope, _, of = request.resource_id.partition(":")
        if scope not in set(PauseScope) or not of:
            _refuse("Name the pause as it is listed: payer:acme.")
        if not self.held.resume(operator.tenant, PauseScope(scope), of):
            listed = [pause.name for pause in self.held.pauses(operator.tenant)]
            what = no_such("pause", f"{scope}:{of}", listed) if listed else "Nothing is held back."
            raise NotFound(what)
        return Response(HTTPStatus.OK, {"resumed": True})

    # --- once more --------------------------------------------------------------------------------

    def redrive(self, request: Request) -> Response:
        """Give the tenant's dead letters to their consumers, once their cause is mended."""
        done = self.letters.redrive(operator_of(request).tenant)
        return Response(HTTPStatus.OK, {"used": done.used, "kept": done.kept, "more": done.more})

    def replay_notices(self, request: Request) -> Response:
        """Send the notices that were not delivered once more, the longest waiting first."""
        operator = operator_of(request)
        check_parameters(request.query, frozenset({"ehr"}))
        ehr = request.query.get("ehr")
        known = [] if ehr is None else [one.id for one in self.parties.ehrs(operator.tenant)]
        if ehr is not None and ehr not in known:
            _refuse(no_such("EHR", ehr, known))
        waiting, more = self._undelivered(operator.tenant, ehr)
        at_once, left = waiting[:_AT_ONCE], len(waiting[_AT_ONCE:])
        sent = [r.id for r, opened_at in at_once if self._is_replayed(operator, r, opened_at)]
        return Response(HTTPStatus.OK, {"replayed": sent, "left": left, "more": more})

    def _undelivered(
        self, tenant: Tenant, ehr: str | None
    ) -> tuple[list[tuple[Referral, datetime]], bool]:
        """Return whose notice waits, since when, and whether the list goes on unread.

        They stand among whatever else their team has, the first due first.
        """
        team = OfTeam(WORK_ITEM_POLICIES[Reason.NOTICE_UNDELIVERED].queue)
        found, after = list[tuple[Referral, datetime]](), FIRST
        for _ in range(_PAGES):
            page, end = self.lists.items(tenant, team, _LISTED, after=after)
            found += [
                (referral, item.opened_at)
                for referral in page
                if (item := referral.work_item) and item.reason is Reason.NOTICE_UNDELIVERED
                if ehr in {None, referral.referrer}
            ]
            if end is None:
                return found, False
            after = end
        return found, True

    def _is_replayed(self, operator: Principal, referral: Referral, opened_at: datetime) -> bool:
        update = DecisionMade(
            id=f"replay-{opened_at.timestamp():.0f}",
            actor=operator.client_id,
            role=operator.role,
            received_at=self.clock.now(),
            action=RETRY,
            item=opened_at,
        )
        try:
            self.decide(operator.tenant, referral.id, update)
        except NotLegal:
            return False  # somebody settled it meanwhile
        return True


def operator_of(request: Request) -> Principal:
    """Return who asks: a machine that was given the scope, or a manager."""
    principal = request.principal
    if principal.person is not None:
        principal.require_manager()
    return principal


def _state(referral: Referral, run: int) -> str:
    if run < referral.run:
        return "superseded"
    if referral.is_closed:
        return "closed"
    return "paused" if referral.paused else "active"


def _links(machine_arn: str, referral: Referral, run: int) -> dict[str, str]:
    """Return an execution's ARN, and where the console of AWS shows it."""
    arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{referral.id}-{run}"
    return {"arn": arn, "console": console_link(arn)}


def console_link(execution_arn: str) -> str:
    """Return where the console of AWS shows an execution."""
    region = execution_arn.split(":")[3]
    place = f"https://{region}.console.aws.amazon.com/states/home?region={region}"
    return f"{place}#/v2/executions/details/{execution_arn}"


def _row(referral: Referral) -> dict[str, Any]:
    return {
        "id": referral.id,
        "status": referral.status.value,
        "outcome": referral.outcome.value if referral.outcome else None,
        "step": referral.current_step.value,
        "run": referral.run,
        "queue": referral.queue.value,
        "waitsFor": referral.waits_for.value,
        "dueAt": None if referral.is_closed else referral.due_at.isoformat(),
        "why": referral.status_reason,
        "paused": referral.paused,
    }


def _held(pause: Pause) -> dict[str, Any]:
    return {
        "id": pause.name,
        "scope": pause.scope.value,
        "of": pause.of,
        "reason": pause.reason,
        "by": pause.by,
        "since": pause.since.isoformat(),
    }


def _refuse(sentence: str) -> NoReturn:
    refuse("invalid-operation", sentence, code="value", status=HTTPStatus.BAD_REQUEST)
