"""One message that tells the patient something and asks nothing, by the rules of all messages.

It is written down before it is sent, never sent twice, and waits for the patient's hours. What it
is about, by which channel it may go out, and where the referral goes on, its occasion says: the
end of the referral, or a visit that is off.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from referral_core.domain.effects import Effect
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.events import ContactFacts, EventKind
from referral_core.domain.lifecycle import Step
from referral_core.domain.messages import DeliveryUnknown
from referral_core.domain.outreach.plan import METERED, Channel, Purpose
from referral_core.domain.outreach.series import last_contact, with_contact_ended
from referral_core.domain.referral import Contact, Referral
from referral_core.domain.referral.contact import ContactState
from referral_core.domain.updates import Update, UpdateKind
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, start_draft
from referral_core.lifecycle.outreach.messages import Messages, free_at, is_opted_out, message_claim
from referral_core.lifecycle.outreach.messages import reachable as has_way
from referral_core.lifecycle.step import Recorder

Mark = Literal["ending", "visit-off"]
TELLS_ONLY: Final = frozenset({UpdateKind.PATIENT_REPLIED, UpdateKind.REPORT_RECEIVED})
"""What is used while a message waits for its hour; what else comes waits for its own step."""
_TRY_AGAIN: Final = timedelta(hours=1)
_DISCREET_SAYS_NOTHING: Final = frozenset({"email"})
"""Channels whose discreet text asks for a call back and says nothing else."""


class Occasion(NamedTuple):
    """What a patient is told.

    Attributes:
        mark: of its contacts.
        is_owed: whether the patient is still to be told.
        channel: by which they may be told now; None: by none.
        purpose: of the text.
        accepts: what is used while it waits for its hour.
        on_update: what that leads to.
        settled: what follows where nothing more can be sent, or need be.
        told: the change once they were told, or were told in vain.
        waits, done: the sentences before and after.
        tried_until: until when a channel that is away is tried again.
    """

    mark: Mark
    is_owed: Callable[[Case], bool]
    channel: Callable[[Case], Channel | None]
    purpose: Callable[[Case], Purpose]
    accepts: frozenset[UpdateKind]
    on_update: Callable[[Case, Update], Draft]
    settled: Callable[[Case], Draft]
    told: Callable[[Case, Draft, bool], Draft]
    waits: str
    done: str
    tried_until: Callable[[Case], datetime]


def start(case: Case, occasion: Occasion) -> Draft:
    """Write the message down before it is sent; go on where none is owed any more.

    One that was being sent when the step died is not sent again: nobody knows whether it was.
    """
    last, contacts = last_contact(case.referral), case.referral.contacts
    if last is not None and last.state == "sending":
        contacts = with_contact_ended(case.referral, "ambiguous")
        case = case.of(case.referral.but(contacts=contacts))
    channel = occasion.channel(case)
    if channel is None or not occasion.is_owed(case):
        return occasion.settled(case)
    claims: tuple[Effect, ...] = ()
    if free_at(case, channel, case.now) <= case.now:
        contact = Contact(
            number=len(contacts) + 1,
            channel=channel,
            at=case.now,
            state="sending",
            purpose=occasion.mark,
            day_part=case.hours.part_of(case.now),
        )
        contacts, claims = (*contacts, contact), message_claim(case, contact)
    return start_draft(
        case, Step.CONTACT_PATIENT, occasion.waits, effects=claims, contacts=contacts
    )


def execute(case: Case, messages: Messages, occasion: Occasion) -> Recorder:
    """Send what `start` wrote down, or wait until it may be sent."""
    contact = last_contact(case.referral)
    if contact is None or contact.state != "sending":
        return lambda current: _waits(current, occasion)
    try:
        parts = messages.send(case, contact, occasion.purpose(case))
    except DeliveryUnknown:
        return lambda current: _ended(current, occasion, "ambiguous")
    except Retryable:
        return lambda current: _channel_down(current, occasion)
    except Permanent:
        return lambda current: _ended(current, occasion, "failed")
    return lambda current: _ended(current, occasion, "sent", parts)


def told_of(referral: Referral, mark: Mark) -> tuple[Contact, ...]:
    """Return the tries to tell the patient of this since the present clinic, or none, has it."""
    recent = referral.contacts[referral.contacts_window_start :]
    return tuple(c for c in recent if c.purpose == mark)


def hour_has_come(case: Case, update: Update) -> Draft:
    """Draft that what waited for its hour is looked at again: it may go out now."""
    return draft(
        case,
        EventKind.PATIENT_TO_BE_TOLD,
        "The hour has come at which the patient may be told.",
        then=Step.CONTACT_PATIENT,
        by=update,
        same_owner=True,
    )


def told_by_a_person(referral: Referral, at: datetime, *, reached: bool) -> tuple[Contact, ...]:
    """Return the contacts with the call about a visit that is off, or that reached nobody."""
    call = Contact(
        number=len(referral.contacts) + 1,
        channel="call",
        at=at,
        state="made" if reached else "missed",
        purpose="ending" if referral.is_ending else "visit-off",
    )
    return (*referral.contacts, call)


def by_text(case: Case, mark: Mark, before: datetime | None, *also: Channel) -> Channel | None:
    """Return the first channel by which a patient may be told in time; None: by none.

    Args:
        case: the referral and the moment.
        mark: of what is to be told: a channel that failed it is not tried again.
        before: when it is too late; None: never.
        *also: channels besides text message and email.
    """
    tries = told_of(case.referral, mark)
    in_vain = {c.channel for c in tries if c.state in {"failed", "ambiguous"}}
    if is_opted_out(case):
        return None
    silent = _DISCREET_SAYS_NOTHING if case.rules.outreach.discreet else frozenset()
    usual: tuple[Channel, ...] = ("sms", "email")
    return next(
        (
            channel
            for channel in (*usual, *also)
            if channel not in in_vain | silent
            and has_way(case, channel)
            and (before is None or free_at(case, channel, case.now) < before)
        ),
        None,
    )


def _waits(case: Case, occasion: Occasion) -> Draft:
    channel = occasion.channel(case)
    due = case.soon if channel is None else free_at(case, channel, case.now)
    return draft(case, EventKind.PATIENT_TO_BE_TOLD, occasion.waits, due_at=due)


def _channel_down(case: Case, occasion: Occasion) -> Draft:
    """Draft that nothing was sent: it is tried again, and a visit is called off by a person."""
    again = case.now + _TRY_AGAIN
    if again >= occasion.tried_until(case):
        return _ended(case, occasion, "failed")
    return draft(
        case,
        EventKind.CHANNEL_UNAVAILABLE,
        "The message channel is not available; the message is sent once it is.",
        due_at=again,
        facts=ContactFacts(channel=case.referral.contacts[-1].channel),
        contacts=case.referral.contacts[:-1],
    )


def _ended(case: Case, occasion: Occasion, state: ContactState, parts: int = 0) -> Draft:
    contact, is_sent = case.referral.contacts[-1], state == "sent"
    ended = draft(
        case,
        EventKind.PATIENT_TOLD if is_sent else EventKind.CHANNEL_UNAVAILABLE,
        occasion.done if is_sent else "The message to the patient did not surely arrive.",
        facts=ContactFacts(attempt=contact.number, channel=contact.channel),
        metered={METERED[contact.channel]: parts} if parts else None,
        contacts=with_contact_ended(case.referral, state, parts),
    )
    return occasion.told(case, ended, is_sent)
