"""What the order wants, read again whenever it is checked: its service, urgency and pathway."""

from __future__ import annotations

from dataclasses import replace

from referral_core.domain.change import Regions
from referral_core.domain.orders.selection import SelectPathway, order_of
from referral_core.domain.terminology import understand
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft
from referral_core.lifecycle.step import Recorder


def understood(case: Case, select: SelectPathway) -> Regions:
    """Return what of the referral follows from the order as it is now.

    The pathway stays pinned while the same one is selected. It changes when the order was read
    before and is another now: its author corrected it, or a person named the service.
    """
    referral, content = case.referral, case.content
    order = content.service.wanted.but(received_at=referral.received_at)
    reading = understand(order, case.overrides)
    service = referral.service.read_again(reading, content.service.wanted)
    regions: Regions = {"service": service, "priority": service.urgency.level.value}
    selected = select(order_of(content, service))
    if referral.service.is_read and selected.id != referral.pathway:
        regions["pathway"] = selected.id
        regions["pathway_version"] = selected.version
        regions["origin"] = referral.origin.but(kind=selected.kind)
    return regions


def with_regions(recorder: Recorder, regions: Regions) -> Recorder:
    """Return a recorder that drafts from what was understood, and writes it with the draft."""

    def record(case: Case) -> Draft:
        drafted = recorder(case.of(case.referral.but(**regions)))
        return replace(drafted, change=drafted.change.but(before=case.referral))

    return record
