"""What remembers uploads until they are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral_core.entrypoints.http.updates.announced_uploads import AnnouncedUploads
from referral_core.wiring.parts.clock import clock

if TYPE_CHECKING:
    from referral_core.ports.unmatched import UnmatchedItems


def announced_uploads() -> AnnouncedUploads:
    """Return what remembers uploads until they are named."""
    return AnnouncedUploads(_items, clock())


def _items() -> UnmatchedItems:
    """Return the unmatched items; most orders name no upload, and load none of it."""
    from referral_core.wiring.parts.unmatched import unmatched  # noqa: PLC0415 - see above

    return unmatched()
