"""However much an order says, it is accepted, fits its item, and goes to the clinic whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.large_parts import ROOM
from referral_core.domain.terminology import ConsentClass, Priority
from tests.in_memory import REFERRAL
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.entrypoints.http.orders.test_large_parts import (
    ORDER,
    a_letter,
    api,
    items_of,
    offers,
    orders_with,
    posted,
    values,
)
from tests.unit.fhir.orders import Json, a_patient

__all__ = ["api"]

SUD = {
    "system": "http://hl7.org/fhir/sid/icd-10-cm",
    "code": "F11.20",
    "display": "Opioid dependence, uncomplicated",
}


def noise(length: int) -> str:
    """Text that no compression makes shorter than its half."""
    return os.urandom(length // 2).hex()


def with_patient(**fields: Any) -> Json:
    body = orders_with(count=1)
    known = next(e for e in body["entry"] if e["resource"]["resourceType"] == "Patient")
    known["resource"] = a_patient(**fields)
    return body


def observations(count: int) -> list[Json]:
    return [
        {
            "resourceType": "Observation",
            "id": f"x{n}",
            "status": "final",
            "subject": {"reference": "Patient/pat"},
            "code": {
                "coding": [{"system": "urn:lab", "code": noise(40), "display": noise(400)}],
                "text": noise(200),
            },
        }
        for n in range(count)
    ]


LONG: dict[str, Callable[[], Json]] = {
    "notes just below what is a large part": lambda: orders_with(
        note=[{"text": noise(30_000)} for _ in range(30)], count=1
    ),
    "a thousand notes": lambda: orders_with(
        note=[{"text": noise(900)} for _ in range(1_000)], count=1
    ),
    "one instruction": lambda: orders_with(patientInstruction=noise(4_000_000), count=1),
    "reasons": lambda: orders_with(
        reasonCode=[{"text": noise(19_900)} for _ in range(45)], count=1
    ),
    "details": lambda: orders_with(
        orderDetail=[{"text": noise(19_900)} for _ in range(45)], count=1
    ),
    "codings of one concept": lambda: orders_with(
        reasonCode=[
            {"coding": [{"system": "urn:x", "code": noise(40), "display": noise(800)}]}
            for _ in range(1_000)
        ],
        count=1,
    ),
    "former names": lambda: with_patient(
        name=[{"family": "Whitlock", "given": ["Marjorie"]}]
        + [{"use": "old", "family": noise(1_000)} for _ in range(900)]
    ),
    "an address": lambda: with_patient(address=[{"line": [noise(1_000) for _ in range(900)]}]),
    "numbers of a patient": lambda: with_patient(
        identifier=[{"system": "urn:mrn", "value": noise(200)} for _ in range(4_000)]
    ),
    "results that go along": lambda: orders_with(*observations(1_100), count=1),
    "an order of twenty with them": lambda: orders_with(
        *observations(600), note=[{"text": noise(9_000)}], reasonCode=[{"text": noise(9_000)}]
    ),
}


@pytest.mark.parametrize("body", LONG.values(), ids=LONG.keys())
def test_it_is_accepted_fits_and_goes_along_whole(api: ApiClient, body: Callable[[], Json]) -> None:
    sent = body()
    assert posted(api, sent).status == 200
    assert max(items_of(api)) < ROOM
    (first, *_) = offers(api)
    for name in ("text", "patientInstruction", "display", "line"):
        theirs = {str(one) for one in values(sent, name) if len(str(one)) >= 200}
        assert theirs <= {str(one) for one in values(first, name)}


def the_content(api: ApiClient) -> ClinicalPayload:
    ((_, stored),) = list(api.world.referrals.payloads.items())
    return ClinicalPayload.load(stored)


def test_what_a_cut_text_discloses_and_how_soon_it_wants_it_is_still_known(api: ApiClient) -> None:
    said = [{"text": noise(19_000)} for _ in range(10)]
    said[7]["text"] += " Known for opioid use disorder. Please see STAT."
    assert posted(api, orders_with(reasonCode=said, count=1)).status == 200
    referral = api.world.referrals.load(api.world.referral.tenant, REFERRAL).referral
    assert referral.service.consent is ConsentClass.SUBSTANCE_USE
    assert referral.priority == Priority.STAT
    wanted = the_content(api).content.service.wanted
    # As it was understood, and as it is read again before each thing that is sent.
    assert referral.service.discloses(wanted) is ConsentClass.SUBSTANCE_USE


def test_a_code_that_discloses_is_found_behind_any_number_of_others(api: ApiClient) -> None:
    results = observations(900)
    results[880]["code"] = {"coding": [SUD]}
    assert posted(api, orders_with(*results, count=1)).status == 200
    wanted = the_content(api).content.service.wanted
    assert api.world.referral.service.discloses(wanted) is ConsentClass.SUBSTANCE_USE


def test_another_version_that_changes_only_the_end_of_its_notes_is_a_version(
    api: ApiClient,
) -> None:
    notes = [{"text": noise(20_000)} for _ in range(3)]
    assert posted(api, orders_with(note=notes, count=1)).status == 200
    order = posted(api, "", ORDER, "GET").body
    changed = {**order, "note": [*notes[:2], {"text": notes[2]["text"] + " No latex."}]}
    assert posted(api, changed, ORDER, "PUT").status == 200
    assert api.world.referral.payload_version == 2
    read = posted(api, "", ORDER, "GET").body
    assert read["note"][2]["text"].endswith("No latex.")


def test_a_short_order_is_kept_as_it_is(api: ApiClient) -> None:
    note = "Prefers mornings. " * 100
    assert posted(api, orders_with(a_letter("QUJD"), note=[{"text": note}], count=1)).status == 200
    assert the_content(api).content.notes == (note,)
