"""What decides in a payer's answer: review actions (X12 306) of items and of their details."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from referral_core.domain.payers.authorization import AuthorizationVerdict
from referral_core.fhir.errors import FhirError

Json = Mapping[str, Any]

VERDICTS: Final[Mapping[str, AuthorizationVerdict]] = {
    "A1": AuthorizationVerdict.APPROVED,
    "A2": AuthorizationVerdict.NEEDS_REVIEW,
    "A3": AuthorizationVerdict.DENIED,
    "A4": AuthorizationVerdict.PENDED,
    "A6": AuthorizationVerdict.NEEDS_REVIEW,
    "C": AuthorizationVerdict.NEEDS_REVIEW,
    "CT": AuthorizationVerdict.NEEDS_REVIEW,
    "NA": AuthorizationVerdict.NOT_REQUIRED,
}
DEEPEST: Final = 8
_CONTRADICTION: Final = "contradiction"
"""In place of the code of a review action that says two things."""


def actions_of(line: Json, path: str) -> Iterator[Json]:
    """Find the review actions of one holder."""
    for adjudication in objects_of(line, "adjudication", path):
        for part in extensions_of(adjudication, path):
            if name_of(part) == "reviewAction":
                yield part


def all_actions_of(line: Json, path: str, depth: int = DEEPEST) -> Iterator[Json]:
    """Find the review actions of an item and of its details: one of them may be denied alone.

    Raises:
        FhirError: its details are nested more deeply than any are.
    """
    if depth == 0:
        raise malformed(path, "an item that is not nested so deeply")
    yield from actions_of(line, path)
    for inside in ("detail", "subDetail"):
        for part in objects_of(line, inside, path):
            yield from all_actions_of(part, path, depth - 1)


def is_modified(part: Json) -> bool:
    """Whether something that is not understood changes what it means."""
    return bool(part.get("modifierExtension") or part.get("implicitRules"))


def review_code(action: Json, path: str) -> str:
    """Return the review action's code; where its codings contradict one another, none."""
    concepts = (
        part.get("valueCodeableConcept")
        for part in extensions_of(action, path)
        if name_of(part) == "reviewActionCode"
    )
    codings = [
        coding.get("code")
        for concept in concepts
        if isinstance(concept, Mapping)
        for coding in _listed(concept.get("coding"))
    ]
    known = {code for code in codings if isinstance(code, str) and code in VERDICTS}
    if len(known) > 1:
        return _CONTRADICTION
    return next(iter(known), None) or next((c for c in codings if isinstance(c, str)), "")


def _listed(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def codes_of(action: Json, name: str, path: str) -> Iterator[str]:
    """Find the codes of a review action by the name of the extension."""
    for part in extensions_of(action, path):
        if name_of(part) == name:
            yield from codings_of(part, "valueCodeableConcept")


def codings_of(holder: Json, key: str) -> Iterator[str]:
    """Read the code of the first coding of a CodeableConcept; its words are the payer's own."""
    concept = holder.get(key)
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    for coding in codings[:1] if isinstance(codings, list) else []:
        if isinstance(coding, Mapping) and isinstance(coding.get("code"), str):
            yield coding["code"]


def name_of(extension: Json) -> str:
    """Return the name of an extension: the end of its URL."""
    url = extension.get("url")
    return url.rpartition("/")[2].removeprefix("extension-") if isinstance(url, str) else ""


def extensions_of(holder: Json, path: str) -> list[Json]:
    """Read the extensions of an element."""
    return objects_of(holder, "extension", path)


def objects_of(holder: Json, key: str, path: str) -> list[Json]:
    """Read a repeating element; anything but a list of objects is refused."""
    value = holder.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise malformed(f"{path}.{key}", "a list of objects")
    return value


def malformed(expression: str, wanted: str) -> FhirError:
    """Return the error of an element that is not what it must be."""
    return FhirError(
        "claim-response-malformed",
        f"Send {wanted} here.",
        expression=expression,
        code="structure",
        status=400,
    )
