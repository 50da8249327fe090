"""The report region: documents about the visit."""

from datetime import datetime

from referral_core.domain.model import Model


class Report(Model):
    """A document about the visit, stored under its hash.

    Attributes:
        sufficient: whether the loop may be closed, with this and what came before it.
        critical: whether it holds a result that cannot wait.
        withdrawn: whether its author took it back: it proves nothing any more.
    """

    sha256: str
    loinc: str
    received_at: datetime
    sufficient: bool
    final: bool = True
    critical: bool = False
    withdrawn: bool = False
