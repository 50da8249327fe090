"""The third-party layer is made again when what it is made from changes, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import sdk_data, third_party


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Given a project whose installer writes down which lock it read."""

    def uv(*arguments: str) -> None:
        if arguments[:2] == ("pip", "install"):
            target = Path(arguments[arguments.index("--target") + 1])
            target.mkdir()
            (target / "installed").write_text((tmp_path / "uv.lock").read_text())
            with (tmp_path / "builds").open("a") as builds:
                builds.write("x")

    (tmp_path / "uv.lock").write_text("boto3 1")
    (tmp_path / "pyproject.toml").write_text("dependencies")
    monkeypatch.setattr(third_party, "ROOT", tmp_path)
    monkeypatch.setattr(third_party, "THIRD_PARTY", tmp_path / "build/layers/third_party")
    monkeypatch.setattr(third_party, "_uv", uv)
    monkeypatch.setattr(sdk_data, "cut_sdk_data", lambda *_: None)
    return tmp_path


def test_a_layer_is_built_once(project: Path) -> None:
    assert third_party.build_third_party() == third_party.build_third_party()
    assert (project / "builds").read_text() == "x"


@pytest.mark.parametrize("file", ["uv.lock", "pyproject.toml"])
def test_a_change_of_the_lock_rebuilds(project: Path, file: str) -> None:
    before = third_party.build_third_party()
    (project / file).write_text("boto3 2")
    after = third_party.build_third_party()
    assert not before.exists()
    assert (after / "python/installed").read_text() == (project / "uv.lock").read_text()
    assert (project / "builds").read_text() == "xx"


def test_another_platform_rebuilds(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    third_party.build_third_party()
    monkeypatch.setattr(third_party, "_PLATFORM", ("--python-version", "3.14"))
    third_party.build_third_party()
    assert (project / "builds").read_text() == "xx"
