"""The simulated patients behind the carrier's numbers: they read, and answer or not."""

from __future__ import annotations

from collections import Counter
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners.world import World, referral_of

_YES: Final = "YES"


class Network(Protocol):
    """What a phone can do."""

    async def reply(self, number: str, body: str, to_message: str) -> None:
        """Send a text message back to where a message came from."""


class Patients:
    """All patients; each answers the messages about a referral as its script says."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._read: Counter[str] = Counter()

    async def reads(self, network: Network, number: str, reference: str, message_id: str) -> None:
        """Read one message and answer it.

        Args:
            network: carries the answer.
            number: the patient's.
            reference: the mark on the message, which says what it is about.
            message_id: the carrier's.
        """
        referral_id = referral_of(reference)
        nth = self._read[referral_id]
        self._read[referral_id] += 1
        script = (await self._world.learn(referral_id)).patient
        answer = script.answer(nth)
        if answer is None:
            return
        await self._world.sleep(script.reply_after)
        if answer.strip().upper() == _YES:
            self._world.agree(referral_id)
        self._world.note("patient", did="replied", body=answer, to_message=message_id)
        await network.reply(number, answer, message_id)

    async def log(self, _request: Request) -> Response:
        """Show what the patients answered."""
        return JSONResponse(self._world.log("patient"))


def routes(patients: Patients) -> list[Route]:
    """Return what is to be seen of the patients."""
    return [Route("/patient/log", patients.log, methods=["GET"])]
