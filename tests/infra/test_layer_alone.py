"""Every function is built of what Lambda has: our package and the third-party layer, as cut."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.environment import environment
from infra.third_party import build_third_party, built

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.stem for path in (ROOT / "functions").glob("*.py"))
OURS = (ROOT / "functions", ROOT / "layers/referral_core/python")
EACH_IN_A_PROCESS = """
import importlib, json, os, sys

def built(name):
    importlib.import_module(name)
    importlib.import_module(f"referral_core.wiring.{name}").build()

found = {}
for name in sys.argv[1:]:
    reads, writes = os.pipe()
    if not os.fork():
        said = ""
        try:
            built(name)
        except BaseException as error:
            said = repr(error)
        os.write(writes, said.encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads) as pipe:
        found[name] = pipe.read()
    os.wait()
print(json.dumps({"found": found, "path": sys.path}))
"""


@pytest.fixture(scope="module")
def layer() -> Path:
    return built(ROOT / "build/bench-layer") / "python"


def faults(layer: Path, *functions: str) -> Mapping[str, str]:
    """Build functions, each in a process that has the layer and our package; return what failed."""
    places = os.pathsep.join(map(str, (layer, *OURS)))
    run = subprocess.run(
        # Without the packages of this environment, which has far more than the layer.
        [sys.executable, "-S", "-c", EACH_IN_A_PROCESS, *functions],
        env={**environment(), "PYTHONPATH": places},
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(run.stdout.splitlines()[-1])
    assert not [place for place in said["path"] if ".venv" in place]
    found: Mapping[str, str] = said["found"]
    return {name: fault for name, fault in found.items() if fault}


def test_every_function_is_built_of_the_layer_alone(layer: Path) -> None:
    assert faults(layer, *FUNCTIONS) == {}


def test_a_package_that_the_layer_lacks_is_noticed(layer: Path, tmp_path: Path) -> None:
    """Guards the test above: an empty layer builds nothing."""
    (tmp_path / "aws_lambda_powertools").symlink_to(layer / "aws_lambda_powertools")
    assert "No module named" in faults(tmp_path, "fire_timers")["fire_timers"]


def test_lambdas_own_layer_has_the_same_packages(layer: Path) -> None:
    """What is built here is built for this machine; the one that is deployed, for Lambda's."""
    deployed = build_third_party() / "python"
    here, there = ({p.name for p in place.glob("*.dist-info")} for place in (layer, deployed))
    assert here == there
