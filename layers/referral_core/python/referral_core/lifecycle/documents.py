"""A partner's synchronous answer, kept as evidence as an asynchronous one is."""

from __future__ import annotations

from typing import Final

from referral_core.domain.effects import Effect, KeepEvidence
from referral_core.domain.errors import Retryable
from referral_core.domain.evidence import Evidence
from referral_core.lifecycle.case import Case
from referral_core.ports.lifecycle import Documents

X12: Final = "application/edi-x12"
FHIR_JSON: Final = "application/fhir+json"


def keep(
    documents: Documents, case: Case, content: bytes, *, kind: str, content_type: str, source: str
) -> tuple[Effect, ...]:
    """Store an answer under its hash; return the effect that keeps it as evidence.

    Args:
        documents: the store; the document is there before the item that names it.
        case: the referral and the moment.
        content: the answer as it came; empty where the adapter has no document of it.
        kind: of evidence, kebab-case.
        content_type: its media type.
        source: who answered.
    """
    if not content:
        return ()
    try:
        digest = documents.put(case.referral.tenant, content, content_type)
    except Retryable:
        # What was asked has been answered, and is recorded: to ask again for the sake of the
        # document would ask twice.
        return ()
    evidence = Evidence(
        sha256=digest,
        kind=kind,
        source=source,
        received_at=case.now,
        content_type=content_type,
        size=len(content),
    )
    return (KeepEvidence(evidence=evidence),)
