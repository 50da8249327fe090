"""What a script may say of each partner: its names, values and defaults; all else is an error.

Durations are ISO 8601, in virtual time. What happens in turn is one value or a list: the first
for the first time, and so on; the last one repeats.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final

from local.partners.scripts.fields import Part, nth

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
ELIGIBILITY: Final = frozenset({"active", "inactive", "unclear", "down", "down-once"})
_ACTIONS: Final = ("A1", "A2", "A3", "A4", "A6", "C", "CT", "NA")
AUTHORIZATION: Final = frozenset(
    {
        *_ACTIONS,
        *(f"A4-then-{action}" for action in _ACTIONS if action != "A4"),
        *("not-required", "down", "down-once"),
    }
)
OFFERS: Final = frozenset({"accept", "decline", "silent", "withdraw"})
VISITS: Final = frozenset({"attended", "no-show", "cancelled", "rescheduled", "silent"})
DOCUMENTS: Final = frozenset({"document", "diagnostic-report"})
CALLS: Final = frozenset(
    {
        *("agreed", "declined", "another-time", "another-clinic"),
        *("voicemail", "no-answer", "wrong-number", "opted-out"),
    }
)
ENDINGS: Final = frozenset(
    {"revoked", "entered-in-error", "care-received-elsewhere", "deceased", "moved"}
)


@dataclass(frozen=True)
class Reopening(Part):
    """That a closed referral is opened again, once.

    Attributes:
        after: counted from the notice of the end.
        resume: the step at which it goes on, as `$reopen` wants it.
        reason: a kebab-case code.
    """

    after: timedelta = 2 * _DAY
    resume: str = "ContactPatient"
    reason: str = "patient-called-back"


def optional_reopening(given: Any) -> Reopening | None:
    """Read a reopening, or that there is none."""
    return None if given is None else Reopening.read(given)


@dataclass(frozen=True)
class PayerPart(Part):
    """The payer.

    Attributes:
        eligibility: of each inquiry in turn: `active`, `inactive`, `unclear` (member not found),
            `down`, `down-once` (cannot answer the first time, then active).
        authorization: of each request in turn (asking again after a denial is a new one): a review
            action `A1 A2 A3 A4 A6 C CT NA`, `A4-then-X`, `down`, `down-once`, or `not-required`,
            which the 271 says already.
        decides_after: of what pended.
        appeal: the decision once staff have appealed; None never decides.
    """

    OF: ClassVar = {
        "eligibility": ELIGIBILITY,
        "authorization": AUTHORIZATION,
        "appeal": ("A1", "A3"),
    }

    eligibility: tuple[str, ...] = ("active",)
    authorization: tuple[str, ...] = ("A1",)
    decides_after: timedelta = 2 * _DAY
    appeal: str | None = None
    appeal_after: timedelta = 10 * _DAY


@dataclass(frozen=True)
class ReportPart(Part):
    """One document that a clinic sends after a visit.

    Attributes:
        after: counted from the visit, or from the reminder where the clinic must be chased.
        loinc: its type; None for what the order calls for.
        form: sidecar name `as`: `document` or `diagnostic-report`; None for what goes with it.
        media_type: sidecar name `type`.
    """

    NAMES: ClassVar = {"form": "as", "media_type": "type"}
    OF: ClassVar = {"form": DOCUMENTS}

    after: timedelta = 3 * _DAY
    loinc: str | None = None
    final: bool = True
    critical: bool = False
    form: str | None = None
    media_type: str = "text/plain"


def _reports(given: Any) -> tuple[ReportPart, ...]:
    if not isinstance(given, list):
        raise ValueError(f"{given!r} is no list")  # noqa: TRY004 - as all of a script
    return tuple(ReportPart.read(report) for report in given)


@dataclass(frozen=True)
class ClinicPart(Part):
    """The clinics.

    Attributes:
        offers: the answer to each offer in turn; `withdraw` accepts and gives back later.
        answers_reminder: whether a silent clinic accepts once it is reminded.
        books_after: counted from the patient's word, or from our word that a booking is awaited.
        visit: how each visit booked goes, in turn; after the last one nothing more is booked.
        reschedules_by: how much later a visit is moved to.
        report, report_after, report_loinc, report_type: the one document after a visit.
        reports: several, instead of it.
        reports_when_chased: whether they come only after a reminder.
        attests: the code by which the clinic completes its Task instead of sending a report.
    """

    OF: ClassVar = {"offers": OFFERS, "visit": VISITS}
    READERS: ClassVar = {"reports": _reports}

    offers: tuple[str, ...] = ("accept",)
    answer_after: timedelta = 4 * _HOUR
    answers_reminder: bool = False
    withdraws_after: timedelta = _DAY
    books: bool = True
    books_after: timedelta = _DAY
    visit_in: timedelta = 7 * _DAY
    visit: tuple[str, ...] = ("attended",)
    reschedules_by: timedelta = 3 * _DAY
    report: bool = True
    report_after: timedelta = 3 * _DAY
    report_loinc: str | None = None
    report_type: str = "text/plain"
    reports: tuple[ReportPart, ...] | None = None
    reports_when_chased: bool = False
    attests: str | None = None
    attests_after: timedelta = 3 * _DAY

    def answer(self, number: int) -> str:
        """Return the answer to an offer, counted from 0."""
        return nth(self.offers, number)

    @property
    def documents(self) -> tuple[ReportPart, ...]:
        """What is sent after a visit."""
        if self.attests is not None:
            return ()
        if self.reports is not None:
            return self.reports
        one = ReportPart(
            after=self.report_after, loinc=self.report_loinc, media_type=self.report_type
        )
        return (one,) if self.report else ()


@dataclass(frozen=True)
class PatientPart(Part):
    """The patient.

    Attributes:
        reply: to each message in turn; None ignores it.
        reply_to_reminder: to each reminder of a visit in turn.
        on_call: what comes of each call by staff, in turn.
    """

    OF: ClassVar = {"on_call": CALLS}

    reply: tuple[str | None, ...] = ("YES",)
    reply_after: timedelta = 2 * _HOUR
    reply_to_reminder: tuple[str | None, ...] = (None,)
    on_call: tuple[str, ...] = ("agreed",)

    def answer(self, number: int) -> str | None:
        """Return the reply to a message, counted from 0."""
        return nth(self.reply, number)


@dataclass(frozen=True)
class EhrPart(Part):
    """The EHR.

    Attributes:
        supplies: the file, beside the sidecar, with the order as it is sent when asked for more;
            `generated` completes its own order with what the Task says is missing.
        cancels_when: short for `ends_when` with `revoked`.
        ends_when: the business status of the coordination Task at which the EHR ends it.
        ends_with: how it does so.
        supersedes: the file with the order that replaces this one; `generated` sends its own again.
        supersedes_after: counted from the posting.
        acknowledges: whether the notice of the end is acknowledged.
        reopens: once it hears of the end.
    """

    OF: ClassVar = {"ends_with": ENDINGS}
    READERS: ClassVar = {"reopens": optional_reopening}

    supplies: str | None = None
    supplies_after: timedelta = _DAY
    cancels_when: str | None = None
    ends_when: str | None = None
    ends_with: str = "revoked"
    supersedes: str | None = None
    supersedes_after: timedelta = 2 * _DAY
    acknowledges: bool = True
    acknowledges_after: timedelta = 6 * _HOUR
    reopens: Reopening | None = None

    def __post_init__(self) -> None:
        """Refuse two endings, and a way to end without a time."""
        if self.cancels_when and (self.ends_when or self.ends_with != "revoked"):
            raise ValueError("cancels_when is ends_when with revoked: give one of them")
        if self.ends_with != "revoked" and not self.ends_when:
            raise ValueError("ends_with needs ends_when")

    @property
    def ends_at(self) -> str | None:
        """The business status at which it is ended."""
        return self.ends_when or self.cancels_when
