"""The referral, one region a module."""

from referral_core.domain.referral.appointment import Appointment
from referral_core.domain.referral.contact import Contact
from referral_core.domain.referral.notice import Notice, NoticeTopic
from referral_core.domain.referral.offer import Offer, Reservation, ReservedSlot
from referral_core.domain.referral.referral import Origin, Referral, Reopening
from referral_core.domain.referral.report import Report
from referral_core.domain.referral.wanted_service import WantedService
from referral_core.domain.referral.work_item import WorkItem

__all__ = [
    "Appointment",
    "Contact",
    "Notice",
    "NoticeTopic",
    "Offer",
    "Origin",
    "Referral",
    "Reopening",
    "Report",
    "Reservation",
    "ReservedSlot",
    "WantedService",
    "WorkItem",
]
