"""Who an order is about: the Patient that its subject leads to, or the only one of the body.

A patient is never guessed: where several could be meant, or none is sent that could, the order is
refused as unresolved, with what to send. A record that was replaced gives way to its replacement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from referral_core.domain.orders.patient_identity import Likeness, PatientIdentity, compare
from referral_core.fhir.errors import Issue
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.patient_identities import identity_in
from referral_core.fhir.r4.datatypes import Reference
from referral_core.fhir.r4.orders import ServiceRequest
from referral_core.fhir.r4.parties import Patient

_OTHERS: Final = frozenset({"Group", "Device", "Location"})
_MOST_REPLACEMENTS: Final = 5


def subject_of(graph: Graph, request: Node, order: ServiceRequest) -> Node | None:
    """Return the Patient that an order is about, the record in use; None when it was not sent."""
    return next(reversed(records_of(graph, request, order)), None)


def records_of(graph: Graph, request: Node, order: ServiceRequest) -> list[Node]:
    """List the records of an order's patient: the one named, and what took its place in turn."""
    node = graph.resolve(order.subject, request) or _only_patient(graph, order.subject)
    return records_from(graph, node)


def records_from(graph: Graph, node: Node | None) -> list[Node]:
    """List a record and what took its place in turn: the last one is in use, or none is."""
    found = [node] if node else []
    for _ in range(_MOST_REPLACEMENTS):
        replacement = _replacement(graph, found[-1]) if found else None
        if replacement is None:
            break
        found.append(replacement)
    return found


def numbers_of_replaced(graph: Graph, request: Node, order: ServiceRequest) -> tuple[str, ...]:
    """List the numbers of records that the patient's own record took the place of.

    After a merge the author names the patient by the new record: it is the same person.
    """
    named = graph.resolve(order.subject, request)
    used = subject_of(graph, request, order)
    records = [named] if named is not None and named is not used else []
    links = used.model.link if used is not None and isinstance(used.model, Patient) else ()
    said: list[str] = []
    for link in links:
        if link.type == "replaces" and link.other is not None:
            records += [found] if used and (found := graph.resolve(link.other, used)) else []
            said += _tokens(link.other)
    for record in records:
        if isinstance(record.model, Patient):
            said += identity_in(record.model).identifiers
    return tuple(dict.fromkeys(said))


def broken_subject(graph: Graph, request: Node, order: ServiceRequest) -> Iterator[Issue]:
    """Iterate over what forbids us to say who an order is about."""
    path, node = f"{request.path}.subject", subject_of(graph, request, order)
    named = order.subject.type or (order.subject.reference or "").rpartition("/")[0]
    if named.rpartition("/")[2] in _OTHERS or (node and not isinstance(node.model, Patient)):
        yield Issue(
            "error",
            "business-rule",
            "subject-not-a-patient",
            path,
            "Refer one Patient; groups, devices and locations cannot be routed.",
        )
    elif node is None and (graph.patients() or _must_be_here(order.subject)):
        yield Issue(
            "error",
            "business-rule",
            "subject-unresolved",
            path,
            "The subject leads to no Patient of this body, or to several: "
            "send the Patient, and refer to it by its fullUrl or its identifier.",
        )
    elif node is not None and _is_another_person(records_of(graph, request, order)[0], node):
        yield Issue(
            "error",
            "business-rule",
            "replaced-by-another-person",
            path,
            "The record that took this one's place is of another name and another birth date: "
            "send the Patient that is meant.",
        )
    elif node is not None and isinstance(node.model, Patient) and not _in_use(node.model):
        yield Issue(
            "error",
            "business-rule",
            "patient-not-in-use",
            path,
            "This Patient record is not in use (active is false, or another replaced it): "
            "send the record that took its place.",
        )


def _only_patient(graph: Graph, subject: Reference) -> Node | None:
    """Return the one Patient of a body, however often it was sent, unless the subject denies it."""
    found = graph.patients()
    models = [node.model for node in found if isinstance(node.model, Patient)]
    identities = [identity_in(model) for model in models]
    if not found or len(identities) < len(found):
        return None
    first = identities[0]
    if any(n.resource != found[0].resource for n in found) and any(
        compare(first, other) is not Likeness.SAME for other in identities[1:]
    ):
        return None
    asked = PatientIdentity(identifiers=_tokens(subject))
    return None if compare(first, asked) is Likeness.ANOTHER else found[0]


def _tokens(subject: Reference) -> tuple[str, ...]:
    token = subject.identifier.token if subject.identifier else None
    if token is None and "?identifier=" in (subject.reference or ""):
        token = (subject.reference or "").partition("?identifier=")[2]
    return (token,) if token else ()


def _must_be_here(subject: Reference) -> bool:
    """Whether a reference can only lead to what is sent along: a urn, or a condition."""
    literal = subject.reference or ""
    return literal.lower().startswith("urn:") or "?" in literal


def _in_use(patient: Patient) -> bool:
    """Whether a record may be used: R4 says of a replaced one that it must be no longer."""
    return patient.active is not False and all(x.type != "replaced-by" for x in patient.link)


def _replacement(graph: Graph, node: Node) -> Node | None:
    """Return the record that took the place of one that is not in use, when it was sent."""
    if not isinstance(node.model, Patient) or _in_use(node.model):
        return None
    found = [graph.resolve(x.other, node) for x in node.model.link if x.type == "replaced-by"]
    found += [place for place, _ in graph.of_type(Patient) if _replaces(graph, place, node)]
    others = [place for place in found if place is not None and place is not node]
    # Of two that differ none is guessed.
    is_one = all(place.resource == others[0].resource for place in others)
    return others[0] if others and is_one else None


def _replaces(graph: Graph, place: Node, node: Node) -> bool:
    """Whether a record says of itself that it took another's place."""
    model = place.model
    links = model.link if isinstance(model, Patient) and place is not node else ()
    return any(x.type == "replaces" and graph.resolve(x.other, place) is node for x in links)


def _is_another_person(named: Node, used: Node) -> bool:
    """Whether neither name nor birth date of two records agree: numbers differ after a merge."""
    if not (isinstance(named.model, Patient) and isinstance(used.model, Patient)):
        return False
    first, second = (identity_in(model) for model in (named.model, used.model))
    names = (one.but(identifiers=(), birth_date=None) for one in (first, second))
    is_born_otherwise = first.birth_date and second.birth_date
    return bool(
        is_born_otherwise
        and first.birth_date != second.birth_date
        and compare(*names) is Likeness.ANOTHER
    )
