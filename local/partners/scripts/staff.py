"""What a script may say of the staff: what they do with each kind of work item, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, Final

from local.partners.scripts.fields import Part, nth, one_of
from local.partners.scripts.parts import CALLS, Reopening, optional_reopening

REASONS: Final = frozenset(
    {
        *("fault", "missing-information", "payer-unknown", "not-eligible", "eligibility-unclear"),
        *(
            "service-unclear",
            "possible-duplicate",
            "consent-missing",
            "not-in-time",
            "order-changed",
            "no-candidate",
            "authorization-denied",
            "authorization-unclear",
        ),
        *("authorization-ended", "authorization-denied-late", "patient-wrote-unasked"),
        *("authorization-overdue", "fee-class-missing", "call-due", "escalated"),
        *("another-time-wanted", "patient-cancels", "closing-sign-off", "patient-opted-out"),
        *("patient-wrote", "patient-not-reached", "patient-not-told", "ending-contradicted"),
        *("message-ambiguous", "message-refused"),
        *("not-booked", "visit-unauthorized", "visit-too-early", "interpreter-needed"),
        "clinic-closed",
        *("visit-unconfirmed", "rebookings-exhausted", "report-overdue"),
        *("critical-result", "notice-undelivered", "not-acknowledged"),
        "report-of-former-performer",
    }
)
CARE: Final = frozenset({"claim", "release", "assign", "snooze", "comment"})
"""What settles no work item: its next action follows."""
_OUTCOMES: Final = (
    *("completed-attested", "patient-declined", "unable-to-reach", "cancelled-by-referrer"),
    *("no-provider-available", "not-eligible", "authorization-denied-final"),
    *("care-received-elsewhere", "deceased-or-moved", "expired-unresolved"),
)
ACTIONS: Final = frozenset(
    {
        *CARE,
        *(
            "retry",
            "name-service",
            "choose-performer",
            "accept-later",
            "check-again",
            "record-call",
            "enter-authorization",
            "self-pay",
            "record-consent",
        ),
        *("contact-again", "route-again", "keep-waiting", "sign-off", "appeal", "resubmit"),
        *("override", "confirm-eligible", "patient-agreed", "rebook", "appointment-fulfilled"),
        *("acknowledged-by-phone", "told-another-way", "patient-told", "not-reached"),
        *(f"close:{outcome}" for outcome in _OUTCOMES),
    }
)
HOURS: Final = frozenset({"any", "office"})


@dataclass(frozen=True)
class Act(Part):
    """One decision; names in a sidecar are those of `POST /work-items/{id}/decision`.

    Attributes:
        valid_from, valid_to: a date, or a duration from the day on which it is done.
        until: an instant, or a duration from when it is done.
        result: of `record-call`; None lets the patient's part say it.
        spoke_with: of `record-call`: who said so.
        specialty, keep: of `name-service`; None names internal medicine.
        performer, override: of `choose-performer`, as the API has them.
        number: of `enter-authorization`; None makes one up.
    """

    NAMES: ClassVar = {
        "valid_from": "validFrom",
        "valid_to": "validTo",
        "fee_class": "feeClass",
        "spoke_with": "spokeWith",
    }
    OF: ClassVar = {
        "action": ACTIONS,
        "result": CALLS,
        "fee_class": "ABCD",
        "spoke_with": ("patient", "contact"),
    }

    action: str
    comment: str | None = None
    owner: str | None = None
    until: str | None = None
    number: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    fee_class: str | None = None
    result: str | None = None
    spoke_with: str = "patient"
    specialty: str | None = None
    keep: bool = False
    performer: str | None = None
    override: str | None = None


def _act(given: Any) -> Act | None:
    if given is None:
        return None
    given = {"action": given} if isinstance(given, str) else given
    if isinstance(given, Mapping) and "action" not in given:
        raise ValueError("name the action")
    return Act.read(given)


def _decides(given: Any) -> Mapping[str, tuple[Act | None, ...]]:
    if not isinstance(given, Mapping):
        raise ValueError(f"{given!r} is no object")  # noqa: TRY004 - as all of a script
    turns = {}
    for reason, acts in given.items():
        one_of(REASONS, reason)
        listed = acts if isinstance(acts, list) else [acts]
        turns[reason] = tuple(_act(act) for act in listed)
        if not listed:
            raise ValueError(f"{reason}: an empty list says nothing")
    return turns


@dataclass(frozen=True)
class StaffPart(Part):
    """The staff.

    Attributes:
        works_after: how long after they see an item they do something about it.
        hours: `office` works Monday to Friday from nine to five only.
        decides: by reason, what they do with each item of it in turn; what is None or not named
            stays on the worklist.
        reopens: once they hear of the end.
    """

    OF: ClassVar = {"hours": HOURS}
    READERS: ClassVar = {"decides": _decides, "reopens": optional_reopening}

    works_after: timedelta = timedelta(hours=4)
    hours: str = "any"
    decides: Mapping[str, tuple[Act | None, ...]] = field(default_factory=dict)
    reopens: Reopening | None = None

    def act(self, reason: str, number: int) -> Act | None:
        """Return what is done with the nth item of a reason, counted from 0."""
        turns = self.decides.get(reason)
        return nth(turns, number) if turns else None
