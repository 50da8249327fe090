"""Whom a resource is about: the patient of an order, somebody else, or nobody who is named.

A reference that leads nowhere names somebody all the same: it is the patient's only where the order
itself names its patient so, or where its number is the patient's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, Final

from referral_core.domain.orders.patient_identity import Likeness, PatientIdentity, compare
from referral_core.fhir import links
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.intake.subject import records_from
from referral_core.fhir.parse import Json
from referral_core.fhir.patient_identities import identity_in
from referral_core.fhir.r4.parties import Patient

_OWNERS: Final = ("subject", "patient", "beneficiary", "for", "individual")
"""Elements that name whom a resource is about."""
_OF_A_TYPE: Final = re.compile(r"(?:^|/)(?P<kind>[A-Z][A-Za-z]+)(?:/[^/?]+|\?.*)$")
_A_RECORD: Final = re.compile(r"(?:^|/)Patient/(?P<id>[^/?#]+)(?:/_history/[^/]+)?$")
_BY_NUMBER: Final = re.compile(r"(?:^|/)Patient\?identifier=(?P<token>[^&]+)$")


class Whose(Enum):
    """Whom something is about; UNSURE: a record that says too little to be told from ours."""

    ANOTHERS = auto()
    UNSURE = auto()
    OURS = auto()
    NOBODYS = auto()


class OwnPatient:
    """The patient of one order.

    Attributes:
        records: the Patients of the body that are this person: sent twice, or one that took
            another's place.
    """

    def __init__(self, graph: Graph, order: Node, subject: Node | None) -> None:
        """Take the body, the order, and its patient as far as one was sent."""
        self._graph, self._subject = graph, subject
        self._identity = identity_of(subject)
        self.records = frozenset(self._records(order))
        named = order.resource.get("subject")
        pointers = links.pointer_of(named) if isinstance(named, dict) else ()
        literals = (p.literal for p in pointers if p.literal and not p.literal.startswith("#"))
        self._known: dict[Node, Whose] = {}
        self._names = {links.address_of(literal) for literal in literals}

    def _records(self, order: Node) -> Iterator[Node]:
        subject = self._subject
        if subject is None or not isinstance(subject.model, Patient):
            return
        named = self._graph.named(order.resource.get("subject"), order)
        known = {subject, *records_from(self._graph, named)}
        for node, patient in self._graph.of_type(Patient):
            alike = node.resource == subject.resource or node in known
            if alike or compare(self._identity, identity_in(patient)) is Likeness.SAME:
                yield node
        yield subject  # in a document within the body, maybe

    def whose(self, node: Node) -> Whose:
        """Say whom a resource is about, and what it contains: one of another's is another's."""
        known = self._known.get(node)
        if known is None:
            inside = [n for n in self._graph.contained_in(node) if not isinstance(n.model, Patient)]
            known = _first_of({self._whose_alone(part) for part in (node, *inside)})
            self._known[node] = known
        return known

    def anothers_element(self, node: Node) -> str | None:
        """Return the element by which a resource names another person than the patient."""
        for name in _OWNERS:
            for one in _elements(node.resource.get(name)):
                if self._is_shown_another(one, node):
                    return name
        return None

    def _is_shown_another(self, reference: Json, source: Node) -> bool:
        """Tell whether a reference is shown to name another one: what is only unknown does not."""
        target = self._graph.named(reference, source)
        if target is not None:
            return self._whose_record(target) is Whose.ANOTHERS
        if _kind_of(reference) not in {None, "Patient"}:
            return False
        likeness = self._likeness(reference, _token_in(reference))
        if likeness is not Likeness.UNKNOWN:
            return likeness is Likeness.ANOTHER
        named = _record_in(reference.get("reference"))
        ours = {_record_in(name) for name in self._names} - {None}
        return bool(named and ours) and named not in ours

    def _whose_alone(self, node: Node) -> Whose:
        if isinstance(node.model, Patient):
            return self._whose_record(node)
        owners = [one for name in _OWNERS for one in _elements(node.resource.get(name))]
        found = {self._of_reference(one, node) for one in owners} - {Whose.NOBODYS}
        if not found:
            return self._by_mention(node)
        return _first_of(found)

    def _by_mention(self, node: Node) -> Whose:
        """Say whom a resource without a subject is about: whoever it mentions, if not ours too."""
        found = {self._of_mention(one, node) for one in _references(links.outside(node.resource))}
        return Whose.OURS if Whose.OURS in found else _first_of(found)

    def _of_mention(self, reference: Json, source: Node) -> Whose:
        """Say whom any reference of a resource names; one of another type names no patient."""
        if not self._graph.named(reference, source) and _kind_of(reference) != "Patient":
            return Whose.NOBODYS
        return self._of_reference(reference, source)

    def _of_reference(self, reference: Json, source: Node) -> Whose:
        """Say whom a reference to a subject names."""
        target = self._graph.named(reference, source)
        if target is not None:
            return self._whose_record(target)
        literal = reference.get("reference")
        if isinstance(literal, str) and links.address_of(literal) in self._names:
            return Whose.OURS
        if _kind_of(reference) not in {None, "Patient"}:
            return Whose.NOBODYS
        token = _token_in(reference)
        likeness = self._likeness(reference, token)
        if likeness is Likeness.SAME:
            return Whose.OURS
        names_somebody = isinstance(literal, str) or token or likeness is Likeness.ANOTHER
        is_known = self._identity.is_stated or (isinstance(literal, str) and self._names)
        return Whose.ANOTHERS if names_somebody and is_known else Whose.NOBODYS

    def _likeness(self, reference: Json, token: str | None) -> Likeness:
        """Compare by number; in words where nothing else names anybody."""
        if token and token.startswith("|"):  # a number alone, of whatever system
            values = {one.rpartition("|")[2] for one in self._identity.identifiers}
            return Likeness.SAME if token[1:] in values else Likeness.UNKNOWN
        words = reference.get("display")
        alone = isinstance(words, str) and not token and "reference" not in reference
        named = PatientIdentity(
            identifiers=(token,) if token else (), words=str(words) if alone else None
        )
        return compare(self._identity, named)

    def _whose_record(self, target: Node) -> Whose:
        if not isinstance(target.model, Patient):
            return Whose.NOBODYS
        if target in self.records:
            return Whose.OURS
        is_another = compare(self._identity, identity_of(target)) is Likeness.ANOTHER
        return Whose.ANOTHERS if is_another else Whose.UNSURE


def _first_of(found: set[Whose]) -> Whose:
    """Return what counts of several: whatever may be another's is not ours."""
    return next((w for w in Whose if w in found), Whose.NOBODYS)


def identity_of(node: Node | None) -> PatientIdentity:
    """Return who a Patient is; nobody where it is none."""
    model = node.model if node is not None else None
    return identity_in(model) if isinstance(model, Patient) else PatientIdentity()


def _elements(value: Any) -> Iterator[Json]:
    """Iterate over the references that an element holds: one, or a list of them."""
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, dict):
            yield one


def _references(value: Any) -> Iterator[Json]:
    """Iterate over all references within JSON."""
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value
        for inner in value.values():
            if isinstance(inner, (dict, list)):
                yield from _references(inner)


def _kind_of(reference: Json) -> str | None:
    """Return the type that a reference says it leads to; None where it says none."""
    literal, kind = reference.get("reference"), reference.get("type")
    found = _OF_A_TYPE.search(literal) if isinstance(literal, str) else None
    return found["kind"] if found else kind if isinstance(kind, str) else None


def _record_in(literal: Any) -> str | None:
    """Return the record that a lasting address names, on whichever server; None of another."""
    found = _A_RECORD.search(literal) if isinstance(literal, str) else None
    return found["id"] if found else None


def _token_in(reference: Json) -> str | None:
    """Return the number by which a reference names somebody, as `system|value`."""
    literal = reference.get("reference")
    by_number = _BY_NUMBER.search(literal) if isinstance(literal, str) else None
    return by_number["token"] if by_number else _token_of(reference.get("identifier"))


def _token_of(identifier: Any) -> str | None:
    if not isinstance(identifier, dict) or not isinstance(identifier.get("value"), str):
        return None
    system = identifier.get("system")
    return f"{system if isinstance(system, str) else ''}|{identifier['value']}"
