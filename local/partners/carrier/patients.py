"""The simulated patients behind the carrier's numbers: they read, answer or not, and are called."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners.scripts.fields import nth
from local.partners.world import World, referral_of

_AGREEING: Final = frozenset({"YES", "Y", "OK", "SI", "SÍ"})
_REMINDER: Final = re.compile(r"-r\d+$")


class Network(Protocol):
    """What a phone can do."""

    async def reply(self, number: str, body: str, to_message: str) -> None:
        """Send a text message back to where a message came from."""


class Patients:
    """All patients; each answers the messages about a referral as its script says."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._read: Counter[tuple[str, str]] = Counter()
        self._called: Counter[str] = Counter()

    async def reads(self, network: Network, number: str, reference: str, message_id: str) -> None:
        """Read one message and answer it.

        Args:
            network: carries the answer.
            number: the patient's.
            reference: the mark on the message, which says what it is about.
            message_id: the carrier's.
        """
        referral_id = referral_of(reference)
        kind = "reminder" if _REMINDER.search(reference) else "invitation"
        nth_read = self._read[kind, referral_id]
        self._read[kind, referral_id] += 1
        script = (await self._world.learn(referral_id)).patient
        turns = script.reply_to_reminder if kind == "reminder" else script.reply
        answer = nth(turns, nth_read)
        if answer is None:
            return
        await self._world.sleep(script.reply_after)

        async def speak() -> None:
            if kind == "invitation" and answer.strip(" .!").upper() in _AGREEING:
                self._world.agree(referral_id)
            self._world.note("patient", did="replied", body=answer, to_message=message_id)
            await network.reply(number, answer, message_id)

        await self._world.say("patient", speak)

    async def on_call(self, referral_id: str) -> str:
        """Return what comes of a call that staff make."""
        script = (await self._world.learn(referral_id)).patient
        result = nth(script.on_call, self._called[referral_id])
        self._called[referral_id] += 1
        self._world.note("patient", did="was called", referral=referral_id, result=result)
        return result

    async def log(self, _request: Request) -> Response:
        """Show what the patients answered."""
        return JSONResponse(self._world.log("patient"))


def routes(patients: Patients) -> list[Route]:
    """Return what is to be seen of the patients."""
    return [Route("/patient/log", patients.log, methods=["GET"])]
