"""What changed between two versions of an order, in the parts that lead to different acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from referral_core.domain.orders.clinical_content import ClinicalContent, ClinicalPayload
from referral_core.domain.terminology import understand
from referral_core.domain.updates.order import ChangedPart

_ELEMENTS: Final[Mapping[ChangedPart, tuple[str, ...]]] = {
    ChangedPart.SERVICE: ("code", "category", "performerType", "orderDetail", "reasonCode"),
    ChangedPart.URGENCY: (
        "priority",
        "occurrenceDateTime",
        "occurrencePeriod",
        "occurrenceTiming",
    ),
    ChangedPart.PERFORMER: ("performer",),
    ChangedPart.STATUS: ("status", "intent", "doNotPerform"),
}
_REACH: Final = frozenset(
    {"phone", "email", "address_lines", "city", "state", "postal_code", "latitude", "longitude"}
    | {"language", "contacts", "through_contact"}
)
"""How and where the patient is reached; what else is said of the patient is who it is."""

_OF_SERVICE: Final[tuple[Callable[[ClinicalContent], object], ...]] = (
    lambda content: content.service.wanted.but(notes=()),
    lambda content: content.reasons,
    # Where it was written selects a pathway; what the patient allows, what may be disclosed.
    lambda content: content.setting,
    lambda content: content.consent,
)
"""What decides which service it is, and what may be done for it."""


def changed_parts(before: ClinicalPayload, after: ClinicalPayload) -> tuple[ChangedPart, ...]:
    """Return which parts of an order another version changes; `content` for what is none of them.

    Args:
        before: the version stored.
        after: the one that its author sent now.
    """
    found = set(_in_content(before.content, after.content))
    old, new = before.service_request, after.service_request
    for part, elements in _ELEMENTS.items():
        if any(_plain(old.get(name)) != _plain(new.get(name)) for name in elements):
            found.add(part)
    return tuple(part for part in ChangedPart if part in found) or (ChangedPart.CONTENT,)


def _in_content(before: ClinicalContent, after: ClinicalContent) -> Iterator[ChangedPart]:
    old, new = before.patient.model_dump(), after.patient.model_dump()
    for name in old:
        if old[name] != new[name]:
            yield ChangedPart.REACH if name in _REACH else ChangedPart.PATIENT
    if before.coverage != after.coverage:
        yield ChangedPart.COVERAGE
    if any(read(before) != read(after) for read in _OF_SERVICE):
        yield ChangedPart.SERVICE
    if _hastened_by_notes(before, after):
        yield ChangedPart.URGENCY
    if before.service.performer_npis != after.service.performer_npis:
        yield ChangedPart.PERFORMER


def _hastened_by_notes(before: ClinicalContent, after: ClinicalContent) -> bool:
    """Whether the author remarks that it is more or less urgent: other remarks are content."""
    old, new = before.service.wanted, after.service.wanted
    if old.notes == new.notes:
        return False
    return understand(old).urgency.level is not understand(new).urgency.level


def _plain(value: Any) -> Any:
    """Return an element without the ids and references that a sender gives anew each time."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in {"reference", "id"}}
    return value
