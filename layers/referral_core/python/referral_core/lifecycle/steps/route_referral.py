"""Choose the specialist by capacity, reserve a place, and keep the decision with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from referral_core.domain.effects import KeepDecision, Reserve
from referral_core.domain.errors import NotLegal, RouterError
from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import End, Next, Status, Step
from referral_core.domain.referral import Offer
from referral_core.domain.routing.named import sentence_of
from referral_core.domain.routing.score import Candidate, reservation_of
from referral_core.domain.updates import PlaceOpened, Update, UpdateKind
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import (
    Draft,
    continue_to,
    draft,
    forward_work_item,
    open_work_item,
    start_draft,
)
from referral_core.lifecycle.reactions.unasked import wrote
from referral_core.lifecycle.routing.decision import decision_of, demand_of, facts_of
from referral_core.lifecycle.routing.proposal import Proposal, proposed
from referral_core.lifecycle.routing.turns import (
    earliest_offerable,
    had_its_offers,
    is_behind_others,
    is_too_late,
    next_week_begins,
    offerable_weeks,
    weeks_in_time,
)
from referral_core.lifecycle.step import Reacting, Reaction, Recorder
from referral_core.ports.lifecycle import Clinics


def _route_again(case: Case, update: Update) -> Draft:
    return draft(
        case,
        EventKind.WAITLIST_RETRIED,
        "Looking again for a specialist with room.",
        then=Step.ROUTE_REFERRAL,
        by=update,
    )


def _take_opened(case: Case, update: PlaceOpened) -> Draft:
    """Draft that a referral of the waitlist takes a place: it is reserved with the same write.

    Raises:
        NotLegal: no place that is left may be offered to it.
    """
    weeks = offerable_weeks(case, weeks_in_time(case))
    also, told_in_time = (update.npi,) if update.npi else (), earliest_offerable(case)
    proposal = proposed(case, weeks, also, told_in_time) if weeks else None
    if proposal is None or proposal.best is None or had_its_offers(case):
        raise NotLegal("No place that is left may be offered to this referral.")
    return _routed(case, proposal, proposal.best, by=update)


@dataclass(frozen=True)
class RouteReferral(Reacting):
    """Goes on once a place is reserved, waits on the waitlist, or asks the coordinators."""

    clinics: Clinics
    name: ClassVar[Step] = Step.ROUTE_REFERRAL
    goes_to: ClassVar[frozenset[Next]] = frozenset(
        {
            Step.CHECK_READINESS,
            Step.REQUEST_AUTHORIZATION,
            Step.ROUTE_REFERRAL,
            Step.VERIFY_CLOSURE,
            Step.OPEN_WORK_ITEM,
            End.SUPERSEDED,
        }
    )
    # A person may decide to look again at once; a place that opens may be this referral's.
    reactions: ClassVar[Mapping[UpdateKind, Reaction]] = {
        UpdateKind.DECISION: _route_again,
        UpdateKind.PLACE_OPENED: _take_opened,
        UpdateKind.PATIENT_REPLIED: wrote,
    }

    def on_deadline(self, case: Case, update: Update) -> Draft:
        """Route again: the waitlist's time is up."""
        return _route_again(case, update)

    def start(self, case: Case) -> Draft:
        """Record that a specialist is being chosen; what a person must see first goes to them."""
        if case.referral.work_item is not None:
            return forward_work_item(case)
        return start_draft(
            case,
            self.name,
            "Choosing a specialist with room in the network.",
            status=Status.ROUTING,
        )

    def execute(self, case: Case) -> Recorder:
        """Rank the directory and propose the best candidate and the week to reserve."""
        chosen = case.referral.offer
        if chosen is not None and chosen.status == "open" and chosen.offered_at is None:
            # What an earlier try said was lost: its choice stands, and its reservation.
            return _chosen_already
        if not case.referral.service.accepts:
            # Nothing routes to a specialty that nobody named.
            return lambda current: open_work_item(current, Reason.SERVICE_UNCLEAR)
        if is_too_late(case):
            return lambda current: open_work_item(current, Reason.NOT_IN_TIME)
        self._withdraw_last(case)
        proposal = proposed(case, weeks_in_time(case))
        best, is_chosen = proposal.best, case.referral.performer_choice is not None
        others_first = (best is not None and not is_chosen) and is_behind_others(
            case, proposal.entries[best.npi], best.week
        )
        return lambda current: _recorded(current, proposal, others_first=others_first)

    def _withdraw_last(self, case: Case) -> None:
        """Tell a clinic that the referral is no longer its own, when it was not its doing.

        Whether it hears that holds nobody up: what it reports later is refused with a reason.
        """
        last = case.referral.offers[-1] if case.referral.offers else None
        if last is None or last.status not in {"silent", "taken-back"}:
            return
        with suppress(RouterError):
            performer = case.performer(last)
            self.clinics.withdraw(performer, case.task_id(last), last.reason or "no-answer")


def _recorded(case: Case, proposal: Proposal, *, others_first: bool) -> Draft:
    referral, best = case.referral, proposal.best
    asked = len(referral.offers) - referral.offers_window_start
    tried_enough = asked >= case.rules.offer.offers
    chosen = best if not tried_enough and not others_first else None
    if chosen is None:
        return _no_place(case, proposal, waitlist=proposal.is_listed and not tried_enough)
    return _routed(case, proposal, chosen)


def _routed(
    case: Case, proposal: Proposal, chosen: Candidate, by: PlaceOpened | None = None
) -> Draft:
    """Draft that a performer is chosen: the place is reserved with the same write."""
    referral, reservation = case.referral, reservation_of(chosen)
    decision = decision_of(case, proposal, chosen)
    offer = Offer(
        number=len(referral.offers) + 1,
        npi=chosen.npi,
        organization=chosen.organization,
        specialty=proposal.entries[chosen.npi].specialty,
        tier=chosen.tier,
        in_network=chosen.in_network,
        reservation=reservation,
        decision=decision.number,
    )
    return draft(
        case,
        EventKind.ROUTED,
        sentence_of(proposal.named),
        then=Step.REQUEST_AUTHORIZATION,
        by=by,
        status=Status.ROUTING,
        facts=facts_of(case, proposal, chosen),
        effects=(
            *demand_of(case, proposal),
            KeepDecision(decision=decision),
            Reserve(
                reservation=reservation,
                capacity=chosen.weekly_capacity,
                organization=chosen.organization,
            ),
        ),
        offers=(*referral.offers, offer),
        performer_choice=None,
        waitlist_tries=0,
    )


def _no_place(case: Case, proposal: Proposal, *, waitlist: bool) -> Draft:
    decision = decision_of(case, proposal, None)
    kept = (*demand_of(case, proposal), KeepDecision(decision=decision))
    rule = case.rules.routing
    tries = case.referral.waitlist_tries
    if case.referral.performer_choice is not None:
        # Who decided is told why it cannot be, and decides again.
        return open_work_item(case, Reason.NO_CANDIDATE, effects=kept, performer_choice=None)
    if waitlist and case.wanted_by is not None:
        return open_work_item(case, Reason.NOT_IN_TIME, effects=kept)
    if not waitlist or tries >= rule.waitlist_tries:
        return open_work_item(case, Reason.NO_CANDIDATE, effects=kept, waitlist_tries=0)
    return draft(
        case,
        EventKind.WAITLISTED,
        "No specialist has room; the directory is looked at again at the due time.",
        due_at=min(case.due_after(rule.waitlist_retry), next_week_begins(case)),
        status=Status.WAITLISTED,
        effects=kept,
        waitlist_tries=tries + 1,
    )


def _chosen_already(case: Case) -> Draft:
    return continue_to(
        case,
        Step.REQUEST_AUTHORIZATION,
        EventKind.ROUTING_RESUMED,
        "A specialist is chosen and a place is reserved.",
    )
