"""How a patient may be seen, in codes."""

from enum import StrEnum


class Modality(StrEnum):
    """How a patient may be seen."""

    IN_PERSON = "in-person"
    VIDEO = "video"
    PHONE = "phone"
    HOME_VISIT = "home-visit"
