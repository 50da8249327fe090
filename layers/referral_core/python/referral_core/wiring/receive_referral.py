"""The function receive_referral."""

from __future__ import annotations

from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.orders.changes import ReceiveOrderUpdate
from referral_core.entrypoints.http.orders.intake import ReceiveReferral
from referral_core.entrypoints.http.routes import intake_app
from referral_core.pathways import pathway_for
from referral_core.wiring.parts.audit import audit
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.documents import documents
from referral_core.wiring.parts.engine_on_first_use import engine_on_first_use
from referral_core.wiring.parts.table import table
from referral_core.wiring.parts.throttle import throttle


@built_once
def build() -> HttpEndpoint:
    """Build the function receive_referral."""
    orders = ReceiveOrderUpdate(table(), documents(), engine_on_first_use, clock())
    use = ReceiveReferral(table(), documents(), clock(), orders, pathway_for)
    return intake_app(use, orders).admitting(throttle().admit).audited(audit())
