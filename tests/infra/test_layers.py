"""The third-party layer is made again when what it is made from changes, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import layers


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
    monkeypatch.setattr(layers, "ROOT", tmp_path)
    monkeypatch.setattr(layers, "THIRD_PARTY", tmp_path / "build/layers/third_party")
    monkeypatch.setattr(layers, "_uv", uv)
    return tmp_path


def test_a_layer_is_built_once(project: Path) -> None:
    assert layers.build_third_party() == layers.build_third_party()
    assert (project / "builds").read_text() == "x"


@pytest.mark.parametrize("file", ["uv.lock", "pyproject.toml"])
def test_a_change_of_the_lock_rebuilds(project: Path, file: str) -> None:
    before = layers.build_third_party()
    (project / file).write_text("boto3 2")
    after = layers.build_third_party()
    assert not before.exists()
    assert (after / "python/installed").read_text() == (project / "uv.lock").read_text()
    assert (project / "builds").read_text() == "xx"


def test_another_platform_rebuilds(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers.build_third_party()
    monkeypatch.setattr(layers, "_PLATFORM", ("--python-version", "3.14"))
    layers.build_third_party()
    assert (project / "builds").read_text() == "xx"
