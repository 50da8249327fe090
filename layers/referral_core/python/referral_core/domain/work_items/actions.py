"""The actions on a work item: which are allowed, and where each lets the referral go on."""

from __future__ import annotations

from referral_core.domain.lifecycle import Outcome, Step
from referral_core.domain.work_items.policies import WORK_ITEM_POLICIES
from referral_core.domain.work_items.vocabulary import Reason


def closing_action(outcome: Outcome) -> str:
    """Return the name of the action that closes a work item with an outcome."""
    return f"close:{outcome}"


def outcome_of(action: str) -> Outcome | None:
    """Return the outcome with which an action closes a work item; None when it closes none."""
    prefix, _, outcome = action.partition(":")
    return Outcome(outcome) if prefix == "close" else None


def actions_of(reason: Reason) -> tuple[str, ...]:
    """List the actions allowed on a work item of this reason."""
    policy = WORK_ITEM_POLICIES[reason]
    return (*policy.actions, *(closing_action(o) for o in policy.closes))


def target_of(reason: Reason, action: str, resume_at: Step) -> Step | None:
    """Return the step at which an action lets the referral go on; None when not allowed."""
    if action not in actions_of(reason):
        return None
    if action.startswith("close:"):
        return Step.VERIFY_CLOSURE
    return WORK_ITEM_POLICIES[reason].actions[action] or resume_at
