"""What an order says besides what it asks for: what it discloses, and that it hurries.

Codes are kept as they came; of words only those that disclose: what else people write is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from referral_core.domain.terminology import Coding, Concept, terminology
from referral_core.domain.terminology.disclosure import disclosing
from referral_core.fhir.intake.inline_documents import said_inline
from referral_core.fhir.intake.parties import person_and_organization
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.intake.selection import requests_of
from referral_core.fhir.r4.orders import ServiceRequest

_SAY_NOTHING_OF_HEALTH: Final = frozenset(
    {
        "Consent",
        "Coverage",
        "HealthcareService",
        "Location",
        "MessageHeader",
        "Organization",
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "RelatedPerson",
    }
)
"""Types whose codes are those of people, places and papers."""
_READ: Final = frozenset(
    {"category", "code", "locationCode", "orderDetail", "performerType", "reasonCode"}
)
"""Elements of the order that are read for what it asks for."""
_NO_REMARKS: Final = frozenset({*_READ, "meta", "note", "patientInstruction"})
"""Elements of the order in which nothing is remarked to who serves, and its notes, kept whole."""
_PARTIES: Final = frozenset(
    {
        *("encounter", "focus", "for", "groupIdentifier", "identifier", "insurance", "location"),
        *("locationReference", "owner", "performer", "requester", "requisition", "subject"),
    }
)
"""Elements of an order or a Task whose words are names: a Same Day Clinic hurries nobody."""
_NO_WORDS: Final = frozenset({"contained", "meta", "coding"})
"""Elements whose words are read elsewhere, or nobody's."""
_NO_CODES: Final = frozenset({"contained", "meta", "coding", "identifier"})
"""Elements whose codes are read elsewhere, or say of a number what kind it is."""
_SPOKEN: Final = frozenset(
    {
        *("comment", "conclusion", "contentString", "description", "detail", "display", "note"),
        *("patientInstruction", "statusReason", "summary", "text", "title", "valueMarkdown"),
        *("valueCode", "valueString"),
    }
)
"""Elements that hold a text, wherever they stand."""
_CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_SENSITIVITY: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_SENTENCE: Final = re.compile(r"[.;!?](?=\s|$)|[\n\r]+")
"""Between two sentences, of which those that hurry are kept."""
_TAG: Final = re.compile(r"<[^<>]*>")


def also_sent(
    graph: Graph, request: Node, order: ServiceRequest, along: Sequence[Node]
) -> tuple[Concept, ...]:
    """Return what an order discloses besides what it asks for.

    Args:
        graph: the body.
        request: the order.
        order: its model.
        along: what goes along with it.
    """
    own = {name: value for name, value in request.resource.items() if name not in _READ}
    found = (
        *_said_by(graph, along),
        *_concepts_within({name: own[name] for name in own if name != "meta"}),
        *_told_in(own),
        *_referred_by(graph, request, order),
        *_labels([*graph.metas, *(node.resource.get("meta") for node in (request, *along))]),
        *_labels({"security": concept.get("coding")} for concept in _security_labels(along)),
        *_confidentiality(along),
    )
    return tuple(dict.fromkeys(found))


def labels_of(graph: Graph) -> tuple[Coding, ...]:
    """Return what the labels of the Bundles of an order disclose, those of earlier versions too.

    A later version may come without its Bundle, and what the Bundle brought is still there.
    """
    found = disclosing(_labels(graph.metas), terminology()) if graph.metas else ()
    return tuple(one.codings[0] if one.codings else Coding(display=one.text) for one in found)


def remarks(graph: Graph, request: Node, order: ServiceRequest) -> tuple[str, ...]:
    """Return what the author of an order remarks, and whatever else of it says that it hurries.

    Of the Tasks that carry it too; what is written to the patient hurries nobody else. A code of
    urgency is the word for it.
    """
    own = {name: value for name, value in request.resource.items() if name not in _NO_REMARKS}
    others = (n.resource for n in requests_of(graph, request) if n.model.resource_type == "Task")
    said = ({n: v for n, v in one.items() if n not in _PARTIES} for one in (own, *others))
    found = [
        text
        for resource in said
        for text in (*_sentences_within(resource), *_urgent_codes(resource))
        if _hurries(text)
    ]
    return tuple(dict.fromkeys([*(note.text for note in order.note if note.text), *found]))


def _urgent_codes(resource: Mapping[str, Any]) -> Iterator[str]:
    for concept in _concepts_within(resource):
        known = (terminology().find(coding.system, coding.code) for coding in concept.codings)
        yield from (m.urgency.value for m in known if m is not None and m.urgency is not None)


def _hurries(text: str) -> bool:
    return any(True for _ in terminology().urgent_words.found_in(text))


def _said_by(graph: Graph, nodes: Iterable[Node]) -> Iterator[Concept]:
    """Iterate over all that the resources besides the order say of the patient's health.

    Each is read once for all orders of a body: one document of several MB may go with twenty.
    """
    for node in nodes:
        if node.model.resource_type in _SAY_NOTHING_OF_HEALTH:
            continue
        if node not in graph.disclosed:
            said = (*_concepts_within(node.resource), *_told_in(node.resource))
            graph.disclosed[node] = tuple(dict.fromkeys(said))
        yield from graph.disclosed[node]


def _referred_by(graph: Graph, request: Node, order: ServiceRequest) -> Iterator[Concept]:
    """Iterate over what the name of who refers discloses: a program's patients are known by it."""
    if order.requester is None:
        return
    _, organization = person_and_organization(graph, graph.resolve(order.requester, request))
    yield from _disclosed((organization.name if organization else None) or "")


def _told_in(resource: Mapping[str, Any]) -> Iterator[Concept]:
    """Iterate over the words that disclose, in whatever text of a resource they stand."""
    for text in _texts_within(resource):
        yield from _disclosed(text)
    for document in said_inline(resource):
        yield from document.codes
        for text in document.texts:
            yield from _disclosed(text)


def _disclosed(text: str) -> Iterator[Concept]:
    for words in terminology().disclosed_by(text):
        yield Concept(text=words)


def _texts_within(value: Any, name: str = "") -> Iterator[str]:
    """Iterate over the texts of JSON that people write, or read."""
    if isinstance(value, list):
        for inner in value:
            yield from _texts_within(inner, name)
    elif isinstance(value, dict):
        for own, inner in value.items():
            is_read = own in _SPOKEN or own == "div" or isinstance(inner, (dict, list))
            if is_read and own not in _NO_WORDS:
                yield from _texts_within(inner, own)
    elif isinstance(value, str) and name == "div":
        yield _TAG.sub(" ", value)
    elif isinstance(value, str) and name in _SPOKEN:
        yield value


def _sentences_within(resource: Mapping[str, Any]) -> Iterator[str]:
    for text in _texts_within(resource):
        yield from _SENTENCE.split(text)


def _labels(metas: Iterable[Any]) -> Iterator[Concept]:
    """Iterate over security labels, of resources and of the Bundle that holds them.

    They say what is disclosed, and no service.
    """
    for meta in metas:
        labels = meta.get("security") if isinstance(meta, dict) else None
        yield from _concepts_within({"coding": labels} if labels else {})
        for label in labels if isinstance(labels, list) else ():
            if isinstance(label, dict):
                yield from _label(_text(label, "system"), _text(label, "code") or "")


def _security_labels(nodes: Iterable[Node]) -> Iterator[dict[str, Any]]:
    """Iterate over the labels that documents have as an element of their own."""
    for node in nodes:
        labels = node.resource.get("securityLabel")
        for label in labels if isinstance(labels, list) else ():
            if isinstance(label, dict):
                yield label


def _label(system: str | None, code: str) -> Iterator[Concept]:
    """Iterate over what a label may mean: one without system is of one that labels are of.

    Letter case is forgiven: here a word too many asks a person, and one too few tells a clinic.
    """
    for known in (system,) if system else (_CONFIDENTIALITY, _SENSITIVITY):
        for spelt in dict.fromkeys((code, code.strip().upper())):
            yield Concept(codings=(Coding(system=known, code=spelt),))


def _confidentiality(nodes: Iterable[Node]) -> Iterator[Concept]:
    """Iterate over how confidential the documents are that are Compositions: R4 has a code."""
    for node in nodes:
        code = node.resource.get("confidentiality")
        if node.model.resource_type == "Composition" and isinstance(code, str):
            yield from _label(_CONFIDENTIALITY, code)


def _concepts_within(value: Any) -> Iterator[Concept]:
    """Iterate over the CodeableConcepts within JSON, whatever element holds them."""
    if isinstance(value, list):
        for inner in value:
            yield from _concepts_within(inner)
    elif isinstance(value, dict):
        codings = value.get("coding")
        if isinstance(codings, list):
            yield Concept(
                codings=tuple(
                    Coding(**{name: _text(c, name) for name in ("system", "code", "display")})
                    for c in codings
                    if isinstance(c, dict)
                ),
                text=_text(value, "text"),
            )
        elif isinstance(value.get("system"), str) and "value" not in value:
            # A Coding by itself: the class of an encounter, a label of an element.
            yield Concept(codings=(Coding(system=value["system"], code=_text(value, "code")),))
        for name, inner in value.items():
            if isinstance(inner, (dict, list)) and name not in _NO_CODES:
                yield from _concepts_within(inner)


def _text(value: dict[str, Any], name: str) -> str | None:
    found = value.get(name)
    return found if isinstance(found, str) else None
