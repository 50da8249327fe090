"""What of a payload is large is a document of its own, under its hash, so that it is stored once.

Twenty orders of one Bundle may have a letter of several MB in common; an item of the table holds
400 KB and a transaction 4 MB. What is large is therefore left out of the payload, which says where
it was and which document has it. A step reads the rest; who passes the order on reads all of it.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from referral_core.domain import exact_json
from referral_core.domain.orders.clinical_content import AS_SENT, ClinicalPayload, Moved

LARGE: Final = 32 * 1024
"""Characters of one string; more than any text that the router itself reads may have."""
ROOM: Final = 180 * 1024
"""Bytes of a payload, compressed: twenty of them fit one transaction with all that is beside."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_ALWAYS_READ: Final = "subject"
"""Of an order; it is small, and who asks for the patient of an order reads nothing else."""

_CONTAINED: Final = ("service_request", "contained")
_OF_A_PATIENT: Final = ("resourceType", "id", "identifier")
"""What stays of the Patients that an order contains: by it a message names whose it is."""

Put = Callable[[bytes, str], str]
"""Stores a document of a media type; returns its SHA-256."""
Get = Callable[[str], bytes]
"""Reads a document by its SHA-256."""
Path = tuple[str | int, ...]


@dataclass(eq=False, repr=False)
class LargeParts:
    """Leaves out of the payloads of one request what is large; each part is stored once.

    Attributes:
        put: stores a part as a document of the tenant.
        kept, kept_json: what was stored for this request already: where each part is.
    """

    put: Put
    kept: dict[str, tuple[str, Literal["base64", "text"]]] = field(default_factory=dict)
    kept_json: dict[str, str] = field(default_factory=dict)

    def stored(self, payload: ClinicalPayload) -> bytes:
        """Return a payload as it is stored, with its large parts stored as documents."""
        if len(body := payload.dump()) < LARGE:  # no string of it is longer than all of it
            return body
        moved: list[Moved] = []
        sent = {name: self._slim(getattr(payload, name), (name,), moved) for name in AS_SENT}
        body = _body(payload, sent, moved)
        if _fits(body):
            return body
        for path in _more_to_move(sent):
            self._move_json(sent, path, moved)
            body = _body(payload, sent, moved)
            if _fits(body):
                break
        return body

    def _slim(self, value: Any, path: Path, moved: list[Moved]) -> Any:
        """Return JSON without its large strings; what has none is the same object."""
        if isinstance(value, str):
            if len(value) < LARGE:
                return value
            sha256, form = self._document(value)
            moved.append(Moved(path=path, sha256=sha256, form=form))
            return ""
        if isinstance(value, list):
            items = [self._slim(item, (*path, at), moved) for at, item in enumerate(value)]
            return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
        if isinstance(value, dict):
            full = {name: self._slim(item, (*path, name), moved) for name, item in value.items()}
            return full if any(full[name] is not value[name] for name in value) else value
        return value

    def _document(self, text: str) -> tuple[str, Literal["base64", "text"]]:
        if text not in self.kept:
            content = _bytes_in(text)
            self.kept[text] = (
                (self.put(text.encode(), "text/plain; charset=utf-8"), "text")
                if content is None
                else (self.put(content, "application/octet-stream"), "base64")
            )
        return self.kept[text]

    def _move_json(self, sent: dict[str, Any], path: Path, moved: list[Moved]) -> None:
        text = exact_json.dumps(_at(sent, path))
        if text not in self.kept_json:
            self.kept_json[text] = self.put(text.encode(), "application/json")
        moved.append(Moved(path=path, sha256=self.kept_json[text], form="json"))
        root, *rest = path
        left = _whose(_at(sent, path)) if path == _CONTAINED else ""
        sent[str(root)] = _with(sent[str(root)], tuple(rest), left) if rest else {}


def whole(payload: ClinicalPayload, get: Get) -> ClinicalPayload:
    """Return a payload as it was sent, its large parts read.

    Raises:
        NotFound: a part is not there.
        Retryable: the document store did not give it.
    """
    return _with_parts(payload, get, payload.moved)


def with_its_order(payload: ClinicalPayload, get: Get) -> ClinicalPayload:
    """Return a payload with the order as it was sent; large documents beside it stay out."""
    wanted = [m for m in payload.moved if m.path[0] == "service_request" or m.form == "json"]
    return _with_parts(payload, get, wanted)


def _with_parts(payload: ClinicalPayload, get: Get, moved: Sequence[Moved]) -> ClinicalPayload:
    if not moved:
        return payload
    sent: dict[str, Any] = {name: getattr(payload, name) for name in AS_SENT}
    documents: dict[str, bytes] = {}
    # The last that was left out may hold the places of those before it.
    for part in reversed(moved):
        if part.sha256 not in documents:
            documents[part.sha256] = get(part.sha256)
        sent = _with(sent, part.path, _value_of(part, documents[part.sha256]))
    left = tuple(part for part in payload.moved if part not in moved)
    return payload.but(**sent, moved=left)


def _value_of(part: Moved, content: bytes) -> Any:
    match part.form:
        case "base64":
            return b64encode(content).decode("ascii")
        case "text":
            return content.decode()
        case "json":
            return exact_json.loads(content)


def _bytes_in(text: str) -> bytes | None:
    """Return what a text is in base64, if writing it anew gives the same text."""
    if len(text) % 4 or _BASE64.fullmatch(text) is None:
        return None
    content = b64decode(text)
    return content if b64encode(content).decode("ascii") == text else None


def _more_to_move(sent: Mapping[str, Any]) -> Iterator[Path]:
    """Iterate over what else may be left out: all that is beside the order, then parts of it."""
    if sent["resources"]:
        yield ("resources",)
    order = sent["service_request"]
    sizes = {name: len(exact_json.dumps(order[name])) for name in order if name != _ALWAYS_READ}
    for name in sorted(sizes, key=lambda one: sizes[one], reverse=True):
        if sizes[name] >= LARGE:
            yield ("service_request", name)


def _whose(contained: list[Any]) -> list[Any]:
    patients = (one for one in contained if one.get("resourceType") == "Patient")
    return [{name: one[name] for name in _OF_A_PATIENT if name in one} for one in patients]


def _body(payload: ClinicalPayload, sent: Mapping[str, Any], moved: Sequence[Moved]) -> bytes:
    return (payload.but(**sent, moved=tuple(moved)) if moved else payload).dump()


def _fits(body: bytes) -> bool:
    return len(body) <= ROOM or len(zlib.compress(body)) <= ROOM


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _with(value: Any, path: Path, part: Any) -> Any:
    """Return JSON with something else at a place; what holds the place is copied, nothing else."""
    if not path:
        return part
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        return [_with(one, rest, part) if at == step else one for at, one in enumerate(value)]
    return {**value, step: _with(value[step], rest, part)}
