"""What may be reported to a referral from outside: one class a kind."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, get_args

from pydantic import ConfigDict, Field, TypeAdapter

from referral_core.domain.update_kinds import Role, UpdateKind
from referral_core.domain.updates.mechanism import (
    ClinicClosed,
    DeadlinePassed,
    NoticeAcknowledged,
    NoticeDelivered,
    NoticeUndeliverable,
    NoticeUpdate,
    PlaceOpened,
    WaitEnded,
)
from referral_core.domain.updates.order import (
    Cancel,
    CareReceivedElsewhere,
    ChangedPart,
    DeceasedOrMoved,
    Ending,
    EnteredInError,
    InformationSupplied,
    Superseded,
)
from referral_core.domain.updates.partners import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentFulfilled,
    AppointmentNoshow,
    AppointmentUpdate,
    AuthorizationDecided,
    OfferAccepted,
    OfferDeclined,
    OfferUpdate,
    ProgressNoted,
    ReportReceived,
    ServiceAttested,
)
from referral_core.domain.updates.people import (
    ContactRecorded,
    DecisionMade,
    PatientReplied,
    WorkItemAct,
    WorkItemUpdated,
)
from referral_core.domain.updates.reported import Reported

__all__ = [
    "ALWAYS_ACCEPTED",
    "ONLY_INFORMS",
    "SETTLED_ON_ARRIVAL",
    "UPDATE",
    "UPDATES",
    "AppointmentBooked",
    "AppointmentCancelled",
    "AppointmentFulfilled",
    "AppointmentNoshow",
    "AppointmentUpdate",
    "AuthorizationDecided",
    "Cancel",
    "CareReceivedElsewhere",
    "ChangedPart",
    "ClinicClosed",
    "ContactRecorded",
    "DeadlinePassed",
    "DeceasedOrMoved",
    "DecisionMade",
    "Ending",
    "EnteredInError",
    "InformationSupplied",
    "NoticeAcknowledged",
    "NoticeDelivered",
    "NoticeUndeliverable",
    "NoticeUpdate",
    "OfferAccepted",
    "OfferDeclined",
    "OfferUpdate",
    "PatientReplied",
    "PlaceOpened",
    "ProgressNoted",
    "ReportReceived",
    "Reported",
    "Role",
    "ServiceAttested",
    "Superseded",
    "Update",
    "UpdateKind",
    "WaitEnded",
    "WorkItemAct",
    "WorkItemUpdated",
    "kind_of",
]

Update = Annotated[
    InformationSupplied
    | Cancel
    | EnteredInError
    | CareReceivedElsewhere
    | DeceasedOrMoved
    | Superseded
    | AuthorizationDecided
    | OfferAccepted
    | OfferDeclined
    | PatientReplied
    | ContactRecorded
    | AppointmentBooked
    | AppointmentCancelled
    | AppointmentNoshow
    | AppointmentFulfilled
    | ReportReceived
    | ServiceAttested
    | ProgressNoted
    | NoticeDelivered
    | NoticeUndeliverable
    | NoticeAcknowledged
    | DecisionMade
    | WorkItemUpdated
    | DeadlinePassed
    | PlaceOpened
    | ClinicClosed,
    Field(discriminator="kind"),
]
UPDATE: Final[TypeAdapter[Update]] = TypeAdapter(Update, config=ConfigDict(defer_build=True))
"""Reads a stored update as the class of its kind."""

UPDATES: Final[Mapping[UpdateKind, type[Reported]]] = MappingProxyType(
    {cls.model_fields["kind"].default: cls for cls in get_args(get_args(Update)[0])}
)
"""The class of each kind."""

ALWAYS_ACCEPTED: Final = frozenset(
    {UpdateKind.INFORMATION_SUPPLIED}
    | {k for k, cls in UPDATES.items() if cls.ends_with is not None}
)
"""Every wait accepts another version of the order, and what ends a referral."""

ONLY_INFORMS: Final = frozenset({UpdateKind.PROGRESS_NOTED, UpdateKind.WORK_ITEM_UPDATED})
"""Recorded at once; no wait ever uses these."""

SETTLED_ON_ARRIVAL: Final = frozenset({UpdateKind.NOTICE_DELIVERED, UpdateKind.NOTICE_ACKNOWLEDGED})
"""What they say is on the referral from then on, whichever wait uses them, or none."""


def kind_of(update: type[Reported]) -> UpdateKind:
    """Return the kind of a class of updates."""
    kind: UpdateKind = update.model_fields["kind"].default
    return kind
