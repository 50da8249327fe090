"""Documents that an order names by an address: which are refused, and what its sender is told.

The router fetches nothing: an address goes to the clinic as it is, where it may lead nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from referral_core.domain.upload import NamedUpload
from referral_core.fhir.errors import Issue
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.links import is_address
from referral_core.fhir.parse import Json
from referral_core.fhir.systems import UPLOAD

_OF_AN_ATTACHMENT: Final = frozenset({"contentType", "title", "size", "hash", "creation"})
"""Elements that nothing else with a `url` has."""
_ATTACHMENTS: Final = re.compile(r"(.*[aA]ttachment|photo|presentedForm|content|document)$")
"""Elements that are Attachments, whatever is said in them."""
_MOST: Final = 5
"""Addresses of one order that its sender is told of."""


def uploads_named(nodes: Sequence[Node]) -> tuple[NamedUpload, ...]:
    """Return the uploads that an order's resources name, each literal once."""
    found = (upload for node in nodes for upload in _uploads(node.resource, node.path))
    return tuple({upload.literal: upload for upload in found}.values())


def _uploads(value: Any, path: str) -> Iterator[NamedUpload]:
    """Iterate over the uploads that JSON names, in whatever element; contained resources too."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _uploads(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, (dict, list)):
                yield from _uploads(item, f"{path}.{name}")
            elif is_address(name) and isinstance(item, str) and item.startswith(UPLOAD):
                yield _upload_of(value, item, f"{path}.{name}")


def _upload_of(attachment: Json, literal: str, path: str) -> NamedUpload:
    kind, size, sha1 = (attachment.get(name) for name in ("contentType", "size", "hash"))
    return NamedUpload(
        literal=literal,
        sha256=literal.removeprefix(UPLOAD).lower(),
        path=path,
        content_type=kind if isinstance(kind, str) else None,
        size=size if isinstance(size, int) else None,
        sha1=sha1 if isinstance(sha1, str) else None,
    )


def not_fetched(graph: Graph, nodes: Sequence[Node]) -> list[Issue]:
    """Say of each document by address, as far as it is not sent along, that it is not fetched."""
    found = [
        path
        for node in nodes
        for path, url in _addresses(node.resource, node.path, "")
        if not url.startswith(UPLOAD) and graph.follow(url, node) is None
    ]
    return [
        Issue(
            "warning",
            "informational",
            "document-not-fetched",
            path,
            "The router passes this address on and fetches nothing: send the document inline",
        )
        for path in dict.fromkeys(found[:_MOST])
    ]


def _addresses(value: Any, path: str, element: str) -> Iterator[tuple[str, str]]:
    """Iterate over (place, address) of attachments without their data; contained resources too."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _addresses(item, f"{path}[{index}]", element)
    elif isinstance(value, dict):
        url = value.get("url")
        is_attachment = _ATTACHMENTS.match(element) or not _OF_AN_ATTACHMENT.isdisjoint(value)
        if isinstance(url, str) and is_attachment and "data" not in value:
            yield f"{path}.url", url
        for name, item in value.items():
            if name != "contained" and isinstance(item, (dict, list)):
                yield from _addresses(item, f"{path}.{name}", name)
