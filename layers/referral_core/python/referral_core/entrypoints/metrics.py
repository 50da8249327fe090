"""Stream events become CloudWatch metrics, by the embedded metric format, with few dimensions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from referral_core.domain.lifecycle import Outcome, Status
from referral_core.observability import Measured, measure, measure_all

if TYPE_CHECKING:
    from referral_core.domain.money.cost_ledger import Cost
    from referral_core.entrypoints.stream import Image

_MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "patient-contacted": "sent",
        "patient-reminded": "sent",
        "patient-told": "sent",
        "channel-unavailable": "unavailable",
        "no-reply": "unanswered",
        "patient-agreed": "answered",
        "patient-declined": "answered",
        "patient-opted-out": "opted-out",
        "patient-not-reached": "given-up",
    }
)
"""What a kind of event says became of messages to patients."""
MESSAGE_RESULTS: Final = tuple(dict.fromkeys(_MESSAGES.values()))
ANY: Final = "any"
"""The channel of what came of no one message: a whole series in vain, a text out of the blue."""
_CLOCKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "authorization-pended": "running",
        "authorization-clock-warned": "warned",
        "authorization-decided": "stopped",
        "authorized": "stopped",
    }
)
"""Where a kind of event says that the payer's clock stands: begun, three quarters gone, over."""


CostOf = Callable[[str, str], "Cost"]
"""Returns what a referral cost, by its tenant and its id."""


def record(_old: Image | None, new: Image, cost_of: CostOf) -> None:
    """Emit the metrics of one event: received, closed by outcome, time in status, and its own.

    The dimensions are closed sets (pathway, reason, outcome, status): a series costs money.
    An event's body is always JSON; the few fields used here are read without the models of all
    events, which would be most of the start.

    Args:
        new: the event's item.
        cost_of: asked once a referral closes: what it cost is counted over all of its events.
    """
    event: dict[str, Any] = json.loads(new["body"])
    pathway, to = str(event["dimensions"]["pathway"]), Status(event["to_status"])
    before = event.get("from_status")
    if before is None:  # only the first event comes from nowhere
        measure("ReferralsReceived", 1, "Count", pathway=pathway)
        return
    facts = event.get("facts") or {}
    _measure_kind(event["kind"], facts)
    since = Status(before)
    if to is Status.CLOSED and since is not Status.CLOSED:
        outcome = event.get("outcome")
        named = Outcome(outcome).value if outcome else "none"
        measure("ReferralsClosed", 1, "Count", outcome=named)
        if facts.get("loop_closed"):
            measure("LoopsClosed", 1, "Count", pathway=pathway)
        _measure_cost(cost_of(str(event["tenant"]), str(event["referral_id"])))
    seconds = event.get("in_status_s")
    if since is not to and seconds is not None:
        measure("TimeInStatus", seconds, "Seconds", status=since.value)


def _measure_cost(spent: Cost) -> None:
    """Emit what a referral cost until it closed, in US dollars: all of it, and by part."""
    all_of_it = {
        "CostPerReferral": Measured(float(spent.usd), "None"),
        "NotPriced": Measured(sum(spent.not_priced.values())),
    }
    measure_all(all_of_it, part="all")
    for part, usd in spent.parts.items():
        measure("CostPerReferral", float(usd), "None", part=part)


def _measure_kind(kind: str, facts: Mapping[str, Any]) -> None:
    """Emit what the kind of an event says of work items, routing, messages, clocks."""
    if kind == "work-item-opened":
        reason = str(facts.get("reason"))
        measure("WorkItemsOpened", 1, "Count", reason=reason)
        if reason == "authorization-overdue":
            measure("AuthorizationClocks", 1, "Count", clock="breached")
    if kind == "routed":
        measure("ReferralsRouted", 1, "Count", policy=str(facts.get("policy")))
    if kind in _MESSAGES:
        channel = str(facts.get("channel") or ANY)
        measure("Messages", 1, "Count", channel=channel, result=_MESSAGES[kind])
    if kind in _CLOCKS:
        measure("AuthorizationClocks", 1, "Count", clock=_CLOCKS[kind])
