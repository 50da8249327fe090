"""Uploads that were announced: a report or an order names each soon, or a person asks whose it is.

The item is written when the upload is announced, to be seen a day later; what names the upload
settles it before. So nobody has to look for uploads that nothing names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import Conflict, NotFound
from referral_core.entrypoints.http.exchange import Request
from referral_core.fhir.systems import UPLOAD
from referral_core.ports.lifecycle import Clock

if TYPE_CHECKING:
    from referral_core.domain.unmatched import Unmatched
    from referral_core.ports.unmatched import UnmatchedItems

_BEGINS: Final = UPLOAD.encode()
_NAMED: Final = re.compile(re.escape(_BEGINS) + rb"([0-9a-fA-F]{64})")
_MOST: Final = 20
"""Uploads that one request settles; it may name fewer."""


@dataclass(frozen=True)
class AnnouncedUploads:
    """Remembers what was announced until it is named.

    Attributes:
        items: given on first use: few requests name an upload.
    """

    items: Callable[[], UnmatchedItems]
    clock: Clock

    def announced(self, principal: Principal, sha256: str) -> None:
        """Remember an upload; announced again, it is the same."""
        self.items().keep(self._item(principal, sha256))

    def done(self, request: Request) -> None:
        """Settle what a request names, once it was taken; one that was refused names nothing."""
        if _BEGINS not in request.body:
            return
        principal, now = request.principal, self.clock.now()
        for found in list(dict.fromkeys(_NAMED.findall(request.body)))[:_MOST]:
            item = self._item(principal, found.decode().lower())
            # What was announced before this was remembered, or was named before, has no item.
            with suppress(Conflict, NotFound):
                self.items().settle(item.but(settled_at=now, settled_by=principal.client_id))

    def _item(self, principal: Principal, sha256: str) -> Unmatched:
        # Most requests name no upload, and load nothing of it.
        from referral_core.domain.unmatched import of_announced  # noqa: PLC0415 - see above

        sender = principal.client_id, principal.organization
        return of_announced(principal.tenant, sender, sha256, self.clock.now())
