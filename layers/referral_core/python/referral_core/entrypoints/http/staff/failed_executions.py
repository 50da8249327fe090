"""Executions that failed: what became of each referral since, and who acts next.

A run that ended badly loses nothing: the referral's due time stands on the record, and the watchdog
starts another run when it comes. Here operators see which did, and whether that has happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.referral import Referral
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.staff.operations import console_link, operator_of
from referral_core.ports.lifecycle import Referrals
from referral_core.ports.operations import Executions, FailedExecution

_SHOWN: Final = 25
_AT_ONCE: Final = 100
"""Executions whose referrals are read together; most lists end with the first."""
_NAME: Final = re.compile(r"(.+)-(\d{1,9})", re.ASCII)
"""How an execution is named: its referral, and its run."""


@dataclass(frozen=True)
class ListFailedExecutions:
    """Answers operators within their tenant; an execution's name says the referral, not whose."""

    executions: Executions
    referrals: Referrals

    def listed(self, request: Request) -> Response:
        """List the failed executions of the tenant's referrals, the last stopped first."""
        tenant = operator_of(request).tenant
        failed, more = self.executions.failed()
        rows = list[dict[str, Any]]()
        for execution, referral, run in self._of(tenant, failed):
            if len(rows) == _SHOWN:
                more = True
                break
            rows.append(_row(execution, referral, run))
        return Response(HTTPStatus.OK, {"executions": rows, "more": more})

    def _of(
        self, tenant: Tenant, failed: Sequence[FailedExecution]
    ) -> Iterator[tuple[FailedExecution, Referral, int]]:
        """Iterate over a tenant's: another's referral is not there for it."""
        for first in range(0, len(failed), _AT_ONCE):
            some = failed[first : first + _AT_ONCE]
            # One whose name is another somebody started by hand.
            named = [(e, found) for e in some if (found := _NAME.fullmatch(e.name))]
            ids = list(dict.fromkeys(ReferralId(found[1]) for _, found in named))
            known = {referral.id: referral for referral in self.referrals.those_of(tenant, ids)}
            for execution, found in named:
                if found[1] in known:
                    yield execution, known[ReferralId(found[1])], int(found[2])


def _row(execution: FailedExecution, referral: Referral, run: int) -> dict[str, Any]:
    return {
        "referral": referral.id,
        "run": run,
        "ended": execution.status,
        "stoppedAt": execution.stopped_at.isoformat(),
        "state": _state(referral, run),
        "status": referral.status.value,
        "dueAt": None if referral.is_closed else referral.due_at.isoformat(),
        "console": console_link(execution.arn),
    }


def _state(referral: Referral, run: int) -> str:
    """Return what became of it: closed, started-again, with-a-person, or to-be-started."""
    if referral.is_closed:
        return "closed"
    if run < referral.run:
        return "started-again"
    return "with-a-person" if referral.work_item else "to-be-started"
