"""Runs the emulator so that it asks more of its callers, and writes down who called what.

`python -m local.emulated` is the emulator with two things more. It knows whose items a call of a
table is about, which the template's policies ask for and the emulator does not tell. And where
`EMULATOR_CALLS` names a file, each different call of a role is a line of JSON in it, whether it was
let through or not: `tests/infra` holds them against the policies.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator

from local.leading_keys import LEADING_KEYS, kind_of, leading_keys

_ROLE: Final = re.compile(r":assumed-role/([^/]+)")
_CALLS: Final = "EMULATOR_CALLS"
_ACCOUNT: Final = "000000000000"


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
        if access_key not in self._roles:
            principal = iam_evaluator.resolve_principal(access_key, _ACCOUNT)
            found = _ROLE.search(getattr(principal, "arn", ""))
            self._roles[access_key] = found[1] if found else ""
        return self._roles[access_key]


def _tell_leading_keys() -> None:
    known = iam_actions.dynamodb_service_context

    def told(body: bytes) -> dict[str, Any]:
        try:
            keys = list(leading_keys(json.loads(body or b"{}")))
        except (ValueError, AttributeError, TypeError):
            keys = []
        return {**known(body), **({LEADING_KEYS: keys} if keys else {})}

    iam_actions.dynamodb_service_context = told


def _write_down(calls: Calls) -> None:
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
    _tell_leading_keys()
    if _CALLS in os.environ:
        _write_down(Calls(Path(os.environ[_CALLS])))
    main()
