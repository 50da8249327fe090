"""Which pause holds a step back: before it does anything that others would notice."""

from __future__ import annotations

from typing import Final

from referral_core.domain.events import EventKind, RunFacts
from referral_core.domain.lifecycle import Step
from referral_core.domain.pause import LOOKS_AGAIN, Pause, PauseScope
from referral_core.domain.payers.eligibility import payer_of
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft

_ACTS: Final = frozenset(Step) - {Step.OPEN_WORK_ITEM, Step.CLOSE_REFERRAL}
"""What a pause of the tenant holds: people go on to see and to decide what waits for them."""
_OF_PAYER: Final = frozenset({Step.CHECK_ELIGIBILITY, Step.REQUEST_AUTHORIZATION})


def pause_of(case: Case, step: Step) -> Pause | None:
    """Return the pause that holds a step of a referral back; None: nothing does."""
    if step not in _ACTS:
        return None
    return next((pause for pause in case.pauses if _holds(pause, case, step)), None)


def held(case: Case, step: Step, pause: Pause) -> Draft:
    """Draft that a step waits for operations: its run ends, and the next begins at this step.

    Nothing is asked or sent meanwhile. What comes from outside stays pending until the step runs.
    """
    return draft(
        case,
        EventKind.PAUSED,
        pause.sentence,
        due_at=case.now + LOOKS_AGAIN,
        same_owner=True,
        facts=RunFacts(step=step),
        current_step=step,
        restarts=0,
        paused=pause.name,
    )


def _holds(pause: Pause, case: Case, step: Step) -> bool:
    match pause.scope:
        case PauseScope.TENANT:
            return True
        case PauseScope.PAYER:
            return step in _OF_PAYER and _payer(case) == pause.of
        case PauseScope.CLINIC:
            offer = case.referral.offer if step is Step.OFFER_REFERRAL else None
            return offer is not None and offer.organization == pause.of
        case PauseScope.CHANNEL:
            return False  # it is not free to be used; what it is used for waits as it does at night


def _payer(case: Case) -> str | None:
    known = case.referral.eligibility
    if known is not None:
        return known.payer
    found = payer_of(case.content.coverage.payor, case.payers)
    return found.id if found else None
