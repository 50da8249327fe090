"""The series of attempts to reach the patient: since the last rebooking."""

from __future__ import annotations

from referral_core.domain.outreach.plan import Channel
from referral_core.domain.outreach.vocabulary import CallResult
from referral_core.domain.referral import Contact, Referral
from referral_core.domain.referral.contact import ContactState


def series(referral: Referral) -> tuple[Contact, ...]:
    """Return the invitations since the last rebooking: each rebooking starts a new series."""
    recent = referral.contacts[referral.contacts_window_start :]
    return tuple(c for c in recent if c.purpose == "invitation")


def last_contact(referral: Referral) -> Contact | None:
    """Return the last attempt or reminder."""
    return referral.contacts[-1] if referral.contacts else None


def last_channel(referral: Referral) -> Channel | None:
    """Return by what the patient was asked or told last: what they say next answers that."""
    last = last_contact(referral)
    return None if last is None else last.channel


def with_contact_ended(
    referral: Referral, state: ContactState, parts: int = 0
) -> tuple[Contact, ...]:
    """Return the contacts with what came of the last one."""
    *before, last = referral.contacts
    return (*before, last.but(state=state, parts=parts))


def with_call_settled(referral: Referral) -> tuple[Contact, ...]:
    """Return the contacts; a call that was due needs not be made any more."""
    last = last_contact(referral)
    is_due = last is not None and last.state == "due"
    return with_contact_ended(referral, "missed") if is_due else referral.contacts


def with_call_made(referral: Referral, call: Contact) -> tuple[Contact, ...]:
    """Return the contacts with a call that staff made: the one that was due, or one more."""
    last = last_contact(referral)
    if last is not None and last.state == "due":
        made = last.but(at=call.at, state=call.state, day_part=call.day_part, result=call.result)
        return (*referral.contacts[:-1], made)
    return (*referral.contacts, call)


def call_state(result: CallResult) -> ContactState:
    """Return the state of a call with a result: a stranger's answer reached nobody."""
    return "failed" if result is CallResult.WRONG_NUMBER else "made"


def reference_of(referral: Referral, contact: Contact) -> str:
    """Return the mark of a message: referral and attempt (`-c`) or reminder (`-r`), no PHI."""
    mark = "r" if contact.purpose == "reminder" else "c"
    return f"{referral.id}-{mark}{contact.number}"
