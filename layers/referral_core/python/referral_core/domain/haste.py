"""Urgency in every pathway: the sooner a service is wanted, the shorter every clock before it."""

from __future__ import annotations

from functools import partial
from typing import Final

from referral_core.domain.calendar import Span, scaled
from referral_core.domain.pathway import Pathway
from referral_core.domain.terminology import Priority

_EARLIEST: Final = "earliest"


def hastened(rules: Pathway, level: Priority) -> Pathway:
    """Return a pathway with the clocks of an urgency; those after the visit stay as they are.

    The less time there is, the more of the score goes to who has room first.
    """
    haste = rules.urgency.get(level)
    if haste is None:
        return rules
    sooner = partial(scaled, share=haste.share)
    outreach, visit, routing = rules.outreach, rules.visit, rules.routing
    weights = {name: weight * haste.share for name, weight in routing.weights.items()}
    weights[_EARLIEST] = weights.get(_EARLIEST, 0.0) + 1 - haste.share
    return rules.but(
        readiness=rules.readiness.but(ask_again_after=sooner(rules.readiness.ask_again_after)),
        routing=routing.but(
            weights=weights,
            waitlist_retry=sooner(routing.waitlist_retry),
            waitlist=routing.waitlist.but(not_within=sooner(routing.waitlist.not_within)),
        ),
        offer=rules.offer.but(
            answer_within=sooner(rules.offer.answer_within),
            remind_after=_if_any(rules.offer.remind_after, haste.share),
        ),
        outreach=outreach.but(
            attempts=tuple(a.but(at=sooner(a.at)) for a in outreach.attempts),
            contacted_within=sooner(outreach.contacted_within),
            call_within=sooner(outreach.call_within),
            give_up_at=sooner(outreach.give_up_at),
            escalate_at=_if_any(outreach.escalate_at, haste.share),
        ),
        visit=visit.but(
            booked_within=sooner(visit.booked_within),
            seen_within=haste.seen_within or sooner(visit.seen_within),
        ),
        work_item_within=sooner(rules.work_item_within),
    )


def _if_any(span: Span | None, share: float) -> Span | None:
    return scaled(span, share=share) if span is not None else None
