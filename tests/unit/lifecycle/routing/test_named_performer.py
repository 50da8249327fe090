"""Who the order names is asked first, where the directory has them and they are fit."""

from __future__ import annotations

from typing import Any, Final

import pytest

from referral_core.domain.effects import RoutingDecision
from tests.in_memory import TENANT
from tests.unit.entrypoints.http.api_client import Reply
from tests.unit.fhir.orders import Json, a_coverage, a_patient
from tests.unit.lifecycle.orders_wanted import DERMATOLOGY, Desk, a_desk, post, stored

NPI: Final = "http://hl7.org/fhir/sid/us-npi"
FIRST, SECOND = "1999900001", "1999900002"
"""Of the desk's two clinics; nothing but the number tells them apart, so the first is chosen."""


def a_desk_of_two(**second: Any) -> Desk:
    api = a_desk("207N00000X", "207N00000X")
    directory = api.world.directory
    directory._records = tuple(
        r.but(**second) if getattr(r, "npi", None) == SECOND else r for r in directory._records
    )
    return api


def decision_of(api: Desk, reply: Reply) -> RoutingDecision:
    return api.world.referrals.decisions[TENANT, stored(api, reply).id][-1]


def by_identifier(npi: str, system: str = NPI) -> Json:
    return {"performer": [{"identifier": {"system": system, "value": npi}}]}


def contained(*resources: Json, performer: str) -> Json:
    return {
        "performer": [{"reference": f"#{performer}"}],
        "contained": [a_patient(), a_coverage(), *resources],
    }


DOCTOR: Final = {
    "resourceType": "Practitioner",
    "id": "doc",
    "identifier": [{"system": NPI, "value": SECOND}],
}
CLINIC: Final = {
    "resourceType": "Organization",
    "id": "org",
    "identifier": [{"system": NPI, "value": SECOND}],
    "name": "Skin clinic",
}


def test_without_a_wish_the_best_by_score_is_asked() -> None:
    api = a_desk_of_two()
    reply = post(api, performerType=DERMATOLOGY)
    assert [offer.npi for offer in stored(api, reply).offers] == [FIRST]
    assert decision_of(api, reply).not_named is None


@pytest.mark.parametrize(
    "wish",
    [
        by_identifier(SECOND),
        by_identifier(SECOND, "urn:oid:2.16.840.1.113883.4.6"),
        {"performer": [{"reference": f"Practitioner?identifier={NPI}|{SECOND}"}]},
        {"performer": [{"reference": f"Practitioner?identifier={NPI}%7C{SECOND}"}]},
        contained(DOCTOR, performer="doc"),
        contained(CLINIC, performer="org"),
        contained(
            {
                "resourceType": "PractitionerRole",
                "id": "role",
                "practitioner": {"identifier": {"system": NPI, "value": SECOND}},
            },
            performer="role",
        ),
        contained({**DOCTOR, "resourceType": "PractitionerRole", "id": "role"}, performer="role"),
        contained(
            CLINIC,
            {
                "resourceType": "HealthcareService",
                "id": "hs",
                "providedBy": {"reference": "#org"},
            },
            performer="hs",
        ),
        {"performer": [{"display": "Somebody"}, by_identifier(SECOND)["performer"][0]]},
    ],
)
def test_who_is_named_is_asked_first_however_the_npi_is_sent(wish: Json) -> None:
    api = a_desk_of_two()
    reply = post(api, performerType=DERMATOLOGY, **wish)
    assert [offer.npi for offer in stored(api, reply).offers] == [SECOND]
    assert decision_of(api, reply).named == (SECOND,)


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ({"accepting": False}, "not accepting new patients"),
        ({"networks": ()}, "out of network"),
        ({"weekly_capacity": 0}, "no capacity"),
        ({"specialty": "207RC0000X"}, "not in the directory for this service"),
    ],
)
def test_who_cannot_be_asked_is_not_and_the_decision_says_why(
    second: dict[str, Any], why: str
) -> None:
    api = a_desk_of_two(**second)
    reply = post(api, performerType=DERMATOLOGY, **by_identifier(SECOND))
    assert [offer.npi for offer in stored(api, reply).offers] == [FIRST]
    decision = decision_of(api, reply)
    assert (decision.named, decision.not_named) == ((SECOND,), why)
    events = api.world.referrals.events(TENANT, stored(api, reply).id)
    assert any(why in e.status_reason for e in events)


def test_a_wish_without_a_number_is_told_as_such() -> None:
    api = a_desk_of_two()
    reply = post(api, performerType=DERMATOLOGY, performer=[{"display": "Dr. Known-To-Us"}])
    decision = decision_of(api, reply)
    assert (decision.chosen, decision.not_named) == (FIRST, "named without an NPI")


def test_who_was_named_and_declines_is_not_asked_again() -> None:
    api = a_desk_of_two()
    reply = post(api, performerType=DERMATOLOGY, **by_identifier(SECOND))
    task = f"{stored(api, reply).id}.b1"
    body = {
        "resourceType": "Task",
        "id": task,
        "status": "rejected",
        "intent": "order",
    }
    api.call("PUT", f"/fhir/Task/{task}", body, client="clinic-1")
    assert [offer.npi for offer in stored(api, reply).offers] == [SECOND, FIRST]
    assert decision_of(api, reply).not_named == "declined this referral"
