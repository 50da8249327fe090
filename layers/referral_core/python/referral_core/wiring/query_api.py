"""The function query_api."""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral_core.entrypoints.http.audit.events import ReadAudit
from referral_core.entrypoints.http.directory.reads import ShowDirectory
from referral_core.entrypoints.http.directory.slot_search import ShowSlots
from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.orders.binaries import ReadBinaries
from referral_core.entrypoints.http.orders.reads import ReadRecords
from referral_core.entrypoints.http.orders.timeline import ShowTimeline
from referral_core.entrypoints.http.routes import read_app
from referral_core.entrypoints.http.staff.documents import ShowDocuments
from referral_core.entrypoints.http.staff.list_values import CountListValues
from referral_core.entrypoints.http.staff.lookups import ShowReferrals
from referral_core.entrypoints.http.staff.unmatched import ListUnmatched
from referral_core.entrypoints.http.staff.worklist import ListWorkItems
from referral_core.settings import settings
from referral_core.wiring.parts.audit import audit, audit_trail
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.directory import directory
from referral_core.wiring.parts.directory_store import directory_store
from referral_core.wiring.parts.documents import documents
from referral_core.wiring.parts.table import table
from referral_core.wiring.parts.throttle import throttle
from referral_core.wiring.parts.unmatched import unmatched
from referral_core.wiring.parts.work_lists import work_lists

if TYPE_CHECKING:
    from referral_core.lifecycle.case import Sources


@built_once
def build() -> HttpEndpoint:
    """Build the function query_api."""
    use = ReadRecords(table(), table(), clock(), settings().need("token_url"), documents)
    worklist = ListWorkItems(table(), work_lists(), clock(), directory().people, unmatched().count)
    staff = ShowReferrals(table(), work_lists(), directory(), clock())
    timelines = ShowTimeline(table(), _sources, clock())
    audits = ReadAudit(table(), audit_trail(), clock())
    kept = ListUnmatched(unmatched(), documents, clock())
    shown = ShowDocuments(table(), table(), documents)
    binaries = ReadBinaries(table(), table(), documents)
    entries = ShowDirectory(directory(), directory_store(), clock())
    app = read_app(
        use,
        worklist,
        kept,
        staff,
        timelines=timelines,
        documents=shown,
        binaries=binaries,
        values=CountListValues(work_lists(), clock()),
        audits=audits,
        directory=entries,
        slots=ShowSlots(directory(), clock()),
    )
    return app.admitting(throttle().admit).audited(audit())


def _sources() -> Sources:
    """Return where a case is read from; until the first call, no pathway is loaded."""
    from referral_core.lifecycle.case import Sources  # noqa: PLC0415 - see above
    from referral_core.pathways import pathway  # noqa: PLC0415

    return Sources(table(), directory(), pathway)
