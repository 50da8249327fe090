"""What a clinic does after its yes: it books, moves and keeps visits, and sends its reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from local.partners.clinic.offer import Offer
from local.partners.clinic.report import fitting, report, subject
from local.partners.fhir_endpoint import Json
from local.partners.scripts.parts import ClinicPart, ReportPart
from local.partners.world import World, instant, referral_of

_VISIT: Final = timedelta(minutes=30)
_RESULT: Final = {"attended": "fulfilled", "no-show": "noshow", "cancelled": "cancelled"}
_REASON: Final = "https://referral-router.org/fhir/CodeSystem/reason"
_ON_ITS_WAY: Final = timedelta(days=1)
"""How long after a booking a word that it is awaited may still have crossed it."""


@dataclass
class Booking:
    """One appointment.

    Attributes:
        made: when it was made or moved.
        number: counts makings and moves: what was planned for an earlier one is off.
    """

    id: str
    start: datetime
    made: datetime
    result: str
    number: int


@dataclass
class Case:
    """One offer in a clinic's hands.

    Attributes:
        owes_answer: whether a reminder gets the answer.
        ended: withdrawn, declined or given back: nothing more is done but to report.
        visits: how many visits were had, whatever came of them.
        planning: whether somebody is about to book.
        unreported: the visit whose report comes only after a reminder.
    """

    organization: str
    offer: Offer
    script: ClinicPart
    owes_answer: bool = False
    accepted: bool = False
    ended: bool = False
    visits: int = 0
    bookings: int = 0
    planning: bool = False
    booking: Booking | None = None
    unreported: datetime | None = None

    @property
    def client(self) -> str:
        """The clinic's client at the router's API."""
        return f"clinic:{self.organization}"


class Visits:
    """The calendar of all clinics."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def expect(self, case: Case) -> None:
        """Book whenever the patient says that a visit is wanted."""
        while not case.ended:
            await self._world.agreement(referral_of(case.offer.task_id))
            self.wanted(case, asked_again=False)

    def wanted(self, case: Case, *, asked_again: bool) -> None:
        """Plan a booking; where there is one and it is asked for again, move it."""
        script, booking = case.script, case.booking
        if not case.accepted or case.ended or case.planning or not script.books:
            return
        if booking is None:
            if case.visits < len(script.visit):
                case.planning = True
                self._world.later(script.books_after, self._book(case))
        elif asked_again and self._world.now() - booking.made > _ON_ITS_WAY:
            case.planning = True
            self._world.later(script.books_after, self._move_as_asked(case))

    def report_reminders(self, case: Case) -> None:
        """Send the reports that wait for a reminder."""
        if case.script.reports_when_chased and case.unreported is not None:
            visited, case.unreported = case.unreported, None
            self._send_reports(case, visited)

    # --- booking ------------------------------------------------------------------------------

    async def _book(self, case: Case) -> None:
        case.planning = False
        if case.ended:
            return
        now = self._world.now()
        start = now + case.script.visit_in
        made = _appointment(case.offer, start)
        status, stored = await self._world.call(case.client, "POST", "/fhir/Appointment", made)
        if status != HTTPStatus.CREATED:
            return
        case.bookings += 1
        result = case.script.visit[case.visits]
        case.booking = Booking(stored["id"], start, now, result, case.bookings)
        self._plan(case, case.booking)

    def _plan(self, case: Case, booking: Booking) -> None:
        ahead = booking.start - self._world.now()
        if booking.result == "cancelled":
            self._world.later(ahead / 2, self._tell(case, booking.number))
        elif booking.result == "rescheduled":
            self._world.later(ahead / 2, self._reschedule(case, booking.number))
        else:
            self._world.later(ahead + _VISIT, self._tell(case, booking.number))

    async def _move_as_asked(self, case: Case) -> None:
        case.planning = False
        if case.booking is not None and not case.ended:
            await self._move(case, case.booking, case.script.visit_in)

    async def _reschedule(self, case: Case, number: int) -> None:
        booking = case.booking
        if booking is None or booking.number != number or case.ended:
            return
        booking.result = "attended"
        await self._move(case, booking, case.script.reschedules_by)

    async def _move(self, case: Case, booking: Booking, later: timedelta) -> None:
        """Put a booked visit to a later time."""
        case.bookings += 1
        booking.number, booking.made = case.bookings, self._world.now()
        booking.start = max(booking.start, booking.made) + later
        await self._put(case, booking, "booked")
        self._plan(case, booking)

    # --- the visit and what follows it --------------------------------------------------------

    async def _tell(self, case: Case, number: int) -> None:
        """Tell how a visit went, and report on it."""
        booking = case.booking
        if booking is None or booking.number != number or case.ended:
            return
        case.booking, result, visited = None, booking.result, booking.start
        case.visits += 1
        if result in _RESULT:
            await self._put(case, booking, _RESULT[result])
        if result == "attended":
            self._report(case, visited)
        if result in {"attended", "silent"} and case.script.attests:
            self._world.later(case.script.attests_after, self._attest(case, case.script.attests))

    def _report(self, case: Case, visited: datetime) -> None:
        if case.script.reports_when_chased:
            case.unreported = visited
        else:
            self._send_reports(case, visited)

    def _send_reports(self, case: Case, visited: datetime) -> None:
        # Who was seen gets a report, whatever became of the order.
        for wanted in case.script.documents:
            self._world.later(wanted.after, self._send(case, visited, wanted))

    async def _send(self, case: Case, visited: datetime, wanted: ReportPart) -> None:
        for kind in fitting(case.offer.order, wanted):
            written = report(case.offer, visited, self._world.now(), kind)
            path = f"/fhir/{written['resourceType']}"
            await self._world.tell(case.client, "POST", path, written)

    async def _attest(self, case: Case, code: str) -> None:
        """Complete the Task without a report, and say why there is none."""
        if case.ended:
            return
        reason = {"coding": [{"system": _REASON, "code": code}]}
        task = {**case.offer.task, "status": "completed", "statusReason": reason}
        path = f"/fhir/Task/{case.offer.task_id}"
        await self._world.tell(case.client, "PUT", path, task)

    async def _put(self, case: Case, booking: Booking, status: str) -> None:
        visit = {**_appointment(case.offer, booking.start), "id": booking.id, "status": status}
        await self._world.tell(case.client, "PUT", f"/fhir/Appointment/{booking.id}", visit)


def _appointment(offer: Offer, start: datetime) -> Json:
    return {
        "resourceType": "Appointment",
        "status": "booked",
        "start": instant(start),
        "end": instant(start + _VISIT),
        "basedOn": [{"reference": f"ServiceRequest/{offer.order['id']}"}],
        "participant": [
            {"actor": subject(offer), "status": "accepted"},
            {"actor": offer.task["owner"], "status": "accepted"},
        ],
    }
