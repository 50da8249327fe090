"""What a clinic receives with an offer: Task B, its own order, and all about the patient.

References are rewritten to ids that belong to the referral, so that sending the Bundle again
changes nothing at the clinic, and nothing in it leads back into the EHR.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from referral_core.domain import exact_json
from referral_core.domain.directory import Practitioner
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.referral import Referral
from referral_core.fhir.ids import task_a_id, task_b_id
from referral_core.fhir.links import is_address
from referral_core.fhir.outbound.redisclosure import labelled, statement
from referral_core.fhir.outbound.tasks import practitioner as practitioner_reference
from referral_core.fhir.outbound.tasks import task_b
from referral_core.fhir.parse import Json
from referral_core.fhir.systems import NUCC, REFERRAL

_UNKNOWN: Final = {
    "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
    "valueCode": "unknown",
}
_HOLDS: Final = ("http://", "https://", "Task/")
_DECIDED: Final = frozenset(
    {
        *("resourceType", "id", "meta", "contained", "identifier", "basedOn", "status", "intent"),
        *("performer", "performerType", "note", "supportingInfo"),
    }
)
"""Elements of the clinic's order that are not simply those of the EHR's."""
_OF_A_VERSION: Final = frozenset({"versionId", "lastUpdated", "source"})
"""What a server says of its own copy; profiles, tags and security labels go along."""


def offer_bundle(referral: Referral, performer: Practitioner, payload: ClinicalPayload) -> Json:
    """Make the transaction that offers a referral to a clinic.

    Args:
        referral: with an offer in hand.
        performer: whom it is offered to.
        payload: the EHR's order with all that was sent about its patient.

    Raises:
        ValueError: the referral has no offer in hand.
    """
    offer = referral.offer
    if offer is None:
        raise ValueError("the referral has no offer in hand")
    service_request = payload.service_request
    order_id = task_b_id(referral.id, offer.number)
    sent = _sent_along(referral.id, service_request, payload.resources)
    links = {reference: f"{r['resourceType']}/{r['id']}" for reference, r in sent.items()}
    tasks = {reference: r for reference, r in sent.items() if r["resourceType"] == "Task"}
    links |= dict.fromkeys(tasks, f"Task/{order_id}")
    links |= {f"#{r['id']}": f"#{r['id']}" for r in tasks.values()}
    links |= dict.fromkeys(payload.order_links, f"ServiceRequest/{order_id}")
    links |= payload.uploads
    order = _order(order_id, referral, performer, payload, _distinct(tasks.values()))
    links[f"ServiceRequest/{order_id}"] = f"ServiceRequest/{order_id}"
    task = task_b(referral, offer, performer.name)
    task["for"] = order["subject"]
    # What stays with the router is named by identifier: at the clinic no link would lead to it.
    task["basedOn"] = order["basedOn"][:1]
    task["partOf"] = [_stays("Task", task_a_id(referral.id))]
    along = {
        str(r["id"]): _rewritten(
            _completed(r, order["subject"]), links, inside=reference.startswith("#")
        )
        for reference, r in sent.items()
        if reference not in tasks
    }
    resources_sent = [
        _rewritten(task, links, inside=True),
        _rewritten(order, links, inside=True),
        *along.values(),
    ]
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [_entry(performer.clinic_url, resource) for resource in resources_sent],
    }


def _stays(kind: str, own_id: str) -> Json:
    return {"type": kind, "identifier": {"system": REFERRAL, "value": own_id}}


def _entry(base_url: str, resource: Json) -> Json:
    url = f"{resource['resourceType']}/{resource['id']}"
    return {
        "fullUrl": f"{base_url.rstrip('/')}/{url}",
        "resource": resource,
        "request": {"method": "PUT", "url": url},
    }


def _order(
    order_id: str,
    referral: Referral,
    performer: Practitioner,
    payload: ClinicalPayload,
    tasks: Sequence[Json],
) -> Json:
    """Make the clinic's order: the EHR's, but for what the router decides.

    The EHR's Tasks are contained in it: as entries of their own the clinic would work on them.
    """
    original = payload.service_request
    discloses = referral.service.discloses(payload.content.service.wanted)
    asked = original.get("performerType", {})
    specialty = {"system": NUCC, "code": performer.specialty}
    known = [c for c in asked.get("coding", ()) if c.get("code") != performer.specialty]
    order = {
        "resourceType": "ServiceRequest",
        "id": order_id,
        "meta": labelled(_labels(original), discloses),
        "identifier": [
            {"system": REFERRAL, "value": order_id},
            # The placer's number goes along, as HL7 v2 has it: clinic and EHR speak by it.
            *(i for i in original.get("identifier", ()) if i.get("system") != REFERRAL),
        ],
        "basedOn": [_stays("ServiceRequest", referral.id), *original.get("basedOn", ())],
        "status": "active",
        "intent": "filler-order",
        **{name: value for name, value in original.items() if name not in _DECIDED},
        "performerType": {**asked, "coding": [specialty, *known]},
        "performer": [practitioner_reference(performer.npi, performer.name)],
        "note": [
            *statement(discloses),
            *original.get("note", ()),
            *(note for task in tasks for note in task.get("note", ())),
            *_performers_asked_for(original, performer),
        ],
        "contained": tasks,
        "supportingInfo": [
            *original.get("supportingInfo", ()),
            *({"reference": f"#{task['id']}"} for task in tasks),
        ],
    }
    return {name: value for name, value in order.items() if value not in ([], {}, None)}


def _performers_asked_for(original: Mapping[str, Any], performer: Practitioner) -> list[Json]:
    """Say whom the referrer named, where somebody else was chosen or more was said."""
    names = [named.get("display") for named in original.get("performer", ())]
    others = [name for name in names if name and name != performer.name]
    return [{"text": f"The referrer named as performer: {name}"} for name in others]


def _labels(resource: Mapping[str, Any]) -> Json:
    meta = resource.get("meta", {})
    return {name: value for name, value in meta.items() if name not in _OF_A_VERSION}


def _distinct(resources: Iterable[Json]) -> list[Json]:
    return list({str(resource["id"]): resource for resource in resources}.values())


def _sent_along(
    referral_id: str, service_request: Mapping[str, Any], resources: Mapping[str, Json]
) -> dict[str, Json]:
    """Give every resource that goes along an id of the referral's, by reference."""
    found = {f"#{inner.get('id')}": inner for inner in service_request.get("contained", ())}
    found |= resources
    for reference, resource in list(found.items()):
        if resource.get("resourceType") == "Task" and "contained" in resource:
            # The Task will be contained itself, and what is contained contains nothing.
            found |= {_inner(reference, inner): inner for inner in resource["contained"]}
            found[reference] = _without_contained(reference, resource)
    sent: dict[str, Json] = {}
    by_content: dict[str, Json] = {}
    for reference, resource in found.items():
        # One resource may be led to by several references: it is sent once.
        same = exact_json.dumps(resource, sort_keys=True)
        own = {**resource, "id": f"{referral_id}.r{len(by_content) + 1}"}
        own.pop("meta", None)
        labels = _labels(resource)
        sent[reference] = by_content.setdefault(same, own | ({"meta": labels} if labels else {}))
    return sent


def _inner(reference: str, inner: Json) -> str:
    return f"{reference}#{inner.get('id')}"


def _without_contained(reference: str, resource: Json) -> Json:
    links = {f"#{inner.get('id')}": _inner(reference, inner) for inner in resource["contained"]}
    outside = {name: value for name, value in resource.items() if name != "contained"}
    moved: Json = _moved(outside, links)
    return moved


def _moved(value: Any, links: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_moved(item, links) for item in value]
    if isinstance(value, dict):
        return {name: _moved(item, links) for name, item in value.items()}
    return links.get(value, value) if isinstance(value, str) else value


def _rewritten(value: Any, links: Mapping[str, str], *, inside: bool) -> Any:
    """Copy JSON with its references rewritten.

    Args:
        value: JSON.
        links: reference → new reference.
        inside: whether `#` leads into the order; elsewhere it leads into the resource itself.
    """
    if isinstance(value, list):
        return [_rewritten(item, links, inside=inside) for item in value]
    if not isinstance(value, dict):
        return value
    rewritten = {name: _rewritten(item, links, inside=inside) for name, item in value.items()}
    for name in filter(is_address, value):
        literal = value[name]
        if not isinstance(literal, str) or (literal.startswith("#") and not inside):
            continue
        if literal in links:
            rewritten[name] = links[literal]
        elif name == "reference" and not _holds(literal, links):
            # At the clinic it would lead nowhere, or to somebody else.
            del rewritten[name]
            rewritten.setdefault("display", "Known to the referring provider only")
    return rewritten


def _holds(literal: str, links: Mapping[str, str]) -> bool:
    return literal.startswith(_HOLDS) or literal in links.values()


def _completed(resource: Json, subject: Json) -> Json:
    """Say of what R4 requires and the EHR did not send that it is unknown."""
    match resource.get("resourceType"):
        case "Coverage":
            # `draft` is R4's word for an instance whose contents are not complete.
            absent = {"status": "draft", "payor": [{"extension": [_UNKNOWN]}]}
            return {**absent, "beneficiary": subject, **resource}
        case "Condition":
            return {"subject": subject, **resource}
        case "AllergyIntolerance" | "FamilyMemberHistory" | "Immunization":
            return {"patient": subject, **resource}
        case _:
            return resource
