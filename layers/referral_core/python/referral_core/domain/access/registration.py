"""A client of SMART Backend Services: the keys that it signs with, and what it may ask for."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import model_validator

from referral_core.domain.access.scopes import is_scope
from referral_core.domain.model import Model


class Registration(Model):
    """How a client of our own issuer proves itself; what it is, its principal says.

    Attributes:
        keys: its JSON web key set, as text; None: it publishes them.
        keys_url: where it publishes them, by https; None: they are registered.
        scopes: the most that it is given.
    """

    client_id: str
    keys: str | None = None
    keys_url: str | None = None
    scopes: frozenset[str]

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if (self.keys is None) is (self.keys_url is None):
            raise ValueError("a client has its keys registered or publishes them")
        if self.keys_url is not None and urlsplit(self.keys_url).scheme != "https":
            raise ValueError("keys are published by https")
        if not self.scopes or not all(map(is_scope, self.scopes)):
            raise ValueError("a client has scopes, as referrals/read or system/Task.rs")
        return self
