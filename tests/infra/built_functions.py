"""Builds every function with an environment of its own and prints which of our modules it loads.

`python -m tests.infra.built_functions` reads `{function: {setting: value}}` and prints
`{function: [module]}`. The libraries are loaded once; each function is a fork of that.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

_LIBRARIES = ("boto3", "pydantic", "aws_lambda_powertools", "aws_lambda_powertools.metrics")
_AWS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


def built(function: str, environment: dict[str, str]) -> list[str]:
    """Build a function in a process of its own; return the modules of our package in it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.environ.clear()
        os.environ.update({**environment, **_AWS})
        import_module(f"referral_core.wiring.{function}").build()
        loaded = [*sorted(m for m in sys.modules if m.startswith("referral_core.")), "holidays"]
        if "holidays" not in sys.modules:
            loaded.remove("holidays")
        with os.fdopen(writing, "w") as pipe:
            json.dump(loaded, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        printed = pipe.read()
    os.waitpid(child, 0)
    if not printed:
        raise SystemExit(f"{function} could not be built")
    modules: list[str] = json.loads(printed)
    return modules


if __name__ == "__main__":
    for library in _LIBRARIES:
        import_module(library)
    functions: dict[str, dict[str, str]] = json.load(sys.stdin)
    json.dump({name: built(name, env) for name, env in functions.items()}, sys.stdout)
