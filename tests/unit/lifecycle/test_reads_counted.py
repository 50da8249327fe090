"""One entry of a step reads each thing once: counted, not timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from tests.in_memory import World
from tests.partner_actions import accepted, agreed, booked, reported, seen

READS: Final = (
    "load",
    "payload",
    "events",
    "has_update",
    "messaged",
    "opted_out",
    "by_phone",
    "existing_key",
)
CONFIGURATION: Final = (
    "principal",
    "tenant",
    "payer",
    "payers",
    "ehr",
    "practitioner",
    "practitioners",
    "reserved",
)
MOST_OTHERS: Final = 5


class Counted:
    """Counts what is read of the record and the configuration in each entry of a step."""

    def __init__(self, world: World) -> None:
        self.entries: list[tuple[str, Counter[str]]] = []
        self._is_running = False
        self._handle, world.machine._handle = world.machine._handle, self._entered
        for port, names in ((world.referrals, READS), (world.directory, CONFIGURATION)):
            for name in names:
                if hasattr(port, name):
                    setattr(port, name, self._counting(name, getattr(port, name)))

    def _entered(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        self.entries.append((event["step"], Counter()))
        self._is_running = True
        try:
            return self._handle(event)
        finally:
            self._is_running = False

    def _counting(self, name: str, read: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **fields: Any) -> Any:
            if self._is_running:
                self.entries[-1][1][name] += 1
            return read(*args, **fields)

        return counted

    def of(self, state: str) -> list[Counter[str]]:
        return [counts for name, counts in self.entries if name == state]


@pytest.fixture(scope="module")
def counted() -> Counted:
    """Given a referral that goes from its order to the report, with what each entry reads."""
    world = World()
    found = Counted(world)
    world.accept("happy-path")
    world.settle()
    for act in (accepted, agreed, booked, seen, reported):
        act(world)
    return found


def test_an_entry_of_contact_patient_reads_the_payload_once(counted: Counted) -> None:
    entries = counted.of("ContactPatient")
    assert entries
    for reads in entries:
        assert reads["payload"] == 1
        assert sum(reads.values()) - reads["payload"] <= MOST_OTHERS, reads


def test_no_entry_of_any_step_reads_anything_twice(counted: Counted) -> None:
    for state, reads in counted.entries:
        twice = {name: count for name, count in reads.items() if count > 1}
        twice.pop("practitioners", None)  # of each specialty that may serve it, once
        assert not twice, (state, twice)
