"""Good requests of people and operators, to be mutated: what no partner may call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from referral_core.domain.access.principal import Duty, Person, Principal
from referral_core.domain.lifecycle import Queue
from tests.in_memory import REFERRAL, TENANT
from tests.unit.entrypoints.http.directory_writes import SCHEDULE, SLOT, bundle_of
from tests.unit.entrypoints.http.parties import Parties, Request

MANAGER: Final = "grace"
COLLEAGUE: Final = "olu"
ACTS: Final[Sequence[Request]] = (
    Request("GET", "/me"),
    Request("GET", "/people"),
    Request("POST", "/people", {"username": "ines", "name": "Ines", "teams": ["front-office"]}),
    Request("PUT", f"/people/{COLLEAGUE}", {"name": "Olu", "duty": "staff", "teams": []}),
    Request("POST", f"/people/{COLLEAGUE}/leave", {}),
    Request("GET", "/filters"),
    Request("POST", "/filters", {"name": "Late", "query": {"overdue": "true"}, "team": None}),
    Request("DELETE", "/filters/late"),
    Request("POST", "/referrals/search", {"text": "Whitlock 1961"}),
    Request("POST", "/unmatched/u-1/decision", {"action": "attach", "referralId": REFERRAL}),
    Request("PUT", "/directory/clinic-1/status", {"status": "closed"}),
    Request("POST", "/fhir/Schedule", SCHEDULE),
    Request("PUT", "/fhir/Schedule/1999902100", {**SCHEDULE, "id": "1999902100"}),
    Request("GET", "/fhir/Schedule/1999902100"),
    Request("POST", "/fhir/Slot", SLOT),
    Request("PUT", "/fhir/Slot/1999902100.a", {**SLOT, "id": "1999902100.a"}),
    Request("POST", "/fhir/Schedule/1999902100/$publish", bundle_of(SLOT)),
    Request("GET", "/fhir/Slot?schedule=Schedule/1999902100&status=free&start=gt2026-03-02"),
    Request("GET", "/fhir/Slot/1999902100.a"),
    Request("GET", "/operations/overdue"),
    Request("GET", "/operations/executions"),
    Request("GET", "/operations/partners"),
    Request("GET", "/operations/pauses"),
    Request("POST", "/operations/pauses", {"scope": "channel", "of": "sms", "reason": "x"}),
    Request("DELETE", "/operations/pauses/channel:sms"),
    Request("POST", "/operations/find", {"text": "Whitlock"}),
    Request("POST", "/operations/redrive", {}),
    Request("POST", "/operations/notices/replay?ehr=lakeside-ehr", {}),
    Request("GET", f"/operations/referrals/{REFERRAL}/executions"),
)


def join(parties: Parties) -> None:
    """Let a manager and a colleague be people of the tenant."""
    people = (
        Principal.of_person(MANAGER, TENANT, Person(name="Grace", duty=Duty.MANAGER), ()),
        Principal.of_person(COLLEAGUE, TENANT, Person(name="Olu"), (Queue.FRONT_OFFICE,)),
    )
    directory = parties.world.directory
    directory._records = (*directory._records, *people)
