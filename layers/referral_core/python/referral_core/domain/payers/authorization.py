"""Prior authorization: what the payer may decide, and where it stands."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from referral_core.domain.codes import Coded, Numbered
from referral_core.domain.model import Model


class AuthorizationVerdict(StrEnum):
    """The review action, as the router reads it."""

    APPROVED = "approved"
    DENIED = "denied"
    PENDED = "pended"
    NOT_REQUIRED = "not-required"
    NEEDS_REVIEW = "needs-review"


class AuthorizationStatus(StrEnum):
    """Where prior authorization stands."""

    NOT_REQUIRED = "not-required"
    SUBMITTED = "submitted"
    PENDED = "pended"
    APPROVED = "approved"
    DENIED = "denied"
    APPEALED = "appealed"
    REVOKED = "revoked"


class Authorization(Model):
    """One PAS request for one performer; a re-route to another performer starts a new one.

    Attributes:
        payer: whom it was put to: nobody else decides it; None where nobody was asked.
        due_at: when the payer's clock runs out.
        expedited: whether the clock for urgent requests runs.
        warned: whether the team was told that it soon does.
        let_stand: whether a person lets the referral go on though it has ended.
    """

    status: AuthorizationStatus
    trace: str
    performer: str
    payer: str | None = None
    requested_at: datetime
    number: Numbered = None
    valid_from: date | None = None
    valid_to: date | None = None
    denial_reason: Coded = None
    due_at: datetime | None = None
    warned: bool = False
    expedited: bool = False
    let_stand: bool = False

    def ends_at(self, time_zone: str) -> datetime | None:
        """Return when the authorized period is over: as the day after it begins in an IANA zone.

        None: no end was stated, or the last year of the calendar, which stands for none.
        """
        if self.valid_to is None or self.valid_to.year == date.max.year:
            return None
        return datetime.combine(self.valid_to + timedelta(days=1), time(), ZoneInfo(time_zone))
