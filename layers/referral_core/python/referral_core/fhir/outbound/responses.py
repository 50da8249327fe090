"""What we answer with besides Tasks.

The order as stored, visits, notices, and the Bundles that answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from referral_core.domain.lifecycle import COMPLETED
from referral_core.domain.referral import Appointment, Notice, NoticeTopic, Referral
from referral_core.fhir.ids import appointment_id, binary_id, notice_id, task_a_id
from referral_core.fhir.outbound.task_status import outcome_concept, spoken
from referral_core.fhir.outbound.tasks import (
    fhir_instant,
    organization,
    patient_reference,
    practitioner,
)
from referral_core.fhir.parse import Json, read_resource
from referral_core.fhir.systems import EVIDENCE, NOTICE, REFERRAL

_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/communication-category"
_ENDPOINT: Final = "urn:referral-router"


def service_request_as_stored(referral: Referral, service_request: Mapping[str, Any]) -> Json:
    """Return the EHR's order, which only its author changes, as it stands with us.

    Its version counts what its author sent; what becomes of the referral shows on the Task.
    """
    own = {"system": REFERRAL, "value": referral.id}
    theirs = [i for i in service_request.get("identifier", ()) if i.get("system") != REFERRAL]
    meta = {
        **service_request.get("meta", {}),
        "versionId": str(referral.payload_version),
        "lastUpdated": fhir_instant(referral.revised_at or referral.received_at),
    }
    return {**service_request, "id": referral.id, "meta": meta, "identifier": [*theirs, own]}


def as_its_author_has_it(changed: Json, shown: Json, sent: Mapping[str, Any]) -> Json:
    """Return a changed order without what `service_request_as_stored` had added to it.

    Args:
        changed: the order as a change of `shown` makes it.
        shown: as its author read it with us.
        sent: as its author sent it.
    """
    meta, theirs = changed.get("meta"), sent.get("meta", {})
    if isinstance(meta, dict):
        ours = {n for n in ("versionId", "lastUpdated") if meta.get(n) == shown["meta"][n]}
        kept = {n: v for n, v in meta.items() if n not in ours}
        meta = {**kept, **{n: theirs[n] for n in ours if n in theirs}}
    numbers, own = changed.get("identifier"), shown["identifier"][-1]
    if isinstance(numbers, list) and own not in sent.get("identifier", ()):
        numbers = [one for one in numbers if one != own]
    made = {**changed, "meta": meta, "identifier": numbers}
    return {n: v for n, v in made.items() if n not in {"meta", "identifier"} or v}


def appointment(
    referral: Referral,
    visit: Appointment,
    end: datetime,
    service_request: Mapping[str, Any] | None = None,
) -> Json:
    """Make the Appointment of a visit.

    Args:
        referral: whose visit it is.
        visit: the visit.
        end: when it ends; FHIR wants both ends of a booked visit.
        service_request: the EHR's order, to name the patient.
    """
    patient = patient_reference(service_request) if service_request else None
    offer = referral.offer
    actors = [patient] if patient else []
    actors += [practitioner(offer.npi)] if offer else []
    somebody = {"type": [{"text": "patient"}], "status": "accepted"}
    return {
        "resourceType": "Appointment",
        "id": appointment_id(referral.id, visit.number),
        "status": visit.status,
        "start": fhir_instant(visit.start),
        "end": fhir_instant(end),
        "basedOn": [{"reference": f"ServiceRequest/{referral.id}"}],
        "participant": [{"actor": actor, "status": "accepted"} for actor in actors] or [somebody],
    }


def notice_communication(referral: Referral, notice: Notice, base_url: str | None = None) -> Json:
    """Make a notice to the referrer: ids and codes only; the one about the end is acknowledged.

    Args:
        referral: the projection.
        notice: its notice.
        base_url: of our FHIR endpoint, for links to read more; identifiers do without.
    """
    own_id = notice_id(referral.id, notice.number)
    task_id = task_a_id(referral.id)
    reason = {"coding": [{"system": NOTICE, "code": notice.topic.value}]}
    if notice.outcome is not None:
        reason = outcome_concept(notice.outcome)
    payload: list[Json] = [
        {"contentString": _sentence(referral, notice)},
        {"contentReference": _ours("Task", task_id, base_url)},
    ]
    critical = notice.topic is NoticeTopic.CRITICAL_RESULT
    if referral.report is not None and (critical or notice.outcome in COMPLETED):
        sha256 = referral.report.sha256
        document = {"system": EVIDENCE, "value": sha256}
        report = _ours("Binary", binary_id(referral.id, sha256), base_url)
        payload.append({"contentReference": {**report, "identifier": document}})
    placer = _placer(referral)
    return {
        "resourceType": "Communication",
        "id": own_id,
        "identifier": [{"system": REFERRAL, "value": own_id}],
        "basedOn": [
            _ours("ServiceRequest", referral.id, base_url),
            *([{"type": "ServiceRequest", "identifier": placer}] if placer else []),
        ],
        "status": "completed",
        "category": [
            {"coding": [{"system": _CATEGORY, "code": _CATEGORIES[notice.topic]}]},
            {"coding": [{"system": NOTICE, "code": notice.topic.value}]},
        ],
        "priority": "asap" if critical else "routine",
        "about": [_ours("Task", task_id, base_url)],
        "sent": fhir_instant(notice.queued_at),
        "recipient": [organization(referral.referrer)],
        "sender": organization(referral.tenant),
        "reasonCode": [reason],
        "payload": payload,
    }


_CATEGORIES: Final[Mapping[NoticeTopic, str]] = {
    NoticeTopic.CLOSURE: "notification",
    NoticeTopic.INFORMATION_NEEDED: "reminder",
    NoticeTopic.APPOINTMENT_MISSED: "notification",
    NoticeTopic.VISIT_OFF: "notification",
    NoticeTopic.CRITICAL_RESULT: "alert",
    NoticeTopic.REPORT_WITHDRAWN: "alert",
}
_SENTENCES: Final[Mapping[NoticeTopic, str]] = {
    NoticeTopic.APPOINTMENT_MISSED: (
        "The appointment did not take place; the patient is contacted again."
    ),
    NoticeTopic.VISIT_OFF: (
        "The visit that was booked is off; the patient is told, and another one is looked for."
    ),
    NoticeTopic.REPORT_WITHDRAWN: (
        "The clinic withdrew the report that you were told of; another one is awaited."
    ),
    NoticeTopic.CRITICAL_RESULT: "A report with a critical result is in; please read it now.",
}


def _sentence(referral: Referral, notice: Notice) -> str:
    """Return what a person reads: no name, no diagnosis."""
    if notice.outcome is not None:
        ending = spoken(notice.outcome.value).lower()
        return f"The referral ended: {ending}. Please acknowledge this notice."
    if notice.topic is NoticeTopic.INFORMATION_NEEDED:
        facts = ", ".join(referral.missing) or "information"
        return f"The order lacks {facts}; please send its new version with PUT."
    return _SENTENCES[notice.topic]


def message_response(
    body: bytes, locations: Sequence[str], at: datetime, outcome: Json | None = None
) -> Json:
    """Answer a message that was taken: its focus is what is stored; a repeat is answered alike.

    Args:
        body: the message, as `intake.read_referrals` took it.
        locations: of the referrals, versioned or not.
        at: now.
        outcome: an OperationOutcome of what was forgiven.
    """
    bundle = read_resource(body, "application/fhir+json")
    if bundle["resourceType"] == "Parameters":
        bundle = next(p["resource"] for p in bundle["parameter"] if "resource" in p)
    asked = bundle["entry"][0]["resource"]
    answered = asked.get("id") or bundle.get("id") or str(uuid5(NAMESPACE_URL, body.hex()))
    response_id = str(uuid5(NAMESPACE_URL, f"{answered} response"))
    details_id = str(uuid5(NAMESPACE_URL, f"{answered} details"))
    told = [{"fullUrl": f"urn:uuid:{details_id}", "resource": outcome}] if outcome else []
    event = {name: asked[name] for name in ("eventCoding", "eventUri") if name in asked}
    endpoint = asked.get("source", {}).get("endpoint")
    header = {
        "resourceType": "MessageHeader",
        "id": response_id,
        **(event or {"eventUri": _ENDPOINT}),
        **({"destination": [{"endpoint": endpoint}]} if endpoint else {}),
        "source": {"name": "Referral Router", "endpoint": _ENDPOINT},
        "response": {
            "identifier": answered,
            "code": "ok",
            **({"details": {"reference": f"urn:uuid:{details_id}"}} if outcome else {}),
        },
        "focus": [{"reference": location.partition("/_history")[0]} for location in locations],
    }
    return {
        "resourceType": "Bundle",
        "type": "message",
        "timestamp": fhir_instant(at),
        "entry": [{"fullUrl": f"urn:uuid:{response_id}", "resource": header}, *told],
    }


def searchset(
    resources: Sequence[Json],
    base_url: str,
    *,
    self_url: str,
    next_url: str | None = None,
    total: int | None = None,
) -> Json:
    """Make a page of a search; `next_url` is opaque and absent on the last page."""
    links = [{"relation": "self", "url": self_url}]
    if next_url is not None:
        links.append({"relation": "next", "url": next_url})
    found = [
        {
            "fullUrl": f"{base_url}/{r['resourceType']}/{r['id']}",
            "resource": r,
            "search": {"mode": "match"},
        }
        for r in resources
    ]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        **({} if total is None else {"total": total}),
        "link": links,
        **({"entry": found} if found else {}),
    }


def _ours(kind: str, own_id: str, base_url: str | None) -> Json:
    link = {"reference": f"{base_url}/{kind}/{own_id}"} if base_url else {}
    return {**link, "type": kind, "identifier": {"system": REFERRAL, "value": own_id}}


def _placer(referral: Referral) -> Json | None:
    if referral.placer_identifier is None:
        return None
    system, _, value = referral.placer_identifier.rpartition("|")
    # An assigner stands for the system of a number that has none (`fhir/intake/identifiers.py`).
    known = system and not system.startswith("assigner:")
    return {**({"system": system} if known else {}), "value": value}
