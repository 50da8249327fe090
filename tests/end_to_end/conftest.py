"""A stack for the whole session; the samples are on their way from its first second on.

With `-n 2` there are two stacks side by side, each with a process of its own to answer: the samples
have one for themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from local import stack as running
from local.follow import Followed, Follower
from local.inputs import Input, inputs
from local.seed import EHR, onboard
from local.stack import ROOT, Stack
from referral_core.domain.updates import Role
from tests.end_to_end.callers import Caller, calling
from tests.end_to_end.partner_scripts import write_scripts
from tests.end_to_end.records import Records

SAMPLES: Final = ROOT / "events/referrals"
RATE: Final = 9_000.0
"""Ten real seconds a virtual day: four business hours are long enough for a clinic to answer."""
NIGHT_RATE: Final = RATE
"""Nights may pass faster (0123); they do not while partners answer by the hour."""
_LONG: Final = (
    "not-acknowledged.json",
    "report-late.json",
    "unable-to-reach.json",
    "waitlist-then-room.json",
)
"""Three virtual weeks each."""
_ORDER: Final = (
    "demo",
    "money",
    "clients",
    "tokens",
    "console",
    "console_work",
    "referrals",
    "real_input",
    "handed_orders",
    "alarms",
    "watchdog",
    "intake",
    "notices",
)
"""The demo has stacks of its own, so it comes before ours; then what is counted exactly."""
_WITH_SAMPLES: Final = frozenset({"money", "referrals"})
"""What looks at the samples; all other tests are as well off on a stack without them."""


def pytest_configure(config: pytest.Config) -> None:
    waits = "waits: looks at the end of what earlier tests have set in motion"
    config.addinivalue_line("markers", waits)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that only wait behind those that work; all referrals move side by side."""
    ours = [item for item in items if item.path.parent == Path(__file__).parent]
    for item in ours:
        item.add_marker(pytest.mark.stack)
    places = iter(sorted(ours, key=_place))
    items[:] = [next(places) if item in ours else item for item in items]


class AStackEach(LoadScopeScheduling):
    """Gives one worker all that looks at the samples, and another the rest."""

    def _split_scope(self, nodeid: str) -> str:
        # Not by marks: xdist writes their group into what pytest 9.2 no longer reads.
        file = Path(nodeid.partition("::")[0])
        if file.parent.name != Path(__file__).parent.name:
            return super()._split_scope(nodeid)
        return "samples" if file.stem.removeprefix("test_") in _WITH_SAMPLES else "others"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> AStackEach:
    return AStackEach(config, log)


def _name(item: pytest.Item) -> str:
    return item.path.stem.removeprefix("test_")


def _place(item: pytest.Item) -> tuple[bool, int]:
    return item.get_closest_marker("waits") is not None, _ORDER.index(_name(item))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    scripts = tmp_path_factory.mktemp("scripts")
    write_scripts(scripts, SAMPLES)
    with running.up(scripts, RATE, NIGHT_RATE) as stack:
        yield stack


@pytest.fixture(scope="session")
def records(stack: Stack) -> Records:
    return Records(stack)


@pytest.fixture(autouse=True)
def _samples_first(request: pytest.FixtureRequest) -> None:
    """Send the samples on their way with the first test of their stack, whichever that is."""
    needs_stack = "stack" in request.fixturenames
    is_only_stack = needs_stack and not hasattr(request.config, "workerinput")
    tests = request.session.items if is_only_stack else [request.node]
    if any("samples" in getattr(item, "fixturenames", ()) for item in tests):
        request.getfixturevalue("samples")


@pytest.fixture(scope="session")
def samples(stack: Stack) -> Sequence[Followed]:
    """Post every sample: the urgent ones first, then those that take long."""
    return Follower(stack).post(sorted(inputs(SAMPLES), key=_urgent_then_long))


def _urgent_then_long(sample: Input) -> tuple[bool, bool, str]:
    is_urgent = any(word in sample.body for word in (b'"urgent"', b'"asap"'))
    return not is_urgent, sample.source not in _LONG, sample.source


@pytest.fixture(scope="session")
def caller(stack: Stack) -> Iterator[Callable[..., Caller]]:
    """Return a maker of callers: `caller("ehr")`, `caller("clinic:northside-clinic")`, …"""
    with ExitStack() as open_callers:
        made: dict[tuple[str | None, str | None], Caller] = {}

        def make(name: str | None, scope: str | None = None) -> Caller:
            if (name, scope) not in made:
                client = stack.seeded.clients[name] if name else None
                made[name, scope] = open_callers.enter_context(calling(stack, client, scope))
            return made[name, scope]

        yield make


@pytest.fixture(scope="session")
def ehr(caller: Callable[..., Caller]) -> Caller:
    return caller("ehr")


@pytest.fixture(scope="session")
def clinic(caller: Callable[..., Caller]) -> Caller:
    return caller("clinic:northside-clinic")


@pytest.fixture(scope="session")
def other_ehr(stack: Stack) -> Iterator[Caller]:
    """Call as another EHR of the same tenant."""
    client = onboard(stack.emulator, stack.deployment, Role.EHR, f"{EHR}-2")
    with calling(stack, client) as caller:
        yield caller
