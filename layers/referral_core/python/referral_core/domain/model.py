"""The base of every record the product keeps: frozen, strict about unknown fields."""

from __future__ import annotations

from typing import NewType

from pydantic import BaseModel, ConfigDict

Tenant = NewType("Tenant", str)
ReferralId = NewType("ReferralId", str)


class Record(BaseModel):
    """An immutable value; change it with `model_copy(update=...)`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
