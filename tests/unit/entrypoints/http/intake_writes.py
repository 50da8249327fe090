"""What EHRs order, and who may: a part of `write_table.py`."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from referral_core.fhir.json_patch import MERGE
from tests.in_memory import REFERRAL as MINE
from tests.unit.entrypoints.http.parties import (
    EHRS,
    Party,
    Request,
    offered,
    the_order,
    with_two_numbers,
)
from tests.unit.entrypoints.http.write_row import Write
from tests.unit.fhir.orders import (
    PLACER,
    Json,
    a_bundle,
    a_coverage,
    a_patient,
    bundled_order,
)
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY

TAKEN: Final = "B-1"
"""The number under which the other EHR ordered `others`."""

# To whoever else sends it, a number is new: it belongs to the EHR that took it.
_TAKEN: Final = {200: {Party.OTHER_EHR}, 201: {Party.OWN_EHR, Party.AWAY_EHR}}
# With other content its own EHR is refused: it must PUT.
_TAKEN_IN_A_BUNDLE: Final = {409: {Party.OTHER_EHR}, 200: {Party.OWN_EHR, Party.AWAY_EHR}}


def _posted(
    case: str, order: Json, answers: Mapping[int, AbstractSet[Party]], **headers: str
) -> Write:
    route = "POST /fhir/ServiceRequest"
    request = Request("POST", "/fhir/ServiceRequest", order, headers)
    return Write(route, case, offered, request, answers, may_touch=False)


def _carried(number: str) -> tuple[Json, Json, Json]:
    return bundled_order(
        identifier=[{**PLACER, "value": number}],
        performerType=DERMATOLOGY,
        code={"text": "Consultation"},
    )


def _bundle(case: str, number: str, answers: Mapping[int, AbstractSet[Party]]) -> Write:
    body = a_bundle(*_carried(number), kind="transaction")
    request = Request("POST", "/fhir", body)
    return Write("POST /fhir", case, offered, request, answers, may_touch=False)


def _message(case: str, number: str, answers: Mapping[int, AbstractSet[Party]]) -> Write:
    header = {
        "resourceType": "MessageHeader",
        "id": "m0",
        "eventUri": "urn:new-referral",
        "source": {"endpoint": "https://ehr.example.org/fhir"},
        "focus": [{"reference": "ServiceRequest/o1"}],
    }
    body = a_bundle(header, *_carried(number), kind="message")
    path = "/fhir/$process-message"
    request = Request("POST", path, body)
    return Write(f"POST {path}", case, offered, request, answers, may_touch=False)


def _put_order(case: str, **fields: Any) -> Write:
    route, url = "PUT /fhir/ServiceRequest/{id}", f"/fhir/ServiceRequest/{MINE}"
    request = Request("PUT", url, the_order(id=MINE, **fields))
    hidden = {Party.OTHER_EHR, Party.AWAY_EHR}
    return Write(route, case, offered, request, {200: {Party.OWN_EHR}, 404: hidden})


def _patched_order(case: str, status: str) -> Write:
    route, url = "PATCH /fhir/ServiceRequest/{id}", f"/fhir/ServiceRequest/{MINE}"
    headers = {"content-type": MERGE}
    request = Request("PATCH", url, {"status": status}, headers)
    hidden = {Party.OTHER_EHR, Party.AWAY_EHR}
    return Write(route, case, offered, request, {200: {Party.OWN_EHR}, 404: hidden})


def _by_number(case: str, number: str) -> Write:
    url = f"/fhir/ServiceRequest?identifier={PLACER['system']}|{number}"
    request = Request("PUT", url, the_order(number))
    route = "PUT /fhir/ServiceRequest"
    return Write(route, case, offered, request, {201: EHRS}, may_touch=False)


def _patched_by_number() -> Write:
    url = f"/fhir/ServiceRequest?identifier={PLACER['system']}|A-7"
    request = Request("PATCH", url, {"priority": "urgent"}, {"content-type": MERGE})
    answers = {200: {Party.OWN_EHR}, 404: {Party.OTHER_EHR, Party.AWAY_EHR}}
    route = "PATCH /fhir/ServiceRequest"
    return Write(route, "by its number", with_two_numbers, request, answers)


_CORRECTED: Final = [
    a_patient(telecom=[{"system": "phone", "value": "508-555-0199"}]),
    a_coverage(),
]
INTAKE: Final = (
    _posted("a new order", the_order("N-1"), {201: EHRS}),
    _posted("an identifier that is taken", the_order(TAKEN), _TAKEN),
    _posted(
        "a condition on an identifier that is taken",
        the_order("N-1"),
        _TAKEN,
        **{"if-none-exist": f"identifier={PLACER['system']}|{TAKEN}"},
    ),
    _bundle("a new order", "N-1", {200: EHRS}),
    _bundle("an identifier that is taken", TAKEN, _TAKEN_IN_A_BUNDLE),
    _message("a new order", "N-1", {200: EHRS}),
    _message("an identifier that is taken", TAKEN, _TAKEN_IN_A_BUNDLE),
    _put_order("corrected", contained=_CORRECTED),
    _put_order("revoked", status="revoked"),
    _put_order("entered in error", status="entered-in-error"),
    _patched_order("revoked", "revoked"),
    _patched_order("on hold", "on-hold"),
    _by_number("a number that is new", "N-1"),
    _patched_by_number(),
)
