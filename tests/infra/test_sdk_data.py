"""What the layer keeps of botocore's data: what our clients read, and no more."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.loaders import Loader
from botocore.session import Session, get_session

from infra.sdk_data import cut_sdk_data
from referral_core.wiring.parts.clients import SERVICES

STOCK = Path(botocore.__file__).parent / "data"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Given botocore's data as it is installed."""
    folder = tmp_path_factory.mktemp("environment") / "data"
    folder.mkdir()
    for found in STOCK.iterdir():
        if found.name in {*SERVICES, "ec2"}:
            shutil.copytree(found, folder / found.name)
        elif found.is_file():
            shutil.copy(found, folder)
    return folder


@pytest.fixture(scope="module")
def data(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Given the same linked into a layer, as an installer may do, and cut there."""
    folder = tmp_path_factory.mktemp("layer") / "data"
    shutil.copytree(installed, folder, copy_function=os.link)
    cut_sdk_data(folder, SERVICES)
    return folder


@pytest.fixture(scope="module")
def cut(data: Path) -> Session:
    """Given a session that knows the cut data only."""
    session = get_session()
    session.register_component(
        "data_loader", Loader([str(data)], include_default_search_paths=False)
    )
    return session


@pytest.mark.parametrize("service", SERVICES)
def test_a_client_is_what_it_was(cut: Session, service: str) -> None:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    ours, whole = (s.create_client(service, "us-east-1", **keys) for s in (cut, get_session()))
    assert ours.meta.endpoint_url == whole.meta.endpoint_url
    assert ours.meta.service_model.operation_names == whole.meta.service_model.operation_names


@pytest.mark.parametrize("service", SERVICES)
def test_a_client_calls_where_it_called(cut: Session, service: str) -> None:
    """A client may be made of data that its first call cannot be made of."""
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    ours, whole = (s.create_client(service, "us-east-1", **keys) for s in (cut, get_session()))
    model = whole.meta.service_model
    method = next(
        name
        for name, operation in sorted(whole.meta.method_to_api_mapping.items())
        if not getattr(model.operation_model(operation).input_shape, "required_members", ())
    )
    asked, expected = (c.generate_presigned_url(method).partition("?")[0] for c in (ours, whole))
    assert asked == expected


@pytest.mark.parametrize("service", SERVICES)
def test_no_member_is_taken_for_prose(cut: Session, service: str) -> None:
    ours, whole = (
        s.get_component("data_loader").load_service_model(service, "service-2")["shapes"]
        for s in (cut, get_session())
    )
    assert {name: list(shape.get("members", ())) for name, shape in ours.items()} == {
        name: list(shape.get("members", ())) for name, shape in whole.items()
    }


def test_other_services_are_gone(data: Path) -> None:
    folders = {found.name for found in data.iterdir() if found.is_dir()}
    assert folders == set(SERVICES)
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
