"""Whole days: repeatable from their seed, and sound with faults and without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from local.simulation.__main__ import checked, main
from local.simulation.chaos import ChaosWorld
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft
from referral_core.lifecycle.steps.contact_patient import ContactPatient
from tests.unit.simulation.days import HAS_DATA, NO_DATA, ROOT, SYNTHEA, a_day, synthea_day

with_data = pytest.mark.skipif(not HAS_DATA, reason=NO_DATA)

_DIGEST = """
import sys
from tests.unit.simulation.days import synthea_day, a_day
from local.simulation.chaos import ChaosWorld
print(a_day("happy-path", "no-show-rebooked", "unable-to-reach").digest())
if sys.argv[1] == "with data":
    print(synthea_day(12, "repeated")[0].digest())
    print(synthea_day(12, "repeated", ChaosWorld)[0].digest())
"""


def digests(hash_seed: str) -> list[str]:
    """The digests of the same days, from a new process."""
    done = subprocess.run(
        [sys.executable, "-c", _DIGEST, "with data" if HAS_DATA else "without"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_same_seed_makes_the_same_day_in_any_process() -> None:
    one, other = digests("1"), digests("4242")
    assert one == other
    assert len(set(one)) == len(one), "three different days"


@with_data
def test_another_seed_makes_another_day() -> None:
    assert synthea_day(5, "one")[0].digest() != synthea_day(5, "other")[0].digest()


def unconditional(_table: Any, _commit: Any, _present: Any) -> None:
    """A write that does not look at what another writer did meanwhile."""


def blind(step: ContactPatient, case: Case) -> Draft:
    """A start that takes an attempt found half-way for none."""
    contacts = case.referral.contacts
    if contacts and contacts[-1].state == "sending":
        case = case.of(case.referral.but(contacts=contacts[:-1]))
    return _START(step, case)


_START = ContactPatient.start


@with_data
@pytest.mark.parametrize(
    ("owner", "safeguard", "without", "violated"),
    [
        (MemoryReferrals, "_require_unchanged", unconditional, "5 moves are legal"),
        (ContactPatient, "start", blind, "4 one message per attempt"),
    ],
)
def test_a_day_with_faults_and_without_a_safeguard_is_found_out(
    owner: type, safeguard: str, without: Any, violated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, safeguard, without)
    day, posted = synthea_day(60, "fouler", ChaosWorld)
    assert checked(day, posted, calm=False)[violated] != []


def test_samples_survive_faults() -> None:
    day = a_day("happy-path", kind=ChaosWorld)
    assert checked(day, [], calm=False).keys()
    assert {k: v for k, v in checked(day, [], calm=False).items() if v} == {}


# --- the command -----------------------------------------------------------------------------


def test_without_data_it_says_so_and_exits_2(
    tmp_path: os.PathLike[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path)]) == 2
    assert "--samples" in capsys.readouterr().out


@with_data
def test_it_prints_the_funnel_and_what_must_hold(
    tmp_path: os.PathLike[str], capsys: pytest.CaptureFixture[str]
) -> None:
    report = os.path.join(tmp_path, "report.jsonl")  # noqa: PTH118
    code = main(["--data", str(SYNTHEA), "--count", "10", "--seed", "7", "--report", report])
    out = capsys.readouterr().out
    assert code == 0, out
    for shown in ("By pathway", "By payer", "closed loop", "Cost per referral", "Digest"):
        assert shown in out
    with open(report) as lines:  # noqa: PTH123
        figures = [json.loads(line) for line in lines]
    assert len(figures) >= 10
    assert all(line["outcome"] or line["queue"] for line in figures)
