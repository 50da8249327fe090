"""The referrals of events/referrals/ and their sidecars keep to what everybody agreed on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from local.partners.scripts.script import Script
from referral_core.domain.lifecycle import LEGAL, Outcome, Queue, Status
from referral_core.domain.orders.selection import order_of
from referral_core.domain.referral import WantedService
from referral_core.domain.terminology import understand
from referral_core.fhir.intake.orders import Intake, read_referrals, read_update
from referral_core.pathways import pathway_for, pathways
from tests.contracts.fhir_oracles import complaints
from tests.contracts.referral_samples import FOLDER, SAMPLES, kind_of
from tests.unit.builders import NOW
from tests.unit.fhir.orders import FHIR_JSON
from tests.unit.fhir.partners import a_payload

SUPPLIED = sorted((FOLDER / "supplied").glob("*.json"))


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Expectation(Strict):
    outcome: Outcome | None
    loop_closed: bool
    worklist: Queue | None
    statuses: list[Status]


class Sidecar(Strict):
    title: str
    partners: dict[str, Any]
    expect: Expectation

    @property
    def script(self) -> Script:
        """How the partners behave, read as they read it themselves."""
        return Script.read(self.partners)


def the_referral(path: Path) -> Intake:
    (intake,) = read_referrals(path.read_bytes(), FHIR_JSON, kind_of(path), NOW)
    return intake


def the_sidecar(path: Path) -> Sidecar:
    return Sidecar.model_validate_json(path.with_suffix(".sidecar.json").read_bytes())


def service_of(intake: Intake) -> WantedService:
    return WantedService.of(understand(intake.clinical.service.wanted))


def pathway_of(intake: Intake) -> str:
    return pathway_for(order_of(intake.clinical, service_of(intake))).id


names = pytest.mark.parametrize("path", SAMPLES, ids=[p.stem for p in SAMPLES])


def test_there_are_enough_of_them_and_none_without_a_sidecar() -> None:
    assert len(SAMPLES) >= 25
    assert {p.with_suffix(".sidecar.json") for p in SAMPLES} == set(FOLDER.glob("*.sidecar.json"))


def test_every_terminal_outcome_is_among_them() -> None:
    assert {the_sidecar(p).expect.outcome for p in SAMPLES} - {None} == set(Outcome)


def test_every_pathway_is_among_them() -> None:
    selected = {pathway_of(the_referral(path)) for path in SAMPLES}
    assert selected == {p.id for p in pathways().values()}


def test_every_open_status_is_passed_by_one_of_them() -> None:
    passed = {status for path in SAMPLES for status in the_sidecar(path).expect.statuses}
    assert passed == set(Status)


@names
def test_a_sidecar_says_how_the_partners_behave_and_how_it_ends(path: Path) -> None:
    expect = the_sidecar(path).expect
    assert (expect.outcome is None) == (expect.worklist is not None)
    statuses = expect.statuses
    assert statuses[0] is Status.RECEIVED
    assert (statuses[-1] is Status.CLOSED) == (expect.outcome is not None)


@names
def test_the_expected_statuses_are_a_legal_way(path: Path) -> None:
    statuses = the_sidecar(path).expect.statuses
    for position, after in enumerate(statuses[1:], start=1):
        # Each is listed where it is first reached: known ones may lie between it and the last.
        assert any(after in LEGAL[before] for before in statuses[:position])


def test_all_are_valid_fhir() -> None:
    assert not any(complaints([json.loads(p.read_bytes()) for p in [*SAMPLES, *SUPPLIED]]))


@names
def test_a_referral_is_complete_unless_that_is_its_point(path: Path) -> None:
    content, script = the_referral(path).clinical, the_sidecar(path).script
    assert content.patient.family
    assert content.patient.birth_date
    assert content.service.is_stated
    assert content.coverage.payor or content.coverage.self_pay
    assert content.reasons[0].code
    incomplete = script.ehr.supplies is not None
    assert (content.patient.phone is None) == incomplete
    assert (content.coverage.member_id is None) == (incomplete or content.coverage.self_pay)


def test_the_referrals_come_in_every_shape_that_intake_takes() -> None:
    assert {kind_of(p) for p in SAMPLES} == {
        "resource",
        "bundle",
        "message",
    }


def test_scripts_are_told_apart_by_the_placers_number() -> None:
    placers = [the_referral(path).placer_identifier for path in SAMPLES]
    assert None not in placers
    assert len(set(placers)) == len(placers)


def test_patients_are_told_apart_by_phone_and_member_number() -> None:
    contents = [the_referral(path).clinical for path in SAMPLES]
    phones = [c.patient.phone for c in contents if c.patient.phone]
    members = [c.coverage.member_id for c in contents if c.coverage.member_id]
    assert len(set(phones)) == len(phones)
    assert len(set(members)) == len(members)


@pytest.mark.parametrize("path", SUPPLIED, ids=[p.stem for p in SUPPLIED])
def test_what_the_ehr_supplies_completes_the_same_referral(path: Path) -> None:
    before = the_referral(FOLDER / path.name)
    put: dict[str, Any] = {**json.loads(path.read_bytes()), "id": "r1"}
    after = read_update(json.dumps(put).encode(), FHIR_JSON, "r1", NOW, a_payload(before))
    assert after.placer_identifier == before.placer_identifier
    assert after.clinical.patient.phone
    assert after.clinical.coverage.member_id
    assert after.canonical_hash != before.canonical_hash


def test_every_sidecar_that_names_a_supply_has_it() -> None:
    named = {the_sidecar(p).script.ehr.supplies for p in SAMPLES} - {None, "generated"}
    assert named == {str(p.relative_to(FOLDER)) for p in SUPPLIED}


def numbers(value: Any, wanted: str) -> list[str]:
    """List the values of identifiers of one system, anywhere in JSON."""
    if isinstance(value, list):
        return [n for item in value for n in numbers(item, wanted)]
    if not isinstance(value, dict):
        return []
    own = [str(value["value"])] if value.get("system") == wanted and "value" in value else []
    return own + [n for item in value.values() for n in numbers(item, wanted)]


@names
def test_npis_pass_their_check_digit_and_phones_are_fictional(path: Path) -> None:
    resource = json.loads(path.read_bytes())
    for npi in numbers(resource, "http://hl7.org/fhir/sid/us-npi"):
        digits = [int(d) for d in reversed(f"80840{npi}")]
        doubled = [d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits)]
        assert sum(doubled) % 10 == 0
        assert npi.startswith("1999"), "the made-up series of these samples"
    for system in ("phone", "fax"):
        for number in numbers(resource, system):
            assert "55501" in "".join(c for c in number if c.isdigit())
