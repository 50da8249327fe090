"""The one gate that content passes on its way out: to whom, why, how much, and with whose consent.

Records of substance use need the patient's consent for every disclosure, treatment and payment
included (42 CFR 2.31, 2.33), and a statement that forbids passing them on (2.32); records of mental
health need it here too. What an order discloses is read of the order as it is now, whatever was
checked before, since its author may send another version at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from referral_core.domain.access.audit import Purpose, Recipient
from referral_core.domain.events import WorkItemFacts
from referral_core.domain.lifecycle import Step
from referral_core.domain.orders.required_facts import CONSENT
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.consent import has_consent, needs_consent
from referral_core.lifecycle.draft import Draft, forward_work_item, open_work_item
from referral_core.lifecycle.step import LifecycleStep


class Holds(StrEnum):
    """How much goes out: the minimum that the recipient needs (45 CFR 164.502(b))."""

    IDENTITY = "who the patient is, and the kind of service"
    REQUEST = "the service asked for, its diagnoses, who the patient is and who serves"
    EVERYTHING = "all that was sent about the patient: treatment needs no minimum"
    ADDRESS = "a number or an address, and a text that names no service"


class Disclosure(NamedTuple):
    """What a step sends out."""

    recipient: Recipient
    purpose: Purpose
    holds: Holds


DISCLOSURES: Final[Mapping[Step, Disclosure]] = MappingProxyType(
    {
        Step.CHECK_ELIGIBILITY: Disclosure(Recipient.PAYER, Purpose.PAYMENT, Holds.IDENTITY),
        Step.REQUEST_AUTHORIZATION: Disclosure(Recipient.PAYER, Purpose.PAYMENT, Holds.REQUEST),
        Step.OFFER_REFERRAL: Disclosure(Recipient.CLINIC, Purpose.TREATMENT, Holds.EVERYTHING),
        Step.CONTACT_PATIENT: Disclosure(Recipient.VENDOR, Purpose.TREATMENT, Holds.ADDRESS),
        Step.AWAIT_VISIT: Disclosure(Recipient.VENDOR, Purpose.TREATMENT, Holds.ADDRESS),
    }
)
"""Every step that sends content; other steps send codes of a referral that its recipient has, and
notices to the EHR that the content came from."""


def may_send(case: Case, step: LifecycleStep) -> bool:
    """Tell whether a step may send out what it does."""
    return step.name not in DISCLOSURES or not needs_consent(case) or has_consent(case)


def withheld(step: LifecycleStep, case: Case) -> Draft:
    """Draft that a person sees what may not be sent: in the item that is open, or a new one."""
    if case.referral.work_item is not None:
        return _seen_first(forward_work_item(case), step)
    facts = WorkItemFacts(missing=(CONSENT,))
    return _seen_first(open_work_item(case, Reason.CONSENT_MISSING, facts=facts), step)


def _seen_first(drafted: Draft, step: LifecycleStep) -> Draft:
    """Lead to the person: by way of the next state, where no choice follows the step."""
    direct = Step.OPEN_WORK_ITEM in step.goes_to
    return drafted if direct else drafted.to(Step.ROUTE_REFERRAL)
