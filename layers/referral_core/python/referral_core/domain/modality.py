"""How a patient may be seen, and imaged, in codes."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Modality(StrEnum):
    """How a patient may be seen."""

    IN_PERSON = "in-person"
    VIDEO = "video"
    PHONE = "phone"
    HOME_VISIT = "home-visit"


class ImagingModality(StrEnum):
    """What an image is taken with, as the names of LOINC's radiology codes begin."""

    CT = "CT"
    BONE_DENSITY = "DXA"
    MAMMOGRAPHY = "MG"
    MR = "MR"
    NUCLEAR = "NM"
    PET = "PET"
    ULTRASOUND = "US"
    X_RAY = "XR"


SAID_BY_SPECIALTY: Final[Mapping[str, ImagingModality]] = {
    "2085U0001X": ImagingModality.ULTRASOUND,
    "261QM1200X": ImagingModality.MR,
    "261QR0206X": ImagingModality.MAMMOGRAPHY,
    "261QR0207X": ImagingModality.MAMMOGRAPHY,
}
"""NUCC codes whose own names say one modality (Health Care Provider Taxonomy); who is named by
"nuclear" may do PET as well, and a portable X-ray supplier other images too."""
_RADIOLOGY: Final = ("2085", "261QR02", "335V")
"""How the NUCC codes begin of who takes images: of those that say no modality it may be any."""


def says_imaging(specialties: Iterable[str]) -> bool:
    """Whether somebody with some NUCC codes takes images, of whatever kind."""
    return any(code in SAID_BY_SPECIALTY or code.startswith(_RADIOLOGY) for code in specialties)


def imaging_said_by(specialties: Iterable[str]) -> tuple[ImagingModality, ...]:
    """Return what images are taken with by whoever has some NUCC codes; empty: they do not say."""
    codes = tuple(specialties)
    if any(c.startswith(_RADIOLOGY) and c not in SAID_BY_SPECIALTY for c in codes):
        return ()
    return tuple(sorted({SAID_BY_SPECIALTY[c] for c in codes if c in SAID_BY_SPECIALTY}))
