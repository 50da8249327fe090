"""When do two bodies say the same? When the referral and all that it leads to are the same.

The form leaves out what servers and bundlers add (meta, narrative, ids, fullUrls) and puts the
place in a list instead of each reference, so that it does not matter how resources were sent:
contained, bundled, under which urn:uuid, in which order of elements.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from referral_core.domain import exact_json
from referral_core.fhir.intake.also_sent import labels_of
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.links import is_address
from referral_core.fhir.systems import REFERRAL

_ADDED: Final = frozenset({"id", "meta", "text", "contained", "implicitRules", "language"})
"""Elements of a resource (not of what is in it) that do not change what it says.

But for the security labels of `meta`, which say what it discloses, and a narrative that says more
than the elements do (`additional`).
"""


def content_hash(graph: Graph, nodes: Sequence[Node], own_id: str | None) -> str:
    """Return the SHA-256, in hex, of what resources say.

    Args:
        graph: the body.
        nodes: the referral and all it leads to, as `compartment` returns them.
        own_id: the id that the referral has at its author, when it has one.
    """
    places = {node: place for place, node in enumerate(nodes)}
    forms = [own_id or "", *(form_of(graph, node, places) for node in nodes)]
    forms += [exact_json.dumps(one.model_dump(), sort_keys=True) for one in labels_of(graph)]
    return hashlib.sha256("\0".join(forms).encode()).hexdigest()


def form_of(graph: Graph, node: Node, places: Mapping[Node, int]) -> str:
    """Return what one resource says, as text.

    Args:
        graph: the body.
        node: the resource.
        places: what stands instead of a reference; of a resource without a place, its type.
    """
    own = {name: value for name, value in node.resource.items() if name not in _ADDED}
    if isinstance(own.get("identifier"), list):
        theirs = [i for i in own.pop("identifier") if not _is_ours(i)]
        own |= {"identifier": theirs} if theirs else {}
    own |= _said_besides(node.resource)
    said = _placed(own, graph, node, places) if node.found.addresses else own
    return exact_json.dumps(said, sort_keys=True, ensure_ascii=True)


def _said_besides(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a resource's metadata and narrative its elements do not say."""
    meta, text = resource.get("meta"), resource.get("text")
    labels = meta.get("security") if isinstance(meta, dict) else None
    is_more = isinstance(text, dict) and text.get("status") == "additional"
    found: dict[str, Any] = {"security": labels} if labels else {}
    return {**found, "narrative": text} if is_more else found


def _placed(value: Any, graph: Graph, node: Node, places: Mapping[Node, int]) -> Any:
    if isinstance(value, list):
        return [_placed(item, graph, node, places) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _place(item, graph, node, places)
        if is_address(name) and isinstance(item, str)
        else _placed(item, graph, node, places)
        for name, item in value.items()
    }


def _place(literal: str, graph: Graph, node: Node, places: Mapping[Node, int]) -> int | str:
    target = graph.follow(literal, node)
    if target is None:
        return literal
    return places.get(target, target.model.resource_type)


def _is_ours(identifier: Any) -> bool:
    return isinstance(identifier, dict) and identifier.get("system") == REFERRAL
