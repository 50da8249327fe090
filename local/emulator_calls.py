"""Runs the emulator so that it asks more of its callers, and writes down who called what.

`python -m local.emulator_calls` is the emulator with two things more. It knows whose items a call
of a table is about (`dynamodb:LeadingKeys`), which the template's policies ask for and the emulator
does not tell. And where `EMULATOR_CALLS` names a file, each different call of a role is a line of
JSON in it, whether it was let through or not: `tests/infra` holds them against the policies.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from referral_core.adapters.aws.dynamodb.schema import PARTITION_KEY

CALLS: Final = "EMULATOR_CALLS"
LEADING_KEYS: Final = "dynamodb:LeadingKeys"
_EQUALS: Final = re.compile(r"(\w+)\s*=\s*(:\w+)")
_ROLE: Final = re.compile(r":assumed-role/([^/]+)")
_KINDS: Final = re.compile(r"[A-Z]{1,}#|[A-Z_]{4,}$")


def leading_keys(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield the partition keys that a DynamoDB request names, of whichever operation."""
    for place in ("Item", "Key"):
        if place in request:
            yield from request[place].get(PARTITION_KEY, {}).values()
    values = request.get("ExpressionAttributeValues", {})
    names = request.get("ExpressionAttributeNames", {})
    for name, value in _EQUALS.findall(request.get("KeyConditionExpression", "")):
        if names.get(f"#{name}", name) == PARTITION_KEY:
            yield from values.get(value, {}).values()
    for asked in request.get("RequestItems", {}).values():
        yield from (key[PARTITION_KEY]["S"] for key in asked.get("Keys", ()) if PARTITION_KEY in key)
    for one in request.get("TransactItems", ()):
        for operation in one.values():
            yield from leading_keys(operation)


def kind_of(key: str) -> str:
    """Return what a partition key is of, without whose: `T#…#R#…`."""
    return "".join(f"{kind}…" if kind.endswith("#") else kind for kind in _KINDS.findall(key))


class Calls:
    """What was called, each different call once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: set[str] = set()
        self._roles: dict[str, str] = {}

    def add(self, access_key: str, call: Mapping[str, Any]) -> None:
        """Write a call down when a role made it."""
        role = self._role(access_key)
        line = json.dumps({"role": role, **call}, ensure_ascii=False)
        if role and line not in self._known:
            self._known.add(line)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")

    def _role(self, access_key: str) -> str:
        from ministack.core import iam_evaluator

        if access_key not in self._roles:
            principal = iam_evaluator.resolve_principal(access_key, "000000000000")
            found = _ROLE.search(getattr(principal, "arn", ""))
            self._roles[access_key] = found[1] if found else ""
        return self._roles[access_key]


def _tell_leading_keys() -> None:
    from ministack.core import iam_actions

    known = iam_actions.dynamodb_service_context

    def told(body: bytes) -> dict[str, Any]:
        try:
            keys = list(leading_keys(json.loads(body or b"{}")))
        except (ValueError, AttributeError, TypeError):
            keys = []
        return {**known(body), **({LEADING_KEYS: keys} if keys else {})}

    iam_actions.dynamodb_service_context = told


def _write_down(calls: Calls) -> None:
    from ministack.core import iam_evaluator

    enforce = iam_evaluator.enforce

    def watched(access_key_id: str, iam_action: str, *args: Any, **named: Any) -> Any:
        refused = enforce(access_key_id, iam_action, *args, **named)
        keys = (named.get("service_context") or {}).get(LEADING_KEYS, ())
        call = {
            "action": iam_action,
            "resource": named.get("resource_arn", "*"),
            "keys": sorted({kind_of(key) for key in keys}),
            "refused": refused is not None,
        }
        calls.add(access_key_id or "", call)
        return refused

    iam_evaluator.enforce = watched


if __name__ == "__main__":
    from ministack.app import main

    _tell_leading_keys()
    if CALLS in os.environ:
        _write_down(Calls(Path(os.environ[CALLS])))
    main()
