"""The function receive_update."""

from __future__ import annotations

from referral_core.entrypoints.http.directory.changes import KeepDirectory
from referral_core.entrypoints.http.directory.slots import KeepSlots
from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.routes import update_app
from referral_core.entrypoints.http.staff.unmatched import MatchItems
from referral_core.entrypoints.http.staff.work_items import DecideWorkItems
from referral_core.entrypoints.http.updates.partners import ReceiveUpdate
from referral_core.entrypoints.http.updates.put_aside import PutAside
from referral_core.entrypoints.http.updates.service import UpdateService
from referral_core.entrypoints.http.updates.tasks import ReceiveTasks
from referral_core.entrypoints.http.updates.uploads import Uploads
from referral_core.lifecycle.keep_unmatched import KeepUnmatched
from referral_core.wiring.parts.announced_uploads import announced_uploads
from referral_core.wiring.parts.audit import audit
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.directory import directory
from referral_core.wiring.parts.directory_store import directory_store
from referral_core.wiring.parts.documents import documents
from referral_core.wiring.parts.opt_outs import opt_outs
from referral_core.wiring.parts.reacting_steps import reacting_engine
from referral_core.wiring.parts.table import table
from referral_core.wiring.parts.throttle import throttle
from referral_core.wiring.parts.unmatched import unmatched


@built_once
def build() -> HttpEndpoint:
    """Build the function receive_update."""
    service = UpdateService(table(), documents(), reacting_engine(), clock())
    staff = DecideWorkItems(service, directory(), opt_outs())
    aside = PutAside(service, KeepUnmatched(unmatched(), table()))
    use = ReceiveUpdate(service, aside, Uploads(documents(), announced_uploads().announced))
    matching = MatchItems(service, unmatched())
    keeping = KeepDirectory(reacting_engine(), directory_store())
    slots = KeepSlots(reacting_engine(), directory_store())
    return (
        update_app(use, ReceiveTasks(use), staff, matching, directory=keeping, slots=slots)
        .admitting(throttle().admit)
        .audited(audit())
        .following(announced_uploads().done)
    )
