"""Who may speak for whom: a role is not enough, the referral must be the speaker's own.

One table says it for every kind of update. It is asked at the door, and again when an update is
used: an update may have waited, and authority ends with the role that gave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.evidence import ORDER_DOCUMENT, REPORT, Evidence
from referral_core.domain.referral import Referral
from referral_core.domain.update_kinds import Role, UpdateKind

if TYPE_CHECKING:
    from referral_core.domain.updates import Reported


class Owner(StrEnum):
    """Which of a role's principals a kind of update belongs to."""

    TENANT = "anybody of the tenant"
    REFERRER = "the EHR of the order"
    PAYER = "the payer asked"
    PERFORMER = "the clinic in hand"
    LAST_PERFORMER = "the clinic in hand, or last before the referral ended"
    TEAM = "the team of the queue"


class Authority(StrEnum):
    """How a speaker stands to a referral: it speaks for it, did once, or never."""

    PRESENT = "present"
    ENDED = "ended"
    NONE = "none"


_EXCHANGED: Final = frozenset({ORDER_DOCUMENT, REPORT})
_K: Final = UpdateKind
_OF_REFERRER: Final = {Role.EHR: Owner.REFERRER}
_TOLD_TO_STAFF: Final = {Role.STAFF: Owner.TENANT}
_OF_PERFORMER: Final = {Role.CLINIC: Owner.PERFORMER, **_TOLD_TO_STAFF}
_OF_TEAM: Final = {Role.STAFF: Owner.TEAM}
_OF_ROUTER: Final = {Role.ROUTER: Owner.TENANT}

_WITH_THE_ORDER: Final = (
    "A report is sent by the clinic. A document of your own order goes with the order: PUT the "
    "ServiceRequest with the DocumentReference in contained, named in supportingInfo, its "
    "attachment inline or by $upload."
)

OWNERS: Final[Mapping[UpdateKind, Mapping[Role, Owner]]] = MappingProxyType(
    {
        _K.INFORMATION_SUPPLIED: {**_OF_REFERRER, **_TOLD_TO_STAFF},
        _K.CANCEL: {**_OF_REFERRER, **_TOLD_TO_STAFF},
        _K.ENTERED_IN_ERROR: _OF_REFERRER,
        _K.CARE_RECEIVED_ELSEWHERE: {**_OF_REFERRER, **_TOLD_TO_STAFF},
        _K.DECEASED_OR_MOVED: {**_OF_REFERRER, **_TOLD_TO_STAFF},
        _K.SUPERSEDED: _OF_REFERRER,
        _K.AUTHORIZATION_DECIDED: {Role.PAYER: Owner.PAYER, **_OF_TEAM},
        _K.OFFER_ACCEPTED: _OF_PERFORMER,
        _K.OFFER_DECLINED: _OF_PERFORMER,
        # A number's referrals are found by the number: whoever answers is who was written to.
        _K.PATIENT_REPLIED: {Role.PATIENT_CHANNEL: Owner.TENANT, **_TOLD_TO_STAFF},
        _K.CONTACT_RECORDED: _OF_TEAM,
        _K.APPOINTMENT_BOOKED: _OF_PERFORMER,
        _K.APPOINTMENT_CANCELLED: _OF_PERFORMER,
        _K.APPOINTMENT_NOSHOW: _OF_PERFORMER,
        _K.APPOINTMENT_FULFILLED: _OF_PERFORMER,
        # What the clinic saw before the referral was cancelled, it still reports.
        _K.REPORT_RECEIVED: {Role.CLINIC: Owner.LAST_PERFORMER, **_TOLD_TO_STAFF},
        _K.SERVICE_ATTESTED: _OF_PERFORMER,
        _K.PROGRESS_NOTED: {**_OF_PERFORMER, **_OF_REFERRER},
        _K.NOTICE_DELIVERED: _OF_ROUTER,
        _K.NOTICE_UNDELIVERABLE: _OF_ROUTER,
        _K.NOTICE_ACKNOWLEDGED: {**_OF_REFERRER, **_TOLD_TO_STAFF},
        _K.DECISION: _OF_TEAM,
        _K.WORK_ITEM_UPDATED: _OF_TEAM,
        _K.DEADLINE: _OF_ROUTER,
        _K.PLACE_OPENED: _OF_ROUTER,
        _K.CLINIC_CLOSED: _OF_ROUTER,
    }
)
"""Kind of update → role that may post it → which of that role's principals."""


def may_post(kind: UpdateKind) -> frozenset[Role]:
    """Return the roles that may post a kind of update at all."""
    return frozenset(OWNERS[kind])


def require_may_post(principal: Principal, kind: UpdateKind) -> None:
    """Let pass who may post a kind of update at all.

    Raises:
        Forbidden: another role; an EHR is told how a document of its own order comes.
    """
    if principal.role is Role.EHR and kind is UpdateKind.REPORT_RECEIVED:
        raise Forbidden(_WITH_THE_ORDER)
    principal.require_role(*may_post(kind))


def require_authority(
    principal: Principal, kind: UpdateKind, referral: Referral, offer: int | None = None
) -> Authority:
    """Return how a principal stands to a referral of which it reports.

    Args:
        principal: who reports.
        kind: of the update.
        referral: as it is now.
        offer: the number of the offer that is named, if one is.

    Raises:
        Forbidden: its role, or its team, may not post this kind.
        NotFound: the referral is none of its own: it is told no more than of one that is not there.
    """
    require_may_post(principal, kind)
    owner = OWNERS[kind][principal.role]
    if owner is Owner.TEAM:
        _require_team(principal, referral)
    found = _authority(owner, principal.organization, referral, offer)
    if found is Authority.NONE:
        raise NotFound("There is no such referral.")
    return found


def authority_of(update: Reported, referral: Referral) -> Authority:
    """Return how whoever reported an update stands to the referral now that it is used.

    A team was judged at the door: a decision names the work item that it was made on.
    """
    owner = OWNERS[update.kind].get(update.role)
    if owner is None:
        return Authority.NONE
    offer = getattr(update, "offer", None)
    return _authority(owner, update.organization, referral, offer)


def is_referrer(principal: Principal, referral: Referral) -> bool:
    """Whether an EHR sent the order: of another EHR's orders it may know nothing."""
    return principal.role is Role.EHR and principal.organization == referral.referrer


def may_read(principal: Principal, referral: Referral, kept: Evidence) -> bool:
    """Whether a document of a referral is for a principal to read.

    An EHR reads what was sent with its order and what clinics reported; a clinic, what came with
    the order while it has it, and its own reports.
    """
    match principal.role:
        case Role.STAFF:
            return kept.kind in _EXCHANGED
        case Role.EHR:
            return kept.kind in _EXCHANGED and is_referrer(principal, referral)
        case Role.CLINIC if kept.kind == ORDER_DOCUMENT:
            stands = _authority(Owner.LAST_PERFORMER, principal.organization, referral, None)
            return stands is Authority.PRESENT
        case Role.CLINIC:
            return kept.kind == REPORT and kept.source == principal.organization
        case _:
            return False


def _authority(owner: Owner, organization: str, referral: Referral, offer: int | None) -> Authority:
    match owner:
        case Owner.REFERRER:
            return _present_if(organization == referral.referrer)
        case Owner.PAYER:
            return _of_payer(organization, referral)
        case Owner.PERFORMER:
            return _of_performer(organization, referral, offer)
        case Owner.LAST_PERFORMER:
            found = _of_performer(organization, referral, offer)
            is_last = found is Authority.ENDED and ended_with_it(organization, referral)
            return Authority.PRESENT if is_last else found
        case Owner.TENANT | Owner.TEAM:
            return Authority.PRESENT


def _of_payer(organization: str, referral: Referral) -> Authority:
    """Judge a payer: the one asked, or about to be: its answer may come before our record of it."""
    known, covered = referral.authorization, referral.eligibility
    asked = known.payer if known else None
    if asked == organization:
        return Authority.PRESENT
    return _present_if(asked is None and covered is not None and covered.payer == organization)


def _of_performer(organization: str, referral: Referral, number: int | None) -> Authority:
    """Judge a clinic by the offer that is named, else by the last one that was made to it."""
    offers = [o for o in referral.offers if o.organization == organization]
    if number is not None:
        offers = [o for o in offers if o.number == number]
    if not offers:
        return Authority.NONE
    return Authority.PRESENT if offers[-1].is_in_hand else Authority.ENDED


def ended_with_it(organization: str, referral: Referral) -> bool:
    """Whether a clinic had the referral until the referral itself ended."""
    last = referral.offers[-1]
    ended = last.status == "taken-back" and referral.proposed_outcome is not None
    return ended and last.organization == organization


def _present_if(condition: object) -> Authority:
    return Authority.PRESENT if condition else Authority.NONE


def _require_team(principal: Principal, referral: Referral) -> None:
    """Refuse staff of another team than the one on whose worklist the referral stands."""
    if referral.work_item is not None and not principal.is_of_team(referral.queue):
        raise Forbidden(f"This work item is {referral.queue}'s: ask them, or let it be assigned.")
