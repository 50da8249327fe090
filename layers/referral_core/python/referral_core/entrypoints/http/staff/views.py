"""What staff are shown of a referral: rows of lists, and the whole on its own page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from referral_core.domain.access.principal import Principal
from referral_core.domain.events import Event
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.outreach.series import series
from referral_core.domain.referral import Referral
from referral_core.domain.terminology.specialties import specialty_names
from referral_core.lifecycle.reactions.work_item import available_actions

Row = dict[str, Any]


def item_row(referral: Referral) -> Row:
    """Return a referral with an open work item as a list shows it: no word of the patient."""
    item = referral.work_item
    return {
        **referral_row(referral),
        "reason": item.reason.value if item else None,
        "owner": item.owner if item else None,
        "comments": item.comments if item else 0,
        "seenBy": item.seen_by if item else None,
        "openedAt": _text(item.opened_at) if item else None,
        "dueAt": _text(referral.item_due_at or referral.due_at),
        "snoozedUntil": _text(item.snoozed_until) if item else None,
        "actions": list(available_actions(referral)),
    }


def referral_row(referral: Referral) -> Row:
    """Return what every list shows of a referral: codes and times."""
    offer = referral.offers[-1] if referral.offers else None
    authorization, appointment = referral.authorization, referral.appointment
    return {
        "id": referral.id,
        "queue": referral.queue.value,
        "statusReason": referral.status_reason,
        "status": referral.status.value,
        "statusSince": _text(referral.status_since),
        "receivedAt": _text(referral.received_at),
        "waitsFor": referral.waits_for.value,
        "priority": referral.priority,
        "pathway": referral.pathway,
        "placer": (referral.placer_identifier or "").rpartition("|")[2] or None,
        "performer": offer.organization if offer and offer.is_in_hand else None,
        "payer": referral.eligibility.payer if referral.eligibility else None,
        "specialty": referral.service.specialty,
        "specialtyName": specialty_names().get(referral.service.specialty or ""),
        "practice": referral.origin.practice,
        "language": referral.origin.language,
        "authorization": {
            "status": authorization.status.value,
            "number": authorization.number,
            "dueAt": _text(authorization.due_at),
        }
        if authorization
        else None,
        "appointment": {"start": _text(appointment.start), "status": appointment.status}
        if appointment
        else None,
        "lastContact": _last_contact(referral),
    }


def _last_contact(referral: Referral) -> Row | None:
    """Return the last attempt: which of its series it is, and how many the pathway has."""
    last = next((c for c in reversed(referral.contacts) if c.counts), None)
    if last is None:
        return None
    now = [c for c in series(referral) if c.counts]
    return {
        "number": len(now) or sum(c.counts for c in referral.contacts),
        "of": _planned_attempts(referral) if now else None,
        "channel": str(last.channel),
        "at": _text(last.at),
        "result": last.result.value if last.result else None,
    }


def _planned_attempts(referral: Referral) -> int | None:
    """Return how many attempts the pathway has; None where this release has it no more."""
    from referral_core.pathways import pathways  # noqa: PLC0415 - read with the first that asks

    pathway = pathways().get((referral.pathway, referral.pathway_version))
    return len(pathway.outreach.attempts) if pathway else None


def patient_row(payload: ClinicalPayload) -> Row:
    """Return who the patient is, and what is wanted for them. PHI."""
    patient, service = payload.content.patient, payload.content.service
    payor = payload.content.coverage.payor
    given = " ".join(part for part in (patient.given, patient.middle) if part)
    return {
        "name": ", ".join(part for part in (patient.family, given) if part) or None,
        "birthDate": patient.birth_date.isoformat() if patient.birth_date else None,
        "recordNumber": patient.mrn,
        "service": service.display or service.code,
        "payer": payor.name if payor else None,
        "practice": payload.content.requester.organization,
        "referredBy": payload.content.requester.name or payload.content.requester.organization,
    }


def referral_page(referral: Referral, payload: ClinicalPayload, events: Sequence[Event]) -> Row:
    """Return all that a person sees of one referral: what is so now, and what happened. PHI."""
    return {
        **item_row(referral),
        "version": referral.version,
        "run": referral.run,
        "outcome": referral.outcome.value if referral.outcome else None,
        "loopClosed": referral.loop_closed,
        "patient": {**patient_row(payload), **_contact_details(payload)},
        "order": _order(payload),
        "authorization": _authorization(referral),
        "contacts": [c.model_dump(mode="json", exclude_none=True) for c in referral.contacts],
        "offers": [o.model_dump(mode="json", exclude_none=True) for o in referral.offers],
        "notices": [n.model_dump(mode="json", exclude_none=True) for n in referral.notices],
        "reports": [r.model_dump(mode="json", exclude_none=True) for r in referral.reports],
        "events": [event_row(event) for event in reversed(events)],
        "runs": run_rows(referral, events),
    }


def _authorization(referral: Referral) -> Row | None:
    """Return the request that counts, with its clock: who was asked when, and what came of it."""
    asked = referral.authorization
    if asked is None:
        return None
    return {
        "status": asked.status.value,
        "number": asked.number,
        "payer": asked.payer,
        "trace": asked.trace,
        "requestedAt": _text(asked.requested_at),
        "dueAt": _text(asked.due_at),
        "expedited": asked.expedited,
        "validFrom": asked.valid_from.isoformat() if asked.valid_from else None,
        "validTo": asked.valid_to.isoformat() if asked.valid_to else None,
        "denialReason": asked.denial_reason,
    }


def run_rows(referral: Referral, events: Sequence[Event]) -> list[Row]:
    """Return the runs, the last first: each is one execution of the state machine, by its name."""
    runs: dict[int, list[Event]] = {}
    for event in events:
        runs.setdefault(event.run, []).append(event)
    return [
        {
            "run": run,
            "execution": f"{referral.id}-{run}",
            "startedAt": _text(of_run[0].at),
            "lastAt": _text(of_run[-1].at),
            "state": next((e.step.value for e in reversed(of_run) if e.step), None),
            "status": of_run[-1].to_status.value,
            "events": len(of_run),
            "isPresent": run == referral.run,
        }
        for run, of_run in sorted(runs.items(), reverse=True)
    ]


def event_row(event: Event) -> Row:
    """Return one event; it holds no PHI."""
    return {
        "version": event.version,
        "at": _text(event.at),
        "actor": event.actor,
        "kind": event.kind.value,
        "from": event.from_status.value if event.from_status else None,
        "to": event.to_status.value,
        "statusReason": event.status_reason,
        "facts": event.facts.model_dump(mode="json", exclude_none=True),
    }


def principal_row(principal: Principal) -> Row:
    """Return a person, or the machine that calls, as colleagues know it."""
    person = principal.person
    return {
        "id": principal.client_id,
        "name": person.name if person else principal.organization,
        "role": person.duty.value if person else principal.role.value,
        "teams": sorted(principal.queues),
    }


def _contact_details(payload: ClinicalPayload) -> Row:
    patient = payload.content.patient
    address = ", ".join(
        part for part in (*patient.address_lines, patient.city, patient.state) if part
    )
    return {
        "phone": patient.phone,
        "email": patient.email,
        "language": patient.language,
        "address": address or None,
        "throughContact": patient.through_contact,
        "alternates": [c.model_dump(mode="json", exclude_none=True) for c in patient.contacts],
    }


def _order(payload: ClinicalPayload) -> Row:
    content = payload.content
    requester, coverage = content.requester, content.coverage
    return {
        "requester": requester.name or requester.organization,
        "practice": requester.organization,
        "practicePhone": requester.phone,
        "reasons": list(_texts(r.text or r.code for r in content.reasons)),
        "notes": list(content.notes),
        "payer": coverage.payor.name if coverage.payor else None,
        "memberId": coverage.member_id,
        "selfPay": coverage.self_pay,
    }


def _texts(found: Iterable[str | None]) -> Iterable[str]:
    return (text for text in found if text)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
