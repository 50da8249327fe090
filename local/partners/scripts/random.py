"""Scripts written at random: how often partners do what, as published where it is published.

Sources are those of the domain's benchmarks: Dantas 2018 (no-shows), KFF (denials and appeals of
Medicare Advantage, 2023), PMC4469338 (seniors of a safety net: 71 % of referrals scheduled). What
names no source is this simulation's own default, chosen so that some hundred referrals meet every
branch.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

from local.partners.scripts.random_staff import staff_at_random

Json = dict[str, Any]

_HOUR: Final = 60
_DAY: Final = 24 * _HOUR

_ELIGIBILITY: Final = (
    (90, "active"),
    (3, ["unclear", "active"]),
    (3, "inactive"),
    (3, "down-once"),
    (1, ["down", "active"]),
)
# 6.4 % denied (KFF); the rest of the split is our own.
_AUTHORIZATION: Final = (
    (35, "not-required"),
    (33, "A1"),
    (17.6, "A4-then-A1"),
    (3.2, "A3"),
    (3.2, "A4-then-A3"),
    (2, "A2"),
    (1.5, "A6"),
    (1.5, "A4"),
    (2, "NA"),
    (1, "down-once"),
)
_OVERTURNED: Final = 0.817
"""Of the denials appealed (KFF)."""
_OFFERS: Final = ((80, "accept"), (9, "decline"), (8, "silent"), (3, "withdraw"))
# 23 % of the visits that were kept or missed were missed (Dantas 2018): 18.5 of 80.5.
_VISITS: Final = (
    (62, "attended"),
    (18.5, "no-show"),
    (8, "cancelled"),
    (7, "rescheduled"),
    (4.5, "silent"),
)
_AFTER_VISIT: Final = (
    (72, "report"),
    (8, "late"),
    (5, "wrong-first"),
    (4, "preliminary-first"),
    (2, "critical"),
    (4, "chased"),
    (3, "attested"),
    (2, "nothing"),
)
# With refusals, wrong numbers and clinics that do not book, about the 29 % never scheduled of
# PMC4469338.
_REPLIES: Final = (
    (57, "YES"),
    (26, None),
    (5, "NO"),
    (3, "STOP"),
    (4, "TIME"),
    (2, "CLINIC"),
    (1, "ALTO"),
    (2, "Who is this? Please call me."),
)
_REMINDED: Final = ((70, None), (20, "YES"), (5, "TIME"), (4, "NO"), (1, "STOP"))
_CALLS: Final = (
    (45, "agreed"),
    (20, "no-answer"),
    (17, "voicemail"),
    (7, "another-time"),
    (5, "declined"),
    (3, "another-clinic"),
    (2, "wrong-number"),
    (1, "opted-out"),
)
_ENDS: Final = (
    (92, None),
    (4, "revoked"),
    (0.8, "entered-in-error"),
    (2, "care-received-elsewhere"),
    (0.5, "deceased"),
    (0.7, "moved"),
)
_ENDS_WHEN: Final = (
    (1, "awaiting-authorization"),
    (1, "offered"),
    (3, "contacting-patient"),
    (3, "scheduled"),
    (1, "seen-awaiting-report"),
)
_IN_TIME, _REMINDABLE, _BOOKING, _SUPPLYING, _ACKNOWLEDGING = 0.9, 0.5, 0.95, 0.88, 0.9
"""Shares of payers, clinics and EHRs that do what they should; our own defaults."""
_SUPERSEDED, _REOPENED = 0.01, 0.02
_WRONG_LOINC: Final = "34109-9"
"""A note of no kind: it closes no loop."""


def partners_at_random(random: Random) -> Json:
    """Write the `partners` of a sidecar."""
    return {
        "payer": _payer(random),
        "clinic": _clinic(random),
        "patient": _patient(random),
        "ehr": _ehr(random),
        "staff": staff_at_random(random),
    }


def _payer(random: Random) -> Json:
    first = _pick(random, _AUTHORIZATION)
    asked_again = _pick(random, ((60, "A1"), (40, "A3")))
    return {
        "eligibility": _pick(random, _ELIGIBILITY),
        "authorization": [first, asked_again] if str(first).endswith("A3") else first,
        # One in ten takes longer than the seven days of CMS-0057-F.
        "decides_after": _between(random, _DAY, 6 * _DAY)
        if random.random() < _IN_TIME
        else _between(random, 8 * _DAY, 12 * _DAY),
        "appeal": "A1" if random.random() < _OVERTURNED else "A3",
        "appeal_after": _between(random, 5 * _DAY, 25 * _DAY),
    }


def _clinic(random: Random) -> Json:
    return {
        "offers": [_pick(random, _OFFERS) for _ in range(4)],
        "answer_after": _between(random, _HOUR, 30 * _HOUR),
        "answers_reminder": random.random() < _REMINDABLE,
        "withdraws_after": _between(random, 12 * _HOUR, 6 * _DAY),
        "books": random.random() < _BOOKING,
        "books_after": _between(random, 2 * _HOUR, 3 * _DAY),
        "visit_in": _between(random, 2 * _DAY, 21 * _DAY),
        "visit": [_pick(random, _VISITS) for _ in range(5)],
        "reschedules_by": _between(random, 2 * _DAY, 10 * _DAY),
        **_after_visit(random),
    }


def _after_visit(random: Random) -> Json:
    soon, later = _between(random, _HOUR, 6 * _DAY), _between(random, 7 * _DAY, 12 * _DAY)
    match _pick(random, _AFTER_VISIT):
        case "late":
            return {"report_after": _between(random, 15 * _DAY, 45 * _DAY)}
        case "wrong-first":
            wrong = {"after": soon, "loinc": _WRONG_LOINC, "as": "document"}
            return {"reports": [wrong, {"after": later}]}
        case "preliminary-first":
            return {"reports": [{"after": soon, "final": False}, {"after": later}]}
        case "critical":
            return {"reports": [{"after": soon, "critical": True, "as": "diagnostic-report"}]}
        case "chased":
            return {"reports_when_chased": True, "report_after": soon}
        case "attested":
            return {"attests": "consent-restricted", "attests_after": soon}
        case "nothing":
            return {"report": False}
        case _:
            return {"report_after": soon}


def _patient(random: Random) -> Json:
    return {
        "reply": [_pick(random, _REPLIES) for _ in range(3)],
        "reply_after": _between(random, 5, 2 * _DAY),
        "reply_to_reminder": [_pick(random, _REMINDED), None],
        "on_call": [_pick(random, _CALLS) for _ in range(4)],
    }


def _ehr(random: Random) -> Json:
    ending = _pick(random, _ENDS)
    given: Json = {
        "supplies": "generated" if random.random() < _SUPPLYING else None,
        "supplies_after": _between(random, 2 * _HOUR, 3 * _DAY),
        "acknowledges": random.random() < _ACKNOWLEDGING,
        "acknowledges_after": _between(random, _HOUR, 6 * _DAY),
    }
    if ending is not None:
        given |= {"ends_with": ending, "ends_when": _pick(random, _ENDS_WHEN)}
    elif random.random() < _SUPERSEDED:
        given |= {"supersedes": "generated", "supersedes_after": _between(random, _DAY, 9 * _DAY)}
    if random.random() < _REOPENED:
        given["reopens"] = {
            "after": _between(random, _DAY, 10 * _DAY),
            "resume": "RouteReferral",
            "reason": "patient-called-back",
        }
    return given


def _pick(random: Random, weighted: tuple[tuple[float, Any], ...]) -> Any:
    weights, values = zip(*weighted, strict=True)
    return random.choices(values, weights)[0]


def _between(random: Random, least: int, most: int) -> str:
    """Write a duration of so many minutes."""
    return f"PT{random.randint(least, most)}M"
