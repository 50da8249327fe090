"""The 271: what a payer says of a person's coverage, reduced to what routing needs.

A 271 lists benefits line by line (EB). EB01 says active (1 to 4), inactive (6) or not covered (I),
for the service types in EB03; a line without one speaks of the plan. A line holds on the days that
it states: what was active is not active any more, what was inactive in another year says nothing.
A payer that cannot say so (AAA, or EB01 5, 7, 8, E, N, O, T, U, V, Y), or is active for emergencies
only or for family planning, or with nothing left of the benefit, or unpaid, has not said no: the
verdict is then unclear, and a person looks. EB01 R names one more payer, which takes nothing back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

from referral_core.domain.codes import code_in
from referral_core.domain.errors import Retryable
from referral_core.domain.orders.patient_identity import PatientIdentity
from referral_core.domain.payers.eligibility import EligibilityVerdict
from referral_core.domain.payers.requests import EligibilityResponse
from referral_core.x12.benefits import (
    ACTIVE,
    PLAN,
    Benefit,
    benefits_of,
    day_in,
    paid_until,
    says_died,
)
from referral_core.x12.interchange import Segment, X12Error, element, read_transactions

_INACTIVE: Final = frozenset({"6", "I"})
_UNSURE: Final = frozenset({"5", "7", "8", "E", "N", "O", "T", "U", "V", "Y"})
"""Among them N: with one provider only; O: not seen as necessary; T: the card was reported lost."""
_OTHER_PAYER: Final = "R"
_TRY_LATER: Final = frozenset({"42", "80"})
_SUBSCRIBER, _DEPENDENT = "22", "23"
_PATIENT_LEVELS: Final = frozenset({_SUBSCRIBER, _DEPENDENT})
_PEOPLE: Final = frozenset({"IL", "03"})
"""NM101 of a subscriber, and of a dependent."""
_ECHOED: Final = "2"
_NOT_STATED: Final = "not-stated"

REPORTED_DEAD: Final = "reported-dead"
OF_SUBSCRIBER_ONLY: Final = "of-subscriber-only"
USED_UP: Final = "benefit-used-up"
UNPAID: Final = "premium-unpaid"
LIMITED: Final = "limited-benefit"
"""Why a payer's active line is for a person to read."""
_ALWAYS_OPEN: Final = frozenset({REPORTED_DEAD, OF_SUBSCRIBER_ONLY})

_YES, _NO = "Y", "N"


class _Level(NamedTuple):
    """One hierarchical level: 20 payer, 21 provider, 22 subscriber, 23 dependent."""

    code: str
    segments: list[Segment]

    def having(self, name: str) -> list[Segment]:
        return [segment for segment in self.segments if segment[0] == name]

    @property
    def speaks_of_patient(self) -> bool:
        return self.code in _PATIENT_LEVELS and bool(self.having("EB") or self.having("AAA"))

    def traces(self) -> set[str]:
        """Return the traces of ours that the payer echoes; its own are of no interest."""
        return {element(trn, 2) for trn in self.having("TRN") if element(trn, 1) == _ECHOED}


def read_271(
    text: str,
    *,
    service_type: str = PLAN,
    trace: str | None = None,
    service_date: date | None = None,
) -> EligibilityResponse:
    """Read a payer's answer.

    Args:
        text: the interchange.
        service_type: the EQ01 that was asked for.
        trace: the trace that was sent; an answer that echoes another one is refused.
        service_date: what was asked for; None: the dates of benefits are not compared.

    Raises:
        Retryable: the payer could not respond now (AAA 42 or 80).
        X12Error: it is no 271, is cut short, or speaks of another request.
    """
    transactions = [found for found in read_transactions(text) if found.kind == "271"]
    if len(transactions) != 1:
        raise X12Error(f"A 271 was expected; the text holds {len(transactions)}.")
    levels = _levels(transactions[0].segments)
    patient = _patient(levels, trace)
    rejects = [
        element(segment, 3) or _NOT_STATED
        for level in levels
        if level.code not in _PATIENT_LEVELS or level is patient
        for segment in level.having("AAA")
    ]
    if rejects and set(rejects) <= _TRY_LATER:
        raise Retryable(f"The payer cannot respond now (AAA {rejects[0]}).")
    repetition = transactions[0].separators.repetition
    benefits = _about(patient, repetition) if patient else []
    specific = [line for line in benefits if service_type in line.service_types]
    plan = [line for line in benefits if line.speaks_of_plan]
    refused = [reason for reason in rejects if reason not in _TRY_LATER]
    verdict = _verdict(specific, plan, service_date)
    because = _open_because(levels, patient, (*specific, *plan), service_date)
    # What has ended has ended, whatever is left of it.
    takes_back = because in _ALWAYS_OPEN or verdict is EligibilityVerdict.ACTIVE
    is_open = bool(refused) or (because is not None and takes_back)
    return EligibilityResponse(
        verdict=EligibilityVerdict.UNCLEAR if is_open else verdict,
        authorization_required=_authorization(specific, plan),
        in_network=_in_network(specific) if specific else _in_network(plan),
        reject_reason=code_in(refused[0]) if refused else because if is_open else None,
        other_payer=any(line.status == _OTHER_PAYER for line in benefits),
        patient=_named(patient) if patient else PatientIdentity(),
    )


def _about(patient: _Level, repetition: str) -> list[Benefit]:
    """Return the lines of a level that are about whom it is about."""
    lines = benefits_of(patient.segments, repetition)
    return [line for line in lines if line.speaks_of(patient.code)]


def _open_because(
    levels: Sequence[_Level], patient: _Level | None, lines: Sequence[Benefit], day: date | None
) -> str | None:
    """Return why active is not yet covered: a reason of ours, which a person reads."""
    if patient is None:
        return None
    if says_died(patient.segments):
        return REPORTED_DEAD
    has_dependent = any(level.code == _DEPENDENT for level in levels)
    if patient.code == _SUBSCRIBER and has_dependent and not patient.traces():
        return OF_SUBSCRIBER_ONLY
    holding = [line for line in lines if day is None or line.holds(day)]
    if any(line.is_used_up for line in holding):
        return USED_UP
    until = paid_until(patient.segments)
    if until is not None and day is not None and until < day:
        return UNPAID
    return LIMITED if any(line.limits_others for line in holding) else None


def _named(patient: _Level) -> PatientIdentity:
    """Return whom a level is about: NM1 of a subscriber or dependent, and the birth date of DMG."""
    name = next((row for row in patient.having("NM1") if element(row, 1) in _PEOPLE), ())
    number = element(name, 9) if element(name, 8) == "MI" else ""
    born = next((element(row, 2) for row in patient.having("DMG") if element(row, 1) == "D8"), "")
    return PatientIdentity(
        identifiers=(f"|{number}",) if number else (),
        family=element(name, 3) or None,
        given=element(name, 4) or None,
        birth_date=day_in(born),
    )


def _levels(segments: Iterable[Segment]) -> list[_Level]:
    levels = [_Level("", [])]
    for segment in segments:
        if segment[0] == "HL":
            levels.append(_Level(element(segment, 3), []))
        else:
            levels[-1].segments.append(segment)
    return levels


def _patient(levels: Iterable[_Level], trace: str | None) -> _Level | None:
    """Find the one level that answers the request.

    Raises:
        X12Error: there are several, or it echoes another request's trace.
    """
    patients = [level for level in levels if level.speaks_of_patient]
    if trace is not None:
        others = [level for level in patients if level.traces() and trace not in level.traces()]
        if others and len(others) == len(patients):
            raise X12Error("The 271 answers another request (TRN02).")
        echoing = [level for level in patients if trace in level.traces()]
        # A payer that repeats the subscriber's benefits above the dependent's answers below them.
        patients = echoing or [level for level in patients if level not in others]
    if len(patients) > 1:
        raise X12Error("The 271 speaks of several people.")
    return patients[0] if patients else None


def _verdict(
    specific: Sequence[Benefit], plan: Sequence[Benefit], day: date | None
) -> EligibilityVerdict:
    """Weigh the plan and the service: a plan that has ended covers no service."""
    of_plan, of_service = _on_day(plan, day), _on_day(specific, day)
    if EligibilityVerdict.INACTIVE in {of_plan, of_service}:
        return EligibilityVerdict.INACTIVE
    if EligibilityVerdict.UNCLEAR in {of_plan, of_service}:
        return EligibilityVerdict.UNCLEAR
    return of_service or of_plan or EligibilityVerdict.UNCLEAR


def _on_day(lines: Sequence[Benefit], day: date | None) -> EligibilityVerdict | None:
    """Return what the lines say of a day: one that is active on other days only is not active."""
    answers = [line for line in lines if day is None or line.answers.holds(day)]
    if not answers and _status(lines):
        return EligibilityVerdict.UNCLEAR  # it was said of another day of service
    lines = answers
    holding = [line for line in lines if day is None or line.holds(day)]
    said = _status(_of_a_network(holding))
    if said is None and any(line.status in ACTIVE for line in lines if line not in holding):
        return EligibilityVerdict.INACTIVE
    return said


def _of_a_network(lines: Sequence[Benefit]) -> Sequence[Benefit]:
    """Leave out what is said of leaving the network, where something is said of staying in it."""
    inside = [line for line in lines if line.network != _NO]
    return inside or lines


def _status(lines: Sequence[Benefit]) -> EligibilityVerdict | None:
    """Return what the lines say; None when they say nothing of coverage."""
    stated = {line.status for line in lines} & (ACTIVE | _INACTIVE | _UNSURE)
    # U names whom else to ask; beside a status it takes nothing back.
    stated = stated - {"U"} or stated
    if not stated:
        return None
    if stated <= ACTIVE:
        limited = all(line.is_limited for line in lines if line.status in ACTIVE)
        return EligibilityVerdict.UNCLEAR if limited else EligibilityVerdict.ACTIVE
    return EligibilityVerdict.INACTIVE if stated <= _INACTIVE else EligibilityVerdict.UNCLEAR


def _authorization(specific: Sequence[Benefit], plan: Sequence[Benefit]) -> bool | None:
    """Read EB11: one Y asks for authorization; N counts only where nothing says otherwise."""
    for lines in (specific, plan):
        stated = {line.authorization for line in lines} - {""}
        if stated:
            return True if _YES in stated else False if stated == {_NO} else None
    return None


def _in_network(lines: Iterable[Benefit]) -> bool | None:
    """Read EB12: where benefits are listed for both networks, it does not tell which applies."""
    stated = {line.network for line in lines} & {_YES, _NO}
    return stated == {_YES} if len(stated) == 1 else None
