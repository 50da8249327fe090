"""What the router proposes for a referral: who is a candidate, in which order, and who is chosen.

Two looks, each of few reads, whatever the directory's size: the published market says in whom to
look, and the directory says of those few what holds now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, count
from typing import Final

from referral_core.domain.directory import Listed, Practitioner, one_each
from referral_core.domain.lifecycle import Outcome, ReferralKind
from referral_core.domain.modality import ImagingModality, imaging_said_by
from referral_core.domain.pause import PauseScope
from referral_core.domain.performer_choice import PerformerChoice
from referral_core.domain.routing.demand import KeptDemand, kept_place
from referral_core.domain.routing.filters import Need, age_on
from referral_core.domain.routing.named import NamedPerformer, named_performer
from referral_core.domain.routing.published import PublishedMarket, unpublished
from referral_core.domain.routing.score import Candidate, Ranking, rank, shown
from referral_core.domain.routing.shortlist import Question, shortlist
from referral_core.domain.states import state_code
from referral_core.domain.terminology import imaging_wanted, terminology
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.consent import lacks_consent
from referral_core.lifecycle.reactions.offer import CAPACITY_CHANGED, ORDER_CHANGED
from referral_core.lifecycle.routing.times import Times, third_next_days

_NOBODYS_DOING: Final = frozenset({*Outcome, ORDER_CHANGED, CAPACITY_CHANGED})
"""Why an offer was taken back that may well be made again: closed and reopened, or changed."""
_ANYWHERE_KM: Final = 20_100.0
"""Half way round."""
_LOOKS: Final = 2
"""How often a published market is looked at: the second time at those who seemed full, too."""


@dataclass(frozen=True)
class Proposal:
    """What the ranking proposes, before it is written.

    Attributes:
        entries: npi → the directory's entry, of those who were looked at.
        is_listed: whether anybody serves the specialty at all.
        is_published: whether the market of the specialty was published.
    """

    ranking: Ranking
    shown: tuple[str, ...]
    best: Candidate | None
    third_next_days: int | None
    named: NamedPerformer
    entries: Mapping[str, Practitioner]
    is_listed: bool
    is_published: bool


@dataclass
class _Looked:
    """Whom the directory was asked about, and what holds of them."""

    found: dict[str, Listed] = field(default_factory=dict)
    exclusions: dict[str, str] = field(default_factory=dict)
    ranking: Ranking = field(default_factory=lambda: Ranking(candidates=(), exclusions={}))


def proposed(
    case: Case, weeks: Sequence[str], also: Sequence[str] = (), earliest: datetime | None = None
) -> Proposal:
    """Rank who may see the patient, and propose the best one and the week to reserve.

    Args:
        case: the referral's.
        weeks: ISO weeks that may be booked, soonest first.
        also: NPIs of whom to look at, wherever they would rank.
        earliest: before which no slot may be offered; None: as soon as a clinic can answer.
    """
    market, rule = market_of(case), case.rules.routing
    paused, times = _paused(case, market), Times.of(case, weeks, earliest)
    looked = _looked_at(case, market, times, also, paused)
    if paused and not looked.ranking.candidates:
        # Nobody else is left: the offer waits until operations let the clinic go on.
        looked = _looked_at(case, market, times, also, {})
    unread = {npi: why for npi, why in looked.exclusions.items() if npi not in looked.found}
    ranking = looked.ranking.but(exclusions={**unread, **looked.ranking.exclusions})
    named = named_performer(case.content.service, ranking)
    best = named.candidate or next(iter(ranking.candidates), None)
    choice = case.referral.performer_choice
    if choice is not None:
        named = _chosen_by_person(case, looked, times, choice)
        best = named.candidate
    third = third_next_days(case, looked.found[best.npi], times) if best is not None else None
    practitioners = [listed.practitioner for listed in looked.found.values()]
    return Proposal(
        ranking=ranking,
        shown=shown(need_of(case), ranking, practitioners, rule.choice) if rule.choice else (),
        best=best,
        third_next_days=third,
        named=named,
        entries={p.npi: p for p in practitioners},
        is_listed=bool(market.services),
        is_published=market.is_published,
    )


def market_of(case: Case) -> PublishedMarket:
    """Return the market of the service wanted; while none is published, the directory itself."""
    referral, directory = case.referral, case.sources.directory
    service, specialty = referral.service, specialty_of(case)
    published = directory.market(referral.tenant, specialty)
    if published is not None:
        return published
    accepted = (directory.practitioners(referral.tenant, one) for one in service.accepts)
    found = one_each(chain.from_iterable(accepted))
    return unpublished(specialty, found.values(), case.now)


def _paused(case: Case, market: PublishedMarket) -> Mapping[str, str]:
    """Return who is passed over since operations hold back what would be offered to the clinic."""
    held = {pause.of for pause in case.pauses if pause.scope is PauseScope.CLINIC}
    listed = {npi: entry.practitioner for npi, entry in market.by_id.items()} if held else {}
    return {npi: "paused by operations" for npi, p in listed.items() if p.organization in held}


def _looked_at(
    case: Case,
    market: PublishedMarket,
    times: Times,
    also: Sequence[str],
    paused: Mapping[str, str],
) -> _Looked:
    """Ask the directory about the best, and about others as long as none of them is free."""
    referral, looked = case.referral, _Looked()
    excluded = {**paused, **excluded_by_offers(case)}
    asked = Question(need_of(case), case.rules.routing, times.weeks, excluded, case.now)
    wished = (*case.content.service.performer_npis, *also)
    if referral.performer_choice is not None:
        wished = (referral.performer_choice.npi, *wished)
    named = _entries_named(case, market, wished)
    for look in count():
        trusts = look == 0 and (market.is_trusted(case.now) or not market.is_published)
        listed = shortlist(market, asked, looked.ranking.exclusions, trusts_places=trusts)
        looked.exclusions |= listed.exclusions
        best = {npi: market.by_id[npi].practitioner.specialty for npi in listed.npis}
        wanted = {**best, **named}
        entries = [(at, npi) for npi, at in wanted.items() if npi not in looked.found]
        for entry in case.sources.directory.listed(referral.tenant, entries, times.weeks):
            looked.found[entry.practitioner.npi] = entry
        looked.ranking = rank(
            asked.need,
            [entry.practitioner for entry in looked.found.values()],
            {npi: entry.reserved for npi, entry in looked.found.items()},
            times.weeks,
            rule=asked.rule,
            excluded=asked.excluded,
            prices=market.price_list,
            now=case.now,
            opened={npi: times.opened(entry) for npi, entry in looked.found.items()},
        )
        is_last = look + 1 == _LOOKS if market.is_published else not listed.npis
        if looked.ranking.candidates or is_last:
            return looked
    raise AssertionError


def _entries_named(case: Case, market: PublishedMarket, npis: Sequence[str]) -> Mapping[str, str]:
    """Return under which specialty each NPI is listed: who is new stands in no market yet."""
    found: dict[str, str] = {}
    for npi in dict.fromkeys(npis):
        if npi in market.by_id:
            found[npi] = market.by_id[npi].practitioner.specialty
            continue
        accepts = case.referral.service.accepts
        entries = case.sources.directory.entries_of(case.referral.tenant, npi)
        able = [entry for one in accepts for entry in entries if entry.specialty == one]
        if entry := one_each(able).get(npi):
            found[npi] = entry.specialty
    return found


def _chosen_by_person(
    case: Case, looked: _Looked, times: Times, choice: PerformerChoice
) -> NamedPerformer:
    """Return the performer that a person chose: what is a matter of preference binds no person."""
    npi, why = choice.npi, choice.override
    found = looked.found.get(npi)
    if found is None:
        return NamedPerformer(not_asked="not in the directory for this service", override=why)
    ranking = decided_already(case, found, times)
    if not ranking.candidates:
        return NamedPerformer(not_asked=ranking.exclusions[npi], override=why)
    return NamedPerformer(ranking.candidates[0], override=why)


def decided_already(case: Case, found: Listed, times: Times) -> Ranking:
    """Rank one alone on whom it was decided: what is a matter of preference is asked no more."""
    npi = found.practitioner.npi
    return rank(
        need_of(case).but(is_network_denied=False),
        [found.practitioner],
        {npi: found.reserved},
        times.weeks,
        rule=case.rules.routing.but(
            networks="any", max_distance_km=_ANYWHERE_KM, modalities=(), language_required=False
        ),
        excluded={},
        opened={npi: times.opened(found)},
    )


def excluded_by_offers(case: Case) -> Mapping[str, str]:
    """Return who had the referral and does not take it."""
    return {
        o.npi: f"{o.status} this referral"
        for o in case.referral.offers
        if not o.is_in_hand and o.reason not in _NOBODYS_DOING
    }


def need_of(case: Case) -> Need:
    """Return what routing knows of the patient."""
    patient, coverage = case.content.patient, case.content.coverage
    referral = case.referral
    known = referral.eligibility
    return Need(
        payer=known.payer if known else None,
        plan=coverage.plan if known else None,
        is_network_denied=known is not None and known.in_network is False,
        day=case.today,
        latitude=patient.latitude,
        longitude=patient.longitude,
        language=patient.language or "en",
        born=patient.birth_date,
        age=age_on(patient.birth_date, case.today) if patient.birth_date else None,
        sex=patient.gender,
        state=state_code(patient.state),
        is_consented=not lacks_consent(case),
        imaging=_imaging(case),
        seen=frozenset(case.content.seen_by),
    )


def _imaging(case: Case) -> frozenset[ImagingModality]:
    """Return what images are to be taken with; for no other kind of service the tables are read."""
    if case.rules.kind is not ReferralKind.DIAGNOSTIC_SERVICE:
        return frozenset()
    specialty = case.referral.service.specialty
    named = imaging_said_by([specialty] if specialty else [])
    return imaging_wanted(case.content.service.wanted, terminology()).union(named)


def demand_kept(case: Case) -> KeptDemand:
    """Return what is kept of what a referral asks of its market: nothing that names a patient."""
    need, referral = need_of(case), case.referral
    return KeptDemand(
        specialty=specialty_of(case),
        at=case.now,
        payer=need.payer,
        latitude=kept_place(need.latitude),
        longitude=kept_place(need.longitude),
        language=need.language,
        level=referral.service.urgency.level,
        imaging=need.imaging,
        pathway=referral.pathway,
        pathway_version=referral.pathway_version,
    )


def specialty_of(case: Case) -> str:
    """Return the specialty in whose market a referral is."""
    service = case.referral.service
    return service.specialty or service.accepts[0]
