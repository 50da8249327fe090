"""From the bytes of a POST or PUT to referrals understood, or to an error: nothing in between."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from referral_core.domain.orders.clinical_content import ClinicalContent, ClinicalPayload
from referral_core.domain.upload import NamedUpload
from referral_core.fhir.errors import FhirError, Issue
from referral_core.fhir.intake.acceptance import NEW, UPDATED, broken_rules, check_count
from referral_core.fhir.intake.attachments import not_fetched, uploads_named
from referral_core.fhir.intake.canonical import content_hash
from referral_core.fhir.intake.compartment import Compartment, compartment, literals_of
from referral_core.fhir.intake.content import read_content
from referral_core.fhir.intake.coverages import coverages_of
from referral_core.fhir.intake.identifiers import order_numbers, other_identifiers
from referral_core.fhir.intake.impossible_times import authored_at, warned_of_times
from referral_core.fhir.intake.left_out import left_out, warned_of
from referral_core.fhir.intake.origin import location_of
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.intake.sent_orders import SentOrder, from_resource
from referral_core.fhir.intake.subject import subject_of
from referral_core.fhir.parse import Json, read_resource
from referral_core.fhir.r4.orders import ServiceRequest

_ENTRY: Final = re.compile(r"Bundle\.entry\[(\d+)\]")


@dataclass(eq=False, repr=False, kw_only=True)
class Intake:
    """One referral as it was sent, and as it was understood.

    Attributes:
        service_request: the EHR's resource; empty elements left out, nothing else changed.
        resources: what it leads to and what leads to it, by the reference that leads there.
        attached: of them, those that the order does not lead to.
        order_links: references to the order in them.
        uploads: what in them was uploaded beforehand.
        placer_identifier: the first of the order's numbers.
        order_numbers, other_identifiers: see `identifiers.py`.
        canonical_hash: SHA-256 of what the referral and its resources say.
        replaces: what it names as replaced: references, and identifiers as `system|value`.
        subject, subject_is_found: the reference, and whether it leads to what was sent.
        location: where it was written, as the EHR identifies the place.
        entry: index of the Bundle's entry that is the order, or contains it.
        if_none_exist: a transaction entry's own condition.
        warnings: slips that were forgiven, and what was left out.
        left_out: what the body held and no order of it takes along; of its first order.
    """

    service_request: dict[str, Any]
    resources: dict[str, dict[str, Any]]
    attached: tuple[str, ...] = ()
    order_links: tuple[str, ...] = ()
    uploads: tuple[NamedUpload, ...] = ()
    placer_identifier: str | None
    order_numbers: tuple[str, ...] = ()
    other_identifiers: tuple[str, ...] = ()
    canonical_hash: str
    status: str
    intent: str
    priority: str
    replaces: tuple[str, ...] = ()
    authored_on: datetime | None
    subject: str | None
    subject_is_found: bool = True
    location: str | None = None
    entry: int | None = None
    if_none_exist: str | None = None
    warnings: tuple[Issue, ...] = ()
    left_out: tuple[dict[str, Any], ...] = ()
    clinical: ClinicalContent


def read_referrals(
    body: bytes,
    content_type: str | None,
    kind: Literal["resource", "bundle", "message"],
    at: datetime,
) -> list[Intake]:
    """Read the referrals of one request: all of them, or an error that names all faults.

    Args:
        body: as it came.
        content_type: the request's header.
        kind: `resource` for POST /fhir/ServiceRequest, `bundle` for POST /fhir, `message` for
            POST /fhir/$process-message.
        at: when it came, in the practice's zone; periods are compared with it.

    Raises:
        FhirError: nothing of the body is accepted.
    """
    graph = Graph()
    orders = _taken(kind, read_resource(body, content_type), graph)
    if graph.issues:
        raise FhirError.of(graph.issues)
    check_count(orders)
    issues = [issue for item in orders for issue in broken_rules(graph, item, NEW)]
    if issues:
        raise FhirError.of(issues)
    nodes = frozenset(item.node for item in orders)
    parts = [_part_of(graph, item, nodes - {item.node}) for item in orders]
    intakes = [
        _understood(graph, item, at, whole, own_id=_own_id(item.node))
        for item, whole in zip(orders, parts, strict=True)
    ]
    left, first = left_out(graph, parts), intakes[0]
    if left:
        first.left_out = tuple(n.resource for n in left)
        first.warnings = (*warned_of(left), *first.warnings)
    return intakes


def _taken(
    kind: Literal["resource", "bundle", "message"], resource: Json, graph: Graph
) -> list[SentOrder]:
    if kind == "resource":
        return from_resource(resource, graph)
    # A fifth of the models of FHIR, which most requests need none of.
    from referral_core.fhir.intake import bundles  # noqa: PLC0415

    take = bundles.from_bundle if kind == "bundle" else bundles.from_message
    return take(resource, graph)


def read_update(
    body: bytes,
    content_type: str | None,
    referral_id: str,
    at: datetime,
    before: ClinicalPayload | None = None,
) -> Intake:
    """Read the new version of a referral that its author PUTs.

    Args:
        body: as it came.
        content_type: the request's header.
        referral_id: the id in the URL.
        at: when it came; periods are compared with it.
        before: the version before, for what is referred to, or leads here, and is not sent again.

    Raises:
        FhirError: the body is malformed, of another id, or breaks a rule.
    """
    graph = Graph()
    item = changed_order_in(read_resource(body, content_type), graph)
    if item.order.id != referral_id:
        raise FhirError(
            "id-mismatch",
            "Send in the body the id of the URL: the one that the router gave the referral.",
            expression="ServiceRequest.id",
            code="value",
            status=400,
        )
    issues = [*graph.issues, *broken_rules(graph, item, UPDATED)]
    if issues:
        raise FhirError.of(issues)
    if before is None:
        return _understood(graph, item, at, _part_of(graph, item), own_id=None)
    # Orders that are new have none.
    from referral_core.fhir.intake import earlier_versions  # noqa: PLC0415

    item = earlier_versions.remember(graph, item, before)
    whole = _part_of(graph, item, kept=graph.known(before.attached))
    earlier_versions.check_taken(graph, whole)
    return _understood(graph, item, at, whole, own_id=None)


def changed_order_in(resource: Json, graph: Graph) -> SentOrder:
    """Take the order that a body changes: its ServiceRequest, or the one that its Bundle puts."""
    if resource["resourceType"] == "Bundle":
        from referral_core.fhir.intake import bundled_changes  # noqa: PLC0415 - as above

        return bundled_changes.changed_order(resource, graph)
    (item,) = from_resource(resource, graph)
    return item


def _part_of(
    graph: Graph, item: SentOrder, others: Collection[Node] = (), kept: Sequence[Node] = ()
) -> Compartment:
    """Return what of a body belongs to one of its orders."""
    node, order = item.node, item.order
    subject = subject_of(graph, node, order)
    coverages = (place for place, _ in coverages_of(graph, node, order))
    roots = [node, *([subject] if subject else ()), *coverages]
    return compartment(graph, roots, others, kept)


def _understood(
    graph: Graph, item: SentOrder, at: datetime, whole: Compartment, *, own_id: str | None
) -> Intake:
    node, order = item.node, item.order
    coverages = coverages_of(graph, node, order)
    subject = subject_of(graph, node, order)
    resources = {**_resources(graph, whole), **_named_subject(order, subject)}
    return Intake(
        service_request=_standing_alone(node),
        resources=resources,
        attached=_names(resources, whole.attached),
        order_links=whole.order_links,
        uploads=uploads_named(whole.nodes),
        placer_identifier=next(iter(order_numbers(order.identifier)), None),
        order_numbers=order_numbers(order.identifier),
        other_identifiers=other_identifiers(order.identifier),
        canonical_hash=content_hash(graph, whole.nodes, own_id),
        status=order.status,
        intent=order.intent,
        priority=order.priority or "routine",
        replaces=_replaced(order),
        authored_on=authored_at(order, at),
        subject=order.subject.reference,
        subject_is_found=graph.resolve(order.subject, node) is not None,
        location=location_of(graph, node, order),
        entry=_entry(node),
        if_none_exist=item.if_none_exist,
        warnings=(
            *(slip for known in whole.nodes for slip in known.slips),
            *not_fetched(graph, whole.nodes),
            *warned_of_times(node, order, subject, at),
        ),
        clinical=read_content(
            graph,
            node,
            order,
            coverages,
            at,
            along=whole.nodes[1:],
            diagnoses=item.diagnoses,
            provider=item.provider,
        ),
    )


def _replaced(order: ServiceRequest) -> tuple[str, ...]:
    named = ((r.reference, r.identifier.token if r.identifier else None) for r in order.replaces)
    return tuple(name for names in named for name in names if name)


def _entry(node: Node) -> int | None:
    found = _ENTRY.match(node.path)
    return int(found[1]) if found else None


def _own_id(node: Node) -> str | None:
    """Return the id at the author's, unless it only holds the Bundle together."""
    lasting = node.container is None and not (node.url or "").startswith("urn:")
    return node.model.id if lasting else None


def _named_subject(order: ServiceRequest, subject: Node | None) -> dict[str, Json]:
    """Return the patient under the reference that the order has, wherever it was found."""
    literal = order.subject.reference
    if subject is None or subject.container is not None or not literal:
        return {}
    return {literal: subject.resource}


def _standing_alone(node: Node) -> Json:
    """Return the order with what its container held for it, when it was contained itself."""
    if node.container is None:
        return node.resource
    wanted = {literal[1:] for _, literal in node.found.references}
    contained = [
        inner for inner in node.container.resource["contained"] if str(inner.get("id")) in wanted
    ]
    return {**node.resource, **({"contained": contained} if contained else {})}


def _resources(graph: Graph, whole: Compartment) -> dict[str, Json]:
    """Return the resources by the references that lead there; contained ones stay inside.

    What nothing leads to by a literal is there under its own address.
    """
    order, *rest = whole.nodes
    found: dict[str, Json] = {}
    for literal, target in literals_of(graph, whole.nodes):
        if target.container is None and target is not order:
            found.setdefault(literal, target.resource)
    named = {id(resource) for resource in found.values()}
    for node in rest:
        if node.container is None and id(node.resource) not in named:
            address = node.url or f"{node.model.resource_type}/{node.model.id}"
            found[node.path if address in found or not node.model.id else address] = node.resource
    return found


def _names(resources: Mapping[str, Json], nodes: Sequence[Node]) -> tuple[str, ...]:
    wanted = {id(node.resource) for node in nodes}
    return tuple(name for name, resource in resources.items() if id(resource) in wanted)
