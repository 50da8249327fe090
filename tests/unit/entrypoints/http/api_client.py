"""The HTTP API over the in-memory world: requests as API Gateway sends them, by a client's name."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from local.lake.duck import DuckLake
from referral_core.adapters.memory.audit import MemoryAuditTrail
from referral_core.adapters.memory.directory_store import MemoryDirectoryStore
from referral_core.adapters.memory.kept_rows import MemoryKeptRows
from referral_core.adapters.memory.partners import MemoryOptOuts
from referral_core.adapters.memory.pauses import MemoryPauses
from referral_core.adapters.memory.people import MemoryAccounts, MemoryPeople
from referral_core.adapters.memory.work_lists import MemoryWorkLists
from referral_core.domain.access.caller import NO_ZONE, refusal
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.ids import Tenant
from referral_core.entrypoints.http.audit.events import ReadAudit
from referral_core.entrypoints.http.audit.trace import Audit
from referral_core.entrypoints.http.directory.changes import KeepDirectory
from referral_core.entrypoints.http.directory.reads import ShowDirectory
from referral_core.entrypoints.http.directory.slot_search import ShowSlots
from referral_core.entrypoints.http.directory.slots import KeepSlots
from referral_core.entrypoints.http.orders.binaries import ReadBinaries
from referral_core.entrypoints.http.orders.changes import ReceiveOrderUpdate
from referral_core.entrypoints.http.orders.intake import ReceiveReferral
from referral_core.entrypoints.http.orders.reads import ReadRecords
from referral_core.entrypoints.http.orders.refused import KeepRefusedOrders
from referral_core.entrypoints.http.orders.timeline import ShowTimeline
from referral_core.entrypoints.http.reports.figures import RunReports
from referral_core.entrypoints.http.reports.kept import KeptReports
from referral_core.entrypoints.http.route import (
    MANAGE_PEOPLE,
    QUERY_REPORTS,
    READ_RECORDS,
    RECEIVE_REFERRAL,
    RECEIVE_UPDATE,
    RUN_OPERATIONS,
)
from referral_core.entrypoints.http.route_matching import function_of
from referral_core.entrypoints.http.routes import (
    intake_app,
    operations_app,
    people_app,
    read_app,
    report_app,
    update_app,
)
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
from referral_core.entrypoints.http.updates.announced_uploads import AnnouncedUploads
from referral_core.entrypoints.http.updates.partners import ReceiveUpdate
from referral_core.entrypoints.http.updates.put_aside import PutAside
from referral_core.entrypoints.http.updates.service import UpdateService
from referral_core.entrypoints.http.updates.tasks import ReceiveTasks
from referral_core.entrypoints.http.updates.uploads import Uploads
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.keep_unmatched import KeepUnmatched
from referral_core.pathways import pathway_for, pathways
from referral_core.ports.operations import FailedExecution, Redriven
from referral_core.price_books import price_book
from referral_core.reporting.horizons import horizons
from tests.in_memory import REFERRAL, World
from tests.unit.entrypoints.http.events import PRINCIPALS, SCOPES, an_event, handed_over

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:referral_lifecycle"


class Letters:
    """Dead letters, two of which can be used by now."""

    def __init__(self) -> None:
        self.asked: list[Tenant | None] = []

    def redrive(self, tenant: Tenant | None) -> Redriven:
        self.asked.append(tenant)
        return Redriven(used=2, kept=1)

    def waiting(self) -> int:
        return 3


class Reply(NamedTuple):
    """What the API answered."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def says(self) -> str:
        """The sentence of an OperationOutcome."""
        return str(self.body["issue"][0]["diagnostics"])

    @property
    def code(self) -> str:
        """The stable own code of an OperationOutcome."""
        return str(self.body["issue"][0]["details"]["coding"][0]["code"])


class ApiClient:
    """The API of a world's tenant.

    Args:
        world: whose referrals they are.
        settled: whether its referrals go as far as they go after each request.
    """

    def __init__(self, world: World, *, settled: bool = True) -> None:
        self.world, self._settled = world, settled
        directory, self.documents = world.directory, world.documents
        directory._records = (*directory._records, *PRINCIPALS.values())
        referrals, engine, clock = world.referrals, world.engine, world.clock
        self.opt_outs = MemoryOptOuts(world.messenger)
        self.unmatched = referrals.unmatched
        self.entries = MemoryDirectoryStore(referrals)
        service = UpdateService(referrals, self.documents, engine, clock)
        staff = DecideWorkItems(service, directory, self.opt_outs)
        reads = ReadRecords(
            referrals, referrals, clock, "https://auth.example.org/token", lambda: self.documents
        )
        lists = MemoryWorkLists(referrals)
        worklist = ListWorkItems(referrals, lists, clock, directory.people, self.unmatched.count)
        shown = ShowReferrals(referrals, lists, directory, clock)
        self.uses_of_lists = (worklist, shown)
        orders = ReceiveOrderUpdate(referrals, self.documents, lambda: engine, clock)
        self.intake = ReceiveReferral(referrals, self.documents, clock, lambda: orders, pathway_for)
        self.lake = DuckLake()
        self.trail = MemoryAuditTrail()
        reports = RunReports(
            self.lake,
            directory,
            clock,
            [price_book("us-east-1")],
            horizons(pathways().values()),
            KeptReports(MemoryKeptRows()),
        )
        people, self.accounts = MemoryPeople(directory), MemoryAccounts()
        kept = KeepUnmatched(self.unmatched, referrals)
        uploads = AnnouncedUploads(lambda: self.unmatched, clock)
        refused = KeepRefusedOrders(self.unmatched, self.documents, lambda: referrals, clock)
        updates = ReceiveUpdate(
            service, PutAside(service, kept), Uploads(self.documents, uploads.announced)
        )
        self.apps = {
            RECEIVE_REFERRAL: intake_app(self.intake).seeing(refused.keep),
            RECEIVE_UPDATE: update_app(
                updates,
                ReceiveTasks(updates),
                staff,
                MatchItems(service, self.unmatched),
                directory=KeepDirectory(engine, self.entries),
                slots=KeepSlots(engine, self.entries),
            ),
            READ_RECORDS: read_app(
                reads,
                worklist,
                ListUnmatched(self.unmatched, lambda: world.documents, clock),
                shown,
                values=CountListValues(lists, clock),
                audits=ReadAudit(referrals, self.trail, clock),
                timelines=ShowTimeline(referrals, lambda: engine.sources, clock),
                documents=ShowDocuments(referrals, referrals, lambda: world.documents),
                binaries=ReadBinaries(referrals, referrals, lambda: world.documents),
                directory=ShowDirectory(directory, self.entries, clock),
                slots=ShowSlots(directory, clock),
            ),
            QUERY_REPORTS: report_app(reports),
            MANAGE_PEOPLE: people_app(
                ManagePeople(people, self.accounts, lists), KeepFilters(people, clock)
            ),
        }
        self.letters, self.ended = Letters(), list[FailedExecution]()
        operations = RunOperations(
            referrals,
            lists,
            MemoryPauses(directory),
            self.letters,
            directory,
            shown.found,
            partial(apply_update, engine),
            clock,
            MACHINE,
        )
        self.apps[RUN_OPERATIONS] = operations_app(
            operations,
            ShowLiveBoard(lists, self.letters, clock),
            ListFailedExecutions(self, referrals),
            NamePartners(directory, lists),
        )
        for function in (RECEIVE_REFERRAL, RECEIVE_UPDATE):
            self.apps[function].following(uploads.done)
        for app in self.apps.values():
            app.audited(Audit(lambda: self.trail, clock))

    def failed(self) -> tuple[list[FailedExecution], bool]:
        """List the executions that failed."""
        return self.ended, False

    def call(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        client: str = "staff-1",
        scope: str = SCOPES,
        **headers: str,
    ) -> Reply:
        """Call the API as a client or a person, then let the referrals go as far as they go."""
        parts = urlsplit(url)
        event = an_event(
            method,
            parts.path,
            body,
            caller=self.handed_over(client, scope),
            rawQueryString=parts.query,
            headers={
                "content-type": "application/fhir+json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        answer = self.apps[function_of(method, parts.path)].resolve(event, None)
        if self._settled:
            self.world.settle()
        headers_of = {name.lower(): value for name, value in answer["headers"].items()}
        text = b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"]
        return Reply(answer["statusCode"], json.loads(text or "{}"), headers_of)

    def handed_over(self, client: str, scope: str = SCOPES) -> Mapping[str, Any]:
        """Return what the authorizer says of a client or a person."""
        try:
            principal = self.world.directory.principal(client)
        except Forbidden as error:
            return refusal(str(error))
        try:
            zone = self.world.directory.tenant(principal.tenant).time_zone
        except NotFound:
            zone = NO_ZONE
        return handed_over(principal, scope, time_zone=zone)

    def decide(self, action: str, *, client: str = "staff-1", key: str = "", **sent: Any) -> Reply:
        """Act on the work item of the world's referral."""
        headers = {"idempotency_key": key} if key else {}
        path = f"/work-items/{REFERRAL}/decision"
        return self.call("POST", path, {"action": action, **sent}, client=client, **headers)

    def items(self, query: str = "", *, client: str = "staff-1") -> Reply:
        """List the work items."""
        return self.call("GET", f"/work-items{query}", client=client)
