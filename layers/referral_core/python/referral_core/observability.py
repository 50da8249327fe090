"""One logger for every function: short constant messages, structured keys, never PHI."""

from __future__ import annotations

from typing import Final

from aws_lambda_powertools import Logger

logger: Final = Logger()
