"""Where references lead within one body: contained, relative, absolute, urn:uuid, by identifier.

Conditional references (`Patient?identifier=system|value`) lead to the resource with that
identifier; a UUID is the same in any letter case; what lies in a document within the body is found
too. What a reference does not lead to is simply not known: EHRs refer to resources that they keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from referral_core.fhir import links
from referral_core.fhir.errors import Issue
from referral_core.fhir.intake.identifiers import numbers_in
from referral_core.fhir.links import Found, Pointer, links_of
from referral_core.fhir.parse import Json
from referral_core.fhir.r4.datatypes import Reference, Resource
from referral_core.fhir.r4.kinds import Kind, read_by
from referral_core.fhir.r4.slips import read

_RELATIVE: Final = re.compile(r"^[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}$")
_CONDITIONAL: Final = re.compile(r"^(?:.*/)?(?P<kind>[A-Z][A-Za-z]+)\?(?P<query>.+)$")
R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, eq=False, repr=False)
class Node:
    """One resource of a body.

    Attributes:
        path: FHIRPath in the body.
        resource: its JSON.
        model: the same, as far as we read its type.
        found: what of it may lead elsewhere, without what it contains.
        url: the entry's fullUrl.
        container: the resource that contains it, in which its `#` references are looked up.
        slips: what was forgiven in it.
    """

    path: str
    resource: Json
    model: Resource
    found: Found
    url: str | None = None
    container: Node | None = None
    slips: tuple[Issue, ...] = ()


class Graph:
    """The resources of one body and, for an update, those known from before."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.entries: list[Node] = []
        self.issues: list[Issue] = []
        self._contained: dict[tuple[int, str], Node] = {}
        self._entries: dict[str, Node] = {}
        self._by_type: dict[str, Node | None] = {}
        self._by_identifier: dict[str, list[Node]] = {}
        self._identified_once: dict[tuple[str, str | None], Node | None] = {}
        self._known: dict[str, Node] = {}
        self._inside: list[Node] = []
        self._parts: dict[Node, list[Node]] = {}
        self._aside: dict[str, Node] = {}
        self._targets: dict[tuple[Node, bool], tuple[tuple[str | None, Node], ...]] = {}
        self.disclosed: dict[Node, tuple[Any, ...]] = {}  # as far as they were read for an order
        self.metas: list[Any] = []  # of the Bundles, whose labels are those of all they hold

    def add(self, resource: Json, path: str, url: str | None = None) -> Node | None:
        """Examine one resource with all it contains; None, and `issues`, when it is malformed."""
        node = self._whole(resource, path, url)
        if node is None:
            return None
        self.entries.append(node)
        address = links.address_of(url or _type_and_id(node) or "")
        if address and self._entries.setdefault(address, node).resource != resource:
            self._broken(
                "duplicate-full-url",
                path,
                "Give each entry its own fullUrl; this one leads to two resources.",
            )
        own = links.address_of(_type_and_id(node) or "")
        if own and self._by_type.setdefault(own, node) != node:
            alike = self._by_type[own]
            self._by_type[own] = alike if alike and alike.resource == resource else None
        self._find_inside(node)
        return node

    def patients(self) -> tuple[Node, ...]:
        """Return the Patients of the body, those within documents after the others."""
        found = [n for n in (*self.nodes, *self._inside) if n.model.resource_type == "Patient"]
        return tuple(found)

    def remember(
        self, known: Mapping[str, Json], links: Iterable[str] = (), order: Node | None = None
    ) -> None:
        """Let references that lead nowhere else lead to what an earlier body held.

        Args:
            known: reference, as the earlier body wrote it, → resource.
            links: references to the order, as the earlier body wrote them.
            order: its new version.
        """
        self._targets.clear()
        if order is not None:
            self._known |= dict.fromkeys(links, order)
        for reference, resource in known.items():
            node = self._whole(resource, reference, None)
            if node is not None:
                self._known[reference] = node

    def find(self, reference: Reference | None, source: Node, model: type[R] | Kind[R]) -> R | None:
        """Return the resource that a reference leads to, when it is of that type."""
        node = self.resolve(reference, source)
        return read_by(model, node.model) if node is not None else None

    def resolve(self, reference: Reference | None, source: Node) -> Node | None:
        """Return the resource that a reference of `source` leads to.

        Args:
            reference: literal, or logical by identifier.
            source: the resource that refers.
        """
        if reference is None:
            return None
        literal = reference.reference
        if literal is not None:
            return self.follow(literal, source)
        token = reference.identifier.token if reference.identifier else None
        return self._identified(token, reference.type) if token else None

    def follow(self, literal: str, source: Node) -> Node | None:
        """Return the resource that a literal reference of `source` leads to."""
        root = source.container or source
        if literal.startswith("#"):
            return self._contained.get((id(root), literal[1:]))
        conditional = _CONDITIONAL.match(literal)
        if conditional is not None:
            return self._meeting(**conditional.groupdict()) or self._known.get(literal)
        plain = links.address_of(literal)
        if _RELATIVE.match(plain):
            same_server = self._entries.get(links.address_of(f"{_base(root)}{plain}"))
            found = same_server or self._by_type.get(plain)
        else:
            found = self._entries.get(plain)
        return found or self._aside.get(plain) or self._known.get(literal)

    def known(self, references: Iterable[str]) -> list[Node]:
        """Return the resources of an earlier body that references led to there."""
        return [self._known[name] for name in references if name in self._known]

    def targets(self, node: Node, *, whole: bool = False) -> tuple[tuple[str | None, Node], ...]:
        """Return all that a resource leads to, with the literal of each as it is written.

        Args:
            node: the resource.
            whole: with what the resources that it contains lead to.
        """
        found = self._targets.get((node, whole))
        if found is None:
            parts = (node, *self.contained_in(node)) if whole else (node,)
            pointers = (pointer for part in parts for pointer in part.found.pointers)
            pairs = ((p.literal, self._at(p, node)) for p in pointers)
            found = tuple((literal, target) for literal, target in pairs if target is not None)
            self._targets[node, whole] = found
        return found

    def contained_in(self, node: Node) -> Sequence[Node]:
        """Return the resources that a resource contains."""
        return self._parts.get(node, ())

    def named(self, element: Any, source: Node) -> Node | None:
        """Return the resource that an element of `source` leads to, if it is a Reference."""
        found = links.pointer_of(element) if isinstance(element, dict) else ()
        return next((self._at(pointer, source) for pointer in found), None)

    def _at(self, pointer: Pointer, source: Node) -> Node | None:
        if pointer.literal is not None:
            return self.follow(pointer.literal, source)
        return self._identified(pointer.token, pointer.type) if pointer.token else None

    def of_type(self, model: type[R] | Kind[R]) -> Iterator[tuple[Node, R]]:
        """Iterate over the resources of a type, contained ones included."""
        for node in self.nodes:
            if (found := read_by(model, node.model)) is not None:
                yield node, found

    def _whole(self, resource: Json, path: str, url: str | None) -> Node | None:
        node = self._node(resource, path, url, None)
        if node is None:
            return None
        for index, inner in enumerate(node.model.contained):
            self._contain(inner, f"{path}.contained[{index}]", node)
        ids = (inner.get("id") for inner in node.model.contained)
        inside = frozenset(own_id for own_id in ids if isinstance(own_id, str))
        for whole_or_part in (node, *self.contained_in(node)):
            self._check_local(whole_or_part, inside)
        return node

    def _node(
        self, resource: Json, path: str, url: str | None, container: Node | None
    ) -> Node | None:
        model, slips = read(resource, path)
        if model is None:
            self.issues.extend(slips)
            return None
        node = Node(path, resource, model, links_of(resource, path), url, container, slips)
        self.nodes.append(node)
        if container is not None:
            self._parts.setdefault(container, []).append(node)
        for token in numbers_in(model):
            for name in (token, token.rpartition("|")[2]):
                self._by_identifier.setdefault(name, []).append(node)
            self._identified_once.clear()
        return node

    def _broken(self, own_code: str, path: str, diagnostics: str) -> None:
        self.issues.append(Issue("error", "invariant", own_code, path, diagnostics))

    def _contain(self, resource: Json, path: str, container: Node) -> None:
        if "contained" in resource:  # R4's dom-2: no reference leads there, and nobody reads it
            self._broken(
                "contained-within-contained",
                f"{path}.contained",
                "Contain all resources side by side in the outermost one.",
            )
        node = self._node(resource, path, None, container)
        if node is None or node.model.id is None:
            return
        key = (id(container), node.model.id)
        if self._contained.setdefault(key, node) is not node:
            self._broken(
                "duplicate-contained-id",
                f"{path}.id",
                "Give each contained resource its own id.",
            )

    def _check_local(self, node: Node, inside: frozenset[str]) -> None:
        for path, literal in node.found.references:
            if literal.startswith("#") and literal[1:] not in {"", *inside}:
                self._broken(
                    "contained-resource-missing",
                    path,
                    "Contain the resource that this reference names, or refer to another.",
                )

    def _find_inside(self, document: Node) -> None:
        """Let references lead into a document within the body; nothing in it is sent for itself.

        What the body itself holds comes before it, and a slip in it is not the sender's order's.
        """
        if document.model.resource_type != "Bundle":
            return
        nodes, issues = self.nodes, self.issues
        for index, entry in enumerate(document.resource.get("entry", [])):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
                continue
            self.nodes, self.issues = [], []
            url = entry.get("fullUrl") if isinstance(entry.get("fullUrl"), str) else None
            node = self._whole(resource, f"{document.path}.entry[{index}].resource", url)
            self._inside += self.nodes
            for address in {url, _type_and_id(node)} if node else set():
                if node and address:
                    self._aside.setdefault(links.address_of(address), node)
        self.nodes, self.issues = nodes, issues

    def _meeting(self, kind: str, query: str) -> Node | None:
        """Return the resource that a conditional reference leads to; it must be the only one."""
        match parse_qsl(query):
            case [("identifier", token)]:
                return self._identified(token, kind)
        return None

    def _identified(self, token: str, kind: str | None) -> Node | None:
        """Return the one resource with an identifier; a value alone stands for any system."""
        once = (token, kind)
        if once not in self._identified_once:
            named = self._by_identifier.get(token, [])
            alike = [node for node in named if kind in {None, node.model.resource_type}]
            self._identified_once[once] = _only_one(alike)
        return self._identified_once[once]


def _only_one(alike: list[Node]) -> Node | None:
    return alike[0] if alike and all(n.resource == alike[0].resource for n in alike) else None


def _type_and_id(node: Node) -> str | None:
    return f"{node.model.resource_type}/{node.model.id}" if node.model.id else None


def _base(node: Node) -> str:
    """Return the base URL of an entry's server, which its relative references are relative to."""
    own = _type_and_id(node)
    return node.url.removesuffix(own) if own and node.url and node.url.endswith(f"/{own}") else ""
