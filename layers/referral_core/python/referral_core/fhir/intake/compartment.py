"""All that a body holds about one referral's patient: what the order leads to, what leads there.

An EHR says much by resources that point at the order or the patient and that the order does not
name: answers to questions, letters, allergies, wishes, provenance. All of them go along, and
nothing of another patient or of another referral in the same body does. A body about one patient
goes whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from referral_core.fhir.intake.canonical import form_of
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.intake.whose import OwnPatient, Whose
from referral_core.fhir.r4.parties import Patient

SHARED: Final = frozenset(
    {
        "Endpoint",
        "Group",
        "HealthcareService",
        "InsurancePlan",
        "Location",
        "Medication",
        "Organization",
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "Questionnaire",
        "Substance",
    }
)
"""What many patients have in common: whoever points at it says nothing about this patient."""
_FAMILY: Final = frozenset({"Coverage", "Patient", "RelatedPerson", "ServiceRequest"})
"""What may lead to a second person who belongs to the patient: a subscriber, a parent."""
_NOT_OURS: Final = frozenset({Whose.ANOTHERS, Whose.UNSURE})
TRANSPORT: Final = "MessageHeader"


class Compartment(NamedTuple):
    """One referral with all that is about its patient.

    Attributes:
        nodes: the order first; the same for the same content, however it was sent.
        attached: of them, those that nothing before leads to; they lead to the rest.
        order_links: literals by which the others refer to the order.
    """

    nodes: tuple[Node, ...]
    attached: tuple[Node, ...]
    order_links: tuple[str, ...]


def compartment(
    graph: Graph,
    roots: Sequence[Node],
    others: Collection[Node] = (),
    kept: Sequence[Node] = (),
) -> Compartment:
    """Return all that a body holds about one referral's patient.

    Args:
        graph: the body.
        roots: the order, then its patient and its coverages as far as they are known.
        others: the other referrals of the body.
        kept: what was attached to an earlier version of the order.
    """
    scope = _Scope(graph, roots, frozenset(others))
    led_to = scope.reach(roots)
    attached = scope.attached(led_to, kept)
    places = {node: place for place, node in enumerate(led_to)}
    # Sorted by what they say, since the order of a Bundle's entries says nothing.
    ordered = sorted(attached, key=lambda node: form_of(graph, node, places))
    nodes = scope.reach([*led_to, *ordered])
    links = {
        literal
        for node in nodes
        for literal, target in graph.targets(node)
        if target is roots[0] and literal is not None
    }
    return Compartment(nodes, tuple(ordered), tuple(sorted(links)))


def led_to_anothers(graph: Graph, roots: Sequence[Node]) -> tuple[Node, ...]:
    """Return what an order itself leads to, or contains, and is about another person.

    A coverage, and who belongs to the patient, may be; a mistaken reference tells on somebody.
    """
    scope, order = _Scope(graph, roots, frozenset()), roots[0]
    led_to = [target for _, target in graph.targets(order, whole=True)]
    both = (*led_to, *graph.contained_in(order))
    return tuple(dict.fromkeys(n for n in both if scope.is_about_another(n)))


def named_otherwise(
    graph: Graph, roots: Sequence[Node], requests: Sequence[Node]
) -> tuple[tuple[Node, str], ...]:
    """Return what names another patient than the order does and cannot be left out of it.

    That is what asks for the order (a Task, a Claim), and the coverage that either names.

    Args:
        graph: the body.
        roots: the order, then its patient as far as it is known.
        requests: what asks for the order.

    Returns:
        Each such resource with the element that names the other patient.
    """
    own = OwnPatient(graph, roots[0], next((n for n in roots[1:] if _is_patient(n)), None))
    led_to = (target for node in (roots[0], *requests) for _, target in graph.targets(node))
    its_own = dict.fromkeys([*requests, *(n for n in led_to if _kind(n) == "Coverage")])
    found = ((node, own.anothers_element(node)) for node in its_own)
    return tuple((node, element) for node, element in found if element is not None)


class _Scope:
    """What belongs to one referral, and what does not."""

    def __init__(self, graph: Graph, roots: Sequence[Node], others: frozenset[Node]) -> None:
        self._graph = graph
        self._order = roots[0]
        self._roots = frozenset(roots)
        self._others = others
        self._subject = next((node for node in roots[1:] if _is_patient(node)), None)
        self._own = OwnPatient(graph, self._order, self._subject)
        self._alone = all(node in self._own.records for node, _ in graph.of_type(Patient))

    def reach(self, starts: Iterable[Node]) -> tuple[Node, ...]:
        """Return what resources lead to, nearest first, themselves included."""
        found = list(dict.fromkeys(starts))
        seen = set(found)
        for node in found:  # grows while it is walked
            for _, target in self._graph.targets(node):
                if target not in seen and self._may_follow(node, target):
                    seen.add(target)
                    found.append(target)
        return tuple(found)

    def attached(self, led_to: Sequence[Node], kept: Sequence[Node]) -> list[Node]:
        """Return what leads to what is known already, until nothing new does."""
        found = [node for node in kept if node not in led_to]
        seen = set(self.reach([*led_to, *found]))
        while True:
            about = {n for n in seen if _kind(n) not in SHARED}
            about |= self._own.records
            inside = [n for n in self._graph.nodes if n.container in seen and n.container]
            fresh = [
                n
                for n in (*self._graph.entries, *inside)
                if n not in seen and (n.container or self._belongs(n, about))
            ]
            if not fresh:
                return found
            found += fresh
            seen.update(self.reach(fresh))

    def _belongs(self, node: Node, about: Collection[Node]) -> bool:
        if node in self._others or _kind(node) == TRANSPORT:
            return False
        whose = self._own.whose(node)
        if whose in _NOT_OURS:
            return False
        targets = {target for _, target in self._graph.targets(node, whole=True)}
        is_ours = whose is Whose.OURS
        others = {n for n in targets & self._others if not is_ours or self._is_ours(n)}
        if others and self._order not in targets:
            return False  # it goes along with the other referral
        return self._alone or any(target in about for target in targets)

    def _may_follow(self, source: Node, target: Node) -> bool:
        if target in self._others or _kind(target) == TRANSPORT:
            return False
        if target.container is not None or target in self._roots or self._subject is None:
            return True
        if _is_patient(target) and target not in self._own.records:
            return _kind(source) in _FAMILY
        return self._own.whose(target) not in _NOT_OURS or source is self._order

    def is_about_another(self, node: Node) -> bool:
        """Tell whether a resource is about somebody who is not the patient."""
        if _kind(node) in _FAMILY:
            return False
        return self._own.whose(node) is Whose.ANOTHERS

    def _is_ours(self, node: Node) -> bool:
        return self._own.whose(node) is Whose.OURS


def literals_of(graph: Graph, nodes: Sequence[Node]) -> Iterator[tuple[str, Node]]:
    """Iterate over the literals that lead from one node to another, nearest first."""
    known = frozenset(nodes)
    for source in nodes:
        for literal, target in graph.targets(source):
            if literal is not None and target in known:
                yield literal, target


def _kind(node: Node) -> str:
    return node.model.resource_type


def _is_patient(node: Node) -> bool:
    return isinstance(node.model, Patient)
