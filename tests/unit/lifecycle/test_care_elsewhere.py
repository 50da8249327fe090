"""Care received elsewhere: who gave it is recorded where it is told, and whose network that is."""

from __future__ import annotations

import pytest

from local.lake.duck import DuckLake
from referral_core.domain.events import ClosureFacts, Event, EventKind, WorkItemFacts
from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.updates import (
    CareReceivedElsewhere,
    DecisionMade,
    OfferDeclined,
    ReportReceived,
    Role,
)
from referral_core.domain.work_items import Reason
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import (
    REPORT,
    accepted,
    agreed,
    booked,
    notified,
    reason_of,
    reported,
    seen,
)
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.entrypoints.http.staff.test_people import at
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world
from tests.unit.reporting.lakes import a_request, rows

PREFERRED, AFFILIATED, NOT_LISTED = "1999900100", "1999900200", "1999999999"
KNOWN = [
    (PREFERRED, (PREFERRED, True, 1)),
    (AFFILIATED, (AFFILIATED, True, 2)),
    (NOT_LISTED, (NOT_LISTED, False, 3)),
    (None, (None, None, None)),
]
Destination = tuple[str | None, bool | None, int | None]


def told(event: Event) -> Destination:
    facts = event.facts
    assert isinstance(facts, ClosureFacts | WorkItemFacts)
    return facts.elsewhere, facts.elsewhere_network, facts.elsewhere_tier


def last(world: World, kind: EventKind) -> Event:
    return next(e for e in reversed(world.referrals.events(TENANT, REFERRAL)) if e.kind is kind)


def leaked(world: World) -> tuple[int, int, int]:
    """Return (performed, outside, unknown) of the leakage report, once it is closed."""
    events = world.referrals.events(TENANT, REFERRAL)
    closed = events[-1].but(
        version=events[-1].version + 1,
        kind=EventKind.CLOSED,
        facts=ClosureFacts(),
        to_status=Status.CLOSED,
        outcome=Outcome.CARE_RECEIVED_ELSEWHERE,
    )
    (row,) = rows(DuckLake.of([*events, closed]), "leakage", a_request())
    return row["performed"], row["outside"], row["unknown"]


@pytest.mark.parametrize(("npi", "destination"), KNOWN)
def test_what_the_ehr_tells_of_it_is_recorded(npi: str | None, destination: Destination) -> None:
    world = a_world()
    accepted(world)
    world.report(CareReceivedElsewhere, role=Role.EHR, performer=npi)
    assert told(last(world, EventKind.CANCEL_REQUESTED)) == destination
    world.settle()


@pytest.mark.parametrize(("npi", "destination"), KNOWN)
def test_so_is_what_staff_hear_of_it(npi: str | None, destination: Destination) -> None:
    api = at(Reason.PATIENT_NOT_REACHED)
    sent = {"performer": npi} if npi else {}
    assert api.decide("close:care-received-elsewhere", **sent).status == 200
    assert told(last(api.world, EventKind.DECISION_MADE)) == destination


def test_a_performer_beside_another_end_is_no_destination() -> None:
    api = at(Reason.PATIENT_NOT_REACHED)
    assert api.decide("close:patient-declined", performer=PREFERRED).status == 200
    assert told(last(api.world, EventKind.DECISION_MADE)) == (None, None, None)


@pytest.mark.parametrize(
    ("npi", "figure"), [(PREFERRED, (1, 0, 0)), (NOT_LISTED, (1, 1, 0)), (None, (0, 0, 1))]
)
def test_leakage_knows_where_they_went(npi: str | None, figure: tuple[int, int, int]) -> None:
    api = at(Reason.PATIENT_NOT_REACHED)
    world = api.world
    api.decide("close:care-received-elsewhere", **({"performer": npi} if npi else {}))
    assert leaked(world) == figure


def test_before_it_is_known_who_pays_no_network_is_recorded() -> None:
    world = STANDS_AT[Reason.MISSING_INFORMATION]()
    world.report(CareReceivedElsewhere, role=Role.EHR, performer=PREFERRED)
    assert told(last(world, EventKind.CANCEL_REQUESTED)) == (PREFERRED, None, None)
    assert leaked(world) == (0, 0, 1)


@pytest.mark.parametrize("said", ["199990010", "J.Smith-508-555-0160"])
def test_what_is_no_npi_comes_into_no_event(said: str) -> None:
    api = at(Reason.PATIENT_NOT_REACHED)
    refused = api.decide("close:care-received-elsewhere", performer=said)
    assert (refused.status, refused.code) == (400, "incomplete-decision")


@pytest.mark.parametrize(
    ("author", "said", "known"),
    [
        (NOT_LISTED, {}, (NOT_LISTED, False, 3)),
        (NOT_LISTED, {"performer": AFFILIATED}, (AFFILIATED, True, 2)),
        (None, {}, (PREFERRED, True, 1)),
    ],
)
def test_whose_report_was_read_is_who_gave_the_care(
    author: str | None, said: dict[str, str], known: Destination
) -> None:
    # Given the report of the clinic that declined, which names its author or not
    api = ApiClient(a_world())
    world = api.world
    declined = world.referral.offers[-1]
    world.report(OfferDeclined, offer=declined.number)
    world.report(ReportReceived, organization=declined.organization, author=author, **REPORT)
    shown = api.call("GET", "/work-items?queue=clinical-review").body["workItems"]
    assert [item["seenBy"] for item in shown] == [author or declined.npi]
    # When a person finds that the patient was seen there
    assert api.decide("close:care-received-elsewhere", **said).status == 200
    # Then the figures know by whom
    assert told(last(world, EventKind.DECISION_MADE)) == known
    assert leaked(world) == (1, int(not known[1]), 0)


def test_who_was_seen_elsewhere_although_the_report_is_in_is_a_persons_to_find_out() -> None:
    world = a_world()
    for act in (accepted, agreed, booked, seen, reported):
        act(world)
    report = world.referral.report
    assert report is not None
    world.report(CareReceivedElsewhere, role=Role.EHR, performer=NOT_LISTED)
    # Neither of the two is believed, and the report stays where it is.
    assert reason_of(world) is Reason.ENDING_CONTRADICTED
    assert world.referral.report == report
    world.report(DecisionMade, role=Role.STAFF, action="keep-waiting")
    notified(world)
    assert world.referral.proposed_outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED
