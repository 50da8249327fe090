"""Every sample referral ends as its sidecar says, on the real stack, and leaks nothing."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.follow import Followed
from local.stack import Stack
from referral_core.adapters.aws.dynamodb.items import readable
from referral_core.domain.events import EventKind, WorkItemFacts
from referral_core.domain.outreach.series import reference_of
from referral_core.domain.referral import Referral
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.draft import STATES_ENTERED
from tests.contracts.referral_samples import told_once
from tests.end_to_end.conftest import SAMPLES
from tests.end_to_end.records import Records, text_of

SIDECARS = sorted(SAMPLES.glob("*.sidecar.json"))
HAPPY_PATH_STATES = 17
STATES_PER_CONTACT = 2


@pytest.fixture(params=SIDECARS, ids=lambda path: path.name.removesuffix(".sidecar.json"))
def sidecar(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def ended(sidecar: Path, samples: Sequence[Followed], records: Records) -> Referral:
    return ended_of(sidecar, samples, records)


def ended_of(sidecar: Path, samples: Sequence[Followed], records: Records) -> Referral:
    """Wait until a sample is closed; one that is to stay on a worklist, until it lies there."""
    source = sidecar.name.replace(".sidecar", "")
    (followed,) = (f for f in samples if f.source == source)
    assert followed.referral is not None, followed.refusal
    if expected(sidecar)["outcome"] is None:
        return records.ended(followed.referral.id)
    reopened = "reopens" in json.loads(sidecar.read_text())["partners"]["ehr"]
    return records.closed(followed.referral.id, reopened=reopened)


def expected(sidecar: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(sidecar.read_text())["expect"]
    return found


def undisturbed(referral: Referral, records: Records) -> None:
    """Skip what depends on the run where the watchdog took a slow one for a dead one."""
    if "run-restarted" in records.kinds(referral.id):
        pytest.skip("this machine is so slow that the watchdog restarted the referral")


def in_time(sidecar: Path, referral: Referral, records: Records) -> None:
    """Skip where a clinic that answers was out of time: four urgent hours are a second here."""
    silent = json.loads(sidecar.read_text())["partners"]["clinic"]["offers"].count("silent")
    events = records.events(referral.id)
    unanswered = sum(event.kind is EventKind.OFFER_SILENT for event in events)
    too_late = any(
        isinstance(event.facts, WorkItemFacts) and event.facts.reason is Reason.NOT_IN_TIME
        for event in events
    )
    if unanswered > silent or too_late:
        pytest.skip("this machine is so slow that an urgent order's time was up")


def test_it_ends_as_its_sidecar_says(sidecar: Path, ended: Referral, records: Records) -> None:
    in_time(sidecar, ended, records)
    expect = expected(sidecar)
    assert ended.outcome == expect["outcome"]
    assert ended.loop_closed is expect["loop_closed"]
    worklist = None if ended.is_closed else ended.queue.value
    assert worklist == expect["worklist"]
    statuses = told_once(records.statuses(ended.id))
    if statuses != expect["statuses"]:
        # What comes at its hour, a withdrawal, overtakes the steps of a run that was slow.
        undisturbed(ended, records)
    assert statuses == expect["statuses"], records.kinds(ended.id)


def test_it_kept_the_rules_on_its_way(ended: Referral, records: Records) -> None:
    records.has_kept_the_rules(ended.id)


def test_states_are_counted_not_estimated(ended: Referral, records: Records) -> None:
    metered = sum(event.metered.get("states", 0) for event in records.events(ended.id))
    # A step is counted with the Choice behind it, which a step that waits has yet to enter.
    ahead = 0 if ended.is_closed else STATES_ENTERED[ended.current_step] - 1
    undisturbed(ended, records)
    assert records.states_entered(ended.id) + ahead == metered


def test_the_happy_path_enters_at_most_17_states(
    samples: Sequence[Followed], records: Records
) -> None:
    (followed,) = (f for f in samples if f.source == "happy-path.json")
    assert followed.referral is not None
    referral = records.ended(followed.referral.id)
    undisturbed(referral, records)
    kinds = records.kinds(referral.id)
    again = kinds.count("no-reply") + kinds.count("reminder-due")
    assert records.states_entered(referral.id) <= HAPPY_PATH_STATES + STATES_PER_CONTACT * again


def test_the_patient_got_one_message_per_attempt(
    stack: Stack, ended: Referral, records: Records
) -> None:
    sent = [m["reference"] for m in carried(stack) if m["reference"].startswith(ended.id)]
    texted = [c for c in ended.contacts if c.state == "sent" and c.channel == "sms"]
    assert sorted(sent) == sorted(reference_of(ended, c) for c in texted)
    parts = sum(event.metered.get("sms_parts", 0) for event in records.events(ended.id))
    assert parts == len(sent), "one part a message"


# --- no PHI where it does not belong ---------------------------------------------------------


def carried(stack: Stack) -> list[dict[str, str]]:
    found: list[dict[str, str]] = httpx.get(f"{stack.partners_url}/carrier/messages").json()
    return found


def resources(value: Any, kind: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from resources(item, kind)
    elif isinstance(value, dict):
        if value.get("resourceType") == kind:
            yield value
        for item in value.values():
            yield from resources(item, kind)


@cache
def canaries() -> list[str]:
    """Return names, record, phone and member numbers, addresses and diagnoses of the samples."""
    found: set[str] = set()
    for path in (*SAMPLES.glob("*.json"), *SAMPLES.glob("supplied/*.json")):
        body = json.loads(path.read_text())
        for patient in resources(body, "Patient"):
            found |= {name["family"] for name in patient["name"]}
            found |= {identifier["value"] for identifier in patient.get("identifier", [])}
            for point in patient.get("telecom", []):
                if point["system"] == "email":
                    found.add(point["value"])
                    continue
                digits = re.sub(r"\D", "", point["value"])[-10:]
                found |= {point["value"], digits, f"+1{digits}"}
            found |= {line for home in patient.get("address", []) for line in home["line"]}
        found |= {c["subscriberId"] for c in resources(body, "Coverage") if "subscriberId" in c}
        for condition in resources(body, "Condition"):
            for coding in condition["code"]["coding"]:
                found |= {coding["code"], coding["display"]}
    return sorted(found)


def leaks(text: str) -> list[str]:
    """Return the canaries that stand in a text as words of their own."""
    # One pattern of all of them takes sixty times as long: seconds a megabyte of log.
    return [
        canary
        for canary in canaries()
        if canary in text and re.search(rf"(?<!\w){re.escape(canary)}(?!\w)", text)
    ]


@pytest.fixture
def all_ended(samples: Sequence[Followed], records: Records) -> None:
    for sidecar in SIDECARS:
        ended_of(sidecar, samples, records)


@pytest.mark.usefixtures("all_ended")
def test_only_payloads_hold_the_canaries(records: Records) -> None:
    clinical = ""
    for item in records.items():
        if item["sk"]["S"].startswith("PAYLOAD#"):
            clinical += gzip.decompress(bytes(item["body"]["B"])).decode()
        else:
            assert leaks(text_of(readable(item))) == [], item["sk"]["S"]
    assert {"Whitlock", "LS-10231", "(508) 555-0131", "HHP4410231"} <= set(leaks(clinical))


@pytest.mark.usefixtures("all_ended")
def test_no_execution_history_holds_phi(records: Records) -> None:
    histories = [text_of(list(records.history(arn))) for arn in records.execution_arns()]
    assert len(histories) >= len(SIDECARS)
    for history in histories:
        assert leaks(history) == []


@pytest.mark.usefixtures("all_ended")
def test_no_log_line_holds_phi(records: Records) -> None:
    lines = list(records.log_lines())
    assert any("step run" in line for line in lines), "the functions' logs are read"
    assert leaks("\n".join(lines)) == []


@pytest.mark.usefixtures("all_ended")
def test_no_text_message_holds_phi(stack: Stack) -> None:
    messages = carried(stack)
    assert messages
    for message in messages:
        assert leaks(text_of(message)) == []


@pytest.mark.usefixtures("all_ended")
def test_there_are_no_dead_letters(records: Records) -> None:
    assert any("NoticesDlq" in url for url in records.queue_urls())
    assert any("StreamDlq" in url for url in records.queue_urls())
    assert records.dead_letters() == []


@pytest.mark.usefixtures("all_ended")
def test_a_letter_is_asked_for_by_ids_only(stack: Stack, records: Records) -> None:
    letters = records.queued(stack.deployment["PrintQueueUrl"])
    assert letters, "patients who cannot be reached are written to"
    for letter in letters:
        assert set(json.loads(letter)) == {"tenant", "referral_id", "reference", "sha256"}
        assert leaks(letter) == []
