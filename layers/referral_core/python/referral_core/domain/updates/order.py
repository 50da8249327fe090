"""Updates about the order: another version, and what ends a referral from outside."""

from enum import StrEnum
from typing import Literal

from referral_core.domain.codes import Coded
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Outcome
from referral_core.domain.update_kinds import UpdateKind
from referral_core.domain.updates.reported import Reported


class ChangedPart(StrEnum):
    """A part of an order that another version may change; what it leads to differs by part."""

    PATIENT = "patient"
    SERVICE = "service"
    URGENCY = "urgency"
    COVERAGE = "coverage"
    PERFORMER = "performer"
    REACH = "reach"
    STATUS = "status"
    CONTENT = "content"


class InformationSupplied(Reported):
    """The author sent another version of the order, or staff corrected it.

    Attributes:
        changed: in which parts it differs from the version before; empty: nobody compared.
    """

    kind: Literal[UpdateKind.INFORMATION_SUPPLIED] = UpdateKind.INFORMATION_SUPPLIED
    changed: tuple[ChangedPart, ...] = ()


class Ending(Reported):
    """Something that ends a referral from wherever it is.

    Attributes:
        reason: the sender's code.
    """

    reason: Coded = None


class Cancel(Ending):
    """The referrer, or staff, no longer want the visit."""

    ends_with = Outcome.CANCELLED_BY_REFERRER
    kind: Literal[UpdateKind.CANCEL] = UpdateKind.CANCEL


class EnteredInError(Ending):
    """The order should never have been sent."""

    ends_with = Outcome.ENTERED_IN_ERROR
    kind: Literal[UpdateKind.ENTERED_IN_ERROR] = UpdateKind.ENTERED_IN_ERROR


class CareReceivedElsewhere(Ending):
    """The patient was seen by somebody whom the router did not choose.

    Attributes:
        performer: NPI of who that was, where it is known.
    """

    ends_with = Outcome.CARE_RECEIVED_ELSEWHERE
    kind: Literal[UpdateKind.CARE_RECEIVED_ELSEWHERE] = UpdateKind.CARE_RECEIVED_ELSEWHERE
    performer: Coded = None


class DeceasedOrMoved(Ending):
    """The patient died, or lives where nobody of the network is."""

    ends_with = Outcome.DECEASED_OR_MOVED
    kind: Literal[UpdateKind.DECEASED_OR_MOVED] = UpdateKind.DECEASED_OR_MOVED


class Superseded(Ending):
    """A newer order replaces this one. Attributes: by: the referral that took its place."""

    ends_with = Outcome.SUPERSEDED
    kind: Literal[UpdateKind.SUPERSEDED] = UpdateKind.SUPERSEDED
    by: ReferralId
