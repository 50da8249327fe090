"""Who calls what: the calls of each function, as the embedded stack saw them.

`calls.txt` holds a line a call: function, action, resource and the kinds of partition keys.
`python -m tests.infra.calls FILE` adds what an emulator wrote down (`local/emulated.py`), with the
stack's own names for the resources. What no run of the stack comes by is written there by hand.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Final, NamedTuple

from tests.infra.policies import ACCOUNT, REGION

FILE: Final = Path(__file__).with_name("calls.txt")
MACHINE: Final = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:referral_lifecycle"
_LOGICAL: Final = re.compile(r"referral-router-(\w+?)[0-9A-F]{8}-[0-9A-F]+", re.IGNORECASE)
_ROLE: Final = re.compile(r"-Functions(\w+?)Role")
_CAPITAL: Final = re.compile(r"(?<!^)[A-Z]")
_OF_A_SECRET: Final = re.compile(r"-[0-9a-f]{6}$")
"""What Secrets Manager appends to a name."""
_HASHED: Final = re.compile(r"[0-9a-f]{64}")
_BUCKETS: Final = {name.lower(): name for name in ("DocumentsBucket", "LakeBucket", "LakeResults")}


class Call(NamedTuple):
    """One call. Attributes: keys: kinds of partition keys, `T#…#R#…`."""

    function: str
    action: str
    resource: str
    keys: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.function, self.action, self.resource, *self.keys))


def known_calls() -> list[Call]:
    """Read the calls that are known."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return [
        Call(function, action, resource, tuple(keys))
        for function, action, resource, *keys in (line.split() for line in lines)
    ]


def recorded_calls(file: Path) -> set[Call]:
    """Read what an emulator wrote down of functions, in the template's names."""
    found = set()
    for line in file.read_text(encoding="utf-8").splitlines():
        call = json.loads(line)
        function = _function_of(call["role"])
        if function and not call["refused"]:
            resource = _in_the_templates_names(call["action"], call["resource"])
            found.add(Call(function, call["action"], resource, tuple(call["keys"])))
    return found


def refused_calls(file: Path) -> list[str]:
    """Read what an emulator refused the functions."""
    lines = file.read_text(encoding="utf-8").splitlines()
    calls = [json.loads(line) for line in lines]
    return [str(call) for call in calls if call["refused"] and _function_of(call["role"])]


def _function_of(role: str) -> str:
    found = _ROLE.search(role)
    return _CAPITAL.sub(r"_\g<0>", found[1]).lower() if found else ""


def _in_the_templates_names(action: str, resource: str) -> str:
    if action.startswith("states:SendTask"):
        return MACHINE  # the emulator authorizes these on no machine
    logical = _LOGICAL.sub(lambda found: _BUCKETS.get(found[1], found[1]), resource)
    logical = (
        _OF_A_SECRET.sub("-000000", logical) if action.startswith("secretsmanager:") else logical
    )
    return _HASHED.sub("…", logical.replace(":000000000000:", f":{ACCOUNT}:"))


if __name__ == "__main__":
    every = {*known_calls(), *recorded_calls(Path(sys.argv[1]))}
    FILE.write_text("".join(f"{call}\n" for call in sorted(every)), encoding="utf-8")
