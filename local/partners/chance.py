"""Scripts written by dice: how often partners do what, as published where it is published.

Sources are those of the domain's benchmarks: Dantas 2018 (no-shows), KFF (denials and appeals of
Medicare Advantage, 2023), PMC4469338 (seniors of a safety net: 71 % of referrals scheduled). What
names no source is this simulation's own default, chosen so that some hundred referrals meet every
branch.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

from local.partners.chance_staff import staff_by_chance

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


def partners_by_chance(dice: Random) -> Json:
    """Write the `partners` of a sidecar."""
    return {
        "payer": _payer(dice),
        "clinic": _clinic(dice),
        "patient": _patient(dice),
        "ehr": _ehr(dice),
        "staff": staff_by_chance(dice),
    }


def _payer(dice: Random) -> Json:
    first = _pick(dice, _AUTHORIZATION)
    asked_again = _pick(dice, ((60, "A1"), (40, "A3")))
    return {
        "eligibility": _pick(dice, _ELIGIBILITY),
        "authorization": [first, asked_again] if str(first).endswith("A3") else first,
        # One in ten takes longer than the seven days of CMS-0057-F.
        "decides_after": _between(dice, _DAY, 6 * _DAY)
        if dice.random() < _IN_TIME
        else _between(dice, 8 * _DAY, 12 * _DAY),
        "appeal": "A1" if dice.random() < _OVERTURNED else "A3",
        "appeal_after": _between(dice, 5 * _DAY, 25 * _DAY),
    }


def _clinic(dice: Random) -> Json:
    return {
        "offers": [_pick(dice, _OFFERS) for _ in range(4)],
        "answer_after": _between(dice, _HOUR, 30 * _HOUR),
        "answers_reminder": dice.random() < _REMINDABLE,
        "withdraws_after": _between(dice, 12 * _HOUR, 6 * _DAY),
        "books": dice.random() < _BOOKING,
        "books_after": _between(dice, 2 * _HOUR, 3 * _DAY),
        "visit_in": _between(dice, 2 * _DAY, 21 * _DAY),
        "visit": [_pick(dice, _VISITS) for _ in range(5)],
        "reschedules_by": _between(dice, 2 * _DAY, 10 * _DAY),
        **_after_visit(dice),
    }


def _after_visit(dice: Random) -> Json:
    soon, later = _between(dice, _HOUR, 6 * _DAY), _between(dice, 7 * _DAY, 12 * _DAY)
    match _pick(dice, _AFTER_VISIT):
        case "late":
            return {"report_after": _between(dice, 15 * _DAY, 45 * _DAY)}
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


def _patient(dice: Random) -> Json:
    return {
        "reply": [_pick(dice, _REPLIES) for _ in range(3)],
        "reply_after": _between(dice, 5, 2 * _DAY),
        "reply_to_reminder": [_pick(dice, _REMINDED), None],
        "on_call": [_pick(dice, _CALLS) for _ in range(4)],
    }


def _ehr(dice: Random) -> Json:
    ending = _pick(dice, _ENDS)
    told: Json = {
        "supplies": "generated" if dice.random() < _SUPPLYING else None,
        "supplies_after": _between(dice, 2 * _HOUR, 3 * _DAY),
        "acknowledges": dice.random() < _ACKNOWLEDGING,
        "acknowledges_after": _between(dice, _HOUR, 6 * _DAY),
    }
    if ending is not None:
        told |= {"ends_with": ending, "ends_when": _pick(dice, _ENDS_WHEN)}
    elif dice.random() < _SUPERSEDED:
        told |= {"supersedes": "generated", "supersedes_after": _between(dice, _DAY, 9 * _DAY)}
    if dice.random() < _REOPENED:
        told["reopens"] = {
            "after": _between(dice, _DAY, 10 * _DAY),
            "resume": "RouteReferral",
            "reason": "patient-called-back",
        }
    return told


def _pick(dice: Random, weighted: tuple[tuple[float, Any], ...]) -> Any:
    weights, values = zip(*weighted, strict=True)
    return dice.choices(values, weights)[0]


def _between(dice: Random, least: int, most: int) -> str:
    """Write a duration of so many minutes."""
    return f"PT{dice.randint(least, most)}M"
