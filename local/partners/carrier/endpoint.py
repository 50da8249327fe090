"""The simulated carrier: AWS End User Messaging's own protocol, opt-outs and two-way messages.

boto3 speaks to it unmodified when AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2 names it. What patients
write goes to the topic as the service publishes it.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, NamedTuple, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners.carrier.patients import Patients
from local.partners.world import World, instant

NUMBER: Final = "+15085550100"
"""The tenant's sending number, which texts, calls, and replies come back to."""
OPT_OUT_LIST: Final = "Default"
"""The list that the number uses."""
_TARGET: Final = "PinpointSMSVoiceV2."
_SIGNED: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/[^/]+/sms-voice/aws4_request,.*Signature=[0-9a-f]{64}"
)
_PHONE: Final = re.compile(r"\+?[1-9]\d{1,18}", re.ASCII)
_LONGEST_BODY: Final = 1600
_LONGEST_SPEECH: Final = {"TEXT": 3000, "SSML": 6000}
_VOICES: Final = frozenset(
    {"IVY", "JOANNA", "JOEY", "JUSTIN", "KENDRA", "KIMBERLY", "MATTHEW", "SALLI"}
    | {"LUPE", "MIGUEL", "PENELOPE"}
)
"""The service's voices of English and Spanish as they are spoken in the US."""
_OPT_OUT: Final = frozenset(
    {"ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"}
)
"""The service's own keywords: a message that is one of them opts its sender out."""
_JSON: Final = "application/x-amz-json-1.0"


class Topic(Protocol):
    """Where two-way messages are published."""

    async def publish(self, message: str) -> None:
        """Publish one message."""


class SnsTopic:
    """An SNS topic."""

    def __init__(self, sns: Any, arn: str) -> None:
        self._sns = sns
        self._arn = arn

    async def publish(self, message: str) -> None:
        """Publish one message."""
        await run_in_threadpool(self._sns.publish, TopicArn=self._arn, Message=message)


class OptedOut(NamedTuple):
    """Since when a number wants nothing, and whether its owner said so to the carrier itself."""

    at: datetime
    by_user: bool

    def shown(self, number: str) -> dict[str, Any]:
        """Return it as the service shows it."""
        return {
            "OptedOutNumber": number,
            "OptedOutTimestamp": self.at.timestamp(),
            "EndUserOptedOut": self.by_user,
        }


class Carrier:
    """Takes messages over AWS JSON, hands them to the patients, publishes what they answer."""

    def __init__(self, world: World, patients: Patients, topic: Topic) -> None:
        self._world = world
        self._patients = patients
        self._topic = topic
        self._opted_out: dict[str, OptedOut] = {}
        self.messages: list[dict[str, Any]] = []

    async def api(self, request: Request) -> Response:
        """Answer one call of the AWS SDK."""
        if not _SIGNED.search(request.headers.get("authorization", "")):
            return _error("MissingAuthenticationTokenException", HTTPStatus.FORBIDDEN)
        operation = request.headers.get("x-amz-target", "").removeprefix(_TARGET)
        asked = await request.json()
        match operation:
            case "SendTextMessage":
                return self._text(asked)
            case "SendVoiceMessage":
                return self._call(asked)
            case "PutOptedOutNumber":
                return self._put_opted_out(asked)
            case "DeleteOptedOutNumber":
                return self._delete_opted_out(asked)
            case "DescribeOptedOutNumbers":
                return self._describe_opted_out(asked)
            case _:
                return _error("UnknownOperationException", HTTPStatus.NOT_FOUND)

    async def reply(self, number: str, body: str, to_message: str) -> None:
        """Take a patient's message: obey the keywords and publish it."""
        word = " ".join(body.upper().split())
        if word in _OPT_OUT:
            self._opted_out.setdefault(number, OptedOut(self._world.now(), by_user=True))
        inbound = {
            "originationNumber": number,
            "destinationNumber": NUMBER,
            "messageKeyword": word if word in _OPT_OUT else "KEYWORD_REFERRALS",
            "messageBody": body,
            "inboundMessageId": self._world.new_id(),
            "previousPublishedMessageId": to_message,
        }
        for _ in range(await self._world.times("carrier")):
            self._world.note("carrier", did="published", body=inbound)
            await self._topic.publish(json.dumps(inbound))

    async def sent(self, _request: Request) -> Response:
        """Show what was sent; bodies hold no PHI, numbers are left out."""
        return JSONResponse(self.messages)

    async def log(self, _request: Request) -> Response:
        """Show the calls received and the messages published."""
        return JSONResponse(self._world.log("carrier"))

    def _text(self, asked: dict[str, Any]) -> Response:
        body = asked.get("MessageBody", "")
        if not body.strip() or len(body) > _LONGEST_BODY:
            return _error("ValidationException", Reason="FIELD_VALIDATION_FAILED")
        if refused := self._refusal(asked):
            return refused
        message_id = self._note(asked, "sms")
        if not asked.get("DryRun"):
            number, reference = asked["DestinationPhoneNumber"], _reference(asked)
            read = self._patients.reads(self, number, reference, message_id)
            self._world.later(timedelta(0), read)
        return _answer({"MessageId": message_id})

    def _call(self, asked: dict[str, Any]) -> Response:
        """Take a message to be spoken; who hears it calls back, which the carrier does not see."""
        body, kind = asked.get("MessageBody", ""), asked.get("MessageBodyTextType", "TEXT")
        known = kind in _LONGEST_SPEECH and asked.get("VoiceId", "MATTHEW") in _VOICES
        if not known or not body.strip() or len(body) > _LONGEST_SPEECH[kind]:
            return _error("ValidationException", Reason="FIELD_VALIDATION_FAILED")
        if refused := self._refusal(asked):
            return refused
        return _answer({"MessageId": self._note(asked, "voice")})

    def _refusal(self, asked: dict[str, Any]) -> Response | None:
        number = asked.get("DestinationPhoneNumber", "")
        if not _PHONE.fullmatch(number):
            return _error("ValidationException", Reason="FIELD_VALIDATION_FAILED")
        if asked.get("OriginationIdentity") != NUMBER:
            return _error("ResourceNotFoundException", ResourceType="phone-number")
        if number in self._opted_out:
            return _error("ConflictException", Reason="DESTINATION_PHONE_NUMBER_OPTED_OUT")
        return None

    def _note(self, asked: dict[str, Any], channel: str) -> str:
        message_id = self._world.new_id()
        if not asked.get("DryRun"):
            self.messages.append(
                {
                    "id": message_id,
                    "channel": channel,
                    "at": instant(self._world.now()),
                    "body": asked["MessageBody"],
                    "reference": _reference(asked),
                }
            )
        return message_id

    def _put_opted_out(self, asked: dict[str, Any]) -> Response:
        """List a number; one that is listed already stays as it is."""
        if asked.get("OptOutListName") != OPT_OUT_LIST:
            return _error("ResourceNotFoundException", ResourceType="opt-out-list")
        number = asked.get("OptedOutNumber", "")
        if not _PHONE.fullmatch(number):
            return _error("ValidationException", Reason="FIELD_VALIDATION_FAILED")
        listed = self._opted_out.setdefault(number, OptedOut(self._world.now(), by_user=False))
        return _answer({"OptOutListName": OPT_OUT_LIST, **listed.shown(number)})

    def _delete_opted_out(self, asked: dict[str, Any]) -> Response:
        """Take a number off the list."""
        number = asked.get("OptedOutNumber", "")
        if asked.get("OptOutListName") != OPT_OUT_LIST or number not in self._opted_out:
            return _error("ResourceNotFoundException", ResourceType="opted-out-number")
        listed = self._opted_out.pop(number)
        return _answer({"OptOutListName": OPT_OUT_LIST, **listed.shown(number)})

    def _describe_opted_out(self, asked: dict[str, Any]) -> Response:
        if asked.get("OptOutListName") != OPT_OUT_LIST:
            return _error("ResourceNotFoundException", ResourceType="opt-out-list")
        wanted = asked.get("OptedOutNumbers")
        if wanted is not None and not all(_PHONE.fullmatch(number) for number in wanted):
            return _error("ValidationException", Reason="FIELD_VALIDATION_FAILED")
        numbers = [
            entry.shown(number)
            for number, entry in self._opted_out.items()
            if wanted is None or number in wanted
        ]
        return _answer({"OptOutListName": OPT_OUT_LIST, "OptedOutNumbers": numbers})


def routes(carrier: Carrier) -> list[Route]:
    """Return the carrier's endpoint (as the SDK calls it), its messages and its log."""
    return [
        # boto3 keeps an endpoint's path as it is written.
        Route("/carrier", carrier.api, methods=["POST"]),
        Route("/carrier/", carrier.api, methods=["POST"]),
        Route("/carrier/messages", carrier.sent, methods=["GET"]),
        Route("/carrier/log", carrier.log, methods=["GET"]),
    ]


def _reference(asked: dict[str, Any]) -> str:
    return str(asked.get("Context", {}).get("reference", ""))


def _answer(body: dict[str, Any]) -> Response:
    return JSONResponse(body, media_type=_JSON)


def _error(kind: str, status: int = HTTPStatus.BAD_REQUEST, **details: str) -> Response:
    body = {"__type": kind, "Message": kind, **details}
    return JSONResponse(body, status, media_type=_JSON)
