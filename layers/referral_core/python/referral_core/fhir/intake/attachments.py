"""Documents that an order names by an address: which are refused, and what its sender is told.

The router fetches nothing: an address goes to the clinic as it is, where it may lead nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from referral_core.fhir.errors import Issue
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.systems import UPLOAD

_MOST: Final = 5
"""Addresses of one order that its sender is told of."""


def uploads_named(graph: Graph) -> Iterator[Issue]:
    """Iterate over the places of uploads that are named: they are a report's, and no order's."""
    for node in graph.nodes:
        for path, url in _addresses(node.resource, node.path):
            if url.startswith(UPLOAD):
                yield Issue(
                    "error",
                    "not-supported",
                    "upload-not-of-an-order",
                    path,
                    "What is uploaded joins a report only: send a document of an order inline, or "
                    "as a Binary in the same Bundle.",
                )


def not_fetched(graph: Graph, nodes: Sequence[Node]) -> list[Issue]:
    """Say of each document by address, as far as it is not sent along, that it is not fetched."""
    found = [
        path
        for node in nodes
        for path, url in _addresses(node.resource, node.path)
        if graph.follow(url, node) is None
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


def _addresses(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Iterate over (place, address) of attachments without their data; contained resources too."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _addresses(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        url = value.get("url")
        if isinstance(url, str) and "contentType" in value and "data" not in value:
            yield f"{path}.url", url
        for name, item in value.items():
            if name != "contained" and isinstance(item, (dict, list)):
                yield from _addresses(item, f"{path}.{name}")
