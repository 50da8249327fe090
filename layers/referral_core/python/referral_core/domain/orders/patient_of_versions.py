"""Is it the same patient? The comparison of two orders of one author under one number.

More is known than of what a partner sends: how the patient is reached, who pays, which record the
author means. So a family name that changed need not be another patient, and a name and a birth date
in common need not be the same one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from referral_core.domain.orders.clinical_content import ClinicalContent, ClinicalPayload
from referral_core.domain.orders.patient_identity import (
    Likeness,
    PatientIdentity,
    compare,
    given_agrees,
    identity_of,
    words_of,
)

_SEXES: Final = frozenset({"female", "male"})
_HOUSEHOLD: Final = "address"
"""What says where somebody lives, and not who of those who live there."""
_NO_RECORD: Final = ("#", "urn:")
"""How a reference begins that leads to nothing outside its body."""


def compare_orders(before: ClinicalPayload, after: ClinicalPayload) -> Likeness:
    """Compare whom two orders of one author, or two versions of one, are about.

    Numbers decide where both have some of one system. Else, of whom given name and birth date
    agree: another family name is the same patient where a former name says so, or something of how
    they are reached, of who pays or of which record is meant agrees, beside where they live: two
    people of one household have that in common. And the same name is another patient where the
    sexes differ and none of that agrees.
    """
    known, named = (identity_of(one.content.patient) for one in (before, after))
    likeness = compare(known, named)
    if compare(_numbers(known), _numbers(named)) is not Likeness.UNKNOWN:
        return likeness
    is_namesake = known.birth_date is not None and known.birth_date == named.birth_date
    if not is_namesake or not (known.given and named.given and given_agrees(known, named)):
        return likeness
    in_common = {kind for kind, _ in set(_facts(before)) & set(_facts(after))}
    sexes = {one.content.patient.gender for one in (before, after)}
    if sexes >= _SEXES and not in_common:
        return Likeness.ANOTHER
    is_theirs = bool(in_common - {_HOUSEHOLD}) and not sexes >= _SEXES
    return Likeness.SAME if likeness is Likeness.ANOTHER and is_theirs else likeness


def _numbers(identity: PatientIdentity) -> PatientIdentity:
    return PatientIdentity(identifiers=identity.identifiers)


def _facts(payload: ClinicalPayload) -> Iterator[tuple[str, object]]:
    """Iterate over what two people of one given name and birth date do not have in common."""
    content: ClinicalContent = payload.content
    patient, coverage = content.patient, content.coverage
    if not patient.through_contact:
        yield from ((kind, one) for kind, one in _reached(content) if one)
    if patient.postal_code and patient.address_lines:
        place = frozenset(words_of(" ".join(patient.address_lines)))
        numbers = "".join(c for line in patient.address_lines for c in line if c.isdigit())
        yield _HOUSEHOLD, (place, numbers, patient.postal_code[:5])
    if coverage.member_id and coverage.payor and coverage.payor.name:
        yield "member", (coverage.member_id.casefold(), coverage.payor.name.casefold())
    literal = payload.service_request.get("subject", {}).get("reference")
    if isinstance(literal, str) and "?" not in literal and not literal.startswith(_NO_RECORD):
        yield "record", literal


def _reached(content: ClinicalContent) -> tuple[tuple[str, str | None], ...]:
    patient = content.patient
    return ("phone", patient.phone), ("email", patient.email and patient.email.casefold())
