"""The question "which service?" as a person is shown it: the order's words, and what may be meant.

The words are PHI: they are read from the payload when staff look, and stand nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.referral import Referral
from referral_core.domain.terminology import NotUnderstood, key_to_keep, understand
from referral_core.domain.work_items import Reason
from referral_core.ports.lifecycle import Referrals


def question_of(referrals: Referrals, referral: Referral) -> Mapping[str, Any] | None:
    """Return the question of a work item that asks for the service; None when it asks another.

    Returns:
        `text`, `words` of the order, `choices` (specialty, name, because), and `canKeep`: whether
        the answer can be kept for the next orders that say the same.
    """
    item = referral.work_item
    if item is None or item.reason is not Reason.SERVICE_UNCLEAR:
        return None
    wanted = ClinicalPayload.load(referrals.payload(referral)).content.service.wanted
    reading = understand(wanted)
    known = reading if isinstance(reading, NotUnderstood) else None
    return {
        "text": known.question if known else "Which service does the order want?",
        "words": list(wanted.words()),
        "choices": [choice.model_dump() for choice in known.choices] if known else [],
        "canKeep": key_to_keep(wanted) is not None,
    }


def parameters_of(question: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Iterate over the question as parameters of a FHIR operation."""
    yield {"name": "question", "valueString": question["text"]}
    for word in question["words"]:
        yield {"name": "word", "valueString": word}
    for choice in question["choices"]:
        parts = [
            {"name": "specialty", "valueCode": choice["specialty"]},
            {"name": "name", "valueString": choice["name"]},
            {"name": "because", "valueString": choice["because"]},
        ]
        yield {"name": "choice", "part": parts}
    yield {"name": "canKeep", "valueBoolean": question["canKeep"]}
