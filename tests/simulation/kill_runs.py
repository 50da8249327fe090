"""A worker is killed before or after one call to the outside, or one write is throttled: each once.

`python -m tests.simulation.kill_runs` does so with every call of all samples: all pathways when
everybody answers, three payers, and the ways in which a booked visit is called off and a referral
ends before one. The suite does it with a few of them.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from datetime import timedelta
from enum import StrEnum
from functools import wraps
from io import StringIO
from itertools import pairwise
from typing import Any, Final, NamedTuple

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.errors import Retryable
from referral_core.domain.lifecycle import LEGAL, Outcome, Party
from referral_core.domain.updates import AppointmentBooked
from referral_core.lifecycle.step import LifecycleStep
from tests.simulation.test_liveness import _answer
from tests.simulation.turns import TURNS
from tests.unit.timelines.world import ORDERS, PathwayWorld

_MOST_ANSWERS: Final = 150
_BOOKED_AHEAD: Final = timedelta(days=5)


class Sample(NamedTuple):
    """A referral that is played: its pathway, how the payer answers, what turns it (`TURNS`)."""

    pathway: str
    script: PayerScript | None = None
    turn: str | None = None


ANSWERED: Final = (
    *(Sample(pathway_id) for pathway_id in ORDERS),
    Sample("generic-specialist", PayerScript(authorization="A4-then-A1")),
    Sample("generic-specialist", PayerScript(eligibility="inactive")),
    Sample("high-risk-cardiology", PayerScript(authorization="A3")),
)
"""Ten samples in which everybody answers."""
TURNED: Final = (
    *(Sample("generic-specialist", turn=turn) for turn in TURNS),
    *(Sample("high-risk-cardiology", turn=turn) for turn in TURNS if "visit" in turn),
)
"""What is called off, and what ends."""
SAMPLES: Final = (*ANSWERED, *TURNED)

OUTSIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "payer": ("check", "submit"),
    "clinics": ("offer", "withdraw", "remind"),
    "messenger": ("send",),
    "documents": ("put",),
    "workflow": ("complete_task", "fail_task"),
    "referrals": ("commit",),
}
"""A world's ports → the calls to the outside that are struck."""
_OFF: Final = frozenset({"ending", "visit-off"})
"""The purposes of messages and calls by which a patient knows that a visit is off."""
_CLINICS_OWN: Final = frozenset({"declined", "withdrawn"})
"""What of an offer its clinic said itself, and need not be told."""


class Blow(StrEnum):
    """What happens to a call."""

    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    FAILS_ONCE = "fails once, and may be tried again"


class Killed(BaseException):
    """The worker died: no handler of the product sees it."""


class Struck(NamedTuple):
    """Which call of a run is struck, counted from 0, and how."""

    call: int
    blow: Blow


class KilledWorld(PathwayWorld):
    """A world in which one call to the outside is struck; `calls` are their names in turn."""

    def __init__(self, pathway_id: str, script: PayerScript | None, struck: Struck | None) -> None:
        self.struck, self.calls, self.kills = struck, list[str](), 0
        super().__init__(pathway_id, script)

    def _steps(self) -> tuple[LifecycleStep, ...]:
        # Intake's own write is a single transaction, which its sender repeats.
        for port, names in OUTSIDE.items():
            outside = getattr(self, port)
            for name in names:
                setattr(outside, name, self._watched(name, getattr(outside, name)))
        return super()._steps()

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def watched(*arguments: Any, **named: Any) -> Any:
            self.calls.append(name)
            struck = self.struck is not None and self.struck.call == len(self.calls) - 1
            blow = self.struck.blow if self.struck is not None and struck else None
            if blow is Blow.FAILS_ONCE:
                raise Retryable("Throttled.")
            if blow is Blow.KILLED_BEFORE:
                raise Killed
            result = call(*arguments, **named)
            if blow is Blow.KILLED_AFTER:
                raise Killed
            return result

        return watched

    def clinic_books(self) -> None:
        """Book a day that leaves people the time that they take to tell of what is off."""
        self.later(1)
        self.report(AppointmentBooked, start=self.clock.now() + _BOOKED_AHEAD)

    def settle(self) -> None:
        """Let everything happen; a worker that is killed takes its execution with it."""
        try:
            super().settle()
        except Killed:
            self.kills += 1
            for name, execution in self.machine.executions.items():
                if execution.status == "RUNNING":
                    self.machine.stop(name)


def played(sample: Sample, struck: Struck | None) -> KilledWorld:
    """Play a sample in which everybody answers, and who gets no answer asks again, to its end."""
    world = KilledWorld(sample.pathway, sample.script, struck)
    turn = TURNS[sample.turn] if sample.turn else None
    for _ in range(_MOST_ANSWERS):
        if world.referral.is_closed:
            break
        try:
            if sample.turn and turn is not None and turn.when(world.referral):
                turn.happens(world, sample.turn)
                turn = None
            else:
                _answer(world)
        except Killed:
            world.kills += 1
        except Retryable:
            pass  # 503, to whoever reported it: it is reported again
        except StopIteration:
            break  # on a worklist: nothing else that people would do by themselves
    return world


def wrong_with(world: PathwayWorld) -> Iterator[str]:
    """Say which of the invariants of every fault does not hold."""
    referral = world.referral
    if not referral.is_closed and not (referral.waits_for is Party.STAFF and referral.work_item):
        yield f"stands still unseen: {referral.status} {referral.current_step}"
    if referral.is_closed and referral.outcome is None:
        yield "closed without an outcome"
    yield from _not_told(world)
    for reference, times in Counter(m.reference for m in world.messenger.sent).items():
        if times > 1:
            yield f"sent {times} times: {reference}"
    held = Counter(
        (referral.tenant, o.reservation.npi, o.reservation.week)
        for o in referral.offers
        if o.reservation is not None
    )
    kept = Counter({at: units for at, units in world.referrals.reserved.items() if units})
    if kept != held:
        yield f"capacity is held for nobody, or twice: {kept} instead of {held}"
    for before, after in pairwise(world.referrals.events(referral.tenant, referral.id)):
        if after.version != before.version + 1:
            yield f"version {after.version} follows {before.version}"
        if after.to_status not in {before.to_status, *LEGAL[before.to_status]}:
            yield f"{before.to_status} to {after.to_status}"


def _not_told(world: PathwayWorld) -> Iterator[str]:
    """Say who does not know of the end: a clinic that was offered it, a patient of a visit."""
    referral = world.referral
    visit = referral.appointment
    if not referral.is_closed:
        return
    told = [c for c in referral.contacts if c.purpose in _OFF and c.state in {"sent", "made"}]
    is_off = visit is not None and (visit.is_booked or (visit.called_off and not visit.told_off))
    # Of whoever died, or may have, nobody writes to the number.
    if is_off and not told and referral.outcome is not Outcome.DECEASED_OR_MOVED:
        yield f"the patient does not know that the visit is off: {visit}"
    if referral.is_ending:
        taken = [o for o in referral.offers if o.status not in _CLINICS_OWN]
        tasks = {f"{referral.id}.b{offer.number}" for offer in taken}
        yield from (
            f"the clinic does not know that {task} is over"
            for task in sorted((tasks & set(world.clinics.offers)) - set(world.clinics.withdrawn))
        )


def findings(samples: tuple[Sample, ...], every: int = 1) -> Iterator[tuple[str, str]]:
    """Strike each call of each sample in each way; yield what was done and what was wrong then.

    Args:
        samples: pathways and payers.
        every: the step between the calls that are struck.
    """
    for sample in samples:
        calm = played(sample, None)
        yield from ((f"{sample} calm", wrong) for wrong in wrong_with(calm))
        for call in range(0, len(calm.calls), every):
            for blow in Blow:
                world = played(sample, Struck(call, blow))
                for wrong in wrong_with(world):
                    yield f"{sample} {calm.calls[call]} {call} {blow}", wrong


def main() -> int:
    """Strike every call of all samples; return 0 when nothing was wrong, else 1."""
    logging.disable(logging.CRITICAL)
    with redirect_stdout(StringIO()):  # metrics
        found = list(findings(SAMPLES))
        runs = sum(len(played(sample, None).calls) for sample in SAMPLES) * len(Blow)
    lines = [f"{done}: {wrong}" for done, wrong in found]
    sys.stdout.write("\n".join([*lines, f"{runs} runs, {len(found)} violations", ""]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
