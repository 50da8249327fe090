"""When do two bodies say the same? When the referral and all that it leads to are the same.

The form leaves out what servers and bundlers add (meta, narrative, ids, fullUrls) and puts the
place in a list instead of each reference, so that it does not matter how resources were sent:
contained, bundled, under which urn:uuid, in which order of elements.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.parse import Json
from referral_core.fhir.systems import REFERRAL

_ADDED: Final = frozenset({"id", "meta", "text", "contained", "implicitRules", "language"})
"""Elements of a resource (not of what is in it) that do not change what it says."""


def reachable(graph: Graph, roots: Iterable[Node]) -> tuple[Node, ...]:
    """Return all resources that the roots lead to, nearest first, the roots included."""
    found = list(dict.fromkeys(roots))
    seen = set(found)
    for node in found:  # grows while it is walked
        for _, literal in node.links:
            target = graph.follow(literal, node)
            if target is not None and target not in seen:
                seen.add(target)
                found.append(target)
    return tuple(found)


def content_hash(graph: Graph, nodes: Sequence[Node], own_id: str | None) -> str:
    """Return the SHA-256, in hex, of what resources say.

    Args:
        graph: the body.
        nodes: the referral and all it leads to, as `reachable` returns them.
        own_id: the id that the referral has at its author, when it has one.
    """
    places = {node: place for place, node in enumerate(nodes)}
    form = [own_id, *(_form(graph, node, places) for node in nodes)]
    text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _form(graph: Graph, node: Node, places: Mapping[Node, int]) -> Json:
    own = {name: value for name, value in node.resource.items() if name not in _ADDED}
    if isinstance(own.get("identifier"), list):
        theirs = [i for i in own.pop("identifier") if not _is_ours(i)]
        own |= {"identifier": theirs} if theirs else {}
    form: Json = _placed(own, graph, node, places)
    return form


def _placed(value: Any, graph: Graph, node: Node, places: Mapping[Node, int]) -> Any:
    if isinstance(value, list):
        return [_placed(item, graph, node, places) for item in value]
    if not isinstance(value, dict):
        return value
    placed = {name: _placed(item, graph, node, places) for name, item in value.items()}
    literal = value.get("reference")
    target = graph.follow(literal, node) if isinstance(literal, str) else None
    if target is not None and target in places:
        placed["reference"] = places[target]
    return placed


def _is_ours(identifier: Any) -> bool:
    return isinstance(identifier, dict) and identifier.get("system") == REFERRAL
