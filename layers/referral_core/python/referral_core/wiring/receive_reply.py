"""The function receive_reply."""

from __future__ import annotations

from referral_core.entrypoints.sms_replies import ReceiveReply
from referral_core.lifecycle.keep_unmatched import KeepUnmatched
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.directory import directory
from referral_core.wiring.parts.documents import documents
from referral_core.wiring.parts.opt_outs import opt_outs
from referral_core.wiring.parts.reacting_steps import reacting_engine
from referral_core.wiring.parts.table import table
from referral_core.wiring.parts.text_messages import text_messages
from referral_core.wiring.parts.unmatched import unmatched


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
