"""What is said of the directory's entries, and who may: a part of `write_table.py`."""

from __future__ import annotations

from typing import Final

from referral_core.domain.directory_facts import CapacityStatus, ServiceKind
from tests.in_memory import START
from tests.unit.entrypoints.http.parties import EHRS, Parties, Party, Request, offered
from tests.unit.entrypoints.http.write_row import Write

ENTRY: Final = "1999902100"
"""An entry of the clinic that declined, of another specialty; the other tenant has it too."""
_OWN: Final = frozenset({Party.DECLINED, Party.STAFF, Party.AWAY_STAFF})
_OTHERS: Final = frozenset({Party.IN_HAND, Party.NEVER_ASKED, Party.AWAY_CLINIC})


def with_a_pantry() -> Parties:
    """The entry is a community resource."""
    parties = offered()
    directory = parties.world.directory
    pantry = {"kind": ServiceKind.COMMUNITY_RESOURCE, "capacity_status": CapacityStatus.OPEN}
    directory._records = tuple(
        r.but(**pantry) if getattr(r, "npi", None) == ENTRY else r for r in directory._records
    )
    return parties


DIRECTORY: Final = (
    Write(
        "PUT /directory/{id}/capacity",
        "a day of leave",
        offered,
        Request(
            "PUT",
            f"/directory/{ENTRY}/capacity",
            {"firstDay": str(START.date()), "lastDay": str(START.date()), "places": 0},
        ),
        {200: _OWN, 404: _OTHERS},
        may_touch=False,
    ),
    Write(
        "PUT /directory/{id}/status",
        "a pantry is full",
        with_a_pantry,
        Request("PUT", f"/directory/{ENTRY}/status", {"status": "waitlist"}),
        {200: _OWN, 404: _OTHERS},
        may_touch=False,
    ),
    Write(
        "POST /directory/{id}/dispute",
        "a wrong number",
        offered,
        Request("POST", f"/directory/{ENTRY}/dispute", {"fact": "contact"}),
        {200: _OWN | EHRS, 404: _OTHERS},
        may_touch=False,
    ),
    Write(
        "POST /directory/{id}/verification",
        "the number is right",
        offered,
        Request("POST", f"/directory/{ENTRY}/verification", {"facts": ["contact"]}),
        {200: {Party.STAFF, Party.AWAY_STAFF}},
        may_touch=False,
    ),
)
