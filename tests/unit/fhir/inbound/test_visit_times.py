from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from referral_core.fhir.errors import FhirError
from referral_core.fhir.inbound.partner_updates import read_appointment
from tests.unit.builders import NOW
from tests.unit.fhir.orders import FHIR_JSON, sent
from tests.unit.fhir.partners import a_visit

DAY = timedelta(days=1)


def fhir(at: datetime) -> str:
    return at.isoformat()


def refused(**fields: str) -> str:
    with pytest.raises(FhirError) as error:
        read_appointment(sent(a_visit(**fields)), FHIR_JSON, NOW)
    (issue,) = error.value.issues
    assert (error.value.status, issue.own_code) == (422, "impossible-time")
    return str(issue.expression)


def taken(**fields: str) -> bool:
    return read_appointment(sent(a_visit(**fields)), FHIR_JSON, NOW).start is not None


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("0001-01-02T10:00:00Z", "0001-01-02T10:30:00Z"),
        ("9999-12-30T10:00:00Z", "9999-12-30T10:30:00Z"),
        ("2206-03-02T10:00:00Z", "2206-03-02T10:30:00Z"),
        (fhir(NOW + 366 * DAY), fhir(NOW + 366 * DAY)),
        (fhir(NOW - DAY), fhir(NOW - DAY)),
        (fhir(NOW - 400 * DAY), fhir(NOW - 400 * DAY)),
    ],
)
def test_a_visit_that_cannot_be_is_refused_by_its_start(start: str, end: str) -> None:
    assert refused(start=start, end=end) == "Appointment.start"


@pytest.mark.parametrize("status", ["cancelled", "fulfilled", "arrived", "entered-in-error"])
def test_no_status_makes_the_first_or_the_last_year_possible(status: str) -> None:
    for year in ("0001", "9999"):
        times = dict.fromkeys(("start", "end"), f"{year}-06-02T10:00:00Z")
        assert refused(status=status, **times) == "Appointment.start"


@pytest.mark.parametrize("end", [fhir(NOW + DAY - timedelta(seconds=1)), fhir(NOW + 60 * DAY)])
def test_a_visit_ends_after_its_start_and_within_a_month(end: str) -> None:
    assert refused(start=fhir(NOW + DAY), end=end) == "Appointment.end"


@pytest.mark.parametrize("status", ["fulfilled", "noshow"])
def test_what_became_of_a_visit_is_told_once_it_has_begun(status: str) -> None:
    ahead = {"start": fhir(NOW + DAY), "end": fhir(NOW + DAY)}
    assert refused(status=status, **ahead) == "Appointment.start"
    assert taken(status=status, start=fhir(NOW - DAY), end=fhir(NOW - DAY))
    assert taken(status=status, start=fhir(NOW), end=fhir(NOW + timedelta(minutes=30)))


@pytest.mark.parametrize("start", [NOW - timedelta(hours=1), NOW, NOW + DAY, NOW + 365 * DAY])
def test_a_visit_today_or_within_a_year_may_be_booked(start: datetime) -> None:
    assert taken(start=fhir(start), end=fhir(start + timedelta(minutes=30)))
