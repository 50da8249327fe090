"""Step Functions behind the Workflow port."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from referral_core.adapters.aws.service_errors import service_errors
from referral_core.domain.lifecycle import Next
from referral_core.domain.run import Delivery, Run

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

_NOBODY_WAITS: Final = frozenset({"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"})


def execution_name(run: Run) -> str:
    """Return the deterministic name that makes a duplicate start harmless."""
    return f"{run.id}-{run.run}"


class StepFunctionsWorkflow:
    """Starts executions and completes waiting tasks."""

    def __init__(self, client: SFNClient, state_machine_arn: str) -> None:
        """Take a Step Functions client; the ARN is needed only to start."""
        self._client = client
        self._arn = state_machine_arn

    def start(self, run: Run) -> None:
        """Start the run's execution; the input holds ids only."""
        entry = {
            "tenant": run.tenant,
            "referral_id": run.id,
            "run": run.run,
            "current_step": run.current_step.value,
        }
        with (
            service_errors("The execution could not be started"),
            suppress(self._client.exceptions.ExecutionAlreadyExists),
        ):
            self._client.start_execution(
                stateMachineArn=self._arn,
                name=execution_name(run),
                input=json.dumps(entry),
            )

    def complete_task(self, token: str, following: Next) -> Delivery:
        """Complete a waiting task: the state machine goes on to the state named."""
        output = json.dumps({"next": following.value})
        try:
            self._client.send_task_success(taskToken=token, output=output)
        except ClientError as error:
            return _delivery(error)
        except BotoCoreError:
            return Delivery.UNKNOWN
        return Delivery.DELIVERED

    def fail_task(self, token: str, error: str) -> Delivery:
        """Report a waiting task as failed; the error is a name, never a message with content."""
        try:
            self._client.send_task_failure(
                taskToken=token, error=error, cause="See the function's log."
            )
        except ClientError as failed:
            return _delivery(failed)
        except BotoCoreError:
            return Delivery.UNKNOWN
        return Delivery.DELIVERED


def _delivery(error: ClientError) -> Delivery:
    nobody = error.response["Error"]["Code"] in _NOBODY_WAITS
    return Delivery.NOBODY_WAITS if nobody else Delivery.UNKNOWN
