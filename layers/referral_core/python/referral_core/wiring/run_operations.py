"""The function run_operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral_core.adapters.aws.dynamodb.pauses import PauseTable
from referral_core.adapters.aws.executions import StateMachineExecutions
from referral_core.adapters.aws.stream_letters import SqsStreamLetters
from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.routes import operations_app
from referral_core.entrypoints.http.staff.failed_executions import ListFailedExecutions
from referral_core.entrypoints.http.staff.live_board import ShowLiveBoard
from referral_core.entrypoints.http.staff.lookups import ShowReferrals
from referral_core.entrypoints.http.staff.operations import RunOperations
from referral_core.entrypoints.http.staff.partner_names import NamePartners
from referral_core.settings import settings
from referral_core.wiring.parts.audit import audit
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.directory import directory
from referral_core.wiring.parts.engine_on_first_use import engine_on_first_use
from referral_core.wiring.parts.table import table
from referral_core.wiring.parts.throttle import throttle
from referral_core.wiring.parts.work_lists import work_lists

if TYPE_CHECKING:
    from referral_core.domain.ids import ReferralId, Tenant
    from referral_core.domain.updates import DecisionMade


@built_once
def build() -> HttpEndpoint:
    """Build the function run_operations."""
    name = settings().need("table_name")
    letters = SqsStreamLetters(
        aws_client, settings().need("stream_dlq_url"), name, settings().need("stack_name")
    )
    shown = ShowReferrals(table(), work_lists(), directory(), clock())
    machine = settings().need("state_machine_arn")
    failed = ListFailedExecutions(StateMachineExecutions(aws_client, machine), table())
    use = RunOperations(
        table(),
        work_lists(),
        PauseTable(aws_client("dynamodb"), name),
        letters,
        directory(),
        shown.found,
        _decide,
        clock(),
        machine,
    )
    return (
        operations_app(
            use,
            ShowLiveBoard(work_lists(), letters, clock()),
            failed,
            NamePartners(directory(), work_lists()),
        )
        .admitting(throttle().admit)
        .audited(audit())
    )


def _decide(tenant: Tenant, referral_id: ReferralId, decision: DecisionMade) -> None:
    """Apply a decision; the engine is loaded with the first."""
    from referral_core.lifecycle.engine.apply_update import apply_update  # noqa: PLC0415 - see above

    apply_update(engine_on_first_use(), tenant, referral_id, decision)
