"""The function receive_referral."""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.orders.intake import ReceiveReferral
from referral_core.entrypoints.http.routes import intake_app
from referral_core.pathways import pathway_for
from referral_core.wiring.parts.announced_uploads import announced_uploads
from referral_core.wiring.parts.audit import audit
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.documents import documents
from referral_core.wiring.parts.engine_on_first_use import engine_on_first_use
from referral_core.wiring.parts.new_referrals import new_referrals, whole_record
from referral_core.wiring.parts.throttle import throttle

if TYPE_CHECKING:
    from referral_core.entrypoints.http.exchange import Refused
    from referral_core.entrypoints.http.orders.changes import ReceiveOrderUpdate


@built_once
def build() -> HttpEndpoint:
    """Build the function receive_referral."""
    use = ReceiveReferral(new_referrals(), documents(), clock(), _orders, pathway_for)
    app = intake_app(use).admitting(throttle().admit).audited(audit())
    return app.seeing(_seen).following(announced_uploads().done)


def _seen(refused: Refused) -> None:
    """Put a refused order before a person; most are accepted, and load none of it."""
    from referral_core.entrypoints.http.orders.refused import (  # noqa: PLC0415 - see above
        KeepRefusedOrders,
    )
    from referral_core.wiring.parts.unmatched import unmatched  # noqa: PLC0415 - see above

    KeepRefusedOrders(unmatched(), documents(), whole_record, clock()).keep(refused)


def _orders() -> ReceiveOrderUpdate:
    """Return what takes later versions of orders; most requests are new orders and load none."""
    from referral_core.entrypoints.http.orders.changes import (  # noqa: PLC0415 - see above
        ReceiveOrderUpdate,
    )

    return ReceiveOrderUpdate(whole_record(), documents(), engine_on_first_use, clock())
