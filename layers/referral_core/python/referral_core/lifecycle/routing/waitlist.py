"""The waitlist is served: a place that opened goes to whoever comes first and can use it.

Nobody polls. Two things ask for it: a place that opened, and a referral that joined the line, for
the place may have opened while it joined. Each referral takes its place with one conditional
write, so that any number of openings may be served at once, in any order and more than once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import merge
from itertools import takewhile
from typing import NamedTuple

from referral_core.domain.directory import Practitioner
from referral_core.domain.errors import NotLegal, Retryable, RouterError
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.routing.capacity import earliest_week, iso_week
from referral_core.domain.updates import PlaceOpened, Role
from referral_core.domain.waitlist import Waiting, is_waiting, place_of
from referral_core.domain.writes import ReferralState
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.engine.apply_update import Receipt, apply_update
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.routing.turns import may_use

TurnFailed = Callable[[ReferralId, RouterError], None]
"""Is told whose turn failed, and by what."""


class Opening(NamedTuple):
    """A place that opened: of one NPI's entries, in a week or in whatever weeks."""

    entries: Sequence[Practitioner]
    week: str | None

    @property
    def npi(self) -> str:
        """Whose place it is."""
        return self.entries[0].npi

    def is_for(self, case: Case) -> bool:
        """Whether who waits could use it: without a routing, for there may be many of them."""
        accepts = case.referral.service.accepts
        listed = [entry for entry in self.entries if entry.specialty in accepts]
        return any(may_use(case, entry, self.week) for entry in listed)


def _untold(_referral_id: ReferralId, _error: RouterError) -> None:
    return


def serve_opening(
    engine: Engine, tenant: Tenant, npi: str, week: str | None, failed: TurnFailed = _untold
) -> int:
    """Give places that opened to who waits for them; return how many went.

    Args:
        engine: the mechanism.
        tenant: whose waitlist.
        npi: whose place.
        week: the ISO week of the place; None: the directory says more room, in whatever weeks.
        failed: is told of a turn that failed.

    Raises:
        Retryable: somebody's turn is to come again.
    """
    directory = engine.sources.directory
    if week is not None and week < iso_week(engine.clock.now().date()):
        return 0
    entries = directory.entries_of(tenant, npi)

    def is_open(_: Waiting) -> bool:
        if week is None:
            return True
        reserved = directory.reserved(tenant, npi, [week])
        return any(earliest_week(entry, reserved, [week]) for entry in entries)

    def take(referral_id: ReferralId) -> bool:
        return take_turn(engine, tenant, referral_id, Opening(entries, week))

    line = _in_order(engine, tenant, {entry.specialty for entry in entries})
    return _serve(takewhile(is_open, line), take, failed)


def serve_joined(
    engine: Engine, tenant: Tenant, referral_id: ReferralId, failed: TurnFailed = _untold
) -> int:
    """Look once for a referral that joined the line; if there is a place, those before it go first.

    Returns:
        How many referrals took a place.

    Raises:
        NotFound: there is no such referral.
        Retryable: somebody's turn is to come again.
    """
    state = engine.sources.referrals.load(tenant, referral_id)
    if not is_waiting(state.referral) or not _is_place_for(engine, state):
        return 0
    own = place_of(state.referral)
    line = _in_order(engine, tenant, state.referral.service.accepts)
    before = takewhile(lambda waiting: waiting.place <= own, line)
    return _serve(before, lambda one: take_turn(engine, tenant, one), failed)


def _serve(line: Iterable[Waiting], take: Callable[[ReferralId], bool], failed: TurnFailed) -> int:
    """Give each its turn; what one of them fails by stops nobody behind it.

    Raises:
        Retryable: somebody's turn is to come again; who had a place meanwhile keeps it.
    """
    served, again = 0, None
    for waiting in line:
        try:
            served += take(waiting.referral_id)
        except RouterError as error:
            failed(waiting.referral_id, error)
            again = error if isinstance(error, Retryable) else again
    if again is not None:
        raise again
    return served


def take_turn(
    engine: Engine, tenant: Tenant, referral_id: ReferralId, opening: Opening | None = None
) -> bool:
    """Let a waiting referral take a place if there is one for it; return whether it did.

    Args:
        engine: the mechanism.
        tenant: whose waitlist.
        referral_id: whose turn it is.
        opening: what opened: it is looked at whatever the market says, and nothing else is for
            whoever cannot use it.
    """
    state = engine.sources.referrals.load(tenant, referral_id)
    turn = _turn(engine, state, opening.npi if opening else None)
    if turn is None or (opening and not opening.is_for(engine.case(state.referral))):
        return False
    try:
        return apply_update(engine, tenant, referral_id, turn) is Receipt.RESOLVED
    except NotLegal:
        return False


def _is_place_for(engine: Engine, state: ReferralState) -> bool:
    """Whether a referral could take a place now, were it first in line."""
    turn, wait = _turn(engine, state), state.mailbox.open_wait
    if turn is None or wait is None:
        return False
    try:
        engine.react(wait.step, engine.case(state.referral), turn)
    except NotLegal:
        return False
    return True


def _turn(engine: Engine, state: ReferralState, npi: str | None = None) -> PlaceOpened | None:
    """Return what lets a referral take its turn; None where it no longer waits in a line."""
    wait = state.mailbox.open_wait
    if wait is None or not is_waiting(state.referral):
        return None
    return PlaceOpened(
        id=f"opened-{wait.id}",
        actor="waitlist",
        role=Role.ROUTER,
        received_at=engine.clock.now(),
        wait=wait.id,
        npi=npi,
    )


def _in_order(engine: Engine, tenant: Tenant, specialties: Iterable[str]) -> Iterable[Waiting]:
    """Iterate over the referrals that wait for any of some specialties, by their places."""
    waiting = engine.sources.referrals.waiting
    last: Waiting | None = None
    for found in merge(*(waiting(tenant, specialty) for specialty in sorted(specialties))):
        if found != last:
            yield found
        last = found
