"""Messages to patients: when one may be sent, what it says, and the one write that allows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from referral_core.domain.calendar import DayPart, MessagingHours
from referral_core.domain.lifecycle import Step
from referral_core.domain.outreach import (
    CAPPED,
    MOST_A_WEEK,
    Channel,
    Purpose,
    compose,
    language_of,
    reach_hash,
    weekday,
)
from referral_core.domain.referral import Contact, Referral, reference_of, with_contact_ended
from referral_core.domain.time_zones import zones_of
from referral_core.domain.work import Reason
from referral_core.fhir.tasks import patient_reference
from referral_core.ports import Directory, Message, MessageSlot, Messenger, Referrals
from referral_core.steps.content import Payload, ReferralContent, content_of
from referral_core.steps.step import Draft, Moment, calendar_of, needs_person, rules

_WEEK: Final = timedelta(days=7)
_BY_PHONE: Final = frozenset({"sms", "voice"})
_LOOKS_AHEAD: Final = 14
"""Days after which a free day is found in any case: the cap is three messages a week."""


def half_sent(referral: Referral, moment: Moment, step: Step) -> Draft | None:
    """Draft that a person must look where the last try died between writing and recording.

    Nobody knows whether the message was sent, so it is not sent again. None: there is no such one.
    """
    if not referral.contacts or referral.contacts[-1].state != "sending":
        return None
    unsure = with_contact_ended(referral, "ambiguous")
    return needs_person(referral, Reason.MESSAGE_AMBIGUOUS, moment, contacts=unsure, phase=step)


@dataclass(frozen=True)
class Messages:
    """Plans and sends messages to the patient of a referral."""

    referrals: Referrals
    directory: Directory
    messenger: Messenger

    def content(self, referral: Referral) -> ReferralContent:
        """Read the clinical content."""
        return content_of(self.referrals, referral)

    def zones(self, referral: Referral) -> tuple[str, ...]:
        """Return the zones that the patient may be in."""
        if referral.time_zones:
            return referral.time_zones
        tenant_zone = self.directory.tenant(referral.tenant).time_zone
        return zones_of(self.content(referral).patient.state, tenant_zone)

    def hours(self, referral: Referral) -> MessagingHours:
        """Return the hours in which the patient may be reached."""
        return MessagingHours(self.zones(referral))

    def reachable(self, referral: Referral, channel: Channel) -> bool:
        """Whether the order says where to, and the patient did not forbid it."""
        patient = self.content(referral).patient
        match channel:
            case "sms" | "voice":
                return patient.phone is not None and not self._opted_out(referral)
            case "call":
                return patient.phone is not None
            case "email":
                return patient.email is not None
            case "letter":
                return bool(patient.address_lines) and patient.family is not None
            case "portal":
                return True

    def free_at(
        self, referral: Referral, channel: Channel, at: datetime, part: DayPart | None = None
    ) -> datetime:
        """Return the first instant from `at` on at which the channel may be used.

        Letters and portal messages wake nobody; staff call in their own hours and the patient's;
        messages keep to the patient's hours, to one a day and three a week.
        """
        if channel in {"letter", "portal"}:
            return at
        hours = self.hours(referral)
        if channel == "call":
            return self._both_awake(referral, hours, at, part)
        free = hours.opens(at, part)
        sent = self._sent(referral, hours.day_of(free) - _WEEK)
        for _ in range(_LOOKS_AHEAD):
            if _allowed(hours.day_of(free), sent):
                return free
            free = hours.opens(hours.next_day(free), part)
        return free

    def _both_awake(
        self, referral: Referral, hours: MessagingHours, at: datetime, part: DayPart | None
    ) -> datetime:
        """Return when staff work and the patient may be called; where they never meet, the latter.

        Evening calls are made by those who stay for them.
        """
        calendar, free = calendar_of(self.directory, referral), hours.opens(at, part)
        for _ in range(_LOOKS_AHEAD):
            works = calendar.opens(free)
            if works == free:
                return free
            free = hours.opens(works, part)
        return hours.opens(at, part)

    def slot(self, referral: Referral, contact: Contact) -> MessageSlot | None:
        """Return the day's slot that a message takes."""
        address = self._address(referral)
        if contact.channel not in CAPPED or address is None:
            return None
        return MessageSlot(
            phone_hash=reach_hash(address),
            day=self.hours(referral).day_of(contact.at),
            reference=reference_of(referral, contact),
            stoppable=contact.channel in _BY_PHONE,
        )

    def send(self, referral: Referral, contact: Contact, purpose: Purpose) -> int:
        """Send the message of a contact; return its metered units.

        Raises: as `Messenger.send`.
        """
        payload = Payload.load(self.referrals.payload(referral))
        content = payload.content
        profile = self.directory.tenant(referral.tenant)
        language = language_of(content.patient.language)
        visit = referral.appointment
        text = compose(
            contact.channel,
            purpose,
            language,
            sender=profile.sender_name,
            call_back=profile.call_back,
            when=_spoken(visit.start, profile.time_zone, language) if visit else "",
            discreet=rules(referral).outreach.discreet,
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
                **_for_portal(referral, payload, contact.channel),
            )
        )

    def _address(self, referral: Referral) -> str | None:
        patient = self.content(referral).patient
        return patient.phone or patient.email

    def _opted_out(self, referral: Referral) -> bool:
        address = self._address(referral)
        if referral.opted_out or address is None:
            return referral.opted_out
        return self.referrals.opted_out(referral.tenant, reach_hash(address))

    def _sent(self, referral: Referral, since: date) -> frozenset[date]:
        address = self._address(referral)
        if address is None:
            return frozenset()
        sent = self.referrals.messaged(referral.tenant, reach_hash(address), since)
        # A slot that the very next message of this referral took already is its own.
        number = len(referral.contacts) + 1
        own = {f"{referral.id}-c{number}", f"{referral.id}-r{number}"}
        return frozenset(day for day, reference in sent.items() if reference not in own)


def _allowed(day: date, sent: frozenset[date]) -> bool:
    week = [d for d in sent if day - _WEEK < d < day]
    return day not in sent and len(week) < MOST_A_WEEK


def _recipient(content: ReferralContent, channel: Channel, ehr: str) -> str:
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


def _for_portal(referral: Referral, payload: Payload, channel: Channel) -> dict[str, Any]:
    """Return what only an EHR needs to know: whose message it is, and of which order."""
    if channel != "portal":
        return {}
    patient = patient_reference(payload.service_request)
    return {"patient": patient, "order": referral.placer_identifier}


def _spoken(at: datetime, time_zone: str, language: str) -> str:
    """Return a visit's day and hour in plain words, GSM-7 only."""
    local = at.astimezone(ZoneInfo(time_zone))
    day = weekday(local.weekday(), language)
    if language == "es":
        return f"{day} {local.day}/{local.month} {local:%H:%M}"
    return f"{day} {local.month}/{local.day} {local.hour % 12 or 12}:{local:%M %p}"
