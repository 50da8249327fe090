"""One write of the API, and who may make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tests.unit.entrypoints.http.parties import Parties, Party, Request


@dataclass(frozen=True)
class Write:
    """One call, by everybody.

    Attributes:
        route: as the gateway names it.
        case: what is special about it.
        stage: where the referral stands.
        request: what everybody sends.
        answers: who is answered how.
        others: the status of everybody else.
        may_touch: whether `mine` is changed by those who are let through.
    """

    route: str
    case: str
    stage: Callable[[], Parties]
    request: Request
    answers: Mapping[int, AbstractSet[Party]]
    others: int = 403
    may_touch: bool = True

    def wanted(self, party: Party) -> int:
        """Return the status that a party is answered with."""
        found = [status for status, parties in self.answers.items() if party in parties]
        assert len(found) <= 1, f"{self.case}: {party} is in two places"
        return found[0] if found else self.others
