"""The function publish_outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from referral_core.adapters.aws.dynamodb.keys import PUBLISHED
from referral_core.adapters.aws.dynamodb.openings import closings_in, opening_in
from referral_core.adapters.aws.dynamodb.projections import projected_in
from referral_core.entrypoints.outbox import Outbox
from referral_core.entrypoints.stream import consume
from referral_core.settings import settings
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.dead_letters import dead_letters
from referral_core.wiring.parts.workflow import workflow

if TYPE_CHECKING:
    from referral_core.ports.lifecycle import Notices, WaitlistRequests


@built_once
def build() -> Callable[[Mapping[str, Any]], dict[str, list[dict[str, str]]]]:
    """Build the function publish_outbox."""
    settings().need("state_machine_arn")
    settings().need("notices_queue_url")
    settings().need("waitlist_queue_url")
    outbox = Outbox(workflow(), _notices, projected_in, _waitlist, opening_in, closings_in)
    unusable = dead_letters("publish_outbox")
    return lambda event: consume(event, PUBLISHED, outbox.publish, unusable, deleted=outbox.deleted)


@cache
def _waitlist() -> WaitlistRequests:
    """Return the queue of the waitlist, whose client is made for the first request."""
    from referral_core.adapters.aws.sqs import SqsWaitlistRequests  # noqa: PLC0415 - see above

    return SqsWaitlistRequests(aws_client("sqs"), settings().need("waitlist_queue_url"))


@cache
def _notices() -> Notices:
    """Return the queue of notices, whose client is made for the first one."""
    from referral_core.adapters.aws.sqs import SqsNotices  # noqa: PLC0415 - see above

    return SqsNotices(aws_client("sqs"), settings().need("notices_queue_url"))
