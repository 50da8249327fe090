"""What partners say of a referral under way, and who may: a part of `write_table.py`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any, Final

from referral_core.fhir.json_patch import MEDIA_TYPE
from tests.in_memory import REFERRAL as MINE
from tests.in_memory import START
from tests.unit.entrypoints.http.parties import (
    AWAY_PARTNERS,
    EHRS,
    Parties,
    Party,
    Request,
    authorization_pended,
    closed,
    offered,
    patient_seen,
    referrer_notified,
    to_be_booked,
    visit_booked,
    with_work_item,
)
from tests.unit.entrypoints.http.unmatched_items import an_item
from tests.unit.entrypoints.http.write_row import Write
from tests.unit.fhir.orders import Json
from tests.unit.fhir.partners import a_document, a_task, a_visit, an_acknowledgement

_STAFF_AND_CLINIC: Final = frozenset({Party.IN_HAND, Party.STAFF})
_NOT_ASKED: Final = frozenset({Party.NEVER_ASKED, *AWAY_PARTNERS})
_ENDED: Final = frozenset({Party.DECLINED})


def _whole(status: str, reason: str | None = None) -> Json:
    """Make Task A with a status and, where the referral ends, why."""
    status_reason = {"statusReason": {"coding": [{"code": reason}]}} if reason else {}
    return {
        "resourceType": "Task",
        "id": f"{MINE}.a",
        "intent": "order",
        "status": status,
        **status_reason,
    }


def _cancelled(case: str, task: Json, *may: Party) -> Write:
    request = Request("PUT", f"/fhir/Task/{MINE}.a", task)
    # Of those who may cancel at all, another EHR finds nothing; other roles may not.
    answers = {200: set(may), 404: {Party.OTHER_EHR, *AWAY_PARTNERS}}
    return Write("PUT /fhir/Task/{id}", f"task a: {case}", visit_booked, request, answers)


def _offer(status: str, number: int, answers: Mapping[int, AbstractSet[Party]]) -> Write:
    task = a_task(id=f"{MINE}.b{number}", status=status)
    request = Request("PUT", f"/fhir/Task/{MINE}.b{number}", task)
    case = f"task b{number}: {status}"
    return Write("PUT /fhir/Task/{id}", case, offered, request, answers)


_ITS_OWN: Final = {
    200: _STAFF_AND_CLINIC,
    # It names the offer of another clinic: one that declined another offer sees nothing of it.
    404: _NOT_ASKED | _ENDED,
}
_OF_WHO_DECLINED: Final = {
    200: {Party.STAFF},
    409: _ENDED,
    404: _NOT_ASKED | {Party.IN_HAND},
}
_ELSEWHERE: Final = _NOT_ASKED | {Party.OTHER_EHR}
# A patch reads the Task first: whose it is not, finds none.
_ITS_OWN_PATCHED: Final = {200: _STAFF_AND_CLINIC, 404: _ELSEWHERE | _ENDED}
_ONLY_INFORMS: Final = {
    200: {Party.OWN_EHR, *_STAFF_AND_CLINIC},
    404: _NOT_ASKED | _ENDED | {Party.OTHER_EHR},
}


def _patched(task_id: str, status: str, answers: Mapping[int, AbstractSet[Party]]) -> Write:
    body = [{"op": "replace", "path": "/status", "value": status}]
    headers = {"content-type": MEDIA_TYPE}
    request = Request("PATCH", f"/fhir/Task/{task_id}", body, headers)
    return Write("PATCH /fhir/Task/{id}", f"{task_id[33:]}: {status}", offered, request, answers)


def _new_task(case: str, order: str, *may: Party) -> Write:
    body = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "focus": {"reference": f"ServiceRequest/{order}"},
        "note": [{"text": "Ring the side door."}],
    }
    answers = {200: set(may), 422: EHRS - set(may)}
    return Write("POST /fhir/Task", case, offered, Request("POST", "/fhir/Task", body), answers)


TASKS: Final = (
    _patched(f"{MINE}.b2", "accepted", _ITS_OWN_PATCHED),
    _patched(f"{MINE}.b2", "received", _ONLY_INFORMS),
    _patched(f"{MINE}.b1", "accepted", {**_OF_WHO_DECLINED, 404: _ELSEWHERE | {Party.IN_HAND}}),
    _patched(
        f"{MINE}.a",
        "cancelled",
        {
            200: {Party.OWN_EHR, Party.STAFF},
            404: {Party.OTHER_EHR, Party.AWAY_EHR, Party.AWAY_STAFF},
        },
    ),
    _new_task("mine", MINE, Party.OWN_EHR),
    _cancelled("cancelled", _whole("cancelled"), Party.OWN_EHR, Party.STAFF),
    _cancelled("failed", _whole("failed"), Party.OWN_EHR, Party.STAFF),
    _cancelled(
        "elsewhere", _whole("cancelled", "care-received-elsewhere"), Party.OWN_EHR, Party.STAFF
    ),
    _cancelled("deceased", _whole("cancelled", "deceased"), Party.OWN_EHR, Party.STAFF),
    _cancelled("in error", _whole("entered-in-error"), Party.OWN_EHR),
    *(
        _offer(status, 2, _ITS_OWN)
        for status in ("accepted", "rejected", "cancelled", "failed", "completed")
    ),
    *(_offer(status, 1, _OF_WHO_DECLINED) for status in ("accepted", "rejected", "completed")),
    _offer("received", 2, _ONLY_INFORMS),
)

_BASED_ON: Final = [{"reference": f"ServiceRequest/{MINE}"}]
_OF_OFFER_2: Final = [{"reference": f"ServiceRequest/{MINE}.b2"}]


def _visit(status: str, **fields: Any) -> Json:
    # What became of a visit is known once it has begun.
    start = START if status in {"fulfilled", "noshow"} else START + timedelta(days=7)
    times = {"start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat()}
    return a_visit(**{"status": status, "basedOn": _BASED_ON, **times, **fields})


_CLINICAL: Final = {201: _STAFF_AND_CLINIC, 404: _NOT_ASKED, 409: _ENDED}
_CLINICAL_PUT: Final = {200: _STAFF_AND_CLINIC, 404: _NOT_ASKED, 409: _ENDED}
_NAMES_OFFER_2: Final = {201: _STAFF_AND_CLINIC, 404: _NOT_ASKED | _ENDED}


def _new_visit(case: str, body: Json, answers: Mapping[int, AbstractSet[Party]]) -> Write:
    request = Request("POST", "/fhir/Appointment", body)
    return Write("POST /fhir/Appointment", case, to_be_booked, request, answers)


def _old_visit(status: str) -> Write:
    own_id = f"{MINE}.v1"
    request = Request("PUT", f"/fhir/Appointment/{own_id}", _visit(status, id=own_id, basedOn=[]))
    route = "PUT /fhir/Appointment/{id}"
    return Write(route, status, visit_booked, request, _CLINICAL_PUT)


VISITS: Final = (
    _new_visit("booked", _visit("booked"), _CLINICAL),
    _new_visit("booked by offer", _visit("booked", basedOn=_OF_OFFER_2), _NAMES_OFFER_2),
    _new_visit(
        "proposed only",
        _visit("proposed"),
        {
            201: {Party.OWN_EHR, *_STAFF_AND_CLINIC},
            404: _NOT_ASKED | {Party.OTHER_EHR},
            409: _ENDED,
        },
    ),
    *(_old_visit(status) for status in ("cancelled", "fulfilled", "noshow", "entered-in-error")),
)

_ABOUT: Final = {"context": {"related": _BASED_ON}}
# The document of a clinic whose offer ended is kept: what it means then, a person reads.
_REPORT: Final = {201: _STAFF_AND_CLINIC | _ENDED, 404: _NOT_ASKED}
_DRAFT: Final = {
    201: {Party.OWN_EHR, *_STAFF_AND_CLINIC},
    404: _NOT_ASKED | {Party.OTHER_EHR},
    409: _ENDED,
}


def _result(status: str, based_on: list[Json]) -> Json:
    data = base64.b64encode(b"%PDF-1.7 result").decode()
    return {
        "resourceType": "DiagnosticReport",
        "status": status,
        "code": {"text": "CT of the head"},
        "basedOn": based_on,
        "presentedForm": [{"contentType": "application/pdf", "data": data}],
    }


def _report(case: str, body: Json, answers: Mapping[int, AbstractSet[Party]]) -> Write:
    url = f"/fhir/{body['resourceType']}"
    return Write(f"POST {url}", case, patient_seen, Request("POST", url, body), answers)


_ANNOUNCED: Final = {
    "resourceType": "Parameters",
    "parameter": [
        {"name": "sha256", "valueString": "a" * 64},
        {"name": "size", "valueUnsignedInt": 9},
        {"name": "contentType", "valueCode": "application/pdf"},
    ],
}
_WHO_REPORTS: Final = EHRS | _NOT_ASKED | _ENDED | _STAFF_AND_CLINIC
REPORTS: Final = (
    Write(
        "POST /fhir/DocumentReference/$upload",
        "a place for a document",
        patient_seen,
        Request("POST", "/fhir/DocumentReference/$upload", _ANNOUNCED),
        {200: _WHO_REPORTS},
        may_touch=False,
    ),
    _report("final", a_document(**_ABOUT), _REPORT),
    _report("a draft", a_document(docStatus="preliminary", **_ABOUT), _DRAFT),
    _report("final", _result("final", _BASED_ON), _REPORT),
    _report("final by offer", _result("final", _OF_OFFER_2), _NAMES_OFFER_2),
    _report("registered", _result("registered", _BASED_ON), _DRAFT),
)


def _decision() -> Json:
    approved = {
        "extension": [
            {
                "url": "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewAction",
                "extension": [
                    {
                        "url": "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/"
                        "extension-reviewActionCode",
                        "valueCodeableConcept": {"coding": [{"code": "A1"}]},
                    }
                ],
            }
        ]
    }
    return {
        "resourceType": "ClaimResponse",
        "identifier": [{"system": "urn:trnorg:9123456789", "value": f"{MINE}-a1.1"}],
        "status": "active",
        "use": "preauthorization",
        "outcome": "complete",
        "item": [{"itemSequence": 1, "adjudication": [approved]}],
    }


PAYER: Final = (
    Write(
        "POST /fhir/ClaimResponse",
        "approved",
        authorization_pended,
        Request("POST", "/fhir/ClaimResponse", _decision()),
        {
            200: {Party.PAYER, Party.STAFF},
            404: {Party.OTHER_PAYER, Party.AWAY_PAYER, Party.AWAY_STAFF},
        },
    ),
)

_NOTICE: Final = [{"reference": f"Communication/{MINE}.n1"}]


def _notice(case: str, answers: Mapping[int, AbstractSet[Party]], **fields: Any) -> Write:
    url, body = "/fhir/Communication", an_acknowledgement(inResponseTo=_NOTICE, **fields)
    return Write(f"POST {url}", case, referrer_notified, Request("POST", url, body), answers)


NOTICES: Final = (
    _notice(
        "acknowledged",
        {201: {Party.OWN_EHR, Party.STAFF}, 404: {Party.OTHER_EHR, *AWAY_PARTNERS}},
    ),
    _notice("being read", _DRAFT, status="in-progress"),
)

# --- what staff do -------------------------------------------------------------------------------

_CLAIM: Final = Request("POST", f"/work-items/{MINE}/decision", {"action": "claim"})
_CARE: Final = Request("POST", "/work-items/care", {"action": "claim", "items": [{"id": MINE}]})
_REOPEN: Final = Request(
    "POST",
    f"/fhir/ServiceRequest/{MINE}/$reopen",
    {"reason": "wrong-report", "resume": "VerifyClosure"},
)


def _with_unmatched() -> Parties:
    parties = with_work_item()
    parties.api.unmatched.keep(an_item())
    return parties


STAFF: Final = (
    Write(
        "POST /unmatched/{id}/decision",
        "dismiss",
        _with_unmatched,
        Request("POST", "/unmatched/item-1/decision", {"action": "dismiss"}),
        {200: {Party.STAFF}, 404: {Party.AWAY_STAFF}},
        may_touch=False,
    ),
    Write(
        "POST /unmatched/{id}/decision",
        "attach to a referral",
        _with_unmatched,
        Request("POST", "/unmatched/item-1/decision", {"action": "attach", "referralId": MINE}),
        {200: {Party.STAFF}, 404: {Party.AWAY_STAFF}},
    ),
    Write(
        "POST /work-items/{id}/decision",
        "claim",
        with_work_item,
        _CLAIM,
        {200: {Party.STAFF}, 404: {Party.AWAY_STAFF}},
    ),
    Write(
        "POST /work-items/care",
        "claim many",
        with_work_item,
        _CARE,
        {200: {Party.STAFF}, 404: {Party.AWAY_STAFF}},
    ),
    Write(
        "POST /fhir/ServiceRequest/{id}/$reopen",
        "reopen",
        closed,
        _REOPEN,
        {
            200: {Party.OWN_EHR, Party.STAFF},
            404: {Party.OTHER_EHR, Party.AWAY_EHR, Party.AWAY_STAFF},
        },
    ),
)
