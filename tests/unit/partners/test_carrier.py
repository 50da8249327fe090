"""The simulated carrier and the patients behind its numbers."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from local.partners.carrier import endpoint as carrier
from local.partners.carrier import patients as patient
from local.partners.carrier.endpoint import NUMBER, OPT_OUT_LIST
from local.partners.scripts.script import Scripts
from local.partners.world import World
from tests.unit.partners.partner_harness import NOW, PartnerHarness, a_script, staged

PHONE = "+15085550131"
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=k/20260302/us-east-1/sms-voice/aws4_request, "
    f"SignedHeaders=host, Signature={'0' * 64}",
    "X-Amz-Target": "PinpointSMSVoiceV2.SendTextMessage",
    "Content-Type": "application/x-amz-json-1.0",
}


class Board(list[tuple[timedelta, dict[str, Any]]]):
    """A topic that a test can read."""

    world: World

    async def publish(self, message: str) -> None:
        self.append((self.world.now() - NOW, json.loads(message)))

    def routes(self, world: World) -> list[Route]:
        self.world = world
        patients = patient.Patients(world)
        taking = carrier.Carrier(world, patients, self)
        return [*carrier.routes(taking), *patient.routes(patients)]


async def sent(
    stage: PartnerHarness, headers: dict[str, str] | None = None, **fields: Any
) -> httpx.Response:
    said = {
        "DestinationPhoneNumber": PHONE,
        "OriginationIdentity": NUMBER,
        "MessageBody": "Reply YES",
        "MessageType": "TRANSACTIONAL",
        "Context": {"reference": "r1-c1"},
    }
    body = {name: value for name, value in {**said, **fields}.items() if value is not None}
    return await stage.http.post("/carrier", json=body, headers={**SIGNED, **(headers or {})})


async def asked(stage: PartnerHarness, operation: str, **fields: Any) -> httpx.Response:
    body = {name: value for name, value in fields.items() if value is not None}
    headers = {**SIGNED, "X-Amz-Target": f"PinpointSMSVoiceV2.{operation}"}
    return await stage.http.post("/carrier", json=body, headers=headers)


async def called(stage: PartnerHarness, **fields: Any) -> httpx.Response:
    said = {
        "DestinationPhoneNumber": PHONE,
        "OriginationIdentity": NUMBER,
        "MessageBody": "Please call us back",
        "MessageBodyTextType": "TEXT",
        "VoiceId": "LUPE",
        "Context": {"reference": "r1-c2"},
    }
    return await asked(stage, "SendVoiceMessage", **{**said, **fields})


async def listed(stage: PartnerHarness, **fields: Any) -> httpx.Response:
    put = {"OptOutListName": OPT_OUT_LIST, "OptedOutNumber": PHONE}
    return await asked(stage, "PutOptedOutNumber", **{**put, **fields})


def play(scripts: Scripts, act: Any, days: float = 5) -> tuple[Board, PartnerHarness]:
    board = Board()

    async def scene() -> PartnerHarness:
        async with staged(board.routes, scripts) as stage:
            await act(stage)
            await stage.pass_time(days=days)
            return stage

    return board, asyncio.run(scene())


def test_a_reply_is_published_as_the_service_publishes_it(tmp_path: Path) -> None:
    ids: list[str] = []

    async def scene(stage: PartnerHarness) -> None:
        ids.append((await sent(stage)).json()["MessageId"])

    scripts = a_script(tmp_path, patient={"reply": "YES", "reply_after": "PT5H"})
    board, _ = play(scripts, scene)

    ((after, message),) = board
    assert after == timedelta(hours=5)
    assert message.pop("inboundMessageId") not in ids
    assert message == {
        "originationNumber": PHONE,
        "destinationNumber": NUMBER,
        "messageKeyword": "KEYWORD_REFERRALS",
        "messageBody": "YES",
        "previousPublishedMessageId": ids[0],
    }


@pytest.mark.parametrize(("reply", "agrees"), [("YES", True), ("yes", True), ("NO", False)])
def test_who_says_yes_wants_to_come(tmp_path: Path, reply: str, agrees: bool) -> None:  # noqa: FBT001
    word: list[asyncio.Task[None]] = []

    async def scene(stage: PartnerHarness) -> None:
        word.append(asyncio.create_task(stage.world.agreement("r1")))
        await sent(stage)
        await stage.pass_time(days=1)
        assert word[0].done() is agrees
        word[0].cancel()

    play(a_script(tmp_path, patient={"reply": reply}), scene)


def test_a_patient_may_not_answer(tmp_path: Path) -> None:
    board, _ = play(a_script(tmp_path, patient={"reply": None}), sent)

    assert board == []


def test_a_patient_may_answer_only_the_second_message(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await sent(stage)
        await stage.pass_time(days=2)
        await sent(stage, Context={"reference": "r1-c2"})

    board, _ = play(a_script(tmp_path, patient={"reply": [None, "YES"]}), scene)

    assert [after for after, _ in board] == [timedelta(days=2, hours=2)]


@pytest.mark.parametrize("word", ["STOP", "stop", " Unsubscribe "])
def test_after_a_stop_the_carrier_takes_no_message_for_the_number(
    tmp_path: Path, word: str
) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await sent(stage)
        await stage.pass_time(days=1)
        refused = await sent(stage)
        assert refused.status_code == 400
        assert refused.json()["__type"] == "ConflictException"
        assert refused.json()["Reason"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"
        assert (await sent(stage, DestinationPhoneNumber="+15085550132")).status_code == 200

    board, _ = play(a_script(tmp_path, patient={"reply": [word, None]}), scene)

    assert [message["messageBody"] for _, message in board] == [word]
    assert board[0][1]["messageKeyword"] == word.strip().upper()


def test_opted_out_numbers_are_listed(tmp_path: Path) -> None:
    found: list[dict[str, Any]] = []

    async def scene(stage: PartnerHarness) -> None:
        await sent(stage)
        await stage.pass_time(days=1)
        target = {"X-Amz-Target": "PinpointSMSVoiceV2.DescribeOptedOutNumbers"}
        answer = await sent(stage, target, OptOutListName="Default", OptedOutNumbers=[PHONE])
        found.extend(answer.json()["OptedOutNumbers"])

    play(a_script(tmp_path, patient={"reply": "STOP"}), scene)

    assert [entry["OptedOutNumber"] for entry in found] == [PHONE]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"DestinationPhoneNumber": "508 555"}, "ValidationException"),
        ({"DestinationPhoneNumber": ""}, "ValidationException"),
        ({"MessageBody": "  "}, "ValidationException"),
        ({"MessageBody": "x" * 1601}, "ValidationException"),
        ({"MessageBody": None}, "ValidationException"),
        ({"OriginationIdentity": "+15085559999"}, "ResourceNotFoundException"),
    ],
)
def test_what_the_service_refuses_is_refused(fields: dict[str, Any], kind: str) -> None:
    async def scene(stage: PartnerHarness) -> None:
        answer = await sent(stage, **fields)
        assert (answer.status_code, answer.json()["__type"]) == (400, kind)
        assert (await stage.http.get("/carrier/messages")).json() == []

    board, _ = play(Scripts(None), scene)

    assert board == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer x"}, 403),
        ({"Authorization": SIGNED["Authorization"].replace("sms-voice", "sns")}, 403),
        ({"X-Amz-Target": "PinpointSMSVoiceV2.SendCarrierPigeon"}, 404),
    ],
)
def test_a_call_must_be_signed_for_this_service(headers: dict[str, str], status: int) -> None:
    async def scene(stage: PartnerHarness) -> None:
        assert (await sent(stage, headers)).status_code == status

    play(Scripts(None), scene)


def test_a_dry_run_reaches_nobody(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        assert "MessageId" in (await sent(stage, DryRun=True)).json()

    board, _ = play(a_script(tmp_path), scene)

    assert board == []


def test_messages_are_shown_without_numbers(tmp_path: Path) -> None:
    shown: list[dict[str, Any]] = []

    async def scene(stage: PartnerHarness) -> None:
        await sent(stage)
        shown.extend((await stage.http.get("/carrier/messages")).json())

    play(a_script(tmp_path), scene)

    assert [(m["channel"], m["body"], m["reference"], m["at"]) for m in shown] == [
        ("sms", "Reply YES", "r1-c1", "2026-03-02T14:00:00Z")
    ]
    assert PHONE not in json.dumps(shown)


def test_a_carrier_that_duplicates_publishes_one_message_twice(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        stage.world.mode["carrier"] = "duplicate"
        await sent(stage)

    board, _ = play(a_script(tmp_path), scene)

    assert len(board) == 2
    assert board[0] == board[1]


# --- calls ----------------------------------------------------------------------------------------


def test_a_call_is_shown_by_its_channel_and_answered_by_no_text(tmp_path: Path) -> None:
    shown: list[dict[str, Any]] = []

    async def scene(stage: PartnerHarness) -> None:
        assert "MessageId" in (await called(stage)).json()
        shown.extend((await stage.http.get("/carrier/messages")).json())

    board, _ = play(a_script(tmp_path, patient={"reply": "YES"}), scene)

    assert [(m["channel"], m["body"], m["reference"]) for m in shown] == [
        ("voice", "Please call us back", "r1-c2")
    ]
    assert PHONE not in json.dumps(shown)
    assert board == []


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"DestinationPhoneNumber": "508 555"}, "ValidationException"),
        ({"DestinationPhoneNumber": None}, "ValidationException"),
        ({"MessageBody": " "}, "ValidationException"),
        ({"MessageBody": None}, "ValidationException"),
        ({"MessageBody": "x" * 3001}, "ValidationException"),
        ({"MessageBody": "x" * 6001, "MessageBodyTextType": "SSML"}, "ValidationException"),
        ({"MessageBodyTextType": "MORSE"}, "ValidationException"),
        ({"VoiceId": "ROBOT"}, "ValidationException"),
        ({"OriginationIdentity": "+15085559999"}, "ResourceNotFoundException"),
    ],
)
def test_a_call_that_the_service_refuses_is_refused(fields: dict[str, Any], kind: str) -> None:
    async def scene(stage: PartnerHarness) -> None:
        answer = await called(stage, **fields)
        assert (answer.status_code, answer.json()["__type"]) == (400, kind)
        assert (await stage.http.get("/carrier/messages")).json() == []

    play(Scripts(None), scene)


def test_a_dry_run_calls_nobody() -> None:
    async def scene(stage: PartnerHarness) -> None:
        assert "MessageId" in (await called(stage, DryRun=True)).json()
        assert (await stage.http.get("/carrier/messages")).json() == []

    play(Scripts(None), scene)


# --- the opt-out list -----------------------------------------------------------------------------


def test_a_listed_number_gets_neither_text_nor_call(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        assert (await listed(stage)).status_code == 200
        for answer in (await sent(stage), await called(stage)):
            assert answer.json()["Reason"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"
        assert (await called(stage, DestinationPhoneNumber="+15085550132")).status_code == 200

    play(a_script(tmp_path), scene)


def test_listing_again_changes_nothing() -> None:
    async def scene(stage: PartnerHarness) -> None:
        first = (await listed(stage)).json()
        await stage.pass_time(days=1)
        assert (await listed(stage)).json() == first
        assert first == {
            "OptOutListName": OPT_OUT_LIST,
            "OptedOutNumber": PHONE,
            "OptedOutTimestamp": NOW.timestamp(),
            "EndUserOptedOut": False,
        }

    play(Scripts(None), scene)


def test_who_wrote_stop_is_listed_as_having_said_so(tmp_path: Path) -> None:
    async def scene(stage: PartnerHarness) -> None:
        await sent(stage)
        await stage.pass_time(days=1)
        assert (await listed(stage)).json()["EndUserOptedOut"] is True

    play(a_script(tmp_path, patient={"reply": "STOP"}), scene)


@pytest.mark.parametrize("operation", ["PutOptedOutNumber", "DescribeOptedOutNumbers"])
@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"OptOutListName": "Elsewhere"}, "ResourceNotFoundException"),
        (
            {"OptedOutNumber": "508 555", "OptedOutNumbers": ["508 555"]},
            "ValidationException",
        ),
    ],
)
def test_a_list_or_number_that_is_not_there_is_refused(
    operation: str, fields: dict[str, Any], kind: str
) -> None:
    async def scene(stage: PartnerHarness) -> None:
        known = {"OptOutListName": OPT_OUT_LIST, "OptedOutNumber": PHONE}
        answer = await asked(stage, operation, **{**known, **fields})
        assert (answer.status_code, answer.json()["__type"]) == (400, kind)

    play(Scripts(None), scene)


def test_all_listed_numbers_are_shown_unless_some_are_asked_for() -> None:
    async def scene(stage: PartnerHarness) -> None:
        await listed(stage)
        for wanted, found in ((None, [PHONE]), ([PHONE], [PHONE]), (["+15085550132"], [])):
            answer = await asked(
                stage,
                "DescribeOptedOutNumbers",
                OptOutListName=OPT_OUT_LIST,
                OptedOutNumbers=wanted,
            )
            assert [n["OptedOutNumber"] for n in answer.json()["OptedOutNumbers"]] == found

    play(Scripts(None), scene)
