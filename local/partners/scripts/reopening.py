"""How a closed referral is opened again, by whichever partner its script names."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from local.partners.scripts.parts import Reopening
from local.partners.world import World

_AGAIN: Final = timedelta(hours=6)
_TRIES: Final = 60


async def reopen(world: World, client: str, referral_id: str, wanted: Reopening) -> None:
    """Ask for it after a while, and again while the referral is still being closed."""
    await world.sleep(wanted.after)
    path = f"/fhir/ServiceRequest/{referral_id}/$reopen"
    body = {"resume": wanted.resume, "reason": wanted.reason}
    for _ in range(_TRIES):
        status, _ = await world.call(client, "POST", path, body)
        if status != HTTPStatus.CONFLICT:
            return
        await world.sleep(_AGAIN)
