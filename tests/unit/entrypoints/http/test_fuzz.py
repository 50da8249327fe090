"""A small sample of `make fuzz`, what it has found before, and that it finds what is there."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.route_matching import route_of
from referral_core.entrypoints.http.route_table import ROUTES
from tests.fuzz import payers, routes
from tests.fuzz.mutations import Sent, mutated
from tests.unit.entrypoints.http.parties import Party

KEPT = sorted((Path(__file__).parents[4] / "tests/fuzz/kept").glob("*.json"))


@pytest.mark.parametrize("number", range(4))
def test_no_mutated_request_is_a_fault_or_leaves_a_referral_unseen(number: int) -> None:
    assert list(routes.batch(number, "sample", 40)) == []


@pytest.mark.parametrize("number", range(4))
def test_no_damaged_answer_of_a_payer_is_a_fault(number: int) -> None:
    assert list(payers.batch(number, "sample", 15)) == []


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.stem)
def test_what_was_found_before_is_mended(kept: Path) -> None:
    assert routes.again(routes.Finding.load(kept.read_text())) == []


def test_every_route_of_the_table_is_fuzzed() -> None:
    """A route that appears is mutated from its first day, or this fails."""
    asked = ((r.method, r.url.partition("?")[0]) for r in routes.good_requests())
    found = (route_of(method, path) for method, path in asked)
    assert {one.route.key for one in found if one} == {route.key for route in ROUTES}


def test_a_batch_is_repeatable_and_goes_on_to_other_things() -> None:
    good = Sent("POST", "/fhir/ServiceRequest?a=b", {}, '{"id": "a", "note": [{"text": "x"}]}')
    sent = [[mutated(Random(seed), good) for seed in range(200)] for _ in range(2)]  # noqa: S311
    assert sent[0] == sent[1]
    assert len({(s.method, s.url, str(s.headers), s.body) for s in sent[0]}) > 150


def test_a_fault_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    at = routes.Standing("offered")
    monkeypatch.setattr(HttpEndpoint, "resolve", lambda *_: {"statusCode": 500, "body": ""})
    found = {finding.what for finding in at.send(Sent("GET", "/me", {}, None), Party.STAFF)}
    assert found == {"status 500", "refused without a word"}


def test_a_referral_that_stands_still_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    at = routes.Standing("to_be_booked")
    assert list(at.send(Sent("GET", "/me", {}, None), Party.STAFF)) == []
    monkeypatch.setattr(routes, "process_due", lambda *_: None)
    (found,) = at.end()
    assert found.what.startswith("never ends")
