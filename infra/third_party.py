"""The third-party packages that uv.lock pins for Lambda, installed as the layer has them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from infra import sdk_data
from infra.build_once import build_once
from referral_core.wiring.parts.clients import OPERATIONS

ROOT: Final = Path(__file__).parents[1]
THIRD_PARTY: Final = ROOT / "build/layers/third_party"
_PLATFORM: Final = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13")


def build_third_party() -> Path:
    """Install the locked runtime packages for Lambda's platform; return the layer's folder.

    Raises:
        subprocess.CalledProcessError: a package has no wheel for that platform.
    """
    return built(THIRD_PARTY, _PLATFORM)


def built(versions: Path, platform: Sequence[str] = ()) -> Path:
    """Return the layer for a platform, or for this machine, where its start can be measured.

    The folder is kept under build/ and made again only when what it is made from changes.
    """
    made_from = sha256(json.dumps([*platform, OPERATIONS]).encode())
    for file in (ROOT / "uv.lock", ROOT / "pyproject.toml", Path(sdk_data.__file__)):
        made_from.update(file.read_bytes())
    return build_once(versions, made_from.hexdigest()[:16], partial(_install, platform))


def _install(platform: Sequence[str], layer: Path) -> None:
    export = ["--frozen", "--no-default-groups", "--no-hashes", "--quiet"]
    install = ["--quiet", "--python", sys.executable, *platform, "--only-binary", ":all:"]
    install += ["--link-mode", "copy"]
    packages = layer / "python"
    with TemporaryDirectory() as folder:
        requirements = str(Path(folder) / "requirements.txt")
        _uv("export", *export, "--output-file", requirements)
        _uv("pip", "install", *install, "--target", str(packages), "-r", requirements)
    sdk_data.cut_sdk_data(packages / "botocore/data", OPERATIONS)


def _uv(*arguments: str) -> None:
    uv = Path(sys.prefix) / "uv/bin/uv"
    subprocess.run([str(uv), *arguments], cwd=ROOT, check=True)  # noqa: S603 - our own pinned tool
