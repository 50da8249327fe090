"""The logger: one line of JSON a record, with what its invocation is known by.

Sixty lines of our own: a library for it brings metrics, tracing and `jmespath` into every start.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, Protocol, TypeVar

SERVICE: Final = "SERVICE_NAME"
"""The variable of the environment that names the function."""
_TRACE: Final = "_X_AMZN_TRACE_ID"
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; the rest is what its writer said beside the message."""

Answer = TypeVar("Answer")


class LambdaContext(Protocol):
    """What Lambda says of an invocation."""

    function_name: str
    memory_limit_in_mb: int
    invoked_function_arn: str
    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation."""
        ...


class InvocationLogger(logging.Logger):
    """Writes to standard output alone; Lambda's own handler would write each record again."""

    def __init__(self, name: str) -> None:
        """Take a name; the level is LOG_LEVEL of the environment."""
        super().__init__(name, os.environ.get("LOG_LEVEL", "INFO"))
        self._keys: dict[str, Any] = {}
        self._is_cold = True
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(_Line(self._keys))
        self.addHandler(handler)

    def append_keys(self, **keys: object) -> None:
        """Say these with every record until the state is cleared."""
        self._keys.update(keys)

    def clear_state(self) -> None:
        """Forget all keys: the next invocation is of somebody else."""
        self._keys.clear()

    def of_invocation(
        self, handler: Callable[[Any, LambdaContext], Answer]
    ) -> Callable[[Any, LambdaContext], Answer]:
        """Say with every record of an invocation which one it is."""

        @wraps(handler)
        def logged(event: Any, context: LambdaContext) -> Answer:
            self.clear_state()
            self.append_keys(
                cold_start=self._is_cold,
                function_name=context.function_name,
                function_memory_size=context.memory_limit_in_mb,
                function_arn=context.invoked_function_arn,
                function_request_id=context.aws_request_id,
            )
            self._is_cold = False
            return handler(event, context)

        return logged


class _Line(logging.Formatter):
    """A record as JSON. Attributes: keys: what is said with every record, as it stands by then."""

    converter = staticmethod(time.gmtime)
    default_msec_format = "%s.%03dZ"
    default_time_format = "%Y-%m-%dT%H:%M:%S"

    def __init__(self, keys: Mapping[str, Any]) -> None:
        super().__init__()
        self._keys = keys

    def format(self, record: logging.LogRecord) -> str:
        trace = os.environ.get(_TRACE, "").partition("Root=")[2].partition(";")[0]
        line = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": record.getMessage(),
            "timestamp": self.formatTime(record),
            "service": os.environ.get(SERVICE, "service_undefined"),
            **self._keys,
            **{name: value for name, value in vars(record).items() if name not in _OWN},
            **({"xray_trace_id": trace} if trace else {}),
            **(self._failure(record) if record.exc_info else {}),
        }
        return json.dumps(line, default=str, separators=(",", ":"))

    def _failure(self, record: logging.LogRecord) -> Mapping[str, str]:
        kind = record.exc_info[0] if record.exc_info else None
        if record.exc_info is None or kind is None:
            return {}
        return {
            "exception": self.formatException(record.exc_info),
            "exception_name": kind.__name__,
        }


logger: Final = InvocationLogger("referral_router")
