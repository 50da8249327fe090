"""What documents that are sent inline say, as far as they are text: who opens one reads it too.

Text, HTML, XML (CDA), RTF and JSON, whatever they are labelled as. A PDF, an image or a sealed file
is not read: its type, title and labels say what it is.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from html import unescape
from typing import Any, Final, NamedTuple

from referral_core.domain.terminology import Coding, Concept

_PDF: Final = b"%PDF"
_RTF: Final = "{\\rtf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_TEXT_TYPES: Final = ("text/", "application/xml", "application/xhtml", "application/hl7-")
"""Beginnings of the types of what is text though it is not written in UTF-8."""
_OF_NO_TEXT: Final = bytes(n for n in range(32) if chr(n) not in "\t\n\v\f\r\x1b")
"""Bytes that stand in images and archives, and in no text of one byte a character."""
_CONTROLS: Final = re.compile(r"\\[a-z]{1,32}-?\d{0,10} ?|[{}]")
_RTF_BYTE: Final = re.compile(r"\\'([0-9a-fA-F]{2})")
_RTF_CHARACTER: Final = re.compile(r"\\u(\d{1,5}) ?\??")
_JSON_CHARACTER: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_TAG: Final = re.compile(r"<[^<>]*>")
_ATTRIBUTE: Final = re.compile(r"""([A-Za-z]{1,40})\s?=\s?["']([^"'<>]*)["']""")


class Said(NamedTuple):
    """What a document says. Attributes: codes: of CDA, each with the OID of its system."""

    texts: tuple[str, ...] = ()
    codes: tuple[Concept, ...] = ()


def said_inline(resource: Any) -> Iterator[Said]:
    """Iterate over what the documents within JSON say: attachments, and Binaries."""
    if isinstance(resource, list):
        for inner in resource:
            yield from said_inline(inner)
    elif isinstance(resource, dict):
        data, kind = resource.get("data"), resource.get("contentType")
        if isinstance(data, str) and "origin" not in resource:  # samples of a device have one
            yield _said(data, kind if isinstance(kind, str) else "")
        for name, inner in resource.items():
            if name != "contained":
                yield from said_inline(inner)


def _said(data: str, kind: str) -> Said:
    try:
        content = b64decode(data)
    except ValueError:
        return Said()
    text = _text_in(content, kind)
    if text is None:
        return Said()
    if text.startswith(_RTF):
        return Said((_CONTROLS.sub(" ", _rtf_spelled(text)),))
    text = _whole(_JSON_CHARACTER.sub(lambda found: chr(int(found[1], 16)), text))
    if "<" not in text:
        return Said((text,))
    inside = [dict(_ATTRIBUTE.findall(tag)) for tag in _TAG.findall(text)]
    names = "\n".join(value for each in inside for value in each.values())
    codes = dict.fromkeys(
        Concept(codings=(Coding(system=f"urn:oid:{each['codeSystem']}", code=each["code"]),))
        for each in inside
        if each.get("code") and each.get("codeSystem")
    )
    return Said((unescape(_TAG.sub(" ", text)), unescape(names)), tuple(codes))


def _text_in(content: bytes, kind: str) -> str | None:
    """Return the text that a document is; None where it is something else."""
    if content.startswith(_PDF):
        return None
    if content.startswith(_UTF_16):
        return content.decode("utf-16", errors="replace")
    for encoding, halves in (("utf-16-le", content[1::2]), ("utf-16-be", content[::2])):
        # Without a mark: of most letters here one half is nothing.
        if halves.count(0) * 2 > len(halves):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        is_text = kind.lower().startswith(_TEXT_TYPES)
        is_text = is_text or len(content.translate(None, _OF_NO_TEXT)) == len(content)
        return content.decode("cp1252", errors="replace") if is_text else None


def _rtf_spelled(text: str) -> str:
    """Return RTF with the letters that it writes as bytes or as numbers."""
    text = _RTF_BYTE.sub(lambda found: bytes.fromhex(found[1]).decode("cp1252", "replace"), text)
    return _whole(_RTF_CHARACTER.sub(lambda found: chr(int(found[1]) % 0x10000), text))


def _whole(text: str) -> str:
    """Return a text with its halves of characters put together, and none left alone."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
