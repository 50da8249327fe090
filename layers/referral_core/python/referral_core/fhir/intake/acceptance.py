"""Which well-formed orders are accepted as referrals: our rules, as against FHIR's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from referral_core.fhir.errors import FhirError, Issue
from referral_core.fhir.intake.compartment import led_to_anothers, named_otherwise
from referral_core.fhir.intake.references import Graph
from referral_core.fhir.intake.selection import requests_of
from referral_core.fhir.intake.sent_orders import NO_REFERRAL, SentOrder
from referral_core.fhir.intake.subject import broken_subject, subject_of

MOST_REFERRALS: Final = 20
NEW: Final = ("draft", "active", "on-hold")
UPDATED: Final = ("draft", "active", "on-hold", "revoked", "completed", "entered-in-error")
INTENTS: Final = (
    *("proposal", "plan", "directive", "order"),
    *("original-order", "reflex-order", "filler-order", "instance-order"),
)


def check_count(orders: Sequence[SentOrder]) -> None:
    """Raise unless a body holds at least one and at most twenty referrals."""
    if not orders:
        raise FhirError.of((NO_REFERRAL,))
    if len(orders) > MOST_REFERRALS:
        raise FhirError(
            "too-many-referrals",
            f"Send at most {MOST_REFERRALS} referrals at once.",
            code="too-costly",
        )


def broken_rules(graph: Graph, item: SentOrder, statuses: Sequence[str]) -> Iterator[Issue]:
    """Iterate over what forbids us to take a well-formed order, or to take its update."""
    order, path = item.order, item.node.path
    if order.status not in statuses:
        yield _rule(
            "status-not-accepted",
            f"{path}.status",
            f"Send the order with one of the statuses {', '.join(statuses)}.",
        )
    if order.intent not in INTENTS:
        yield _rule(
            "intent-not-accepted",
            f"{path}.intent",
            f"Send the order with one of the intents {', '.join(INTENTS)}.",
        )
    if order.do_not_perform:
        yield _rule(
            "do-not-perform",
            f"{path}.doNotPerform",
            "Send only what is to be done; an order not to do something cannot be routed.",
        )
    yield from broken_subject(graph, item.node, order)
    subject = subject_of(graph, item.node, order)
    roots = [item.node, *([subject] if subject else ())]
    for node, element in named_otherwise(graph, roots, requests_of(graph, item.node)):
        yield _rule(
            "two-patients-named",
            f"{node.path}.{element}",
            f"{node.path}.{element} names another patient than {path}.subject: "
            "name the same one in both, or send each patient's order with what belongs to it.",
        )
    for node in led_to_anothers(graph, roots):
        yield _rule(
            "resource-of-another-patient",
            node.path,
            "The order leads to a resource about another patient: send one that is about this one, "
            "or say what matters of it in words.",
        )


def _rule(own_code: str, expression: str, diagnostics: str) -> Issue:
    return Issue("error", "business-rule", own_code, expression, diagnostics)
