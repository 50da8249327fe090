"""Pauses: what operations hold back for a while, so that nothing is lost and everybody sees it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self, get_args

from pydantic import Field, model_validator

from referral_core.domain.ids import Tenant
from referral_core.domain.model import Model
from referral_core.domain.outreach.plan import Channel

LOOKS_AGAIN: Final = timedelta(minutes=15)
"""After which a referral that is held looks whether it still is."""


class PauseScope(StrEnum):
    """What a pause holds back."""

    TENANT = "tenant"
    PAYER = "payer"
    CLINIC = "clinic"
    CHANNEL = "channel"


class Pause(Model):
    """What is held back, since when, by whom and why.

    Attributes:
        of: the payer's id, the clinic's organization, the channel; the tenant itself.
        reason: a few words for whoever looks; they are shown on every referral that is held, so
            they name no patient.
    """

    tenant: Tenant
    scope: PauseScope
    of: str = Field(min_length=1, max_length=64, pattern=r"^[\w.:-]+$")
    reason: str = Field(min_length=3, max_length=120)
    by: str = Field(min_length=1, max_length=120)
    since: datetime

    @model_validator(mode="after")
    def _channels_are_known(self) -> Self:
        """Refuse a channel by another name: nothing would be held, and the list would say it is."""
        if self.scope is PauseScope.CHANNEL and self.of not in get_args(Channel):
            raise ValueError(f"a channel is one of {', '.join(get_args(Channel))}")
        return self

    @property
    def name(self) -> str:
        """What is held back, in one word."""
        return f"{self.scope}:{self.of}"

    @property
    def sentence(self) -> str:
        """Why a referral that is held does not move, and what would move it."""
        return (
            f"Paused since {self.since:%Y-%m-%d %H:%M} UTC ({self.scope} {self.of}: "
            f"{self.reason}); it goes on where it was once operations resume it."
        )


def pause_of_channel(pauses: Sequence[Pause], channel: str) -> Pause | None:
    """Return the pause by which nothing goes out by a channel; None: it may be used."""
    of_channels = (pause for pause in pauses if pause.scope is PauseScope.CHANNEL)
    return next((pause for pause in of_channels if pause.of == channel), None)
