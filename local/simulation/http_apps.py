"""The functions behind the HTTP API, composed over the simulation's ports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from local.simulation.ports import Ports
from referral_core.adapters.memory.audit import MemoryAuditTrail
from referral_core.adapters.memory.directory_store import MemoryDirectoryStore
from referral_core.adapters.memory.kept_rows import MemoryKeptRows
from referral_core.adapters.memory.partners import MemoryDocuments
from referral_core.adapters.memory.work_lists import MemoryWorkLists
from referral_core.entrypoints.http.audit.events import ReadAudit
from referral_core.entrypoints.http.directory.changes import KeepDirectory
from referral_core.entrypoints.http.directory.reads import ShowDirectory
from referral_core.entrypoints.http.directory.slot_search import ShowSlots
from referral_core.entrypoints.http.directory.slots import KeepSlots
from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.orders.binaries import ReadBinaries
from referral_core.entrypoints.http.orders.changes import ReceiveOrderUpdate
from referral_core.entrypoints.http.orders.intake import ReceiveReferral
from referral_core.entrypoints.http.orders.reads import ReadRecords
from referral_core.entrypoints.http.orders.refused import KeepRefusedOrders
from referral_core.entrypoints.http.orders.timeline import ShowTimeline
from referral_core.entrypoints.http.reports.figures import RunReports
from referral_core.entrypoints.http.reports.kept import KeptReports
from referral_core.entrypoints.http.routes import intake_app, read_app, report_app, update_app
from referral_core.entrypoints.http.staff.documents import ShowDocuments
from referral_core.entrypoints.http.staff.list_values import CountListValues
from referral_core.entrypoints.http.staff.lookups import ShowReferrals
from referral_core.entrypoints.http.staff.unmatched import ListUnmatched, MatchItems
from referral_core.entrypoints.http.staff.work_items import DecideWorkItems
from referral_core.entrypoints.http.staff.worklist import ListWorkItems
from referral_core.entrypoints.http.updates.announced_uploads import AnnouncedUploads
from referral_core.entrypoints.http.updates.partners import ReceiveUpdate
from referral_core.entrypoints.http.updates.put_aside import PutAside
from referral_core.entrypoints.http.updates.service import UpdateService
from referral_core.entrypoints.http.updates.tasks import ReceiveTasks
from referral_core.entrypoints.http.updates.uploads import Uploads
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.keep_unmatched import KeepUnmatched
from referral_core.pathways import pathway_for, pathways
from referral_core.price_books import LISTS, price_book
from referral_core.reporting.horizons import horizons

API: Final = "https://router.example"
HORIZONS: Final = horizons(pathways().values())
PRICES: Final = [price_book(name) for name in LISTS]


def _intake(ports: Ports, engine: Engine) -> ReceiveReferral:
    orders = ReceiveOrderUpdate(ports.referrals, ports.documents, lambda: engine, ports.clock)
    return ReceiveReferral(
        ports.referrals,
        ports.documents,
        ports.clock,
        lambda: orders,
        pathway_for,
        new_id=ports.new_id,
        conflicts=ports.conflicts,
    )


def http_apps(ports: Ports, engine: Engine) -> Mapping[str, HttpEndpoint]:
    """Return the functions behind the HTTP API, by name."""
    referrals, documents, directory = ports.referrals, ports.documents, ports.directory
    updates = UpdateService(referrals, documents, engine, ports.clock)
    entries = MemoryDirectoryStore(ports.worklists)
    staff = DecideWorkItems(updates, directory, ports.opt_outs)
    reads = ReadRecords(referrals, ports.worklists, ports.clock, f"{API}/token", lambda: documents)
    lists = MemoryWorkLists(ports.worklists)
    worklist = ListWorkItems(referrals, lists, ports.clock, directory.people, ports.unmatched.count)
    shown = ShowReferrals(referrals, lists, directory, ports.clock)
    kept_rows = KeptReports(MemoryKeptRows())
    reports = RunReports(ports.lake, ports.directory, ports.clock, PRICES, HORIZONS, kept_rows)
    uploads = AnnouncedUploads(lambda: ports.unmatched, ports.clock)
    partners = ReceiveUpdate(
        updates, PutAside(updates, kept(ports)), Uploads(ports.uploads, uploads.announced)
    )
    return {
        "receive_referral": _receive_referral(ports, engine).following(uploads.done),
        "receive_update": update_app(
            partners,
            ReceiveTasks(partners),
            staff,
            MatchItems(updates, ports.unmatched),
            directory=KeepDirectory(engine, entries),
            slots=KeepSlots(engine, entries),
        ).following(uploads.done),
        "query_api": read_app(
            reads,
            worklist,
            ListUnmatched(ports.unmatched, MemoryDocuments, ports.clock),
            shown,
            values=CountListValues(lists, ports.clock),
            audits=ReadAudit(referrals, MemoryAuditTrail(), ports.clock),
            timelines=ShowTimeline(referrals, lambda: engine.sources, ports.clock),
            # Nobody of the simulation opens a document.
            documents=ShowDocuments(referrals, ports.worklists, MemoryDocuments),
            binaries=ReadBinaries(referrals, ports.worklists, MemoryDocuments),
            directory=ShowDirectory(directory, entries, ports.clock),
            slots=ShowSlots(directory, ports.clock),
        ),
        "query_reports": report_app(reports),
    }


def _receive_referral(ports: Ports, engine: Engine) -> HttpEndpoint:
    refused = KeepRefusedOrders(
        ports.unmatched, ports.documents, lambda: ports.referrals, ports.clock
    )
    return intake_app(_intake(ports, engine)).seeing(refused.keep)


def kept(ports: Ports) -> KeepUnmatched:
    """Return what keeps what belongs to no referral."""
    return KeepUnmatched(ports.unmatched, ports.referrals)
