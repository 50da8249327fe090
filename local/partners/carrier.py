"""The simulated carrier and the patients behind its numbers: End User Messaging's own protocol."""

from __future__ import annotations

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners.world import World, referral_of, span

NUMBER: Final = "+15085550100"
"""The tenant's sending number, which replies come back to."""
_SEND: Final = "PinpointSMSVoiceV2.SendTextMessage"
_YES: Final = "YES"
_STOP: Final = frozenset({"STOP", "QUIT", "END", "CANCEL", "UNSUBSCRIBE"})


class Carrier:
    """Takes messages over AWS JSON, lets the patient answer, publishes answers to the topic."""

    def __init__(self, world: World, sns: Any, topic_arn: str) -> None:
        self._world = world
        self._sns = sns
        self._topic_arn = topic_arn
        self._opted_out: set[str] = set()
        self.messages: list[dict[str, Any]] = []

    async def api(self, request: Request) -> Response:
        """Answer one call of the AWS SDK."""
        if self._world.mode.get("carrier") == "down":
            return _error("InternalServerException", HTTPStatus.INTERNAL_SERVER_ERROR)
        if request.headers.get("x-amz-target") != _SEND:
            return _error("ValidationException", HTTPStatus.BAD_REQUEST)
        asked = await request.json()
        number = asked["DestinationPhoneNumber"]
        if number in self._opted_out:
            return _error("ConflictException", HTTPStatus.BAD_REQUEST)
        message_id = str(uuid4())
        reference = asked.get("Context", {}).get("reference", "")
        self.messages.append(
            {"id": message_id, "body": asked["MessageBody"], "reference": reference}
        )
        self._world.later(timedelta(0), self._patient_reads(number, reference, message_id))
        return JSONResponse({"MessageId": message_id}, media_type="application/x-amz-json-1.0")

    async def log(self, _request: Request) -> Response:
        """Show what was sent; bodies hold no PHI, numbers are left out."""
        return JSONResponse(self.messages)

    async def _patient_reads(self, number: str, reference: str, message_id: str) -> None:
        script = (await self._world.learn(referral_of(reference)))["patient"]
        reply = script.get("reply")
        if reply is None:
            return
        await self._world.sleep(span(script.get("reply_after", "PT2H")))
        if reply in _STOP:
            self._opted_out.add(number)
        if reply == _YES:
            self._world.agree(referral_of(reference))
        inbound = {
            "originationNumber": number,
            "destinationNumber": NUMBER,
            "messageKeyword": "KEYWORD_REFERRALS",
            "messageBody": reply,
            "previousPublishedMessageId": message_id,
            "inboundMessageId": str(uuid4()),
        }
        message = json.dumps(inbound)
        await run_in_threadpool(self._sns.publish, TopicArn=self._topic_arn, Message=message)


def routes(world: World, sns: Any, topic_arn: str) -> list[Route]:
    """Return the carrier's endpoint (as the SDK calls it) and its log."""
    carrier = Carrier(world, sns, topic_arn)
    return [
        Route("/carrier", carrier.api, methods=["POST"]),
        Route("/carrier/messages", carrier.log, methods=["GET"]),
    ]


def _error(kind: str, status: int) -> Response:
    body = {"__type": kind, "Message": kind}
    return JSONResponse(body, status, media_type="application/x-amz-json-1.0")
