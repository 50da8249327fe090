"""The function receive_reply."""

from __future__ import annotations

from referral_core.entrypoints.sms_replies import ReceiveReply
from referral_core.lifecycle.keep_unmatched import KeepUnmatched
from referral_core.wiring.built_once import built_once
from referral_core.wiring.clock import clock
from referral_core.wiring.documents import documents
from referral_core.wiring.opt_outs import opt_outs
from referral_core.wiring.reacting_steps import reacting_engine
from referral_core.wiring.table import directory, table
from referral_core.wiring.text_messages import text_messages
from referral_core.wiring.unmatched import unmatched


@built_once
def build() -> ReceiveReply:
    """Build the function receive_reply."""
    kept = KeepUnmatched(unmatched(), table())
    return ReceiveReply(
        table(),
        documents(),
        reacting_engine(),
        directory(),
        clock(),
        opt_outs(),
        kept,
        text_messages(),
    )
