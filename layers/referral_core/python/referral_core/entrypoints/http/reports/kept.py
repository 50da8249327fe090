"""Reports that somebody asked for a while ago: kept, so that a page of figures is there at once.

Rows are kept under the question, as of the instant they were counted at: what they are rows of is
the question asked at that instant, so each says of itself how old it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from referral_core.domain.errors import RouterError
from referral_core.domain.ids import Tenant
from referral_core.observability import logger
from referral_core.ports.lake import KeptRows, KeptStore

_OF_NO_QUESTION: Final = frozenset({"as-of", "format", "max-age", "run"})
"""Parameters that say when and how a question is answered, and not what is asked."""
_IS_NOW: Final = timedelta(hours=1)
"""What is as of an earlier instant answers nobody who wants the latest."""


@dataclass(frozen=True)
class KeptReports:
    """The latest rows of each question; without a store that answers, there are none."""

    store: KeptStore

    def latest(self, tenant: Tenant, question: str) -> KeptRows | None:
        """Return the rows that were kept last, however old."""
        try:
            return self.store.kept(tenant, question)
        except RouterError:
            logger.warning("kept report not read")
            return None

    def keep(
        self,
        tenant: Tenant,
        question: str,
        statement: str,
        rows: Sequence[Sequence[Any]],
        *,
        as_of: datetime,
        now: datetime,
    ) -> None:
        """Keep rows for whoever asks the same next."""
        if now - as_of > _IS_NOW:
            return
        try:
            self.store.keep(tenant, question, KeptRows(as_of, fingerprint(statement), rows))
        except RouterError:
            logger.warning("report not kept")


def question_of(name: str, query: Mapping[str, str]) -> str:
    """Return what names a question: the report and what was asked of it, whenever and by whom."""
    asked = sorted((key, value) for key, value in query.items() if key not in _OF_NO_QUESTION)
    return sha256(json.dumps([name, asked]).encode()).hexdigest()


def fingerprint(statement: str) -> str:
    """Return what tells a statement from another: prices may have come since it was run."""
    return sha256(statement.encode()).hexdigest()
