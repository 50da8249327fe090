"""Whom else staff call about a patient whom nothing reached, and what may be said to them.

A child's parent or guardian, and whoever speaks for a patient by law (45 CFR 164.502(g)), may hear
of the visit. Anybody else is asked to have the patient call back, and told nothing more; where an
order needs consent or its messages are discreet, that the patient is known here says too much.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from referral_core.domain.orders.clinical_content import ContactPerson, is_child
from referral_core.domain.orders.relationships import BY_LAW, PARENTS, may_be_called
from referral_core.domain.pathway import OutreachAttempt
from referral_core.domain.referral import Contact
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.consent import needs_consent

_MOST: Final = 2
"""Calls to other people in one series."""


def alternates(case: Case) -> tuple[int, ...]:
    """Return whom staff may call when nothing reached the patient: their places in the order."""
    patient = case.content.patient
    only_speakers = case.rules.outreach.discreet or needs_consent(case)
    found = (
        number
        for number, contact in enumerate(patient.contacts, 1)
        if contact.phone
        and contact.phone != patient.phone
        and may_be_called(contact.relationship)
        and (speaks_for(case, contact) or not only_speakers)
    )
    return tuple(islice(found, _MOST))


def speaks_for(case: Case, contact: ContactPerson) -> bool:
    """Whether somebody may hear what the patient may hear: a parent, as long as it is a child."""
    is_parent = contact.relationship in PARENTS
    return contact.relationship in BY_LAW or (
        is_parent and is_child(case.content.patient.birth_date, case.now)
    )


def is_speaker(case: Case, place: int) -> bool:
    """Whether the contact at a place in the order speaks for the patient.

    A later version of the order may name fewer: then nobody is known to.
    """
    named = case.content.patient.contacts[place - 1 : place]
    return any(speaks_for(case, contact) for contact in named)


def attempts_of(case: Case) -> tuple[OutreachAttempt, ...]:
    """Return the attempts of a series: the pathway's, then a call to each other person."""
    planned = case.rules.outreach.attempts
    call = OutreachAttempt(channel="call", at=planned[-1].at)
    return (*planned, *(call for _ in alternates(case)))


def alternate_at(case: Case, position: int) -> int | None:
    """Return whom an attempt calls, by their place in the order; None: it is the patient."""
    others = dict(enumerate(alternates(case), len(case.rules.outreach.attempts)))
    return others.get(position)


def sentence_of(case: Case, call: Contact) -> str | None:
    """Return what a call to another person is, without PHI; None where the patient is called."""
    if call.alternate is None:
        return None
    rule = (
        "they may be told about the visit."
        if is_speaker(case, call.alternate)
        else "ask that the patient call back, and say nothing more."
    )
    return f"Nothing reached the patient. Call contact {call.alternate} of the order: {rule}"
