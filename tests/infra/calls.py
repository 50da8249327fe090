"""Who calls what: the calls of each function, as the embedded stack saw them.

`calls.txt` holds a line a call: function, action, resource and the kinds of partition keys.
`python -m tests.infra.calls FILE` adds what an emulator wrote down (`local/emulated.py`), with the
stack's own names for the resources. What no run comes by stands below, read from the code, each
under the reason why; once a run comes by it, it moves up.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from tests.infra.policies import ACCOUNT, REGION

FILE: Final = Path(__file__).with_name("calls.txt")
MACHINE: Final = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:referral_lifecycle"
_WORKGROUP: Final = f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/referral-reports"
_ON_NOTHING: Final = {
    "states:SendTaskSuccess": MACHINE,
    "states:SendTaskFailure": MACHINE,
    "ses:SendEmail": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/EmailFrom",
    "athena:GetQueryExecution": _WORKGROUP,
    "athena:GetQueryResults": _WORKGROUP,
}
"""Actions that the emulator authorizes on no resource, and the one that AWS does on."""
_LOGICAL: Final = re.compile(r"referral-router-(\w+?)[0-9A-F]{8}-[0-9A-F]+", re.IGNORECASE)
_ROLE: Final = re.compile(r"-Functions(\w+?)Role")
_CAPITAL: Final = re.compile(r"(?<!^)[A-Z]")
_OF_A_SECRET: Final = re.compile(r"-[0-9a-f]{6}$")
"""What Secrets Manager appends to a name."""
_HASHED: Final = re.compile(r"[0-9a-f]{64}")
_KEY_ID: Final = re.compile(r":key/[0-9a-f-]{36}$")
"""A key has no name; the one that code calls signs tokens, the others are used for it by AWS."""
_POOL_ID: Final = re.compile(r":userpool/[a-z0-9-]+_\w+$")
"""The stack has one user pool."""
_REASON: Final = "# Not reached by a run: "
_BUCKETS: Final = {name.lower(): name for name in ("DocumentsBucket", "LakeBucket", "LakeResults")}


class Call(NamedTuple):
    """One call. Attributes: keys: kinds of partition keys, `T#…#R#…`."""

    function: str
    action: str
    resource: str
    keys: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.function, self.action, self.resource, *self.keys))


class KnownCalls(NamedTuple):
    """The calls of `calls.txt`.

    Attributes:
        recorded: what a run of the stack was seen to do.
        not_reached: why no run comes by some calls → those calls.
    """

    recorded: set[Call]
    not_reached: dict[str, set[Call]]

    @classmethod
    def read(cls) -> KnownCalls:
        """Read the file."""
        known = cls(set(), {})
        calls = known.recorded
        for line in FILE.read_text(encoding="utf-8").splitlines():
            if line.startswith(_REASON):
                calls = known.not_reached.setdefault(line.removeprefix(_REASON), set())
            elif line:
                function, action, resource, *keys = line.split()
                calls.add(Call(function, action, resource, tuple(keys)))
        return known

    def write(self) -> None:
        """Write the file: what was recorded first."""
        below = [
            f"\n{_REASON}{reason}\n{_lines(calls - self.recorded)}"
            for reason, calls in self.not_reached.items()
            if calls - self.recorded
        ]
        FILE.write_text("".join([_lines(self.recorded), *below]), encoding="utf-8")


def known_calls() -> list[Call]:
    """Read all calls that are known."""
    known = KnownCalls.read()
    return sorted(known.recorded.union(*known.not_reached.values()))


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
    if action in _ON_NOTHING:
        return _ON_NOTHING[action]
    logical = _LOGICAL.sub(lambda found: _BUCKETS.get(found[1], found[1]), resource)
    logical = (
        _OF_A_SECRET.sub("-000000", logical) if action.startswith("secretsmanager:") else logical
    )
    logical = _POOL_ID.sub(":userpool/ApiClients", _KEY_ID.sub(":key/TokenKey", logical))
    return _HASHED.sub("…", logical.replace(":000000000000:", f":{ACCOUNT}:"))


def _lines(calls: Iterable[Call]) -> str:
    return "".join(f"{call}\n" for call in sorted(calls))


if __name__ == "__main__":
    known = KnownCalls.read()
    known.recorded.update(*(recorded_calls(Path(file)) for file in sys.argv[1:]))
    known.write()
