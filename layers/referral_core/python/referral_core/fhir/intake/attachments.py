"""Documents that an order names by an address: which are refused, and what its sender is told.

The router fetches nothing: an address goes to the clinic as it is, where it may lead nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from referral_core.domain.upload import NamedUpload
from referral_core.fhir.errors import Issue
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.links import Address
from referral_core.fhir.systems import UPLOAD

_OF_AN_ATTACHMENT: Final = frozenset({"contentType", "title", "size", "hash", "creation"})
"""Elements that nothing else with a `url` has."""
_ATTACHMENT: Final = (
    r"\.(?:\w*[aA]ttachment|photo|presentedForm|content|document)(?:\[\d+\])*\.url$"
)
"""Elements that are Attachments, whatever is said in them."""
_MOST: Final = 5
"""Addresses of one order that its sender is told of."""


def uploads_named(nodes: Sequence[Node]) -> tuple[NamedUpload, ...]:
    """Return the uploads that an order's resources name, each literal once."""
    found = (
        _upload_of(address)
        for node in nodes
        for address in node.found.addresses
        if address.literal.startswith(UPLOAD)
    )
    return tuple({upload.literal: upload for upload in found}.values())


def _upload_of(address: Address) -> NamedUpload:
    kind, size, sha1 = (address.holder.get(name) for name in ("contentType", "size", "hash"))
    return NamedUpload(
        literal=address.literal,
        sha256=address.literal.removeprefix(UPLOAD).lower(),
        path=address.path,
        content_type=kind if isinstance(kind, str) else None,
        size=size if isinstance(size, int) else None,
        sha1=sha1 if isinstance(sha1, str) else None,
    )


def not_fetched(graph: Graph, nodes: Sequence[Node]) -> list[Issue]:
    """Say of each document by address, as far as it is not sent along, that it is not fetched."""
    found = [
        address.path
        for node in nodes
        for address in node.found.addresses
        if _is_of_a_document(address)
        and not address.literal.startswith(UPLOAD)
        and graph.follow(address.literal, node) is None
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


def _is_of_a_document(address: Address) -> bool:
    """Tell whether an address is that of an attachment without its data."""
    if not address.path.endswith(".url") or "data" in address.holder:
        return False
    has_its_elements = not _OF_AN_ATTACHMENT.isdisjoint(address.holder)
    return has_its_elements or re.search(_ATTACHMENT, address.path) is not None
