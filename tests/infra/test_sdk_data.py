"""What the layer keeps of botocore's data: what our clients read, and no more."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, get_args

import botocore
import pytest
from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session, get_session

from infra.sdk_data import cut_sdk_data
from referral_core.wiring.parts.clients import OPERATIONS, Service, aws_client
from tests.infra.calls import known_calls

STOCK = Path(botocore.__file__).parent / "data"
EMPTY: dict[str, Any] = {
    "map": {},
    "structure": {},
    "list": [],
    "blob": b"given",
    "timestamp": "2026-03-02T15:00:00Z",
}
SERVICE_OF = {"ses": "sesv2", "sms-voice": "pinpoint-sms-voice-v2", "states": "stepfunctions"}
"""What services are called in policies, and by botocore where that is another name."""
IN_POLICIES = {"Invoke": {"InvokeFunction"}, "TransactWriteItems": {"ConditionCheckItem"}}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Given botocore's data as it is installed."""
    folder = tmp_path_factory.mktemp("environment") / "data"
    folder.mkdir()
    for found in STOCK.iterdir():
        if found.name in {*OPERATIONS, "ec2"}:
            shutil.copytree(found, folder / found.name)
        elif found.is_file():
            shutil.copy(found, folder)
    return folder


@pytest.fixture(scope="module")
def data(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Given the same linked into a layer, as an installer may do, and cut there."""
    folder = tmp_path_factory.mktemp("layer") / "data"
    shutil.copytree(installed, folder, copy_function=os.link)
    cut_sdk_data(folder, OPERATIONS)
    return folder


@pytest.fixture(scope="module")
def cut(data: Path) -> Session:
    """Given a session that knows the cut data only."""
    session = get_session()
    session.register_component(
        "data_loader", Loader([str(data)], include_default_search_paths=False)
    )
    return session


@pytest.mark.parametrize("service", OPERATIONS)
def test_a_client_is_what_it_was(cut: Session, service: str) -> None:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    ours, whole = (s.create_client(service, "us-east-1", **keys) for s in (cut, get_session()))
    assert ours.meta.endpoint_url == whole.meta.endpoint_url
    known = whole.meta.service_model
    assert ours.meta.service_model.operation_names == list(OPERATIONS[service])
    for name in OPERATIONS[service]:
        here, there = (m.operation_model(name) for m in (ours.meta.service_model, known))
        assert [str(e) for e in here.error_shapes] == [str(e) for e in there.error_shapes]
        assert of_shape(here.input_shape) == of_shape(there.input_shape)
        assert of_shape(here.output_shape) == of_shape(there.output_shape)


def of_shape(shape: Any) -> Any:
    """Return what a shape leads to, to its leaves; a shape within itself by its name."""
    return walked(shape, ()) if shape else None


def walked(shape: Any, above: tuple[str, ...]) -> Any:
    if shape.name in above:
        return shape.name
    inner = {**getattr(shape, "members", {})}
    inner |= {n: s for n in ("member", "key", "value") if (s := getattr(shape, n, None))}
    here = (*above, shape.name)
    return shape.name, shape.serialization, {n: walked(s, here) for n, s in inner.items()}


@pytest.mark.parametrize("service", OPERATIONS)
def test_a_client_calls_where_it_called(cut: Session, service: str) -> None:
    """A client may be made of data that its first call cannot be made of."""
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    ours, whole = (
        s.create_client(service, "us-east-1", **keys, config=Config(parameter_validation=False))
        for s in (cut, get_session())
    )
    model = whole.meta.service_model
    for method, operation in ours.meta.method_to_api_mapping.items():
        shape = model.operation_model(operation).input_shape
        given = {n: EMPTY.get(shape.members[n].type_name, "given") for n in shape.required_members}
        asked, expected = (
            c.generate_presigned_url(method, given).partition("?")[0] for c in (ours, whole)
        )
        assert asked == expected


def test_clients_know_the_operations_that_functions_were_seen_to_call() -> None:
    seen: dict[str, set[str]] = {service: set() for service in OPERATIONS}
    for call in known_calls():
        service, _, action = call.action.partition(":")
        seen[SERVICE_OF.get(service, service)].add(action)
    known = {
        service: {action for name in names for action in IN_POLICIES.get(name, {name})}
        for service, names in OPERATIONS.items()
    }
    assert known == seen


def test_each_service_that_has_clients_has_operations() -> None:
    assert set(get_args(Service)) == set(OPERATIONS)


def test_a_client_has_no_other_method(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the layer lacks is unknown on this machine too, where botocore is whole."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = aws_client.__wrapped__("s3")
    assert sorted(client.meta.method_to_api_mapping) == ["get_object", "put_object"]


def test_a_call_looks_for_no_account_in_what_it_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = aws_client.__wrapped__("dynamodb")
    assert not client.meta.service_model.operation_model(
        "TransactWriteItems"
    ).operation_context_parameters


def test_other_services_are_gone(data: Path) -> None:
    folders = {found.name for found in data.iterdir() if found.is_dir()}
    assert folders == set(OPERATIONS)
    assert all("dynamodb" in known and "ec2" not in known for known in known_in(data))


def test_what_the_installer_linked_is_left_alone(data: Path, installed: Path) -> None:
    """The same file may lie in every environment of a machine."""
    assert data != installed
    for file in STOCK.glob("s3/*/*"):
        assert (installed / file.relative_to(STOCK)).read_bytes() == file.read_bytes()
    assert all("ec2" in known for known in known_in(installed))


def known_in(data: Path) -> list[dict[str, Any]]:
    index = json.loads((data / "endpoints.json").read_bytes())
    return [partition["services"] for partition in index["partitions"]]
