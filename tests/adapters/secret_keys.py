"""The secret under which the tests' tables hash their keys, and how it is rotated."""

from __future__ import annotations

import json
from typing import Final

from referral_core.adapters.aws.dynamodb.hashed_keys import CURRENT, HashedKeys


def secret_key(version: str) -> str:
    return f"secret key of version {version}, for tests"


class Rotated:
    """A secret whose versions come and go, as operations put them."""

    def __init__(self, current: str = "1", *others: str) -> None:
        self.put(current, *others)
        self.keys = HashedKeys(lambda: self._secret)

    def put(self, current: str, *others: str) -> None:
        known = {version: secret_key(version) for version in (current, *others)}
        self._secret = json.dumps({CURRENT: current, **known})


HASHED_KEYS: Final = Rotated().keys
