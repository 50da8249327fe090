"""What a clinic receives with an offer: Task B, its own order, and all that the order leads to.

References are rewritten to ids that belong to the referral, so that sending the Bundle again
changes nothing at the clinic, and nothing in it leads back into the EHR.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from referral_core.domain.directory import Practitioner
from referral_core.domain.referral import Referral
from referral_core.fhir.ids import task_a_id, task_b_id
from referral_core.fhir.outbound.tasks import practitioner as practitioner_reference
from referral_core.fhir.outbound.tasks import task_b
from referral_core.fhir.parse import Json
from referral_core.fhir.systems import NUCC, REFERRAL

_UNKNOWN: Final = {
    "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
    "valueCode": "unknown",
}
_HOLDS: Final = ("http://", "https://", "Task/")
_COPIED: Final = (
    "category",
    "priority",
    "code",
    "orderDetail",
    "quantityQuantity",
    "quantityRatio",
    "quantityRange",
    "subject",
    "occurrenceDateTime",
    "occurrencePeriod",
    "occurrenceTiming",
    "authoredOn",
    "requester",
    "locationCode",
    "locationReference",
    "reasonCode",
    "reasonReference",
    "insurance",
    "supportingInfo",
    "bodySite",
    "note",
    "patientInstruction",
)


def offer_bundle(
    referral: Referral,
    performer: Practitioner,
    service_request: Mapping[str, Any],
    resources: Mapping[str, Json],
) -> Json:
    """Make the transaction that offers a referral to a clinic.

    Args:
        referral: with an offer in hand.
        performer: whom it is offered to.
        service_request: the EHR's order.
        resources: what it leads to, by reference.

    Raises:
        ValueError: the referral has no offer in hand.
    """
    offer = referral.offer
    if offer is None:
        raise ValueError("the referral has no offer in hand")
    sent = _sent_along(referral.id, service_request, resources)
    links = {reference: f"{r['resourceType']}/{r['id']}" for reference, r in sent.items()}
    order = _order(referral, task_b_id(referral.id, offer.number), performer, service_request)
    links[f"ServiceRequest/{order['id']}"] = f"ServiceRequest/{order['id']}"
    task = task_b(referral, offer, performer.name)
    task["for"] = order["subject"]
    # What stays with the router is named by identifier: at the clinic no link would lead to it.
    task["basedOn"] = order["basedOn"]
    task["partOf"] = [_stays("Task", task_a_id(referral.id))]
    along = {
        str(r["id"]): _rewritten(
            _completed(r, order["subject"]), links, inside=reference.startswith("#")
        )
        for reference, r in sent.items()
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
    referral: Referral, order_id: str, performer: Practitioner, original: Mapping[str, Any]
) -> Json:
    specialty = {"system": NUCC, "code": performer.specialty}
    return {
        "resourceType": "ServiceRequest",
        "id": order_id,
        "identifier": [
            {"system": REFERRAL, "value": order_id},
            # The placer's number goes along, as HL7 v2 has it: clinic and EHR speak by it.
            *(i for i in original.get("identifier", ()) if i.get("system") != REFERRAL),
        ],
        "basedOn": [
            {
                "type": "ServiceRequest",
                "identifier": {"system": REFERRAL, "value": referral.id},
            }
        ],
        "status": "active",
        "intent": "filler-order",
        **{name: original[name] for name in _COPIED if name in original},
        "performerType": {"coding": [specialty]},
        "performer": [practitioner_reference(performer.npi, performer.name)],
    }


def _sent_along(
    referral_id: str, service_request: Mapping[str, Any], resources: Mapping[str, Json]
) -> dict[str, Json]:
    """Give every resource that the order leads to an id of the referral's, by reference."""
    found = {f"#{inner.get('id')}": inner for inner in service_request.get("contained", ())}
    found |= resources
    sent: dict[str, Json] = {}
    by_content: dict[str, Json] = {}
    for reference, resource in found.items():
        if resource.get("resourceType") == "ServiceRequest":
            continue  # other orders are not the clinic's to fulfil
        # One resource may be led to by several references: it is sent once.
        same = json.dumps(resource, sort_keys=True)
        own = {**resource, "id": f"{referral_id}.r{len(by_content) + 1}"}
        own.pop("meta", None)
        sent[reference] = by_content.setdefault(same, own)
    return sent


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
    literal = value.get("reference")
    if not isinstance(literal, str) or (literal.startswith("#") and not inside):
        return rewritten
    if literal in links:
        rewritten["reference"] = links[literal]
    elif not literal.startswith(_HOLDS) and literal not in links.values():
        # At the clinic it would lead nowhere, or to somebody else.
        del rewritten["reference"]
        rewritten.setdefault("display", "Known to the referring provider only")
    return rewritten


def _completed(resource: Json, subject: Json) -> Json:
    """Say of what R4 requires and the EHR did not send that it is unknown."""
    match resource.get("resourceType"):
        case "Coverage":
            # `draft` is R4's word for an instance whose contents are not complete.
            absent = {"status": "draft", "payor": [{"extension": [_UNKNOWN]}]}
            return {**absent, "beneficiary": subject, **resource}
        case "Condition":
            return {"subject": subject, **resource}
        case _:
            return resource
