"""The parts of a name that comes as text alone."""

from __future__ import annotations

from typing import Final

from referral_core.fhir.r4.datatypes import HumanName

_AFTER: Final = frozenset(
    {"JR", "SR", "II", "III", "IV", "V", "MD", "DO", "DDS", "PHD", "RN", "NP", "PA", "ESQ"}
)
"""What stands behind a name and is no part of it."""


_GENERATIONS: Final = frozenset({"JR", "SR", "II", "III", "IV", "V"})


def generation_of(name: HumanName) -> str | None:
    """Return the suffix that tells a person from a parent of the same name; a title is none."""
    # Behind a name in one text, V is an initial as well.
    behind = [w for w in (name.text or "").replace(",", " ").split()[-1:] if len(w) > 1]
    said = [part for part in name.suffix if part] or (behind if not name.family else [])
    written = (word.strip(".,") for part in said for word in part.split())
    return next((word for word in written if word.upper() in _GENERATIONS), None)


def parted(name: HumanName) -> HumanName:
    """Return a name with its parts where its text says which is which: `Family, Given Middle`.

    Without a comma nobody knows: of "Anna Maria Berg" the family's name may be two words.
    """
    family, _, rest = (name.text or "").partition(",")
    given = [word for word in rest.split() if word.strip(".").upper() not in _AFTER]
    is_said = bool(family.strip() and given) and "," not in rest
    if name.family or name.given or not is_said:
        return name
    if not all(word.replace("-", "").strip(".'\u2019").isalpha() for word in given):
        return name
    return name.model_copy(update={"family": family.strip(), "given": tuple(given)})
