"""The environment, typed, read when first needed; a missing resource fails loudly.

Plain Python: the stream's consumers need no pydantic, which would be most of their start.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple


class Settings(NamedTuple):
    """What a function's environment may hold.

    Resources have no defaults: a function that needs one it was not given fails at once, with
    the variable's name.
    """

    table_name: str | None = None
    hash_keys_secret: str | None = None
    audit_table_name: str | None = None
    documents_bucket: str | None = None
    state_machine_arn: str | None = None
    notices_queue_url: str | None = None
    waitlist_queue_url: str | None = None
    print_queue_url: str | None = None
    sms_origination_identity: str | None = None
    opt_out_list: str | None = None
    email_from: str | None = None
    stream_dlq_url: str | None = None
    lake_workgroup: str | None = None
    lake_database: str | None = None
    lake_stream: str | None = None
    lake_results_bucket: str | None = None
    public_base_url: str | None = None
    token_url: str | None = None
    user_pool_id: str | None = None
    stack_name: str | None = None
    pool_issuer: str | None = None
    pool_keys_url: str | None = None
    token_key_ids: str | None = None
    request_counts_table: str | None = None
    console_client_id: str | None = None
    step_grace_seconds: float = 300
    clock_file: str | None = None

    def need(self, name: str) -> str:
        """Return a resource's name.

        Raises:
            RuntimeError: the environment does not hold it.
        """
        value = getattr(self, name)
        if not value:
            raise RuntimeError(f"The environment lacks {name.upper()}.")
        return str(value)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError("a positive number is needed")
    return value


_READ: Final[Mapping[str, Callable[[str], Any]]] = MappingProxyType(
    {
        "step_grace_seconds": _positive,
    }
)
"""How what is no text is read."""


@cache
def settings() -> Settings:
    """Read the environment once a process.

    Raises:
        RuntimeError: a variable does not hold what its setting needs.
    """
    present: dict[str, Any] = {}
    for name in Settings._fields:
        text = os.environ.get(name.upper())
        if text:
            try:
                present[name] = _READ.get(name, str)(text)
            except ValueError as error:
                raise RuntimeError(f"{name.upper()} is not valid: {error}") from error
    return Settings(**present)
