"""10: nothing that could name a patient or a diagnosis is where it does not belong.

The canaries are the inputs' own: family names, record numbers, phones, member ids, diagnoses. They
are looked for word by word, so that a number within a hash is none.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

from local.inputs import Input
from local.simulation.day import Day
from referral_core.adapters.aws.dynamodb.keys import Sort
from referral_core.reporting.columns import TABLE

_WORD: Final = re.compile(r"\+?\w+(?:[.-]\w+)*")
_PART: Final = re.compile(r"\w+")
_SHORTEST: Final = 4
"""Shorter words say nothing by themselves."""
_ONLY_NUMBERS: Final = re.compile(r"\D")
_PHONE_DIGITS: Final = 10
_REPLIES: Final = "replies"
_NUMBERS_OF_A_REPLY: Final = ("originationNumber", "messageBody")
"""The carrier publishes a reply with its number and words; that is its format, not ours."""


class Canaries:
    """What must not be found, and a search for it."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Take the texts; one of several words is found as a whole."""
        self.texts = {t for t in texts if len(t) >= _SHORTEST}
        self._by_first: dict[str, list[str]] = defaultdict(list)
        for text in sorted(self.texts):
            first = _WORD.search(text)
            if first is not None:
                self._by_first[first.group()].append(text)

    def within(self, text: str) -> list[str]:
        """List the canaries that a text holds."""
        words = {*_WORD.findall(text), *_PART.findall(text)}
        suspects = (c for word in words & self._by_first.keys() for c in self._by_first[word])
        return sorted({c for c in suspects if c in text})


def canaries_of(inputs: Iterable[Input]) -> Canaries:
    """Collect the canaries of some inputs."""
    found: set[str] = set()
    for one in inputs:
        try:
            body = json.loads(one.body)
        except ValueError:
            continue
        for resource in _resources(body):
            found |= set(_named_in(resource))
    return Canaries(found)


def _named_in(resource: Mapping[str, Any]) -> Iterator[str]:
    match resource.get("resourceType"):
        case "Patient":
            yield from (str(n["family"]) for n in resource.get("name", []) if "family" in n)
            yield from (str(i["value"]) for i in resource.get("identifier", []) if "value" in i)
            for point in resource.get("telecom", []):
                digits = _ONLY_NUMBERS.sub("", str(point.get("value", "")))[-_PHONE_DIGITS:]
                if point.get("system") in {"phone", "sms"} and len(digits) == _PHONE_DIGITS:
                    yield from (str(point["value"]), digits, f"+1{digits}")
                elif point.get("system") == "email":
                    yield str(point.get("value", ""))
        case "Coverage":
            yield str(resource.get("subscriberId", ""))
        case "Condition":
            yield from _concept(resource.get("code", {}))
        case "ServiceRequest":
            for reason in resource.get("reasonCode", []):
                yield from _concept(reason)


def _concept(concept: Mapping[str, Any]) -> Iterator[str]:
    yield str(concept.get("text", ""))
    for coding in concept.get("coding", []):
        yield str(coding.get("code", ""))
        yield str(coding.get("display", ""))


def _resources(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _resources(item)
    elif isinstance(value, dict):
        if "resourceType" in value:
            yield value
        for item in value.values():
            yield from _resources(item)


def leaks(day: Day, canaries: Canaries) -> Iterator[str]:
    """Say where a canary was found outside payloads and documents."""
    for place, text in chain(_places(day), _given_away(day)):
        for canary in canaries.within(text):
            yield f"{place} holds {canary!r}"


def _places(day: Day) -> Iterator[tuple[str, str]]:
    for execution in day.executions:
        seen = [[e.state, e.payload, e.result] for e in execution.history]
        yield f"execution {execution.name}", json.dumps([execution.data, seen], default=str)
    for line in day.lines:
        yield "a log line or metric", line
    for queue, bodies in day.bodies.items():
        for body in bodies:
            yield f"the queue {queue}", _without_number(body, of=queue)
    for message in day.messages:
        yield "a text message", str(message.get("body", ""))
    for item in day.table.items():
        if not str(item["sk"]["S"]).startswith(Sort.PAYLOAD):
            yield f"the item {item['sk']['S']}", json.dumps(item, default=str, ensure_ascii=False)


def _given_away(day: Day) -> Iterator[tuple[str, str]]:
    """Yield what lies with others, or is read by them."""
    for service, given_up in day.dead.items():
        for one in given_up:
            body = one if isinstance(one, str) else json.dumps(one, default=str)
            yield f"a dead letter of {service}", _without_number(body, of=service)
    for row in day.lake.query(f"SELECT * FROM {TABLE}"):  # noqa: S608 - our own table
        yield "a row of the lake", " ".join(str(value) for value in row)
    for partner, entries in day.logs.items():
        for entry in entries:
            # Addresses stand in logs, on both sides and in between.
            yield f"an address at the {partner}", str(entry.get("path", ""))


def _without_number(body: str, *, of: str) -> str:
    if of != _REPLIES:
        return body
    reply = json.loads(body)
    return json.dumps({k: v for k, v in reply.items() if k not in _NUMBERS_OF_A_REPLY})
