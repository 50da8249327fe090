"""Which result of a closed referral a person must read now."""

from __future__ import annotations

from referral_core.domain.referral import Referral
from referral_core.fhir.inbound.documents import DocumentUpdate


def is_to_be_read_now(referral: Referral, reported: DocumentUpdate) -> bool:
    """Whether a critical result came after the visit was closed, and not for the second time.

    A referral that ended without its clinic has no step that could read it: there it waits first
    among the unmatched.
    """
    is_known = any(report.sha256 == reported.sha256 for report in referral.reports)
    is_news = reported.critical and not reported.withdrawn and not is_known
    return is_news and referral.is_closed and referral.offer is not None
