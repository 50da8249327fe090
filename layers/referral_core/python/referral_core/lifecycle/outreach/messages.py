"""Messages to patients: when one may be sent, what it says, and the one write that allows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from referral_core.domain.calendar import DayPart, MessagingHours
from referral_core.domain.effects import ClaimDailyMessage, Effect
from referral_core.domain.lifecycle import Step
from referral_core.domain.messages import Message
from referral_core.domain.orders.clinical_content import ClinicalContent
from referral_core.domain.outreach.plan import (
    CAPPED,
    MOST_A_WEEK,
    Channel,
    Purpose,
    language_of,
)
from referral_core.domain.outreach.series import (
    last_contact,
    reference_of,
    with_contact_ended,
)
from referral_core.domain.outreach.texts import compose, weekday
from referral_core.domain.pause import LOOKS_AGAIN, pause_of_channel
from referral_core.domain.referral import Appointment, Contact
from referral_core.domain.work_items import Reason
from referral_core.fhir.outbound.tasks import patient_reference
from referral_core.lifecycle.case import Case, clinic_zone
from referral_core.lifecycle.draft import Draft, open_work_item
from referral_core.ports.lifecycle import Messenger

_WEEK: Final = timedelta(days=7)
_BY_PHONE: Final = frozenset({"sms", "voice"})
_LOOKS_AHEAD: Final = 14
"""Days after which a free day is found in any case: the cap is three messages a week."""


def unconfirmed_send(case: Case, step: Step) -> Draft | None:
    """Draft that a person must look where the last try died between writing and recording.

    Nobody knows whether the message was sent, so it is not sent again. None: there is no such one.
    """
    last = last_contact(case.referral)
    if last is None or last.state != "sending":
        return None
    unsure = with_contact_ended(case.referral, "ambiguous")
    return open_work_item(case, Reason.MESSAGE_AMBIGUOUS, contacts=unsure, current_step=step)


def reachable(case: Case, channel: Channel) -> bool:
    """Whether the order says where to, and the patient did not forbid it."""
    patient = case.content.patient
    match channel:
        case "sms" | "voice":
            return patient.phone is not None and not is_opted_out(case)
        case "call":
            return patient.phone is not None
        case "email":
            return patient.email is not None
        case "letter":
            return bool(patient.address_lines) and patient.family is not None
        case "portal":
            return True


def is_opted_out(case: Case) -> bool:
    """Whether the patient wants no messages, here or in another referral."""
    return case.referral.opted_out or case.reach.opted_out


def free_at(case: Case, channel: Channel, at: datetime, part: DayPart | None = None) -> datetime:
    """Return the first instant from `at` on at which the channel may be used.

    Letters and portal messages wake nobody; staff call in their own hours and the patient's;
    messages keep to the patient's hours, to one a day and three a week. A channel that operations
    have paused is looked at again a little later.
    """
    if pause_of_channel(case.pauses, channel):
        at = max(at, case.now + LOOKS_AGAIN)
    if channel in {"letter", "portal"}:
        return at
    hours = case.hours
    if channel == "call":
        return _both_awake(case, hours, at, part)
    free, sent = hours.opens(at, part), _sent(case)
    for _ in range(_LOOKS_AHEAD):
        if _allowed(hours.day_of(free), sent):
            return free
        free = hours.opens(hours.next_day(free), part)
    return free


def _both_awake(case: Case, hours: MessagingHours, at: datetime, part: DayPart | None) -> datetime:
    """Return when staff work and the patient may be called; where they never meet, the latter.

    Evening calls are made by those who stay for them.
    """
    free = hours.opens(at, part)
    for _ in range(_LOOKS_AHEAD):
        works = case.calendar.opens(free)
        if works == free:
            return free
        free = hours.opens(works, part)
    return hours.opens(at, part)


def message_claim(case: Case, contact: Contact) -> tuple[Effect, ...]:
    """Return the effect that claims the day's message, where the channel is capped."""
    hashed = case.reach.contact_hash
    if contact.channel not in CAPPED or hashed is None:
        return ()
    claim = ClaimDailyMessage(
        contact_hash=hashed,
        day=case.hours.day_of(contact.at),
        reference=reference_of(case.referral, contact),
        stoppable=contact.channel in _BY_PHONE,
    )
    return (claim,)


def _sent(case: Case) -> frozenset[date]:
    # A day that the very next message of this referral claimed already is its own.
    referral = case.referral
    number = len(referral.contacts) + 1
    own = {f"{referral.id}-c{number}", f"{referral.id}-r{number}"}
    return frozenset(day for day, name in case.reach.messaged.items() if name not in own)


def _allowed(day: date, sent: frozenset[date]) -> bool:
    week = [d for d in sent if day - _WEEK < d < day]
    return day not in sent and len(week) < MOST_A_WEEK


@dataclass(frozen=True)
class Messages:
    """Composes and sends the message of a contact."""

    messenger: Messenger

    def send(self, case: Case, contact: Contact, purpose: Purpose) -> int:
        """Send the message of a contact; return its metered units.

        Raises: as `Messenger.send`.
        """
        referral, content, profile = case.referral, case.content, case.profile
        language = language_of(content.patient.language)
        appointment = referral.appointment
        text = compose(
            contact.channel,
            purpose,
            language,
            sender=profile.sender_name,
            call_back=profile.call_back,
            when=_spoken(case, appointment, language) if appointment else "",
            discreet=case.rules.outreach.discreet,
            about_child=content.patient.through_contact,
        )
        return self.messenger.send(
            Message(
                tenant=referral.tenant,
                referral_id=referral.id,
                channel=contact.channel,
                to=_recipient(content, contact.channel, referral.referrer),
                subject=text.subject or None,
                body=text.body,
                language=language,
                reference=reference_of(referral, contact),
                sender=profile.phone_identity if contact.channel in _BY_PHONE else None,
                **_for_portal(case, contact.channel),
            )
        )


def _recipient(content: ClinicalContent, channel: Channel, ehr: str) -> str:
    patient = content.patient
    match channel:
        case "email":
            return patient.email or ""
        case "letter":
            name = " ".join(part for part in (patient.given, patient.family) if part)
            place = " ".join(p for p in (patient.city, patient.state, patient.postal_code) if p)
            return "\n".join(line for line in (name, *patient.address_lines, place) if line)
        case "portal":
            return ehr
        case _:
            return patient.phone or ""


def _for_portal(case: Case, channel: Channel) -> Mapping[str, Any]:
    """Return what only an EHR needs to know: whose message it is, and of which order."""
    if channel != "portal":
        return {}
    return {
        "patient": patient_reference(case.payload.service_request),
        "order": case.referral.placer_identifier,
    }


def _spoken(case: Case, appointment: Appointment, language: str) -> str:
    """Return a visit's day and hour at the clinic in plain words, GSM-7 only.

    Where the patient's clock shows another hour, the clinic's zone stands with it.
    """
    local = appointment.start.astimezone(clinic_zone(case, appointment))
    theirs = appointment.start.astimezone(ZoneInfo(case.zones[0]))
    same = local.utcoffset() == theirs.utcoffset()
    mark = "" if same else f" {_zone_name(local)}"
    day = weekday(local.weekday(), language)
    if language == "es":
        return f"{day} {local.day}/{local.month} {local:%H:%M}{mark}"
    return f"{day} {local.month}/{local.day} {local.hour % 12 or 12}:{local:%M %p}{mark}"


def _zone_name(local: datetime) -> str:
    """Return a zone's short name (CDT), or its offset where it has none of letters."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"{local:%z}"
