"""Runs the emulator so that it asks more of its callers, and writes down who called what.

`python -m local.emulated` is the emulator with two things more and one less. It knows whose items a
call of a table is about, which the template's policies ask for and the emulator does not tell. It
leaves alarms to `alarms.py`, which knows a metric's dimensions and silence, and counts a throttled
request as no invocation of a function, as Lambda does. Its Athena reads a lake of many small
objects as few files (`lake_files.py`). And where `EMULATOR_CALLS` names a file,
each different call of a role is a line of JSON in it, whether it was let through or not:
`tests/infra` holds them against the policies.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator
from ministack.services import athena, cloudwatch, lambda_svc, s3

from local.lake_files import PARQUET, LakeFiles
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


def _leave_alarms_alone() -> None:
    cloudwatch._evaluate_alarm = lambda _alarm: None  # noqa: SLF001 - it has no setting for it


def _count_no_throttled_request() -> None:
    known = lambda_svc._emit_lambda_metrics  # noqa: SLF001 - what it counts has no setting either

    def told(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:  # noqa: FBT001 - as it is called
        if throttle:
            named = {"FunctionName": function_name}
            cloudwatch.record_metric("AWS/Lambda", "Throttles", 1, "Count", named)
        else:
            known(function_name, duration_ms, error, throttle)

    lambda_svc._emit_lambda_metrics = told  # noqa: SLF001


def _keep_files_of_the_lake() -> None:
    known = athena._materialize_table_files  # noqa: SLF001 - it has no setting for it
    kept: dict[str, LakeFiles] = {}

    def files(location: str, folders: list[str]) -> list[str]:
        bucket, _, prefix = location.removeprefix("s3://").rstrip("/").partition("/")
        beginning = f"{prefix}/"
        objects = {
            key.removeprefix(beginning): str(found.get("etag"))
            for key, found in list(s3._buckets.get(bucket, {}).get("objects", {}).items())  # noqa: SLF001
            if key.startswith(beginning)
        }
        if not objects or not all(key.endswith(PARQUET) for key in objects):
            return list(known(location, folders))
        table = kept.setdefault(location, LakeFiles(Path(mkdtemp(prefix="lake-"))))
        read = partial(_object_of, bucket, beginning)
        return [str(file) for file in table.of(objects, read)]

    athena._materialize_table_files = files  # noqa: SLF001


def _object_of(bucket: str, beginning: str, key: str) -> bytes | None:
    found: bytes | None = s3._get_object_data(bucket, f"{beginning}{key}")  # noqa: SLF001
    return found


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
    _leave_alarms_alone()
    _count_no_throttled_request()
    _keep_files_of_the_lake()
    if _CALLS in os.environ:
        _write_down(Calls(Path(os.environ[_CALLS])))
    main()
