"""One contract for the directory: memory and the DynamoDB table (moto) behave alike."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.dynamodb.directory import (
    DynamoDbDirectory,
    config_items,
    pause_item,
)
from referral_core.adapters.aws.dynamodb.items import capacity_item
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import EhrSystem
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.ids import Tenant
from referral_core.domain.pause import Pause, PauseScope
from referral_core.domain.updates import Role
from referral_core.ports.lifecycle import Directory
from tests.adapters.secret_keys import HASHED_KEYS
from tests.unit.builders import NOW, TENANT
from tests.unit.fhir.partners import a_performer
from tests.unit.payer_requests import a_payer

EHR = EhrSystem(tenant=TENANT, id="main-ehr", name="EHR", notices_url="https://e", secret="s")
PRINCIPAL = Principal(client_id="c1", tenant=TENANT, role=Role.EHR, organization="main-ehr")
SKIN = a_performer()
SECOND, HEART = SKIN.but(npi="2"), SKIN.but(npi="3", specialty="207RC0000X")
RECORDS = (EHR, PRINCIPAL, SKIN, SECOND, HEART, a_payer())
RESERVED = {"2026-W10": 2, "2026-W12": 1}
OTHER = Tenant("other")


@pytest.fixture(params=["memory", "table"])
def directory(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Directory]:
    if request.param == "memory":
        referrals = MemoryReferrals()
        for week, held in RESERVED.items():
            referrals.reserved[TENANT, SKIN.npi, week] = held
        yield MemoryDirectory(referrals, RECORDS)
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**create_table_request("referrals"))
        configured = [entry for record in RECORDS for entry in config_items(record)]
        counted = [capacity_item(TENANT, SKIN.npi, *one) for one in RESERVED.items()]
        for item in (*configured, *counted):
            client.put_item(TableName="referrals", Item=item)
        yield DynamoDbDirectory(client, "referrals", HASHED_KEYS)


def test_a_practitioner_is_read_by_specialty_and_npi(directory: Directory) -> None:
    assert directory.practitioner(TENANT, SKIN.specialty, SKIN.npi) == SKIN
    assert directory.practitioner(TENANT, HEART.specialty, HEART.npi) == HEART
    assert directory.practitioner(TENANT, SKIN.specialty, HEART.npi) is None
    assert directory.practitioner(OTHER, SKIN.specialty, SKIN.npi) is None


def test_a_specialtys_practitioners_are_listed(directory: Directory) -> None:
    found = directory.practitioners(TENANT, SKIN.specialty)
    assert {p.npi for p in found} == {SKIN.npi, SECOND.npi}
    assert list(directory.practitioners(OTHER, SKIN.specialty)) == []


def test_partners_are_read_by_id_within_their_tenant(directory: Directory) -> None:
    payer = a_payer()
    assert directory.payer(TENANT, payer.id) == payer
    assert list(directory.payers(TENANT)) == [payer]
    assert directory.ehr(TENANT, EHR.id) == EHR
    for read in (directory.payer, directory.ehr):
        for at in ((TENANT, "unknown"), (OTHER, payer.id), (OTHER, EHR.id)):
            with pytest.raises(NotFound):
                read(*at)


def test_whom_a_tenant_works_with_is_listed(directory: Directory) -> None:
    assert isinstance(directory, MemoryDirectory | DynamoDbDirectory)
    assert [one.id for one in directory.ehrs(TENANT)] == [EHR.id]
    assert list(directory.organizations(TENANT)) == [SKIN.organization]
    assert list(directory.ehrs(OTHER)) == list(directory.organizations(OTHER)) == []


def test_a_principal_is_read_by_client(directory: Directory) -> None:
    assert directory.principal("c1") == PRINCIPAL
    with pytest.raises(Forbidden):
        directory.principal("c2")


def test_what_is_reserved_is_known_by_week(directory: Directory) -> None:
    found = directory.reserved(TENANT, SKIN.npi, ["2026-W09", "2026-W10", "2026-W12"])
    assert {week: held for week, held in found.items() if held} == RESERVED
    assert not any(directory.reserved(OTHER, SKIN.npi, ["2026-W10"]).values())


def test_entries_are_read_together_with_what_is_reserved_of_them(directory: Directory) -> None:
    wanted = [(SKIN.specialty, SKIN.npi), (SKIN.specialty, "gone"), (HEART.specialty, HEART.npi)]
    weeks = ["2026-W10", "2026-W11", "2026-W12"]
    skin, heart = directory.listed(TENANT, wanted, weeks)
    assert (skin.practitioner, heart.practitioner) == (SKIN, HEART)
    assert {week: held for week, held in skin.reserved.items() if held} == RESERVED
    assert not any(heart.reserved.values())
    assert list(directory.listed(OTHER, wanted, weeks)) == []


def test_a_pause_holds_its_own_tenant_while_it_is_there(directory: Directory) -> None:
    assert list(directory.pauses(TENANT)) == []
    paused = Pause(
        tenant=TENANT, scope=PauseScope.PAYER, of="acme", reason="down", by="olu", since=NOW
    )
    if isinstance(directory, MemoryDirectory):
        directory.paused.append(paused)
    else:
        client = boto3.client("dynamodb", "us-east-1")
        client.put_item(TableName="referrals", Item=pause_item(paused))
    assert list(directory.pauses(TENANT)) == [paused]
    assert list(directory.pauses(OTHER)) == []
