"""What a referral asked of a market, kept for a while: the past from which the future is drawn."""

from datetime import datetime
from typing import Final

from referral_core.domain.ids import Tenant
from referral_core.domain.modality import ImagingModality
from referral_core.domain.model import Model
from referral_core.domain.terminology.urgency import Priority

KEPT_WEEKS: Final = 60
"""How long: twice as far back as any pathway looks ahead, and some."""
_PLACE_DIGITS: Final = 2
"""A place is kept to a kilometre: enough for distances, and no address."""


class KeptDemand(Model):
    """What was asked, by nobody who is named.

    Attributes:
        specialty: NUCC code of the market.
        payer: id; None when the patient pays.
        imaging: what the images that were ordered are taken with.
    """

    specialty: str
    at: datetime
    payer: str | None
    latitude: float | None
    longitude: float | None
    language: str
    level: Priority
    imaging: frozenset[ImagingModality] = frozenset()
    pathway: str
    pathway_version: int


class OpenMarket(Model):
    """A market that is to be published.

    Attributes:
        specialty: NUCC code of the service that orders want.
        accepts: NUCC codes of who may serve it.
    """

    tenant: Tenant
    specialty: str
    accepts: tuple[str, ...]


def kept_place(degrees: float | None) -> float | None:
    """Return a latitude or longitude as it is kept."""
    return None if degrees is None else round(degrees, _PLACE_DIGITS)
