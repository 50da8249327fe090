"""Times that cannot be are left aside and told; a bare date is a day of the practice's own zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from referral_core.fhir.intake.orders import Intake, read_referrals
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order, read_one, sent

FHIR_JSON = "application/fhir+json"
BOSTON = ZoneInfo("America/New_York")
TOKYO = ZoneInfo("Asia/Tokyo")


def read_at(at: datetime, order: Json) -> Intake:
    (intake,) = read_referrals(sent(order), FHIR_JSON, "resource", at)
    return intake


def codes(intake: Intake) -> list[str]:
    return [issue.own_code for issue in intake.warnings]


@pytest.mark.parametrize(
    "said",
    [
        "2031-01-01",
        "2027",
        "9999-12-31",
        "2026-03-05T10:00:00Z",
        "0001-01-01",
        "1970-01-01",
        "1066-10",
    ],
)
def test_an_order_is_not_written_when_it_cannot_have_been(said: str) -> None:
    intake = read_one(an_order(authoredOn=said))
    assert intake.authored_on is None
    assert codes(intake) == ["authored-impossible"]
    assert intake.warnings[0].expression == "ServiceRequest.authoredOn"


@pytest.mark.parametrize("said", ["2026", "2026-03-02", "2026-03-03T12:00:00+14:00", "2005-12"])
def test_an_order_may_be_old_and_of_another_zone(said: str) -> None:
    intake = read_one(an_order(authoredOn=said))
    assert intake.authored_on is not None
    assert codes(intake) == []


def test_a_bare_day_on_which_an_order_was_written_begins_where_the_practice_is() -> None:
    at = datetime(2026, 3, 2, 15, tzinfo=UTC)
    for zone, begins in ((BOSTON, "2026-03-01T05:00"), (TOKYO, "2026-02-28T15:00")):
        found = read_at(at.astimezone(zone), an_order(authoredOn="2026-03-01")).authored_on
        assert found is not None
        assert found.isoformat().startswith(begins)


def test_an_impossible_death_is_told_where_it_stands() -> None:
    intake = read_one(an_order(contained=[a_patient(deceasedDateTime="1900"), a_coverage()]))
    assert codes(intake) == ["death-impossible"]
    assert str(intake.warnings[0].expression).endswith(".deceasedDateTime")


@pytest.mark.parametrize(
    ("zone", "ends"),
    [
        (UTC, "2026-03-06T00:00"),
        (BOSTON, "2026-03-06T05:00"),
        (ZoneInfo("Pacific/Honolulu"), "2026-03-06T10:00"),
        (TOKYO, "2026-03-05T15:00"),
        (ZoneInfo("Pacific/Kiritimati"), "2026-03-05T10:00"),
    ],
)
def test_a_day_by_which_a_service_is_wanted_ends_where_the_practice_is(
    zone: ZoneInfo, ends: str
) -> None:
    at = datetime(2026, 3, 2, 15, tzinfo=UTC).astimezone(zone)
    order = an_order(occurrenceDateTime="2026-03-05")
    found = read_at(at, order).clinical.service.wanted.occurrence_end
    assert found is not None
    assert found.astimezone(UTC).isoformat().startswith(ends)


def test_a_day_that_loses_an_hour_ends_with_its_last_one() -> None:
    at = datetime(2026, 3, 2, 15, tzinfo=UTC).astimezone(BOSTON)
    found = read_at(at, an_order(occurrenceDateTime="2026-03-08"))
    ends = found.clinical.service.wanted.occurrence_end
    assert ends == datetime(2026, 3, 9, 4, tzinfo=UTC)


def test_a_midnight_that_does_not_exist_ends_the_day_before_it() -> None:
    havana = ZoneInfo("America/Havana")  # there clocks go forward at midnight
    at = datetime(2026, 3, 2, 15, tzinfo=UTC).astimezone(havana)
    found = read_at(at, an_order(occurrenceDateTime="2026-03-07"))
    assert found.clinical.service.wanted.occurrence_end == datetime(2026, 3, 8, 5, tzinfo=UTC)


@pytest.mark.parametrize("zone", [UTC, BOSTON, TOKYO])
@pytest.mark.parametrize("edge", ["0001-01-01", "0001", "9999-12-31", "9999"])
def test_the_ends_of_the_calendar_are_days_in_every_zone(zone: ZoneInfo, edge: str) -> None:
    at = datetime(2026, 3, 2, 15, tzinfo=UTC).astimezone(zone)
    order = an_order(authoredOn=edge, occurrenceDateTime=edge)
    assert codes(read_at(at, order)) == ["authored-impossible"]


def coverages() -> list[Json]:
    return [
        a_coverage(id="old", subscriberId="OLD", period={"end": "2026-12-31"}),
        a_coverage(id="new", subscriberId="NEW", period={"start": "2027-01-01"}),
    ]


@pytest.mark.parametrize(
    ("zone", "member"), [(UTC, "NEW"), (BOSTON, "OLD"), (ZoneInfo("Pacific/Guam"), "NEW")]
)
def test_the_coverage_of_the_last_evening_of_a_year_is_that_years(
    zone: ZoneInfo, member: str
) -> None:
    """At 20:00 in Boston it is another year in London, and the plan of this one still pays."""
    at = datetime(2027, 1, 1, 1, tzinfo=UTC).astimezone(zone)
    insurance = [{"reference": "#new"}, {"reference": "#old"}]
    order = an_order(contained=[a_patient(), *coverages()], insurance=insurance)
    assert read_at(at, order).clinical.coverage.member_id == member


@pytest.mark.parametrize(("zone", "number"), [(UTC, None), (BOSTON, "+15085550131")])
def test_a_number_that_ends_today_holds_until_the_practices_midnight(
    zone: ZoneInfo, number: str | None
) -> None:
    at = datetime(2026, 3, 3, 1, tzinfo=UTC).astimezone(zone)
    ends_today = {"system": "phone", "value": "508-555-0131", "period": {"end": "2026-03-02"}}
    order = an_order(contained=[a_patient(telecom=[ends_today]), a_coverage()])
    assert read_at(at, order).clinical.patient.phone == number


@pytest.mark.parametrize("born", ["1850-01-01", "2031-05-05", "1961", "0001-01-01"])
def test_a_subscriber_has_no_impossible_birth_date(born: str) -> None:
    owner = {"resourceType": "RelatedPerson", "id": "sub", "birthDate": born}
    owner |= {"patient": {"reference": "#pat"}, "name": [{"family": "Whitlock", "given": ["Ann"]}]}
    coverage = a_coverage(
        subscriber={"reference": "#sub"}, relationship={"coding": [{"code": "child"}]}
    )
    order = an_order(contained=[a_patient(), owner, coverage])
    subscriber = read_one(order).clinical.coverage.subscriber
    assert subscriber is not None
    assert subscriber.birth_date is None
