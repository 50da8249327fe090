"""What happened, read where an operator would: the table, the executions, the logs, the queues."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from local.follow import Follower
from local.seed import TENANT
from local.stack import Stack
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.domain.events import Event
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import LEGAL, Party, Status, Step
from referral_core.domain.referral import Referral
from referral_core.domain.writes import ReferralState
from tests.end_to_end.waiting import until

_CLOSED_WITHIN_S: Final = 3600.0
"""The longest sample takes four virtual weeks, two or three minutes where a machine keeps up."""

_LOOK_S: Final = 30
"""How long a message that was looked at stays hidden, at most."""


@dataclass(frozen=True)
class Records:
    """The running stack's memory."""

    stack: Stack

    @cached_property
    def table(self) -> ReferralTable:
        return ReferralTable(self.client("dynamodb"), self.stack.deployment["TableName"])

    def client(self, service: str) -> Any:
        return self.stack.emulator.client(service)

    # --- one referral ------------------------------------------------------------------------

    def loaded(self, referral_id: str) -> ReferralState:
        return self.table.load(TENANT, ReferralId(referral_id))

    def referral(self, referral_id: str) -> Referral:
        return self.loaded(referral_id).referral

    def events(self, referral_id: str) -> Sequence[Event]:
        return self.table.events(TENANT, ReferralId(referral_id))

    def kinds(self, referral_id: str) -> list[str]:
        return [event.kind for event in self.events(referral_id)]

    def statuses(self, referral_id: str) -> list[Status]:
        """Return the statuses that it went through, in order."""
        passed: list[Status] = []
        for event in self.events(referral_id):
            if not passed or passed[-1] is not event.to_status:
                passed.append(event.to_status)
        return passed

    def states_entered(self, referral_id: str) -> int:
        return Follower(self.stack).states_entered(self.referral(referral_id))

    def ended(self, referral_id: str) -> Referral:
        """Wait until it is closed or on a person's worklist."""

        def look() -> Referral | None:
            referral = self.referral(referral_id)
            on_worklist = (
                referral.waits_for is Party.STAFF and referral.current_step is Step.OPEN_WORK_ITEM
            )
            return referral if referral.is_closed or on_worklist else None

        return until(look, f"the end of referral {referral_id}: {self.kinds(referral_id)}")

    def closed(self, referral_id: str, *, reopened: bool = False) -> Referral:
        """Wait until it is closed, whatever worklists it stands on meanwhile.

        Args:
            referral_id: which one.
            reopened: whether it is to be opened again and closed once more.
        """

        def look() -> Referral | None:
            referral = self.referral(referral_id)
            ended = referral.is_closed and bool(referral.reopenings) >= reopened
            return referral if ended else None

        return until(look, f"the closing of {referral_id}", within_s=_CLOSED_WITHIN_S)

    def waiting(self, referral_id: str, step: Step) -> ReferralState:
        """Wait until a step of it waits."""

        def look() -> ReferralState | None:
            loaded = self.loaded(referral_id)
            wait = loaded.mailbox.open_wait
            return loaded if wait and wait.step is step else None

        return until(look, f"{step} of {referral_id} waits")

    def has_kept_the_rules(self, referral_id: str) -> None:
        """Check what holds for every referral whatever happens to it."""
        referral = self.referral(referral_id)
        # One that is left on a worklist goes on being overdue while it is looked at.
        events = [e for e in self.events(referral_id) if e.version <= referral.version]
        assert [e.version for e in events] == list(range(1, len(events) + 1))
        for before, after in pairwise(events):
            assert after.from_status is before.to_status
            moved = after.to_status is not before.to_status
            assert not moved or after.to_status in LEGAL[before.to_status]
            assert after.run >= before.run
            assert after.at >= before.at
        assert (referral.version, referral.status) == (events[-1].version, events[-1].to_status)

    # --- executions ----------------------------------------------------------------------------

    def execution_arn(self, referral_id: str, run: int) -> str:
        machine = self.stack.deployment["StateMachineArn"]
        return f"{machine.replace(':stateMachine:', ':execution:')}:{referral_id}-{run}"

    def execution_status(self, referral_id: str, run: int) -> str | None:
        """Return the status of a run's execution; None when there is none."""
        client = self.client("stepfunctions")
        arn = self.execution_arn(referral_id, run)
        try:
            return str(client.describe_execution(executionArn=arn)["status"])
        except client.exceptions.ExecutionDoesNotExist:
            return None

    def history(self, execution_arn: str) -> Iterator[dict[str, Any]]:
        pages = self.client("stepfunctions").get_paginator("get_execution_history")
        for page in pages.paginate(executionArn=execution_arn):
            yield from page["events"]

    def has_entered(self, referral_id: str, run: int, step: Step) -> bool:
        if self.execution_status(referral_id, run) is None:
            return False
        return any(
            event.get("stateEnteredEventDetails", {}).get("name") == step
            for event in self.history(self.execution_arn(referral_id, run))
        )

    def execution_arns(self) -> Iterator[str]:
        pages = self.client("stepfunctions").get_paginator("list_executions")
        for page in pages.paginate(stateMachineArn=self.stack.deployment["StateMachineArn"]):
            yield from (execution["executionArn"] for execution in page["executions"])

    # --- what operators read ---------------------------------------------------------------------

    def log_lines(self) -> Iterator[str]:
        """Iterate over every line of every log group, and of the emulator's own log."""
        logs = self.client("logs")
        for groups in logs.get_paginator("describe_log_groups").paginate():
            for group in groups["logGroups"]:
                pages = logs.get_paginator("filter_log_events")
                for page in pages.paginate(logGroupName=group["logGroupName"]):
                    yield from (event["message"] for event in page["events"])
        yield from self.stack.emulator.log.read_text(errors="replace").splitlines()

    def items(self) -> Iterator[dict[str, Any]]:
        """Iterate over every item of the table."""
        pages = self.client("dynamodb").get_paginator("scan")
        for page in pages.paginate(TableName=self.stack.deployment["TableName"]):
            yield from page["Items"]

    def queue_urls(self) -> list[str]:
        return list(self.client("sqs").list_queues()["QueueUrls"])

    def queued(self, url: str) -> list[str]:
        """Return all bodies in a queue, leaving them there.

        A queue shows ten messages at a time and the same ten again, so what was seen is hidden
        until all of it was.
        """
        queue, seen = self.client("sqs"), []
        while messages := queue.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=_LOOK_S
        ).get("Messages", []):
            seen += messages
        for message in seen:
            queue.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return [message["Body"] for message in seen]

    def dead_letters(self) -> list[str]:
        """Return what lies in any dead-letter queue."""
        return [body for url in self.queue_urls() if "Dlq" in url for body in self.queued(url)]


def text_of(found: Any) -> str:
    """Return anything as text that can be searched."""
    return json.dumps(found, default=str, ensure_ascii=False)
