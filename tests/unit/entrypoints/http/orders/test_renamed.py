"""A version under another family name, and one of somebody of the same name: no numbers tell them.

The order's own number is the same in each: two records of one author are compared by all they say.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.in_memory import World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY

ORDERS: Final = "/fhir/ServiceRequest"
MARRIED: Final = [{"family": "Okafor", "given": ["Marjorie"]}]
_HOME: Final = {"line": ["12 Elm Street"], "city": "Worcester", "postalCode": "01605"}
_MOVED: Final = {"line": ["7 Oak Road"], "city": "Boston", "postalCode": "02108"}
_PHONE: Final = [{"system": "phone", "value": "(508) 555-0177"}]
_MAIL: Final = [{"system": "email", "value": "marjorie@example.org"}]


def the_order(patient: Json, coverage: Json | None = None, **fields: Any) -> Json:
    contained = [patient, coverage or a_coverage()]
    known = {"performerType": DERMATOLOGY, "code": {"text": "Consultation"}}
    return an_order(**{"contained": contained, **known, **fields})


def put_over(before: Json, after: Json) -> Reply:
    api = ApiClient(World())
    posted = api.call("POST", ORDERS, before, client="ehr-1")
    one = posted.body["id"]
    reply = api.call("PUT", f"{ORDERS}/{one}", {**after, "id": one}, client="ehr-1")
    # A post of it under the same number says as much: only the same patient's may be PUT there.
    again = api.call("POST", ORDERS, after, client="ehr-1")
    is_another = again.status == 409 and again.code == "key-of-another-patient"
    assert is_another is (reply.status == 422)
    assert is_another is (one not in str(again.body))
    return reply


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # The former name is said, whatever else is new.
        (
            the_order(a_patient(telecom=_MAIL)),
            the_order(
                a_patient(name=[*MARRIED, {"use": "maiden", "family": "Whitlock"}], telecom=_PHONE),
                a_coverage(subscriberId="M-2"),
            ),
        ),
        # Something of how the patient is reached, or who pays, is as it was.
        (the_order(a_patient()), the_order(a_patient(name=MARRIED), a_coverage(subscriberId="2"))),
        (
            the_order(a_patient(address=[_HOME], telecom=_MAIL), a_coverage(subscriberId="1")),
            the_order(a_patient(name=MARRIED, address=[_HOME], telecom=_MAIL)),
        ),
        (the_order(a_patient(telecom=_MAIL)), the_order(a_patient(name=MARRIED, telecom=_PHONE))),
        # The record is the same, whatever else is new.
        (
            the_order(a_patient(telecom=_MAIL), subject={"reference": "Patient/77"}),
            the_order(
                a_patient(name=MARRIED, telecom=_PHONE),
                a_coverage(subscriberId="M-2"),
                subject={"reference": "Patient/77"},
            ),
        ),
    ],
    ids=["former name", "phone", "address and mail", "member number", "record"],
)
def test_another_family_name_of_the_same_patient_is_taken(before: Json, after: Json) -> None:
    assert put_over(before, after).status == 200


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Nothing but given name and birth date agrees.
        (
            the_order(a_patient(telecom=_MAIL)),
            the_order(a_patient(name=MARRIED, telecom=_PHONE), a_coverage(subscriberId="M-2")),
        ),
        # A twin: at home in the same place, born on the same day.
        (
            the_order(a_patient(address=[_HOME])),
            the_order(a_patient(name=[{"family": "Whitlock", "given": ["Rose"]}], address=[_HOME])),
        ),
        # Of one given name, born on the same day, at home in the same place, and nothing else.
        (
            the_order(a_patient(address=[_HOME], telecom=None), a_coverage(subscriberId="1")),
            the_order(a_patient(name=MARRIED, address=[_HOME], telecom=None)),
        ),
        # The same family's child of another birth date.
        (the_order(a_patient()), the_order(a_patient(name=MARRIED, birthDate="1991-04-17"))),
        # Of the same name and birth date, and nothing else is the same.
        (
            the_order(a_patient(telecom=_MAIL, gender="female", address=[_HOME])),
            the_order(
                a_patient(telecom=_PHONE, gender="male", address=[_MOVED]),
                a_coverage(subscriberId="M-2"),
            ),
        ),
    ],
    ids=["nothing in common", "a twin", "one household", "another birth date", "the same name"],
)
def test_somebody_else_is_refused_with_what_helps(before: Json, after: Json) -> None:
    refused = put_over(before, after)
    assert (refused.status, refused.code) == (422, "another-patient")
    assert "former name" in refused.says


def test_who_moved_and_changed_the_payer_is_the_same_patient() -> None:
    after = the_order(a_patient(telecom=_PHONE, address=[_MOVED]), a_coverage(subscriberId="M-2"))
    assert put_over(the_order(a_patient(telecom=_MAIL, address=[_HOME])), after).status == 200


def test_numbers_of_one_system_decide_before_all_that() -> None:
    def numbered(value: str, **fields: Any) -> Json:
        return the_order(a_patient(identifier=[{"system": "urn:mrn", "value": value}], **fields))

    assert put_over(numbered("1"), numbered("2", name=MARRIED)).status == 422
    assert put_over(numbered("1"), numbered("1", name=MARRIED, telecom=_PHONE)).status == 200
