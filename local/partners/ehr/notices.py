"""How the EHR reads what the router writes to it: notices, and messages for a patient's portal."""

from __future__ import annotations

import re
from typing import Final

from local.partners.fhir_endpoint import Json, codes_of, expect

_NOTICE_SYSTEM: Final = "https://referral-router.org/fhir/CodeSystem/notice"
_PORTAL: Final = re.compile(r".+-[a-z]\d+")


def is_portal_message(own_id: str) -> bool:
    """Whether an id is that of a message to the patient; a notice's ends in `.n` and a number."""
    return bool(_PORTAL.fullmatch(own_id))


def read_notice(resource: Json, notice_id: str) -> Json:
    """Read a notice to the referring provider.

    Raises:
        Refused: it is none.
    """
    _expect_communication(resource, notice_id)
    expect(resource.get("status") == "completed", "Communication.status")
    expect(bool(resource.get("basedOn")), "Communication.basedOn: which order it is about")
    return resource


def read_portal_message(resource: Json, message_id: str) -> Json:
    """Read a message that the patient finds in the portal; nobody acknowledges it.

    Raises:
        Refused: it is none.
    """
    _expect_communication(resource, message_id)
    return resource


def about(notice: Json) -> str:
    """Return what a notice tells: `closure` unless its category says otherwise."""
    coded = [
        coding
        for concept in notice.get("category", [])
        for coding in concept.get("coding", [])
        if coding.get("system") == _NOTICE_SYSTEM
    ]
    return next(iter(sorted(codes_of({"coding": coded}))), "closure")


def _expect_communication(resource: Json, own_id: str) -> None:
    expect(resource["resourceType"] == "Communication", "Communication/{id} takes a Communication")
    expect(resource.get("id") == own_id, "Communication.id: the id of the URL")
    expect(bool(resource.get("payload")), "Communication.payload")
