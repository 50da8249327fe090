"""The error tree: an error says by its type whether trying again can help.

RouterError
├── Retryable            a partner or a service is down, slow or throttling
│   ├── Throttled        the client asks more often than it may
│   └── Conflict         another writer was first; read again
└── Permanent              trying again changes nothing
    ├── StaleRun         a newer run carries the referral: stop quietly
    ├── Refused          a partner read what it was sent, and does not take it
    ├── NotFound         no such record for this tenant
    ├── Unauthenticated  no token that holds says who calls
    ├── Forbidden        the principal may not do this
    ├── TooLarge         a write does not fit the store
    ├── NotLegal         the referral's state does not allow it now
    └── VersionMoved     the sender knows an older version than the one stored
"""

from __future__ import annotations


class RouterError(Exception):
    """Base of all errors raised on purpose; the message never holds PHI.

    Attributes:
        about: the id that the request names which was refused within another one.
    """

    about: str = ""


class Retryable(RouterError):
    """Trying again later may help."""


class Throttled(Retryable):
    """The client asks more often than it may. Attributes: seconds: until it may again."""

    def __init__(self, seconds: float) -> None:
        super().__init__("This client has used up its requests of this minute: send fewer.")
        self.seconds = seconds


class Conflict(Retryable):
    """Another writer was first."""


class Permanent(RouterError):
    """Trying again changes nothing."""


class StaleRun(Permanent):
    """A newer run carries the referral."""


class Refused(Permanent):
    """A partner read what it was sent, and does not take it."""


class NotFound(Permanent):
    """No such record for this tenant."""


class Unauthenticated(Permanent):
    """No token that holds says who calls."""


class Forbidden(Permanent):
    """The principal may not do this."""


class NotLegal(Permanent):
    """The referral's state does not allow it now."""


class TooLarge(Permanent):
    """A write does not fit the store."""


class VersionMoved(Permanent):
    """The sender knows an older version than the one stored."""
