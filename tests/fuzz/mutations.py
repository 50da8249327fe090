"""What a careless or hostile sender does to a request that was good: repeatable from a seed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final, NamedTuple

Place = tuple[Any, Any]
"""A container and the key or position of something in it."""

STRANGE: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    10**400,
    1e308,
    "",
    " ",
    "\ud800",
    "\x00",
    "é" * 700,
    "x" * 5_000,
    "y" * 300_000,
    "2026-02-30",
    "0001-01-01",
    "9999-12-31T23:59:59Z",
    "2026-03-02T10:00:00+14:00",
    "#",
    "urn:uuid:",
    "../../etc",
    "ServiceRequest/",
    "https://127.0.0.1/",
    [],
    {},
    [[]],
    [None],
    {"": ""},
    {"resourceType": "Patient"},
    {"reference": "#"},
    {"coding": [{}]},
    {"extension": [{"url": "https://example.org/x"}]},
)
CHARACTERS: Final = "\x00\t\n\r\"'\\{}[]:,*~^|>é\u202e\ud83d\uffff09azAZ"


_PARAMETERS: Final = (
    *("_count", "_id", "_page", "identifier", "status", "focus", "owner", "queue", "_format", ""),
    *("from", "to", "format", "_summary", "_since", "patient", "name", "overdue", "x"),
)
_VALUES: Final = (
    *("", "0", "-1", "9" * 4301, "1.5", "a|b", "|", "\ud800", "%F0%28", "le2026", "NaN", "*"),
    *("json", "csv", "2026-13-01", "ServiceRequest/", "&", "=", "é" * 600, "x" * 1025),
)
_HEADERS: Final = (
    *("idempotency-key", "if-match", "if-none-exist", "content-type", "prefer", "accept"),
    *("content-encoding", "content-length", "x-forwarded-for"),
)
_HEADER_VALUES: Final = (
    *("", "*", 'W/"1"', 'W/"', 'W/"99", *', "\ud800", "x" * 1500, "identifier=a|b", "gzip", "é"),
    *("text/plain", "application/fhir+xml", "application/json;charset=utf-16", "return=minimal"),
    *("application/json-patch+json", "handling=lenient", "application/fhir+json; x", "q=0"),
)


class Sent(NamedTuple):
    """A request. Attributes: body: text, or None."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None


def mutated(random: Random, sent: Sent) -> Sent:
    """Return the request with one to four things wrong."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
        sent = random.choice(_KINDS)(random, sent)
    return sent


def mutated_text(random: Random, text: str) -> str:
    """Return a text with letters changed, pieces cut, doubled or moved."""
    if not text:
        return random.choice(CHARACTERS)
    at, end = sorted(random.randrange(len(text) + 1) for _ in range(2))
    act = random.randrange(6)
    if act == 0:
        return text[:at] + random.choice(CHARACTERS) + text[at + 1 :]
    if act == 1:
        return text[:at]
    if act == 2:
        return text[:at] + text[end:]
    if act == 3:
        return text[:at] + random.choice(("[", '{"a":')) * 3_000 + text[at:]
    if act == 4:
        return text[:at] + text[at:end] * random.choice((2, 3, 40)) + text[end:]
    return text[:at] + "".join(random.choices(CHARACTERS, k=random.randrange(1, 9))) + text[at:]


def mutated_json(random: Random, value: Any) -> Any:
    """Change a JSON value: one place removed, replaced, doubled, renamed or nested."""
    places = list(_places(value))
    if not places:
        return random.choice(STRANGE)
    container, key = random.choice(places)
    act = random.randrange(7)
    if act == 0:
        del container[key]
    elif act == 1:
        container[key] = random.choice(STRANGE)
    elif act == 2:
        container[key] = [container[key]] * random.choice((1, 2, 30))
    elif act == 3:
        other, at = random.choice(places)
        container[key] = json.loads(json.dumps(other[at]))
    elif act == 4 and isinstance(container, dict):
        container[mutated_text(random, key)] = container.pop(key)
    elif act == 5 and isinstance(container[key], str):
        container[key] = mutated_text(random, container[key])
    else:
        container[key] = _nested(container[key], random.choice((1, 9, 60)))
    return value


def _nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = {"extension": [value]}
    return value


def _places(value: Any) -> Iterator[Place]:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in list(members):
        yield value, key
        if isinstance(member, dict | list):
            yield from _places(member)


def _body(random: Random, sent: Sent) -> Sent:
    try:
        value = json.loads(sent.body or "null")
    except (ValueError, RecursionError):
        return _letters(random, sent)
    if not isinstance(value, dict | list):
        return sent._replace(body=json.dumps(random.choice(STRANGE)))
    return sent._replace(body=json.dumps(mutated_json(random, value)))


def _letters(random: Random, sent: Sent) -> Sent:
    return sent._replace(body=mutated_text(random, sent.body or ""))


def _doubled_key(random: Random, sent: Sent) -> Sent:
    body = sent.body or ""
    if not body.startswith("{"):
        return _letters(random, sent)
    name = random.choice(("id", "status", "resourceType", "subject", "action"))
    return sent._replace(body=f'{{"{name}": {json.dumps(random.choice(STRANGE))}, {body[1:]}')


def _path(random: Random, sent: Sent) -> Sent:
    path, _, query = sent.url.partition("?")
    parts = path.split("/")
    at = random.randrange(1, len(parts))
    parts[at] = random.choice((mutated_text(random, parts[at]), "", "%00", "\ud800", "x" * 2000))
    return sent._replace(url="/".join(parts) + (f"?{query}" if query else ""))


def _query(random: Random, sent: Sent) -> Sent:
    path, _, query = sent.url.partition("?")
    more = f"{random.choice(_PARAMETERS)}={random.choice(_VALUES)}"
    return sent._replace(url=f"{path}?{query}&{more}" if query else f"{path}?{more}")


def _header(random: Random, sent: Sent) -> Sent:
    changed = {random.choice(_HEADERS): random.choice(_HEADER_VALUES)}
    return sent._replace(headers={**sent.headers, **changed})


def _method(random: Random, sent: Sent) -> Sent:
    return sent._replace(method=random.choice(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")))


_KINDS: Final[tuple[Callable[[Random, Sent], Sent], ...]] = (
    *(_body,) * 12,
    _letters,
    _letters,
    _doubled_key,
    _path,
    _query,
    _query,
    _header,
    _header,
    _method,
)
