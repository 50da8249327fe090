"""The function receive_update."""

from __future__ import annotations

from referral_core.entrypoints.http.directory import KeepDirectory
from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.put_aside import PutAside
from referral_core.entrypoints.http.routes import update_app
from referral_core.entrypoints.http.tasks import ReceiveTasks
from referral_core.entrypoints.http.unmatched import MatchItems
from referral_core.entrypoints.http.update_service import UpdateService
from referral_core.entrypoints.http.updates import ReceiveUpdate
from referral_core.entrypoints.http.uploads import Uploads
from referral_core.entrypoints.http.work_items import DecideWorkItems
from referral_core.lifecycle.keep_unmatched import KeepUnmatched
from referral_core.wiring.audit import audit
from referral_core.wiring.built_once import built_once
from referral_core.wiring.clock import clock
from referral_core.wiring.directory_store import directory_store
from referral_core.wiring.documents import documents
from referral_core.wiring.opt_outs import opt_outs
from referral_core.wiring.reacting_steps import reacting_engine
from referral_core.wiring.table import directory, table
from referral_core.wiring.throttle import throttle
from referral_core.wiring.unmatched import unmatched


@built_once
def build() -> HttpEndpoint:
    """Build the function receive_update."""
    service = UpdateService(table(), documents(), reacting_engine(), clock())
    staff = DecideWorkItems(service, directory(), opt_outs())
    aside = PutAside(service, KeepUnmatched(unmatched(), table()))
    use = ReceiveUpdate(service, aside, Uploads(documents()))
    matching = MatchItems(service, unmatched())
    keeping = KeepDirectory(reacting_engine(), directory_store())
    return (
        update_app(use, ReceiveTasks(use), staff, matching, directory=keeping)
        .admitting(throttle().admit)
        .audited(audit())
    )
