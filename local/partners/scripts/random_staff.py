"""What staff decide at random, for every reason of a work item.

Appeals are 11.7 % of denials (KFF, Medicare Advantage 2023); all other shares are our own. No list
ends with an action that could bring the same item back for ever.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

Json = dict[str, Any]
Choices = tuple[tuple[float, Any], ...]

_HOUR: Final = 60
_LEFT_SHARE: Final = 0.03
"""Items that nobody ever does anything about."""
_CARED_FOR_SHARE: Final = 0.06
"""Items that are commented or snoozed before they are decided."""

_FIRST: Final[dict[str, Choices]] = {
    "fault": ((1, "retry"),),
    "missing-information": ((70, "record-consent"), (30, "retry")),
    "consent-missing": ((80, "record-consent"), (20, "retry")),
    "payer-unknown": ((55, "self-pay"), (20, "retry"), (25, "close:not-eligible")),
    "not-eligible": ((35, "self-pay"), (25, "retry"), (40, "close:not-eligible")),
    "eligibility-unclear": (
        (40, "confirm-eligible"),
        (40, "retry"),
        (10, "self-pay"),
        (10, "close:not-eligible"),
    ),
    "service-unclear": ((90, "name-service"), (10, "close:no-provider-available")),
    "possible-duplicate": ((70, "keep-waiting"), (30, "close:cancelled-by-referrer")),
    "order-changed": ((50, "keep-waiting"), (50, "check-again")),
    "not-in-time": ((80, "accept-later"), (20, "close:no-provider-available")),
    "no-candidate": ((75, "retry"), (25, "close:no-provider-available")),
    "authorization-denied": (
        (11.7, "appeal"),
        (34.3, "resubmit"),
        (10, "enter-authorization"),
        (6, "override"),
        (8, "self-pay"),
        (8, "route-again"),
        (22, "close:authorization-denied-final"),
    ),
    "authorization-unclear": (
        (60, "enter-authorization"),
        (15, "override"),
        (15, "resubmit"),
        (10, "close:authorization-denied-final"),
    ),
    "authorization-overdue": (
        (70, "enter-authorization"),
        (15, "override"),
        (5, "self-pay"),
        (10, "close:authorization-denied-final"),
    ),
    "call-due": ((85, "record-call"), (15, None)),
    "escalated": (
        (60, "record-call"),
        (25, "contact-again"),
        (5, "route-again"),
        (7, "close:care-received-elsewhere"),
        (3, "close:deceased-or-moved"),
    ),
    "another-time-wanted": ((60, "rebook"), (30, "record-call"), (10, "keep-waiting")),
    "patient-cancels": (
        (45, "rebook"),
        (35, "close:patient-declined"),
        (15, "record-call"),
        (5, "route-again"),
    ),
    "closing-sign-off": ((80, "sign-off"), (10, "record-call"), (10, "contact-again")),
    "patient-opted-out": (
        (60, "record-call"),
        (20, "close:unable-to-reach"),
        (20, "close:patient-declined"),
    ),
    "patient-wrote": ((70, "record-call"), (20, "patient-agreed"), (10, "keep-waiting")),
    "patient-not-reached": ((70, "record-call"), (30, "contact-again")),
    "ending-contradicted": ((1, "keep-waiting"),),
    "patient-not-told": ((80, "patient-told"), (20, "not-reached")),
    "message-ambiguous": ((50, "contact-again"), (50, "record-call")),
    "message-refused": ((80, "record-call"), (20, "close:unable-to-reach")),
    "not-booked": ((40, "route-again"), (20, "keep-waiting"), (40, "record-call")),
    "visit-unauthorized": ((50, "rebook"), (50, "keep-waiting")),
    "visit-too-early": ((50, "rebook"), (50, "keep-waiting")),
    "interpreter-needed": ((1, "keep-waiting"),),
    "visit-unconfirmed": ((65, "appointment-fulfilled"), (10, "keep-waiting"), (25, "record-call")),
    "rebookings-exhausted": (
        (40, "record-call"),
        (20, "contact-again"),
        (20, "close:unable-to-reach"),
        (20, "close:patient-declined"),
    ),
    "report-overdue": ((45, "keep-waiting"), (55, "close:completed-attested")),
    "critical-result": ((1, "sign-off"),),
    "report-of-former-performer": ((80, "keep-waiting"), (20, "close:care-received-elsewhere")),
    "notice-undelivered": ((1, "retry"),),
    "not-acknowledged": (
        (40, "retry"),
        (50, "acknowledged-by-phone"),
        (10, "close:completed-attested"),
    ),
    "authorization-ended": ((60, "enter-authorization"), (25, "keep-waiting"), (15, "check-again")),
    "authorization-denied-late": ((1, "keep-waiting"),),
    "patient-wrote-unasked": ((1, "keep-waiting"),),
    "clinic-closed": ((60, "rebook"), (30, "keep-waiting"), (10, "route-again")),
}
_LAST: Final[dict[str, Any]] = {
    "fault": "close:expired-unresolved",
    "missing-information": "close:expired-unresolved",
    "consent-missing": "close:expired-unresolved",
    "payer-unknown": "close:not-eligible",
    "not-eligible": "close:not-eligible",
    "eligibility-unclear": "confirm-eligible",
    "service-unclear": "name-service",
    "possible-duplicate": "keep-waiting",
    "order-changed": "keep-waiting",
    "not-in-time": "accept-later",
    "no-candidate": "close:no-provider-available",
    "authorization-denied": "close:authorization-denied-final",
    "authorization-unclear": "override",
    "authorization-overdue": "enter-authorization",
    "authorization-ended": "keep-waiting",
    "authorization-denied-late": "keep-waiting",
    "patient-wrote-unasked": "keep-waiting",
    "clinic-closed": "keep-waiting",
    "call-due": "record-call",
    "escalated": "record-call",
    "another-time-wanted": "rebook",
    "patient-cancels": "close:patient-declined",
    "closing-sign-off": "sign-off",
    "patient-opted-out": "close:unable-to-reach",
    "patient-wrote": "patient-agreed",
    "patient-not-reached": "close:unable-to-reach",
    "patient-not-told": "not-reached",
    "ending-contradicted": "keep-waiting",
    "message-ambiguous": "record-call",
    "message-refused": "close:unable-to-reach",
    "not-booked": "close:expired-unresolved",
    "visit-unauthorized": "keep-waiting",
    "visit-too-early": "keep-waiting",
    "interpreter-needed": "keep-waiting",
    "visit-unconfirmed": "appointment-fulfilled",
    "rebookings-exhausted": "close:unable-to-reach",
    "report-overdue": "close:completed-attested",
    "critical-result": "sign-off",
    "report-of-former-performer": "keep-waiting",
    "notice-undelivered": "close:expired-unresolved",
    "not-acknowledged": "acknowledged-by-phone",
}
_TWICE: Final = frozenset({"call-due", "fault", "notice-undelivered", "escalated", "not-booked"})
"""Reasons for which more than one action may be chosen before the last one."""


def staff_at_random(random: Random) -> Json:
    """Write the `staff` of a sidecar."""
    decides = {reason: _turns(random, reason, choices) for reason, choices in _FIRST.items()}
    decides["fee-class-missing"] = ["self-pay"]
    # Where the tenant has a sliding fee scale, the class is agreed on together with it.
    self_pay = {"action": "self-pay", "feeClass": random.choice("ABCD")}
    return {
        "works_after": f"PT{random.randint(_HOUR // 4, 10 * _HOUR)}M",
        "hours": "office",
        "decides": {
            reason: [self_pay if act == "self-pay" else act for act in acts]
            for reason, acts in decides.items()
        },
    }


def _turns(random: Random, reason: str, choices: Choices) -> list[Any]:
    weights, values = zip(*choices, strict=True)
    turns = list(random.choices(values, weights, k=3 if reason in _TWICE else 1))
    if random.random() < _LEFT_SHARE:
        return [None]
    if random.random() < _CARED_FOR_SHARE:
        care: list[Json] = [
            {"action": "comment", "comment": "Looked into it."},
            {"action": "snooze", "until": "P1D"},
        ]
        # A call that is due is not put off: its time is the series'.
        turns.insert(0, care[0] if reason == "call-due" else random.choice(care))
    return [*turns, _LAST[reason]]
