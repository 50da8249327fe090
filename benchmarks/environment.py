"""The environment of the processes that are measured."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from infra.third_party import built
from referral_core.settings import Settings

ROOT: Final = Path(__file__).parents[1]
_LAYER: Final = ROOT / "build/bench-layer"
_BYTECODE: Final = ROOT / "build/bench-bytecode"
_NO_RESOURCE: Final = "clock_file"
"""What only a machine without AWS has."""
_RESOURCES: Final = tuple(
    name.upper()
    for name, default in Settings._field_defaults.items()
    if default is None and name != _NO_RESOURCE
)


def of_function() -> dict[str, str]:
    """Return the environment of a function's process, which has its third-party layer before it."""
    return {**environment(), "PYTHONPATH": str(built(_LAYER) / "python")}


def environment() -> dict[str, str]:
    """Return what a process knows on AWS, with the bytecode of a first start kept.

    The shell may forbid bytecode: then each start would compile all of boto3, as the reference
    does, and every ratio would look better than it is.
    """
    allowed = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {
        **allowed,
        **dict.fromkeys(_RESOURCES, "none"),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "POWERTOOLS_SERVICE_NAME": "bench",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "PYTHONPYCACHEPREFIX": str(_BYTECODE),
    }
