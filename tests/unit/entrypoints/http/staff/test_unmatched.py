"""What somebody known sends about nobody, or about another patient: kept, for a person to match."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from referral_core.adapters.memory.unmatched import MemoryUnmatched
from referral_core.domain.events import ClosureFacts
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.unmatched import Unmatched
from referral_core.domain.updates import AppointmentFulfilled, OfferDeclined
from referral_core.entrypoints.http.route import READ_RECORDS
from referral_core.entrypoints.http.staff.unmatched import MatchItems
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import TO_THE_END, accepted, agreed, booked, reported
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.events import an_event
from tests.unit.entrypoints.http.staff.test_people import stored
from tests.unit.fhir.orders import Json

LETTER = base64.b64encode(b"letter").decode()
CONSULT = {"coding": [{"system": "http://loinc.org", "code": "11488-4"}]}
ABOUT_IT = {"related": [{"reference": f"ServiceRequest/{REFERRAL}"}]}
SOMEBODY_ELSE: tuple[Json, ...] = (
    {"reference": "#p"},
    {"identifier": {"system": "https://ehr.example.org/mrn", "value": "999"}},
    {"display": "Jane Roe"},
)


@pytest.fixture
def api() -> ApiClient:
    api = ApiClient(World())
    api.world.accept("happy-path")
    api.world.settle()
    for act in (accepted, agreed, booked):
        act(api.world)
    api.world.report(AppointmentFulfilled)
    assert api.world.referral.status is Status.SEEN_AWAITING_REPORT
    return api


def a_document(**fields: Any) -> Json:
    stranger = {"resourceType": "Patient", "id": "p", "name": [{"family": "Roe"}]}
    return {
        "resourceType": "DocumentReference",
        "contained": [{**stranger, "birthDate": "2001-02-03"}],
        "status": "current",
        "type": CONSULT,
        "content": [{"attachment": {"contentType": "text/plain", "data": LETTER}}],
        **fields,
    }


def test_what_came_is_read_before_it_is_matched_and_the_reading_is_on_record(
    api: ApiClient,
) -> None:
    assert send(api, a_document()).status == 202
    (item,) = waiting(api)
    assert item["size"] == len(b"letter")
    assert api.call("GET", "/work-items/counts").body["unmatched"] == 1
    path = f"/unmatched/{item['id']}/document"
    answer = api.apps[READ_RECORDS].resolve(
        an_event("GET", path, None, caller=api.handed_over("staff-1")), None
    )
    assert base64.b64decode(answer["body"]) == b"letter"
    read = api.trail.entries[-1]
    assert (read.operation, read.unmatched) == ("read-unmatched", item["id"])
    # The ids in the list are no referrals'.
    assert {e.referral_id for e in api.trail.entries if e.operation == "search-unmatched"} == {None}
    assert api.call("GET", "/unmatched/nothing/document").status == 404
    assert decide(api, item, "dismiss").status == 200
    assert api.call("GET", "/work-items/counts").body["unmatched"] == 0


def send(api: ApiClient, body: Json, client: str = "clinic-1") -> Reply:
    return api.call("POST", f"/fhir/{body['resourceType']}", body, client=client)


def waiting(api: ApiClient) -> list[Json]:
    found: list[Json] = api.call("GET", "/unmatched").body["unmatched"]
    return found


def decide(
    api: ApiClient, item: Json, action: str, *, client: str = "staff-1", **sent: str
) -> Reply:
    url = f"/unmatched/{item['id']}/decision"
    return api.call("POST", url, {"action": action, **sent}, client=client)


def the_patient(api: ApiClient) -> Json:
    payload = api.world.engine.case(api.world.referral).payload
    contained = (*payload.service_request.get("contained", ()), *payload.resources.values())
    return next(dict(r) for r in contained if r["resourceType"] == "Patient")


@pytest.mark.parametrize("subject", SOMEBODY_ELSE)
def test_a_report_about_another_patient_closes_no_loop(api: ApiClient, subject: Json) -> None:
    refused = send(api, a_document(context=ABOUT_IT, subject=subject))
    assert (refused.status, refused.code) == (422, "another-patient")
    assert api.world.referral.status is Status.SEEN_AWAITING_REPORT
    assert not api.world.referral.reports
    (item,) = waiting(api)
    assert (item["reason"], item["kind"], item["from"]) == (
        "another-patient",
        "report-received",
        "clinic-1",
    )
    (candidate,) = item["candidates"]
    assert candidate["referralId"] == REFERRAL
    assert candidate["because"] == ["named-by-its-sender", "with-this-clinic"]


def test_what_names_the_patient_or_says_little_is_taken(api: ApiClient) -> None:
    for subject in (
        {"reference": f"Patient/{REFERRAL}.r1", "display": "Known To Us"},
        {"reference": "Patient/of-the-clinic"},
        {"display": "the patient"},
    ):
        assert send(api, a_document(context=ABOUT_IT, subject=subject)).status == 201
    assert not waiting(api)


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Appointment", "status": "cancelled", "participant": [{"actor": {}}]},
        {"resourceType": "DiagnosticReport", "status": "final"},
    ],
)
def test_whatever_is_sent_is_compared(api: ApiClient, body: Json) -> None:
    stranger = {"reference": "#p"}
    sent = {
        **body,
        "contained": a_document()["contained"],
        "basedOn": ABOUT_IT["related"],
        "subject": stranger,
        "presentedForm": [{"data": LETTER}],
        "code": CONSULT,
    }
    if "participant" in body:
        sent["participant"] = [{"actor": stranger, "status": "accepted"}]
        sent |= {"start": "2026-03-09T15:00:00Z", "end": "2026-03-09T15:30:00Z"}
    assert send(api, sent).code == "another-patient"
    assert len(waiting(api)) == 1


def test_an_ehr_that_names_another_record_is_refused(api: ApiClient) -> None:
    task = {"resourceType": "Task", "id": f"{REFERRAL}.a", "status": "cancelled"}
    url = f"/fhir/Task/{REFERRAL}.a"
    for stranger in ({"display": "Jane Roe"}, {"identifier": SOMEBODY_ELSE[1]["identifier"]}):
        answer = api.call("PUT", url, {**task, "for": stranger}, client="ehr-1")
        assert (answer.status, answer.code) == (422, "another-patient")
    assert api.world.referral.status is Status.SEEN_AWAITING_REPORT


def test_a_document_of_no_referral_is_attached_by_a_person(api: ApiClient) -> None:
    patient = the_patient(api)
    subject, own = {"reference": "#own"}, [{**patient, "id": "own"}]
    kept = send(api, a_document(subject=subject, contained=own))
    assert (kept.status, kept.code) == (202, "kept-unmatched")
    # Sent again, it is the same one.
    assert send(api, a_document(subject=subject, contained=own)).status == 202
    (item,) = waiting(api)
    best = item["candidates"][0]
    assert best["referralId"] == REFERRAL
    assert "same-name-and-birth-date" in best["because"]
    assert decide(api, item, "attach").status == 400
    assert decide(api, item, "attach", referralId="0" * 32).status == 404
    assert decide(api, item, "attach", referralId=REFERRAL).status == 200
    assert api.world.referral.status is Status.REPORT_RECEIVED
    assert not waiting(api)
    # Settled is settled.
    assert decide(api, item, "attach", referralId=REFERRAL).code == "duplicate"


def test_what_is_dismissed_waits_no_longer_and_is_not_lost(api: ApiClient) -> None:
    send(api, a_document())
    (item,) = waiting(api)
    assert item["candidates"] == []
    assert decide(api, item, "dismiss").status == 200
    assert not waiting(api)
    (kept,) = api.unmatched.items.values()
    assert kept.settled_by == "staff-1"
    assert api.documents.stored


def test_a_clinic_that_is_no_longer_asked_is_told_nothing_and_its_report_is_kept() -> None:
    api = ApiClient(World())
    api.world.accept("happy-path")
    api.world.settle()
    api.world.report(OfferDeclined, offer=1)
    other = {"related": [{"reference": f"ServiceRequest/{'f' * 32}"}]}
    assert send(api, a_document(context=other)).status == 404
    assert [item["reason"] for item in waiting(api)] == ["referral-unknown"]


def test_what_comes_after_the_end_is_put_before_a_person(api: ApiClient) -> None:
    for act in TO_THE_END[4:]:
        act(api.world)
    assert api.world.referral.is_closed
    late = send(api, a_document(context=ABOUT_IT))
    assert (late.status, late.code) == (201, "late")
    task = {"resourceType": "Task", "id": f"{REFERRAL}.a", "status": "cancelled"}
    deceased = {**task, "statusReason": {"coding": [{"code": "deceased"}]}}
    api.call("PUT", f"/fhir/Task/{REFERRAL}.a", deceased, client="ehr-1")
    found = [(item["reason"], item["kind"]) for item in waiting(api)]
    assert sorted(found) == [
        ("referral-closed", "deceased-or-moved"),
        ("referral-closed", "report-received"),
    ]
    assert all(i["candidates"][0]["referralId"] == REFERRAL for i in waiting(api))


MEANWHILE: tuple[Json, ...] = ({"action": "dismiss"}, {"action": "attach", "referralId": "b" * 32})


@pytest.mark.parametrize("first", MEANWHILE)
def test_who_comes_second_is_told_what_was_done_and_attaches_nothing(
    api: ApiClient, first: Json
) -> None:
    stored(api.world, "b" * 32)
    send(api, a_document())
    (item,) = waiting(api)
    assert decide(api, item, **first).status == 200
    second = decide(api, item, "attach", referralId=REFERRAL)
    assert (second.status, second.code) == (409, "overtaken")
    assert api.world.referral.status is Status.SEEN_AWAITING_REPORT


@pytest.mark.parametrize("first", MEANWHILE)
def test_of_two_who_settle_it_at_once_one_is_refused_before_anything_is_attached(
    api: ApiClient, first: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(api.world, "b" * 32)
    send(api, a_document())
    (item,) = waiting(api)
    get, others = api.unmatched.get, [first]

    def read(tenant: Tenant, item_id: str) -> Unmatched:
        found = get(tenant, item_id)
        if others:
            assert decide(api, item, **others.pop()).status == 200
        return found

    monkeypatch.setattr(api.unmatched, "get", read)
    assert decide(api, item, "attach", referralId=REFERRAL).status == 503
    assert api.world.referral.status is Status.SEEN_AWAITING_REPORT


AS: tuple[str, ...] = ("attach", "seen-elsewhere")


@pytest.mark.parametrize("other", AS)
def test_of_two_who_choose_one_referral_at_once_one_wins_and_the_other_is_told(
    api: ApiClient, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = by_an_outsider(api)
    choose, others = api.unmatched.choose, [other]
    second: list[Reply] = []

    def chosen(mine: Unmatched) -> None:
        choose(mine)
        if others:
            kind = others.pop()
            second.append(decide(api, item, kind, client="staff-2", referralId=REFERRAL))

    monkeypatch.setattr(api.unmatched, "choose", chosen)
    # The first person wins, whatever the second chose meanwhile
    first = decide(api, item, "attach", referralId=REFERRAL)
    assert (first.status, first.code) == (200, "recorded")
    assert second[0].status == 503
    assert api.world.referral.proposed_outcome is not Outcome.CARE_RECEIVED_ELSEWHERE
    # And the second learns who it was, as often as they ask
    again = decide(api, item, other, client="staff-2", referralId=REFERRAL)
    assert (again.status, again.code) == (409, "overtaken")
    assert REFERRAL in str(again.body)
    assert decide(api, item, "attach", referralId=REFERRAL).code == "duplicate"


def left_by_a_crash(api: ApiClient, monkeypatch: pytest.MonkeyPatch, *, attached: bool) -> Json:
    """Return an item whose attaching was cut short, before or after the referral was written."""
    stored(api.world, "b" * 32)
    send(api, a_document())
    (item,) = waiting(api)
    with monkeypatch.context() as crash:
        where = (MemoryUnmatched, "settle") if attached else (MatchItems, "_attach")
        crash.setattr(*where, _cut_short)
        with pytest.raises(SystemExit):
            decide(api, item, "attach", referralId=REFERRAL)
    (left,) = waiting(api)
    assert left["chosen"] == REFERRAL
    return left


def _cut_short(*_: object, **__: object) -> None:
    raise SystemExit


@pytest.mark.parametrize("otherwise", [{"action": "dismiss"}, {"referralId": "b" * 32}])
def test_a_choice_that_a_crash_left_is_given_up_by_a_person(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, otherwise: Json
) -> None:
    item = left_by_a_crash(api, monkeypatch, attached=False)
    matching = {"action": "attach", **otherwise}
    # Whoever is at it a moment ago may still be.
    assert decide(api, item, **matching).status == 503
    api.world.clock.move(timedelta(minutes=6))
    assert decide(api, item, **matching).status == 200
    assert waiting(api) == []
    assert api.world.referral.status is Status.SEEN_AWAITING_REPORT


def test_what_a_crash_left_attached_is_attached(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = left_by_a_crash(api, monkeypatch, attached=True)
    api.world.clock.move(timedelta(minutes=6))
    refused = decide(api, item, "dismiss")
    assert refused.status == 409
    assert REFERRAL in str(refused.body)
    assert waiting(api) == []


def test_what_a_crash_left_is_attached_by_the_same_choice_at_once(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = left_by_a_crash(api, monkeypatch, attached=False)
    assert decide(api, item, "attach", referralId=REFERRAL).status == 200
    assert waiting(api) == []


OUTSIDER = "1999999999"
ITS_AUTHOR: Json = {
    "resourceType": "PractitionerRole",
    "id": "who",
    "practitioner": {"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": OUTSIDER}},
}


def by_an_outsider(api: ApiClient) -> Json:
    """Keep the report of a clinic that the referral was never offered to; return its item."""
    known = {**the_patient(api), "id": "own"}
    contained = [known, ITS_AUTHOR]
    author, subject = [{"reference": "#who"}], {"reference": "#own"}
    sent = a_document(subject=subject, contained=contained, author=author)
    assert send(api, sent, client="clinic-9").status == 202
    (item,) = waiting(api)
    return item


def test_the_report_of_a_clinic_that_was_never_asked_says_where_the_patient_went() -> None:
    # Given a referral that was accepted, and a report of who never was offered it
    api = ApiClient(World())
    api.world.accept("happy-path")
    api.world.settle()
    accepted(api.world)
    item = by_an_outsider(api)
    assert (item["author"], "seen-elsewhere" in item["actions"]) == (OUTSIDER, True)
    # When a person finds whose it is, and says that the patient was seen there
    assert decide(api, item, "seen-elsewhere", referralId=REFERRAL).status == 200
    # Then the referral ends so, with its document and with who it was
    referral = api.world.referral
    assert referral.proposed_outcome is Outcome.CARE_RECEIVED_ELSEWHERE
    assert referral.reports == ()
    assert not waiting(api)
    facts = [e.facts for e in api.world.referrals.events(TENANT, REFERRAL)]
    told = {(f.elsewhere, f.elsewhere_network) for f in facts if isinstance(f, ClosureFacts)}
    assert told - {(None, None)} == {(OUTSIDER, False)}
    # And said again, it is the same thing said
    assert decide(api, item, "seen-elsewhere", referralId=REFERRAL).code == "duplicate"


def test_what_was_attached_was_not_recorded_as_seen_elsewhere_too(api: ApiClient) -> None:
    item = by_an_outsider(api)
    assert decide(api, item, "attach", referralId=REFERRAL).status == 200
    second = decide(api, item, "seen-elsewhere", referralId=REFERRAL)
    assert (second.status, second.code) == (409, "overtaken")
    assert api.world.referral.proposed_outcome is not Outcome.CARE_RECEIVED_ELSEWHERE
    assert decide(api, item, "attach", referralId=REFERRAL).code == "duplicate"


@pytest.mark.parametrize("attached", [True, False])
def test_what_a_crash_left_is_taken_otherwise_only_where_it_was_not_attached(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, *, attached: bool
) -> None:
    item = left_by_a_crash(api, monkeypatch, attached=attached)
    # Whoever is at it a moment ago may still be.
    assert decide(api, item, "seen-elsewhere", referralId=REFERRAL).status == 503
    api.world.clock.move(timedelta(minutes=6))
    second = decide(api, item, "seen-elsewhere", referralId=REFERRAL)
    assert second.status == (409 if attached else 200)
    assert waiting(api) == []


def test_who_reads_it_may_know_better_who_it_was(api: ApiClient) -> None:
    item = by_an_outsider(api)
    npi = "1999900200"
    assert decide(api, item, "seen-elsewhere", referralId=REFERRAL, performer="Dr. X").status == 400
    said = decide(api, item, "seen-elsewhere", referralId=REFERRAL, performer=npi)
    assert said.status == 200
    facts = [e.facts for e in api.world.referrals.events(TENANT, REFERRAL)]
    assert npi in [f.elsewhere for f in facts if isinstance(f, ClosureFacts)]


def test_a_closed_referral_is_opened_again_before_it_ends_elsewhere(api: ApiClient) -> None:
    item = by_an_outsider(api)
    for act in TO_THE_END[4:]:
        act(api.world)
    refused = decide(api, item, "seen-elsewhere", referralId=REFERRAL)
    assert (refused.status, refused.code) == (409, "not-possible-now")
    assert [one["id"] for one in waiting(api)] == [item["id"]]


def test_who_saw_it_elsewhere_is_told_that_the_report_of_its_own_clinic_is_in(
    api: ApiClient,
) -> None:
    reported(api.world)
    before = api.world.referral
    assert before.report is not None
    item = by_an_outsider(api)
    refused = decide(api, item, "seen-elsewhere", referralId=REFERRAL)
    assert (refused.status, refused.code) == (409, "not-possible-now")
    assert "report" in refused.says
    # It waits for another decision, and nothing is said of the referral.
    assert [one["id"] for one in waiting(api)] == [item["id"]]
    assert api.world.referral == before
    assert decide(api, item, "attach", referralId=REFERRAL).status == 200


def test_only_a_report_says_that_somebody_saw_a_patient(api: ApiClient) -> None:
    withdrawn = a_document(status="entered-in-error")
    assert send(api, withdrawn).status == 202
    (item,) = waiting(api)
    assert "seen-elsewhere" not in item["actions"]
    refused = decide(api, item, "seen-elsewhere", referralId=REFERRAL)
    assert (refused.status, refused.code) == (422, "no-report")
