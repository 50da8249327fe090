"""Each figure's recount, by its name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from referral_core.domain.events import Event, EventKind
from referral_core.domain.lifecycle import Status
from tests.unit.reporting.recount import (
    COMPLETED,
    HOUR,
    REACHED,
    Figures,
    One,
    counted,
    fact,
    is_attempt,
    is_opt_out,
    ms,
    nearest,
    occurred,
    owner,
    part,
    price,
    summed,
    timed,
)

K = EventKind
KINDS = (
    "internal-specialist",
    "external-provider",
    "diagnostic-service",
    "behavioral-health",
    "home-based-care",
    "community-resource",
)


def volume(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        received = int(one.is_received)
        kind = one.now.dimensions.kind
        return {
            "received": received,
            **{k.replace("-", "_"): received * (kind == k) for k in KINDS},
        }

    return summed(ones, count, "received")


def aging(ones: list[One]) -> Figures:
    bounds = {(0, 2), (3, 7), (8, 14), (15, 30), (31, 60), (61, 90)}

    def count(one: One) -> dict[str, int]:
        here = int(one.is_open)
        buckets = {f"days_{a}_{b}": here * (a <= one.age <= b) for a, b in bounds}
        return {"open": here, **buckets, "days_over_90": here * (one.age > 90)}

    def since(one: One) -> int:
        # The latest instant, not the last event's: the clocks of two runs may stray.
        moved = max(e.at for e in one.events if e.from_status is not e.to_status)
        return ms(one.request.as_of) - ms(moved)

    found = summed(ones, count, "open")
    for cut, row in found.items():
        waited = [since(one) for one in ones if one.is_open and one.cuts == cut]
        row["status_days_median"] = nearest(waited, 0.5)
        row["status_days_most"] = max(waited)
    return found


def conversion(ones: list[One]) -> Figures:
    def is_booked(one: One) -> bool:
        return one.is_valid and one.inside(one.booked.at if one.booked else None)

    def took(one: One) -> int | None:
        if one.booked is None or not is_booked(one):
            return None
        return ms(one.booked.at) - ms(one.events[0].at)

    def count(one: One) -> dict[str, int]:
        return {
            "eligible": int(one.is_eligible),
            "booked": int(is_booked(one)),
        }

    return timed(summed(ones, count, "eligible", "booked"), ones, took)


def completion(ones: list[One]) -> Figures:
    def took(one: One) -> int | None:
        if one.seen is None or one.authored is None or not one.is_seen:
            return None
        return ms(one.seen) - ms(one.authored)

    def count(one: One) -> dict[str, int]:
        return {"eligible": int(one.is_eligible), "seen": int(one.is_seen)}

    return timed(summed(ones, count, "eligible", "seen"), ones, took)


def loop(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        closed = int(one.inside(one.closed))
        overaged = int(one.is_open and one.age >= one.horizon)
        completed = one.now.outcome in COMPLETED and one.is_valid and one.routed is not None
        return {
            "received": int(one.is_received),
            "closed": closed,
            "overaged": overaged,
            "due": closed + overaged,
            "loop_closed": closed * one.loop_closed,
            "eligible": int(one.is_eligible),
            "loop_completed": closed * one.loop_closed * completed,
        }

    def took(one: One) -> int | None:
        if one.closed is None or not one.inside(one.closed) or not one.loop_closed:
            return None
        return ms(one.closed) - ms(one.events[0].at)

    found = summed(ones, count, "received", "closed", "overaged", "eligible")
    shown = {cut: {n: v for n, v in row.items() if n != "received"} for cut, row in found.items()}
    return timed(shown, ones, took)


def cms50(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        written = one.authored or one.events[0].at
        day = one.day(written)
        of_measure = int(one.is_received and day.month <= 10)
        reported = one.reported
        in_year = reported is not None and reported > written and one.day(reported).year <= day.year
        return {
            "denominator": of_measure,
            "numerator": of_measure * in_year,
        }

    return summed(ones, count, "denominator")


def cms50_patients(ones: list[One]) -> Figures:
    first: dict[tuple[str, int], One] = {}
    for one in sorted(ones, key=lambda o: (o.written, o.now.referral_id)):
        written = one.day(one.written)
        if one.is_received and one.is_valid and written.month <= 10:
            patient = fact(one.events[0], "patient") or one.now.referral_id
            first.setdefault((patient, written.year), one)

    def count(one: One) -> dict[str, int]:
        year, reported = one.day(one.written).year, one.reported
        closed = reported is not None and reported > one.written and one.day(reported).year <= year
        return {"patients": 1, "closed": int(closed)}

    return summed(first.values(), count, "patients")


def no_show(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        today = one.day(one.request.as_of)
        visits = {K.APPOINTMENT_NOSHOW, K.APPOINTMENT_FULFILLED}
        past = (e for e in one.happened() if e.kind in visits and one.day(occurred(e)) <= today)
        last = {(fact(e, "appointment"), fact(e, "start")): e.kind for e in past}
        missed = sum(kind is K.APPOINTMENT_NOSHOW for kind in last.values())
        return {"appointments": len(last), "no_shows": missed}

    return summed(ones, count, "appointments")


def contact(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        here = int(one.inside(one.contacted))
        limits = [x for e in one.events if (x := fact(e, "contact_by"))]
        in_time = bool(here and limits and one.contacted and ms(one.contacted) <= ms(min(limits)))
        until = min((e.version for e in one.events if e.kind in REACHED), default=0)
        return {
            "contacted": here,
            "contacted_in_time": int(in_time),
            "reached": here * (until > 0),
            "not_reached": here * any(e.kind is K.PATIENT_NOT_REACHED for e in one.events),
            "opted_out": here * any(is_opt_out(e) for e in one.events),
            "attempts": here * sum(is_attempt(e) and e.version <= until for e in one.events),
        }

    def took(one: One) -> int | None:
        if one.contacted is None or not one.inside(one.contacted):
            return None
        return ms(one.contacted) - ms(one.events[0].at)

    return timed(summed(ones, count, "contacted"), ones, took)


def contact_channels(ones: list[One]) -> Figures:
    found: Figures = {}
    for one in ones:
        happened = {e.version for e in one.happened()}
        for index, event in enumerate(one.events):
            if not is_attempt(event) or event.version not in happened:
                continue
            channel = fact(event, "channel") if event.kind is K.PATIENT_CONTACTED else "call"
            row = found.setdefault(
                (*one.cuts, channel),
                {"attempts": 0, "reached": 0, "opted_out": 0, "unanswered": 0},
            )
            row["attempts"] += 1
            row[_answer(event, one.events[index + 1 :])] += 1
    return found


def _answer(attempt: Event, after: Any) -> str:
    for event in (attempt, *after):
        if event.kind in REACHED:
            return "reached"
        if is_opt_out(event):
            return "opted_out"
        if event is not attempt and is_attempt(event):
            break
    return "unanswered"


def access(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        in_time = any(
            e.kind is K.APPOINTMENT_FULFILLED and fact(e, "late") is False for e in one.events
        )
        wanted = fact(one.events[0], "wanted_by")
        booked = one.booked if one.is_valid else None
        wished = int(wanted is not None and one.inside(booked.at if booked else None))
        kept = booked is not None and wanted is not None and fact(booked, "start") <= wanted
        thirds = [
            days
            for e in one.happened()
            if e.kind is K.ROUTED and (days := fact(e, "third_next_days")) is not None
        ]
        return {
            "seen": int(one.is_seen),
            "seen_in_time": one.is_seen * in_time,
            "booked_with_wish": wished,
            "booked_as_wished": wished * kept,
            "routed": len(thirds),
            "third_next_days": sum(thirds),
        }

    return summed(ones, count, "seen", "booked_with_wish", "routed")


def wait_and_distance(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        waited = (one.day(one.seen) - one.day(one.events[0].at)).days if one.seen else 0
        away = [
            km
            for e in one.happened()
            if e.kind is K.ROUTED and (km := fact(e, "distance_km")) is not None
        ]
        return {
            "seen": int(one.is_seen),
            "wait_days": one.is_seen * waited,
            "placed": len(away),
            "distance_km": sum(away),
        }

    return summed(ones, count, "seen", "placed")


def touches(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        happened = list(one.happened())
        decisions = sum(e.metered.get("staff_decisions", 0) for e in happened)
        calls = sum(e.metered.get("staff_calls", 0) for e in happened)
        sent = sum(
            e.kind in {K.PATIENT_CONTACTED, K.PATIENT_REMINDED, K.PATIENT_TOLD} for e in happened
        )
        return {
            "received": int(one.is_received),
            "decisions": decisions,
            "calls": calls,
            "messages": sent,
            "touches": decisions + calls + sent,
        }

    return summed(ones, count, "received", "touches")


def workload(ones: list[One]) -> Figures:
    found: Figures = {}
    for one in ones:
        for event in one.happened():
            decisions = event.metered.get("staff_decisions", 0)
            calls = event.metered.get("staff_calls", 0)
            if decisions + calls:
                none = {"decisions": 0, "calls": 0, "done": 0}
                row = found.setdefault((*one.cuts, event.actor), none)
                row["decisions"] += decisions
                row["calls"] += calls
                row["done"] += decisions + calls
    return found


def _performed(one: One) -> tuple[int, int, str | None, Any]:
    """Return (known, unknown, network, tier) of what was performed."""
    if one.now.outcome == "care-received-elsewhere":
        here = int(one.inside(one.closed))
        told = [
            e
            for e in one.events
            if e.kind is EventKind.REOPENED or fact(e, "elsewhere_network") is not None
        ]
        if not told or told[-1].kind is EventKind.REOPENED:
            return 0, here, None, None
        inside = fact(told[-1], "elsewhere_network")
        tier = fact(told[-1], "elsewhere_tier")
        return here, 0, "in-network" if inside else "out-of-network", tier
    seen = int(one.is_seen)
    if one.network is None:
        return 0, seen, None, None
    return seen, 0, one.network, one.now.dimensions.tier


def retention(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        known, unknown, network, tier = _performed(one)
        inside = known * (network == "in-network")
        return {
            "performed": known,
            "preferred": inside * (tier == 1),
            "affiliated": inside * (tier == 2),
            "kept": inside * (tier in {1, 2}),
            "unknown": unknown,
        }

    return summed(ones, count, "performed", "unknown")


def _routing(one: One) -> tuple[bool, str | None]:
    last = one.last(lambda e: e.kind is K.ROUTED)
    return (
        (bool(fact(last, "network_available")), fact(last, "override")) if last else (False, None)
    )


def leakage(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        known, unknown, network, _ = _performed(one)
        outside = known * (network == "out-of-network")
        available, override = _routing(one)
        return {
            "performed": known,
            "outside": outside,
            "avoidable": outside * available * (override is None),
            "overridden": outside * (override is not None),
            "unknown": unknown,
        }

    return summed(ones, count, "performed", "unknown")


def leakage_reasons(ones: list[One]) -> Figures:
    found: Figures = {}
    for one in ones:
        known, _, network, _ = _performed(one)
        if known and network == "out-of-network":
            reason = _routing(one)[1] or "none"
            row = found.setdefault((*one.cuts, one.now.dimensions.kind, reason), {"outside": 0})
            row["outside"] += 1
    return found


def leakage_revenue(ones: list[One]) -> Figures:
    found: Figures = {}
    for one in ones:
        known, _, network, _ = _performed(one)
        if not known or network != "out-of-network":
            continue
        row = found.setdefault(
            one.cuts, {"outside": 0, "valued": 0, "not_valued": 0, "revenue": None}
        )
        pair = (one.now.dimensions.specialty, one.now.dimensions.payer_class)
        values = {(v.specialty, v.payer_class): v.usd for t in one.policy.revenue for v in t.lines}
        row["outside"] += 1
        row["valued" if pair in values else "not_valued"] += 1
        if pair in values:
            row["revenue"] = (row["revenue"] or Decimal(0)) + values[pair]
    return found


def attrition(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        ends = one.is_valid and one.routed is not None and one.now.outcome is not None
        ended = int(
            ends and one.now.outcome != "care-received-elsewhere" and one.inside(one.closed)
        )
        lost = ended * (one.seen is None)
        return {
            "ended": ended,
            "never_booked": lost * (one.booked is None),
            "never_seen": lost * (one.booked is not None),
            "lost": lost,
        }

    return summed(ones, count, "ended")


def authorization(ones: list[One]) -> Figures:
    found: Figures = {}
    times: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for one in ones:
        for event in one.happened():
            asked: datetime | None = fact(event, "asked_at")
            approved = event.kind is K.AUTHORIZED and fact(event, "status") == "approved"
            denied = (
                event.kind is K.WORK_ITEM_NEEDED and fact(event, "reason") == "authorization-denied"
            )
            if asked is None or not (approved or denied):
                continue
            urgency = "expedited" if fact(event, "expedited") else "standard"
            row = found.setdefault(
                (*one.cuts, urgency),
                dict.fromkeys(
                    (
                        "decisions",
                        "approved",
                        "denied",
                        "approved_after_appeal",
                        "approved_late",
                        "breaches",
                        "hours",
                    ),
                    0,
                ),
            )
            ends, appealed = fact(event, "clock_ends"), bool(fact(event, "appealed"))
            late = ends is not None and event.at > ends
            row["decisions"] += 1
            row["approved"] += approved and not appealed
            row["denied"] += denied
            row["approved_after_appeal"] += approved and appealed
            row["approved_late"] += approved and late
            row["breaches"] += late
            took = ms(event.at) - ms(asked)
            row["hours"] += took // HOUR
            times[(*one.cuts, urgency)].append(took)
    for cut, row in found.items():
        row["days_median"] = nearest(times[cut], 0.5)
    return found


_ANSWERS: Final = {
    **dict.fromkeys((K.ELIGIBILITY_CONFIRMED, K.AUTHORIZED, K.AUTHORIZATION_PENDED), "payer"),
    **dict.fromkeys((K.AUTHORIZATION_DECIDED,), "payer"),
    **dict.fromkeys((K.OFFER_ACCEPTED, K.OFFER_DECLINED, K.REPORT_RECEIVED), "clinic"),
    K.NOTICE_DELIVERED: "practice",
    K.PATIENT_CONTACTED: "channel",
}
_FAILURES: Final = {
    **dict.fromkeys((K.OFFER_UNANSWERED, K.OFFER_SILENT, K.REPORT_LATE), "clinic"),
    K.NOTICE_UNDELIVERABLE: "practice",
    K.CHANNEL_UNAVAILABLE: "channel",
}
_AT_A_PAYER: Final = (Status.CHECKING_ELIGIBILITY, Status.AWAITING_AUTHORIZATION)


def partners(ones: list[One]) -> Figures:
    found: Figures = {}
    for one in ones:
        for event in one.happened():
            kind = _ANSWERS.get(event.kind) or _FAILURES.get(event.kind)
            if event.kind is K.WORK_ITEM_NEEDED:
                reason, at_payer = fact(event, "reason"), event.from_status in _AT_A_PAYER
                kind = "payer" if reason == "authorization-overdue" else None
                kind = "payer" if reason == "fault" and at_payer else kind
            known = event.dimensions
            partner = {
                "payer": known.payer,
                "clinic": known.performer_organization,
                "practice": known.referring_practice,
                "channel": fact(event, "channel"),
            }.get(kind or "")
            if partner is None:
                continue
            row = found.setdefault(
                (*one.cuts, kind, partner),
                {"exchanges": 0, "answered": 0, "failed": 0, "silent_days": None},
            )
            answered = event.kind in _ANSWERS
            row["exchanges"] += 1
            row["answered"] += answered
            row["failed"] += not answered
            silent = ms(one.request.as_of) - ms(event.at)
            if answered and (row["silent_days"] is None or silent < row["silent_days"]):
                row["silent_days"] = silent
    return found


def authorized_before_visit(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        asked = any(fact(e, "asked_at") for e in one.events)
        granted = one.first(lambda e: e.kind is K.AUTHORIZED and fact(e, "status") == "approved")
        requiring = int(one.is_seen and asked)
        before = granted is not None and one.seen is not None and granted.at <= one.seen
        return {"requiring": requiring, "authorized": requiring * before}

    return summed(ones, count, "requiring")


def verification(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, int]:
        confirmed = one.first(lambda e: e.kind is K.ELIGIBILITY_CONFIRMED)
        before = confirmed is not None and one.seen is not None and confirmed.at <= one.seen
        seen = int(one.is_seen)
        return {
            "seen": seen,
            "verified": seen * before,
            "no_payer": seen * (one.now.dimensions.payer is None),
        }

    return summed(ones, count, "seen")


def payer_mix(ones: list[One]) -> Figures:
    found: Figures = {}
    for one in ones:
        if one.is_received:
            at = one.now.dimensions
            row = found.setdefault((*one.cuts, at.payer_class, at.fee_class), {"received": 0})
            row["received"] += 1
    for cut, row in found.items():
        row["of_cut"] = sum(r["received"] for c, r in found.items() if c[:3] == cut[:3])
    return found


def bottlenecks(ones: list[One]) -> Figures:
    waits: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for one in ones:
        happened = {e.version for e in one.happened()}
        following = [*(ms(e.at) for e in one.events[1:]), ms(one.request.as_of)]
        for event, until in zip(one.events, following, strict=True):
            waited = until - ms(event.at)
            is_over = event.to_status is Status.CLOSED
            if event.version in happened and not is_over and waited > 0:
                waits[(*one.cuts, *owner(event))].append(waited)
    return {
        cut: {
            "waits": len(found),
            "hours": sum(found) // HOUR,
            "hours_of_cut": sum(sum(w) for c, w in waits.items() if c[:3] == cut[:3]) // HOUR,
        }
        for cut, found in waits.items()
    }


def cost(ones: list[One]) -> Figures:
    found: Figures = {}
    for one, event, unit, count in counted(ones):
        row = found.setdefault(
            (*one.cuts, part(unit), unit), {"units": 0, "not_priced": 0, "usd": None}
        )
        usd = price(one, event, unit)
        row["units"] += count
        row["not_priced"] += count if usd is None else 0
        if usd is not None:
            row["usd"] = (row["usd"] or Decimal(0)) + usd * count
    return found


PARTS = ("cloud", "messages", "letters", "payer", "staff")


def cost_per_referral(ones: list[One]) -> Figures:
    def count(one: One) -> dict[str, Any]:
        closed = int(one.inside(one.closed)) * one.loop_closed
        row: dict[str, Any] = {
            "received": int(one.is_received),
            "loops_closed": closed,
            "loops_completed": closed * (one.now.outcome in COMPLETED),
            **dict.fromkeys(PARTS, Decimal(0)),
            **{f"unpriced {name}": 0 for name in PARTS},
            "total": Decimal(0),
            "not_priced": 0,
        }
        for _, event, unit, number in counted([one]):
            usd = price(one, event, unit)
            row["not_priced"] += number if usd is None else 0
            row[f"unpriced {part(unit)}"] += number if usd is None else 0
            row[part(unit)] += (usd or 0) * number
            row["total"] += (usd or 0) * number
        return row

    found = summed(ones, count, "received", "loops_closed", "total", "not_priced")
    return {cut: {**_parts(row), "overhead": None} for cut, row in found.items()}


def _parts(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose parts are none where they were counted and nothing of them has a price."""
    counted_only = {name: row[f"unpriced {name}"] for name in PARTS}
    priced = {n: v for n, v in row.items() if not n.startswith("unpriced ")}
    return {**priced, **{n: None for n in PARTS if counted_only[n] and not row[n]}}


def referrals(ones: list[One]) -> Figures:
    def number(one: One, at: datetime | None) -> int | None:
        return None if at is None else (one.day(at) - _EPOCH).days

    found: Figures = {}
    for one in ones:
        if one.is_received:
            at = one.now.dimensions
            found[(*one.cuts, one.now.referral_id)] = {
                "referrals": 1,
                "pathway": at.pathway,
                "kind": at.kind,
                "priority": at.priority,
                "specialty": at.specialty,
                "payer": at.payer,
                "payer_class": at.payer_class,
                "referring_practice": at.referring_practice,
                "referring_clinician": at.referring_clinician,
                "performer_organization": at.performer_organization,
                "performer": at.performer,
                "network": one.network,
                "status": one.now.to_status,
                "outcome": one.now.outcome,
                "received_day": number(one, one.events[0].at),
                "booked_day": number(one, one.booked.at if one.booked else None),
                "seen_day": number(one, one.seen),
                "reported_day": number(one, one.reported),
                "closed_day": number(one, one.closed),
                "loop_closed": int(one.inside(one.closed)) * one.loop_closed,
            }
    return found


_EPOCH: Final = datetime(1970, 1, 1).date()  # noqa: DTZ001 - a date
RECOUNTS: Final[Mapping[str, Callable[[list[One]], Figures]]] = {
    f.__name__: f
    for f in (
        volume,
        aging,
        conversion,
        completion,
        loop,
        cms50,
        cms50_patients,
        no_show,
        contact,
        contact_channels,
        access,
        wait_and_distance,
        touches,
        workload,
        retention,
        leakage,
        leakage_reasons,
        leakage_revenue,
        attrition,
        authorization,
        authorized_before_visit,
        verification,
        payer_mix,
        bottlenecks,
        partners,
        cost,
        cost_per_referral,
        referrals,
    )
}
"""Figure → its recount."""
