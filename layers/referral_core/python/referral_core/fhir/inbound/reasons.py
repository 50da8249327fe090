"""Why a partner says what it says: a code, and apart from it words, which may hold PHI."""

from __future__ import annotations

from referral_core.domain.codes import token_in
from referral_core.fhir.r4.datatypes import CodeableConcept


def code_of(concept: CodeableConcept | None) -> str | None:
    """Return the first code; what a person wrote into its place is none."""
    tokens = (token_in(coding.token) for coding in concept.coding) if concept else ()
    return next((token for token in tokens if token), None)


def words_of(concept: CodeableConcept | None) -> str | None:
    """Return the sender's words: the text, and what stands in place of codes and is none."""
    if concept is None:
        return None
    others = [c for c in concept.coding if c.code and token_in(c.token) is None]
    said = (concept.text, *(f"{c.code} {c.display or ''}".strip() for c in others))
    return "\n".join(word for word in said if word) or None
