"""The documents of a referral: what proves its facts, and what went along with its order."""

from datetime import datetime
from typing import Final

from referral_core.domain.model import Model

REPORT: Final = "report"
ORDER_DOCUMENT: Final = "order-document"
"""Kinds of documents that partners exchange; other kinds are read by staff only."""


class Evidence(Model):
    """What proves a fact: the document's hash, where it came from and when."""

    sha256: str
    kind: str
    source: str
    received_at: datetime
    content_type: str
    size: int
