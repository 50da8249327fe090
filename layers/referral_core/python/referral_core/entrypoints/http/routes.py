"""The endpoint of each HTTP function: every route of the table with its use case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.route import (
    MANAGE_PEOPLE,
    QUERY_REPORTS,
    READ_RECORDS,
    RECEIVE_REFERRAL,
    RECEIVE_UPDATE,
    RUN_OPERATIONS,
    Route,
)
from referral_core.entrypoints.http.route_table import routes_of

if TYPE_CHECKING:
    # Each function loads its own use cases only.
    from referral_core.entrypoints.http.audit.events import ReadAudit
    from referral_core.entrypoints.http.directory.changes import KeepDirectory
    from referral_core.entrypoints.http.directory.reads import ShowDirectory
    from referral_core.entrypoints.http.directory.slot_search import ShowSlots
    from referral_core.entrypoints.http.directory.slots import KeepSlots
    from referral_core.entrypoints.http.orders.binaries import ReadBinaries
    from referral_core.entrypoints.http.orders.intake import ReceiveReferral
    from referral_core.entrypoints.http.orders.named_changes import ChangeNamedOrders
    from referral_core.entrypoints.http.orders.reads import ReadRecords
    from referral_core.entrypoints.http.orders.timeline import ShowTimeline
    from referral_core.entrypoints.http.reports.figures import RunReports
    from referral_core.entrypoints.http.staff.documents import ShowDocuments
    from referral_core.entrypoints.http.staff.failed_executions import ListFailedExecutions
    from referral_core.entrypoints.http.staff.list_values import CountListValues
    from referral_core.entrypoints.http.staff.live_board import ShowLiveBoard
    from referral_core.entrypoints.http.staff.lookups import ShowReferrals
    from referral_core.entrypoints.http.staff.operations import RunOperations
    from referral_core.entrypoints.http.staff.partner_names import NamePartners
    from referral_core.entrypoints.http.staff.people import ManagePeople
    from referral_core.entrypoints.http.staff.saved_filters import KeepFilters
    from referral_core.entrypoints.http.staff.unmatched import ListUnmatched, MatchItems
    from referral_core.entrypoints.http.staff.work_items import DecideWorkItems
    from referral_core.entrypoints.http.staff.worklist import ListWorkItems
    from referral_core.entrypoints.http.updates.partners import ReceiveUpdate
    from referral_core.entrypoints.http.updates.tasks import ReceiveTasks

T = TypeVar("T")
_CHANGING: Final = (b'"batch"', b'"PUT"', b'"PATCH"')
"""What stands in every Bundle that changes an order, or is a batch."""


def intake_app(use: ReceiveReferral) -> HttpEndpoint:
    """Return the endpoint of receive_referral."""
    by_operation = {
        "create-order": use.create,
        "create-bundle": lambda request: _bundle(use, endpoint, request),
        "process-message": use.process_message,
        "update-order": lambda request: use.orders().update(request),
        "patch-order": lambda request: _named(use).patch(request),
        "update-order-where": lambda request: _named(use).update_where(request),
        "patch-order-where": lambda request: _named(use).patch_where(request),
    }
    endpoint: HttpEndpoint = HttpEndpoint(_by_route(RECEIVE_REFERRAL, by_operation))
    return endpoint


def _bundle(use: ReceiveReferral, endpoint: HttpEndpoint, request: Request) -> Response:
    """Take a Bundle; of those that change nothing, which are most, nothing else is loaded."""
    if not any(mark in request.body for mark in _CHANGING):
        return use.create_bundle(request)
    from referral_core.entrypoints.http.orders.bundled_changes import (  # noqa: PLC0415 - see above
        ReceiveBundledChanges,
    )

    return ReceiveBundledChanges(use.create_bundle, endpoint, use.clock).take(request)


def _named(use: ReceiveReferral) -> ChangeNamedOrders:
    """Return what takes patches and conditional updates; most requests load none of it."""
    from referral_core.entrypoints.http.orders.named_changes import (  # noqa: PLC0415 - see above
        ChangeNamedOrders,
    )

    return ChangeNamedOrders(
        use.referrals,
        use.documents,
        use.create,
        use.create_bundle,
        lambda sent: use.orders().update(sent),
    )


def update_app(
    use: ReceiveUpdate,
    tasks: ReceiveTasks,
    staff: DecideWorkItems,
    matching: MatchItems,
    *,
    directory: KeepDirectory,
    slots: KeepSlots,
) -> HttpEndpoint:
    """Return the endpoint of receive_update."""
    by_operation = {
        "update-task": tasks.update,
        "patch-task": tasks.patch,
        "create-task": tasks.create,
        "create-appointment": use.appointment,
        "update-appointment": use.appointment,
        "create-document": use.document,
        "upload": use.upload,
        "create-diagnostic-report": use.diagnostic_report,
        "create-claim-response": use.claim_response,
        "create-communication": use.communication,
        "decide-work-item": staff.decision,
        "care-for-work-items": staff.care,
        "match-item": matching.decision,
        "reopen": staff.reopen,
        "state-capacity": directory.capacity,
        "state-status": directory.status,
        "dispute-fact": directory.dispute,
        "verify-facts": directory.verify,
        "create-schedule": slots.schedule,
        "update-schedule": slots.schedule,
        "publish-slots": slots.slots,
        "create-slot": slots.slot,
        "update-slot": slots.slot,
    }
    return HttpEndpoint(_by_route(RECEIVE_UPDATE, by_operation))


def read_app(
    use: ReadRecords,
    worklist: ListWorkItems,
    unmatched: ListUnmatched,
    staff: ShowReferrals,
    *,
    timelines: ShowTimeline,
    values: CountListValues,
    audits: ReadAudit,
    documents: ShowDocuments,
    binaries: ReadBinaries,
    directory: ShowDirectory,
    slots: ShowSlots,
) -> HttpEndpoint:
    """Return the endpoint of query_api."""
    by_operation = {
        "read-order": use.service_request,
        "search-orders": use.service_requests,
        "order-history": use.order_history,
        "order-version": use.order_version,
        "read-task": use.task,
        "search-tasks": use.tasks,
        "timeline": timelines.timeline,
        "available-actions": worklist.available_actions,
        "search-work-items": worklist.work_items,
        "search-unmatched": unmatched.unmatched,
        "read-unmatched": unmatched.document,
        "count-work-items": worklist.counts,
        "count-list-values": values.values,
        "who-am-i": staff.me,
        "search-people": staff.people,
        "route-explain": staff.explain_routing,
        "read-referral": staff.referral,
        "search-referrals": staff.search,
        "search-audit": audits.search,
        "list-documents": documents.listed,
        "read-document": documents.document,
        "read-binary": binaries.binary,
        "read-entry": directory.entry,
        "list-to-verify": directory.to_verify,
        "read-schedule": slots.schedule,
        "read-slot": slots.slot,
        "search-slots": slots.slots,
    }
    public = {"capabilities": use.metadata, "openapi": use.openapi}
    return HttpEndpoint(
        _by_route(READ_RECORDS, by_operation, is_public=False),
        _by_route(READ_RECORDS, public, is_public=True),
    )


def report_app(use: RunReports) -> HttpEndpoint:
    """Return the endpoint of query_reports."""
    by_operation = {"list-reports": use.listed, "run-report": use.run}
    return HttpEndpoint(_by_route(QUERY_REPORTS, by_operation))


def people_app(use: ManagePeople, filters: KeepFilters) -> HttpEndpoint:
    """Return the endpoint of manage_people."""
    by_operation = {
        "onboard-person": use.onboard,
        "change-person": use.change,
        "end-person": use.leave,
        "list-filters": filters.listed,
        "save-filter": filters.save,
        "forget-filter": filters.forget,
    }
    return HttpEndpoint(_by_route(MANAGE_PEOPLE, by_operation))


def operations_app(
    use: RunOperations, board: ShowLiveBoard, failed: ListFailedExecutions, named: NamePartners
) -> HttpEndpoint:
    """Return the endpoint of run_operations."""
    by_operation = {
        "list-executions": use.executions,
        "find-for-operators": use.found,
        "read-board": board.board,
        "list-failed-executions": failed.listed,
        "name-partners": named.names,
        "list-overdue": use.overdue,
        "list-pauses": use.pauses,
        "pause": use.pause,
        "resume": use.resume,
        "redrive": use.redrive,
        "replay-notices": use.replay_notices,
    }
    return HttpEndpoint(_by_route(RUN_OPERATIONS, by_operation))


def _by_route(
    function: str, by_operation: Mapping[str, T], *, is_public: bool = False
) -> dict[Route, T]:
    """Return the use case of each route of a function; a route without one fails at once."""
    routes = [r for r in routes_of(function) if (r.scope is None) is is_public]
    return {route: by_operation[route.operation] for route in routes}
