"""What an entry of a Bundle asks to be done with an order, and the order that a Bundle changes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from referral_core.domain import exact_json
from referral_core.fhir.errors import FhirError
from referral_core.fhir.intake.bundles import nodes_of
from referral_core.fhir.intake.references import Graph
from referral_core.fhir.intake.selection import claims_by_order
from referral_core.fhir.intake.sent_orders import SentOrder
from referral_core.fhir.parse import Json
from referral_core.fhir.r4.messaging import Bundle, BundleEntry
from referral_core.fhir.r4.orders import ServiceRequest
from referral_core.fhir.r4.structure import expect

CHANGES: Final = ("PUT", "PATCH")
_ORDERS: Final = "ServiceRequest"
_FHIR_JSON: Final = "application/fhir+json"


class Asked(NamedTuple):
    """What an entry asks for.

    Attributes:
        method: of HTTP.
        url: relative to the endpoint, with its condition.
        headers: the conditions that it states besides.
    """

    method: str
    url: str
    headers: Mapping[str, str]


def asked_of(entry: BundleEntry) -> Asked:
    """Return what an entry asks for.

    Raises:
        FhirError: 400, it does not say it.
    """
    request = entry.request
    if request is None or not request.url:
        raise FhirError(
            "missing-request",
            "Say in each entry what to do with it: request.method and request.url.",
            expression="Bundle.entry.request",
            code="required",
            status=400,
        )
    conditions = {
        "if-match": request.if_match,
        "if-none-match": request.if_none_match,
        "if-none-exist": request.if_none_exist,
    }
    stated = {name: value for name, value in conditions.items() if value}
    return Asked(request.method, _relative(request.url), stated)


def changes_order(entry: BundleEntry) -> bool:
    """Whether an entry asks to change an order that may be there."""
    request = entry.request
    if request is None or request.method not in CHANGES:
        return False
    kinds = {_relative(request.url or "").partition("?")[0].partition("/")[0]}
    return _ORDERS in kinds | {(entry.resource or {}).get("resourceType")}


def body_of(entry: BundleEntry) -> tuple[bytes, str]:
    """Return what an entry would send alone, and its media type; a Binary is what it holds.

    Raises:
        FhirError: 400, it holds nothing that can be read.
    """
    resource = entry.resource or {}
    if resource.get("resourceType") != "Binary":
        return exact_json.dumps(resource).encode(), _FHIR_JSON
    try:
        data = base64.b64decode(str(resource.get("data", "")), validate=True)
    except (binascii.Error, ValueError):
        raise FhirError(
            "unreadable-patch",
            "Send the patch in Binary.data, in base64.",
            expression="Bundle.entry.resource.data",
            code="structure",
            status=400,
        ) from None
    return data, str(resource.get("contentType", ""))


def changed_order(resource: Json, graph: Graph) -> SentOrder:
    """Take the one order of a transaction that is put.

    Raises:
        FhirError: malformed, or it changes none.
    """
    bundle = expect(resource, Bundle)
    graph.metas.append(resource.get("meta"))
    nodes = nodes_of(bundle, graph, "Bundle", may_change=True)
    changed = [
        node
        for node, entry in nodes.items()
        if isinstance(node.model, ServiceRequest) and changes_order(entry)
    ]
    orders = [node for node in nodes if isinstance(node.model, ServiceRequest)]
    is_one = bundle.type == "transaction" and orders == changed and len(changed) == 1
    if not is_one or not isinstance(changed[0].model, ServiceRequest):
        raise FhirError(
            "no-referral",
            "Send a transaction with one ServiceRequest, that request.method PUT changes.",
            code="business-rule",
        )
    (node,) = changed
    return SentOrder(node, changed[0].model, claims_by_order(graph).get(node))


def with_id(resource: Json, own_id: str) -> Json:
    """Return an order, or a Bundle that changes one, with the id that the router gave it."""
    if resource["resourceType"] != "Bundle":
        return {**resource, "id": own_id}
    return _but_order(resource, {"id": own_id}, {})


def as_new(resource: Json) -> Json:
    """Return a Bundle that changes an order as the one that creates it."""
    return _but_order(resource, {}, {"request": {"method": "POST", "url": _ORDERS}})


def _but_order(bundle: Json, order: Mapping[str, Any], entry: Mapping[str, Any]) -> Json:
    entries = [
        {**one, **entry, "resource": {**one["resource"], **order}} if _is_order(one) else one
        for one in bundle["entry"]
    ]
    return {**bundle, "entry": entries}


def _is_order(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("resource", {}).get("resourceType") == _ORDERS)


def _relative(url: str) -> str:
    """Return an address below the endpoint, of one that may be whole."""
    path, mark, condition = url.partition("?")
    _, found, rest = path.partition(f"/{_ORDERS}")
    return (f"{_ORDERS}{rest}" if found else path.lstrip("/")) + mark + condition
