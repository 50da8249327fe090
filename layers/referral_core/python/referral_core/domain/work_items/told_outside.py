"""What partners read of why a referral waits: whom else a patient asked is for staff to know."""

from __future__ import annotations

from typing import Final

from referral_core.domain.work_items.policies import WORK_ITEM_POLICIES
from referral_core.domain.work_items.vocabulary import Reason

_ABOUT_ANOTHER: Final = WORK_ITEM_POLICIES[Reason.POSSIBLE_DUPLICATE].status_reason
# The referrals that are meant stand before the semicolon.
_OF_ANOTHER: Final = _ABOUT_ANOTHER.partition(";")[0]
_INSTEAD: Final = "A person looks at the order before it goes on."


def told_outside(sentence: str) -> str:
    """Return a sentence as partners read it; each but that of another practice's order as it is."""
    # Once it is overdue, that stands before it.
    return _INSTEAD if _OF_ANOTHER in sentence else sentence
