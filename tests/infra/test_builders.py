"""Each function is built from the environment that the template gives it, and loads only its own.

What a function imports is what its cold start costs.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from infra import STACK_NAME
from infra.functions import OTHERS, STEPS, Spec

ROOT = Path(__file__).parents[2]
SPECS: Final = (*STEPS, *OTHERS)
STEP_NAMES: Final = {spec.name for spec in STEPS}
HTTP: Final = {
    *("receive_referral", "receive_update", "query_api", "query_reports"),
    *("manage_people", "run_operations", "issue_token"),
}
STREAM: Final = {"publish_outbox", "record_metrics", "export_events"}

Loaded = dict[str, set[str]]


@pytest.fixture(scope="module")
def loaded(resources: dict[str, dict[str, Any]]) -> Loaded:
    """Given every function built: our modules in its process, without the package's name."""
    environments = {
        r["Properties"]["FunctionName"].removeprefix(f"{STACK_NAME}-"): {
            name: value if isinstance(value, str) else f"the-{name.lower()}"
            for name, value in r["Properties"]["Environment"]["Variables"].items()
        }
        for r in resources.values()
        if r["Type"] == "AWS::Lambda::Function"
    }
    run = subprocess.run(
        [sys.executable, "-m", "tests.infra.built_functions"],
        cwd=ROOT,
        input=json.dumps(environments),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return {
        name: {module.removeprefix("referral_core.") for module in modules}
        for name, modules in json.loads(run.stdout).items()
    }


def within(modules: set[str], room: str) -> set[str]:
    """The names of the modules inside a room, the room's own left out."""
    return {m.removeprefix(f"{room}.") for m in modules if m.startswith(f"{room}.")}


def test_every_function_is_built(loaded: Loaded) -> None:
    assert set(loaded) == {spec.name for spec in SPECS}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_function_loads_its_own_step_only(spec: Spec, loaded: Loaded) -> None:
    own = {spec.name} & STEP_NAMES
    assert within(loaded[spec.name], "lifecycle.steps") == own


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_function_loads_its_own_entrypoint_only(spec: Spec, loaded: Loaded) -> None:
    entrypoints = {name.partition(".")[0] for name in within(loaded[spec.name], "entrypoints")}
    assert ("http" in entrypoints) == (spec.name in HTTP)
    assert ("step" in entrypoints) == (spec.name in STEP_NAMES)
    assert ("stream" in entrypoints) == (spec.name in STREAM)
    assert len(entrypoints - {"stream"}) == 1


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_only_who_speaks_to_partners_loads_how(spec: Spec, loaded: Loaded) -> None:
    modules = loaded[spec.name]
    speaks = spec.secrets or spec.name in {"authorize_client", "issue_token"}  # they fetch keys
    assert bool(within(modules, "adapters.http")) == speaks
    assert bool(within(modules, "fhir.intake")) == (spec.name == "receive_referral")
    assert "x12.interchange" not in modules or spec.name in {
        "check_eligibility",
        "request_authorization",  # the payers' adapters are one module
    }


@pytest.mark.parametrize("name", sorted(STREAM))
def test_a_consumer_of_the_stream_loads_no_lifecycle_and_no_format(
    name: str, loaded: Loaded
) -> None:
    for room in ("lifecycle", "fhir", "x12", "pathways"):
        assert not within(loaded[name], room)


def test_nobody_loads_a_calendar_or_the_memory_adapters_at_start(loaded: Loaded) -> None:
    for modules in loaded.values():
        assert "holidays" not in modules
        assert not within(modules, "adapters.memory")


def test_intake_loads_what_a_new_order_needs_and_no_more(loaded: Loaded) -> None:
    """A model costs half a millisecond of a start: updates, effects and messages come later."""
    modules = loaded["receive_referral"]
    later = {
        *("adapters.aws.dynamodb.directory", "adapters.aws.dynamodb.effects"),
        *("adapters.aws.dynamodb.mailboxes", "adapters.aws.dynamodb.work_lists"),
        *("domain.directory", "domain.directory_facts", "domain.outreach.replies"),
        *("domain.effects", "domain.mailbox", "domain.updates", "domain.writes"),
        "domain.events.facts",
        *("domain.payers.requests", "domain.waitlist"),
        *("domain.money.price_book", "domain.routing.demand"),
        *("entrypoints.http.orders.changes", "fhir.intake.bundles", "fhir.r4.messaging"),
        *("domain.access.audit", "domain.announced_upload"),
        *("entrypoints.http.orders.joined_uploads", "fhir.written_numbers"),
        *("fhir.r4.context", "fhir.r4.requesting"),
    }
    for name in later:
        import_module(f"referral_core.{name}")  # there is such a module
    assert modules & later == set()


def test_a_start_builds_no_validator() -> None:
    """What is built when a module is read is built in every start, used or not."""
    run = subprocess.run(
        [sys.executable, "-c", _VALIDATORS_OF_A_START],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    models, built = json.loads(run.stdout)
    assert models > 100
    assert built == []


_VALIDATORS_OF_A_START = """
import json
from pydantic import BaseModel
import referral_core.wiring.receive_referral
from pydantic._internal._mock_val_ser import MockValSer

def models(base):
    for model in base.__subclasses__():
        yield model
        yield from models(model)

ours = [m for m in models(BaseModel) if m.__module__.startswith("referral_core")]
built = [m.__qualname__ for m in ours if not isinstance(m.__pydantic_validator__, MockValSer)]
print(json.dumps([len(ours), built]))
"""
