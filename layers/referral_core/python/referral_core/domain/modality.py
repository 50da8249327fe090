"""How a patient may be seen, and imaged, in codes."""

from enum import StrEnum


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
