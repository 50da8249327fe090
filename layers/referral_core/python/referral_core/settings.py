"""The environment, typed, read when first needed; a missing resource fails loudly."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cache

from pydantic import Field, ValidationError

from referral_core.domain.model import Record


class Settings(Record):
    """What a function's environment may hold.

    Resources have no defaults: a function that needs one it was not given fails at once, with
    the variable's name.
    """

    table_name: str | None = None
    documents_bucket: str | None = None
    state_machine_arn: str | None = None
    notices_queue_url: str | None = None
    print_queue_url: str | None = None
    sms_origination_identity: str | None = None
    opt_out_list: str | None = None
    email_from: str | None = None
    stream_dlq_url: str | None = None
    public_base_url: str | None = None
    token_url: str | None = None
    carry_grace_seconds: float = Field(default=300, gt=0)
    clock_origin: datetime | None = None
    clock_started: datetime | None = None
    clock_rate: float = Field(default=1, gt=0)

    def need(self, name: str) -> str:
        """Return a resource's name.

        Raises:
            RuntimeError: the environment does not hold it.
        """
        value = getattr(self, name)
        if not value:
            raise RuntimeError(f"The environment lacks {name.upper()}.")
        return str(value)


@cache
def settings() -> Settings:
    """Read the environment once a process."""
    present = {
        name: os.environ[name.upper()]
        for name in Settings.model_fields
        if os.environ.get(name.upper())
    }
    try:
        return Settings.model_validate(present)
    except ValidationError as error:
        raise RuntimeError(f"The environment is not valid: {error}") from error
