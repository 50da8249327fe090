"""The routes of operations: what people ask and do who keep the tenant's referrals going."""

from __future__ import annotations

from typing import Final

from referral_core.domain.access.scopes import OPERATE
from referral_core.domain.update_kinds import Role
from referral_core.entrypoints.http.route import RUN_OPERATIONS, Route

_STAFF: Final = frozenset({Role.STAFF})


def _operation(method: str, path: str, operation: str, does: str) -> Route:
    return Route(method, f"/operations{path}", RUN_OPERATIONS, operation, OPERATE, _STAFF, does)


OPERATION_ROUTES: Final = (
    _operation(
        "GET",
        "/referrals/{id}/executions",
        "list-executions",
        "List a referral's executions, with links to the console of AWS.",
    ),
    _operation(
        "POST",
        "/find",
        "find-for-operators",
        "Find referrals by id, order or authorization number, or patient; ids and states only.",
    ),
    _operation(
        "GET",
        "/board",
        "read-board",
        "Read open referrals by team and age, the payers' clocks, and how many dead letters lie.",
    ),
    _operation("GET", "/executions", "list-failed-executions", "List executions that failed."),
    _operation("GET", "/partners", "name-partners", "Read what payers and practices are called."),
    _operation("GET", "/overdue", "list-overdue", "List what is overdue, who must act, and why."),
    _operation("GET", "/pauses", "list-pauses", "List what is held back."),
    _operation("POST", "/pauses", "pause", "Hold back a tenant, a payer, a clinic or a channel."),
    _operation("DELETE", "/pauses/{id}", "resume", "Let go on what is held back."),
    _operation("POST", "/redrive", "redrive", "Give dead letters to their consumers once more."),
    _operation(
        "POST", "/notices/replay", "replay-notices", "Send undelivered notices once more, in bulk."
    ),
)
"""Every route of operations."""
