"""`$route-explain`: who could be asked, who not and why, who was, and what a person may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from itertools import chain
from typing import Any, Final

from referral_core.domain.directory import Practitioner, one_each
from referral_core.domain.effects import RoutingDecision
from referral_core.domain.ids import ReferralId
from referral_core.domain.referral import Offer, Referral
from referral_core.domain.routing.explanation import advice_of, policy_of, reason_of, summary_of
from referral_core.domain.routing.matching import POINTS
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.fhir.outbound.tasks import fhir_instant
from referral_core.lifecycle.reactions.work_item import available_actions
from referral_core.ports.lifecycle import Clock, Directory, Referrals

_SHOWN: Final = 10
"""Decisions of a referral that are explained, the last first."""

Part = Mapping[str, Any]
Names = Mapping[str, Practitioner]


@dataclass(frozen=True)
class ExplainRouting:
    """Answers coordinators; nothing here writes."""

    referrals: Referrals
    directory: Directory
    clock: Clock

    def explain(self, request: Request) -> Response:
        """Return a referral's routing decisions, the last first, each in full."""
        tenant, referral_id = request.principal.tenant, ReferralId(request.resource_id)
        referral = self.referrals.load(tenant, referral_id).referral
        decisions = self.referrals.routing_decisions(tenant, referral_id)
        names = self._names(referral) if decisions else {}
        today = self.clock.now().date()
        advice = advice_of(available_actions(referral))
        if not decisions:
            advice = f"Nothing was decided yet. {referral.status_reason}"
        parameters = [
            _text("advice", advice),
            *(
                {"name": "decision", "part": list(_decision(decision, names, today))}
                for decision in reversed(decisions[-_SHOWN:])
            ),
            *({"name": "offer", "part": list(_offer(o, names))} for o in referral.offers),
        ]
        return Response(HTTPStatus.OK, {"resourceType": "Parameters", "parameter": parameters})

    def _names(self, referral: Referral) -> Names:
        """Return the directory's entries of who may serve the referral, by NPI."""
        service, tenant = referral.service, referral.tenant
        market = self.directory.market(tenant, service.specialty) if service.specialty else None
        if market is not None:
            return {npi: listed.practitioner for npi, listed in market.by_id.items()}
        listed = (self.directory.practitioners(tenant, accepted) for accepted in service.accepts)
        return one_each(chain.from_iterable(listed))


def _decision(decision: RoutingDecision, names: Names, today: date) -> Iterator[Part]:
    chosen = decision.chosen
    yield {"name": "at", "valueInstant": fhir_instant(decision.at)}
    yield _text("summary", summary_of(decision, _name(chosen, names) if chosen else None))
    yield _text("policy", policy_of(decision))
    yield {"name": "policyVersion", "valueCode": decision.policy}
    if decision.price_version is not None:
        yield {"name": "priceVersion", "valueString": decision.price_version}
    if chosen is not None:
        yield {"name": "chosen", "part": list(_who(chosen, names))}
    if decision.override is not None:
        yield {"name": "override", "valueCode": decision.override}
    for rank, candidate in enumerate(decision.candidates, 1):
        npi = str(candidate["npi"])
        yield {
            "name": "candidate",
            "part": [
                {"name": "rank", "valueInteger": rank},
                *_who(npi, names),
                _text("because", reason_of(candidate)),
                *_points(candidate),
                *_stale(npi, names, today),
            ],
        }
    for npi, reason in decision.exclusions.items():
        yield {"name": "excluded", "part": [*_who(npi, names), _text("because", reason)]}
    for npi in decision.shown:
        yield {"name": "shown", "part": list(_who(npi, names))}


def _points(candidate: Mapping[str, str | float]) -> Iterator[Part]:
    """Return what the ranking is by: cost, price and margins in points, the least first."""
    score, price = float(candidate["score"]), float(candidate.get("price", 0.0))
    margins = {
        name: float(candidate[kept])
        for name, kept in (("margin", "margin"), ("secondChoice", "second_choice"))
        if kept in candidate
    }
    yield {"name": "score", "valueDecimal": score}
    yield {"name": "price", "valueDecimal": price}
    yield from ({"name": name, "valueDecimal": points} for name, points in margins.items())
    total = POINTS * (1 - score) + price + sum(margins.values())
    yield {"name": "total", "valueDecimal": round(total, 3)}


def _stale(npi: str, names: Names, today: date) -> Iterator[Part]:
    """Return the facts of an entry that nobody vouched for lately: worth a call before a choice."""
    for fact in names[npi].stale_facts(today) if npi in names else ():
        yield {"name": "stale", "valueCode": fact.value}


def _offer(offer: Offer, names: Names) -> Iterator[Part]:
    yield {"name": "number", "valueInteger": offer.number}
    yield from _who(offer.npi, names)
    yield {"name": "status", "valueCode": offer.status}
    if offer.reason is not None:
        yield {"name": "reason", "valueCode": offer.reason}


def _who(npi: str, names: Names) -> Iterator[Part]:
    yield {"name": "npi", "valueString": npi}
    yield _text("name", _name(npi, names) or "no longer in the directory")


def _name(npi: str, names: Names) -> str | None:
    entry = names.get(npi)
    return entry.name if entry is not None else None


def _text(name: str, text: str) -> Part:
    return {"name": name, "valueString": text}
