"""The executions of the state machine that failed, as Step Functions lists them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final

from referral_core.adapters.aws.service_errors import service_errors
from referral_core.ports.operations import FailedExecution

_ENDED_BADLY: Final = ("FAILED", "TIMED_OUT", "ABORTED")
_A_PAGE: Final = 100
_MOST_PAGES: Final = 10
"""Of each status, the latest first: what a thousand failures have in common shows."""


class StateMachineExecutions:
    """Lists the executions of one state machine."""

    def __init__(self, client: Callable[[Any], Any], state_machine_arn: str) -> None:
        """Take what makes a client of a service, and the state machine."""
        self._client, self._arn = client, state_machine_arn

    def failed(self) -> tuple[Sequence[FailedExecution], bool]:
        """List those that failed, the last stopped first, and whether others are left unread."""
        client, found, more = self._client("stepfunctions"), list[FailedExecution](), False
        pages = client.get_paginator("list_executions")
        for status in _ENDED_BADLY:
            asked = {"stateMachineArn": self._arn, "statusFilter": status, "maxResults": _A_PAGE}
            with service_errors("The executions could not be listed"):
                for page in islice(pages.paginate(**asked), _MOST_PAGES):
                    left = "nextToken" in page
                    found += [
                        FailedExecution(e["name"], e["executionArn"], e["status"], e["stopDate"])
                        for e in page["executions"]
                    ]
            more |= left
        return sorted(found, key=lambda each: each.stopped_at, reverse=True), more
