"""The executions of the state machine that failed, as Step Functions lists them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from referral_core.adapters.aws.service_errors import service_errors
from referral_core.ports.operations import FailedExecution

_ENDED_BADLY: Final = ("FAILED", "TIMED_OUT", "ABORTED")
_READ: Final = 100
"""Of each status: an execution that fails is rare, and what many have in common a few show."""


class StateMachineExecutions:
    """Lists the executions of one state machine."""

    def __init__(self, client: Callable[[Any], Any], state_machine_arn: str) -> None:
        """Take what makes a client of a service, and the state machine."""
        self._client, self._arn = client, state_machine_arn

    def failed(self) -> tuple[Sequence[FailedExecution], bool]:
        """List those that failed, the last stopped first, and whether others are left unread."""
        client, found, more = self._client("stepfunctions"), list[FailedExecution](), False
        for status in _ENDED_BADLY:
            with service_errors("The executions could not be listed"):
                page = client.list_executions(
                    stateMachineArn=self._arn, statusFilter=status, maxResults=_READ
                )
            more |= "nextToken" in page
            found += [
                FailedExecution(e["name"], e["executionArn"], e["status"], e["stopDate"])
                for e in page["executions"]
            ]
        return sorted(found, key=lambda each: each.stopped_at, reverse=True), more
