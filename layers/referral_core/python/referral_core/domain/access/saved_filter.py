"""Filters of the worklist that a person keeps, or a team."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import Field

from referral_core.domain.lifecycle import Queue
from referral_core.domain.model import Model

MOST_FILTERS: Final = 50
"""Of one person, or of one team."""


class SavedFilter(Model):
    """One filter, by its name.

    Attributes:
        id: unique among its owner's.
        query: parameter of the list of work items → its value; codes, no word of a patient.
        owner: sign-in name of whose it is; of a team's, of who saved it last.
        team: whose everybody may use it; None: the owner's only.
    """

    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    name: str = Field(min_length=1, max_length=60)
    query: Mapping[str, str]
    owner: str
    team: Queue | None = None
