"""The simulated patients: what they text, and what comes of a call."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from local.partners.carrier import patients as patient
from local.partners.carrier.patients import Patients
from tests.unit.partners.partner_harness import PartnerHarness, a_script, staged

NUMBER = "+15085550123"


class Phone:
    """Remembers what was sent back."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    async def reply(self, number: str, body: str, to_message: str) -> None:
        assert number == NUMBER
        self.said.append((body, to_message))


def texted(
    folder: Path, references: list[str], mode: str = "up", **behaviour: Any
) -> tuple[Phone, bool]:
    """Text a patient; return what came back and whether the patient wants to come."""
    phone, agreed = Phone(), []

    async def scene() -> None:
        async with staged(lambda world: [], a_script(folder, patient=behaviour)) as stage:
            stage.world.mode["patient"] = mode
            patients = Patients(stage.world)
            agreement = asyncio.create_task(stage.world.agreement("r1"))
            for number, reference in enumerate(references, start=1):
                reading = patients.reads(phone, NUMBER, reference, f"m{number}")
                task = asyncio.create_task(reading)
                await stage.pass_time(days=1)
                if mode != "down":
                    await task
            await stage.pass_time(days=6)
            agreed.append(agreement.done())
            agreement.cancel()

    asyncio.run(scene())
    return phone, agreed[0]


@pytest.mark.parametrize("word", ["YES", "si", "Ok.", "y"])
def test_a_yes_lets_the_clinic_book(tmp_path: Path, word: str) -> None:
    phone, agreed = texted(tmp_path, ["r1-c1"], reply=word)

    assert phone.said == [(word, "m1")]
    assert agreed


@pytest.mark.parametrize("word", ["NO", "STOP", "TIME", "CLINIC", "ALTO", "Who is this?"])
def test_any_other_word_is_sent_and_nothing_is_agreed(tmp_path: Path, word: str) -> None:
    phone, agreed = texted(tmp_path, ["r1-c1"], reply=word)

    assert phone.said == [(word, "m1")]
    assert not agreed


def test_messages_are_answered_in_turn(tmp_path: Path) -> None:
    phone, _ = texted(tmp_path, ["r1-c1", "r1-c2", "r1-c3"], reply=[None, "TIME", "NO"])

    assert phone.said == [("TIME", "m2"), ("NO", "m3")]


def test_a_reminder_is_answered_apart_and_agrees_to_nothing_new(tmp_path: Path) -> None:
    phone, agreed = texted(
        tmp_path, ["r1-r4", "r1-r5"], reply="NO", reply_to_reminder=[None, "YES"]
    )

    assert phone.said == [("YES", "m2")]
    assert not agreed


def test_calls_end_in_turn(tmp_path: Path) -> None:
    async def scene() -> list[str]:
        scripts = a_script(tmp_path, patient={"on_call": ["voicemail", "another-time"]})
        async with staged(lambda world: [], scripts) as stage:
            patients = Patients(stage.world)
            return [await patients.on_call("r1") for _ in range(3)]

    assert asyncio.run(scene()) == ["voicemail", "another-time", "another-time"]


@pytest.mark.parametrize(("mode", "said"), [("duplicate", 2), ("down", 0), ("reorder", 1)])
def test_a_patient_has_bad_days_as_well(tmp_path: Path, mode: str, said: int) -> None:
    phone, _ = texted(tmp_path, ["r1-c1"], mode, reply="NO")

    assert phone.said == [("NO", "m1")] * said


def test_the_log_shows_what_they_answered() -> None:
    async def scene() -> Any:
        async with staged(lambda world: patient.routes(Patients(world))) as stage:
            return await logged(stage)

    async def logged(stage: PartnerHarness) -> Any:
        stage.world.note("patient", did="replied")
        return (await stage.http.get("/patient/log")).json()

    assert [entry["did"] for entry in asyncio.run(scene())] == ["replied"]
