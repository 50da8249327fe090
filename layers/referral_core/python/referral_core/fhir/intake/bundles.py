"""What may hold several referrals: a Bundle, a message, and what each must look like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from referral_core.fhir.errors import FhirError, Issue
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.intake.selection import claims_by_order, referrals_of
from referral_core.fhir.intake.sent_orders import NO_REFERRAL, SentOrder
from referral_core.fhir.parse import Json
from referral_core.fhir.r4.messaging import Bundle, BundleEntry, MessageHeader, Parameters
from referral_core.fhir.r4.structure import expect

_TYPES: Final = frozenset({"transaction", "collection", "document", "message"})


def from_message(resource: Json, graph: Graph) -> list[SentOrder]:
    """Take the referrals of a message Bundle, alone or as the parameter of `$process-message`."""
    path = "Bundle"
    if resource["resourceType"] == "Parameters":
        wrapped = expect(resource, Parameters).parameter
        inner = [(i, p.resource) for i, p in enumerate(wrapped) if p.resource is not None]
        if len(inner) != 1 or not isinstance(inner[0][1].get("resourceType"), str):
            raise FhirError(
                "wrong-parameters",
                "Send exactly one parameter with a resource: the message Bundle.",
                expression="Parameters.parameter",
                code="structure",
                status=400,
            )
        index, resource = inner[0]
        path = f"Parameters.parameter[{index}].resource"
    bundle = expect(resource, Bundle)
    graph.metas.append(resource.get("meta"))
    if bundle.type != "message":
        raise FhirError(
            "not-a-message",
            "Send a Bundle of type message here; POST other Bundles to /fhir.",
            expression=f"{path}.type",
            code="business-rule",
        )
    return _from_bundle(bundle, graph, path)


def from_bundle(resource: Json, graph: Graph) -> list[SentOrder]:
    """Take the referrals of a transaction, collection, document or message Bundle."""
    if resource["resourceType"] == "ServiceRequest":
        raise FhirError(
            "wrong-resource-type",
            "Send a Bundle here; POST a single ServiceRequest to /fhir/ServiceRequest.",
            expression="resourceType",
            code="structure",
            status=400,
        )
    bundle = expect(resource, Bundle)
    graph.metas.append(resource.get("meta"))
    if bundle.type not in _TYPES:
        raise FhirError(
            "bundle-type-not-accepted",
            "Send a Bundle of type transaction, collection, document or message.",
            expression="Bundle.type",
            code="business-rule",
        )
    return _from_bundle(bundle, graph, "Bundle")


def _from_bundle(bundle: Bundle, graph: Graph, path: str) -> list[SentOrder]:
    requests = nodes_of(bundle, graph, path)
    header = _header(bundle, graph, path) if bundle.type == "message" else None
    claims = claims_by_order(graph)
    return [
        SentOrder(
            node,
            order,
            claims.get(node),
            _condition(requests.get(node)),
        )
        for node, order in referrals_of(graph, header)
    ]


def nodes_of(
    bundle: Bundle, graph: Graph, path: str, *, may_change: bool = False
) -> dict[Node, BundleEntry]:
    """Examine the entries of a Bundle; return the node of each that holds a resource.

    Args:
        bundle: the Bundle.
        graph: takes what it holds.
        path: of the Bundle in the body.
        may_change: whether an entry may change an order that is there already.

    Raises:
        FhirError: an entry is malformed, or asks for what is not done.
    """
    requests: dict[Node, BundleEntry] = {}
    is_transaction = bundle.type == "transaction"
    for index, entry in enumerate(bundle.entry):
        place = f"{path}.entry[{index}]"
        found = _forbidden(entry, place, transaction=is_transaction, may_change=may_change)
        graph.issues.extend(found)
        graph.issues.extend(_named_otherwise(entry, place))
        if entry.resource is None:
            continue
        node = graph.add(entry.resource, f"{place}.resource", entry.full_url)
        if node is not None:
            requests[node] = entry
    if graph.issues:
        # Where nobody is referred, that is what its sender must know before any other fault.
        ordered = any(_may_hold_order(entry.resource) for entry in bundle.entry)
        raise FhirError.of(graph.issues if ordered else (NO_REFERRAL, *graph.issues))
    return requests


def _may_hold_order(resource: Json | None) -> bool:
    """Tell whether a resource is or contains an order, or does not say what it is."""
    kind = _type(resource)
    if resource is None or not isinstance(kind, str) or kind == "ServiceRequest":
        return True
    contained = resource.get("contained", ())
    return not isinstance(contained, (list, tuple)) or any(
        not isinstance(inner, dict) or _may_hold_order(inner) for inner in contained
    )


def _forbidden(
    entry: BundleEntry, place: str, *, transaction: bool, may_change: bool
) -> Iterator[Issue]:
    method = entry.request.method if entry.request else None
    if transaction and method is None:
        yield Issue(
            "error",
            "required",
            "missing-request",
            f"{place}.request",
            "Say in each entry of a transaction what to do with it: request.method POST.",
        )
    elif transaction and method not in {"POST", "PUT"}:
        yield Issue(
            "error",
            "business-rule",
            "transaction-method-not-accepted",
            f"{place}.request.method",
            "Send the referral and what belongs to it by POST; other methods stand alone.",
        )
    elif (
        transaction
        and method == "PUT"
        and _type(entry.resource) == "ServiceRequest"
        and not may_change
    ):
        yield Issue(
            "error",
            "business-rule",
            "transaction-update-not-accepted",
            f"{place}.request.method",
            "Create a referral by POST; update one by PUT /fhir/ServiceRequest/{id}.",
        )
    elif entry.resource is None:
        yield Issue(
            "error",
            "required",
            "missing-resource",
            f"{place}.resource",
            "Send a resource in each entry.",
        )


def _header(bundle: Bundle, graph: Graph, path: str) -> tuple[Node, MessageHeader]:
    first = graph.nodes[0] if graph.nodes and bundle.entry else None
    if first is None or not isinstance(first.model, MessageHeader):
        raise FhirError(
            "missing-message-header",
            "Begin a message with its MessageHeader.",
            expression=f"{path}.entry[0].resource",
            code="structure",
            status=400,
        )
    if first.model.response is not None:
        raise FhirError(
            "message-is-a-response",
            "Send requests here; a response goes back to who asked.",
            expression=f"{first.path}.response",
            code="business-rule",
        )
    return first, first.model


def _condition(entry: BundleEntry | None) -> str | None:
    return entry.request.if_none_exist if entry and entry.request else None


def _named_otherwise(entry: BundleEntry, place: str) -> Iterator[Issue]:
    """Iterate over the url of an entry that is to be written as another type than it is of."""
    url = (entry.request.url if entry.request else None) or ""
    named = [part for part in url.partition("?")[0].split("/") if part[:1].isupper()]
    kind = _type(entry.resource)
    if named and isinstance(kind, str) and kind not in named:
        yield Issue(
            "error",
            "invalid",
            "request-url-differs",
            f"{place}.request.url",
            "Let request.url name the type of the entry's resource.",
        )


def _type(resource: dict[str, Any] | None) -> Any:
    return resource.get("resourceType") if resource else None
