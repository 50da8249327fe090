"""The two layers: our package, and the third-party packages that uv.lock pins for Lambda."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.build_once import build_once

ROOT = Path(__file__).parents[1]
THIRD_PARTY = ROOT / "build/layers/third_party"
_PLATFORM = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13")


class Layers(Construct):
    """The layers of every function."""

    def __init__(self, scope: Construct, construct_id: str, *, third_party: bool) -> None:
        super().__init__(scope, construct_id)
        common = {
            "compatible_runtimes": [lambda_.Runtime.PYTHON_3_13],
            "compatible_architectures": [lambda_.Architecture.ARM_64],
        }
        core = lambda_.LayerVersion(
            self,
            "ReferralCore",
            code=lambda_.Code.from_asset(
                str(ROOT / "layers/referral_core"), exclude=["**/__pycache__", "**/*.pyc"]
            ),
            description="Referral Router's own package",
            **common,  # type: ignore[arg-type]
        )
        self.all: list[lambda_.ILayerVersion] = [core]
        if third_party:
            self.all.append(
                lambda_.LayerVersion(
                    self,
                    "ThirdParty",
                    code=lambda_.Code.from_asset(str(build_third_party())),
                    description="Locked third-party packages",
                    **common,  # type: ignore[arg-type]
                )
            )


def build_third_party() -> Path:
    """Install the locked runtime packages for Lambda's platform; return the layer's folder.

    The folder is kept under build/ and made again only when what it is made from changes.

    Raises:
        subprocess.CalledProcessError: a package has no wheel for that platform.
    """
    made_from = sha256(" ".join(_PLATFORM).encode())
    for file in ("uv.lock", "pyproject.toml"):
        made_from.update((ROOT / file).read_bytes())
    return build_once(THIRD_PARTY, made_from.hexdigest()[:16], _install)


def _install(layer: Path) -> None:
    export = ["--frozen", "--no-default-groups", "--no-hashes", "--quiet"]
    install = ["--quiet", "--python", sys.executable, *_PLATFORM, "--only-binary", ":all:"]
    with TemporaryDirectory() as folder:
        requirements = str(Path(folder) / "requirements.txt")
        _uv("export", *export, "--output-file", requirements)
        _uv("pip", "install", *install, "--target", str(layer / "python"), "-r", requirements)


def _uv(*arguments: str) -> None:
    uv = Path(sys.prefix) / "uv/bin/uv"
    subprocess.run([str(uv), *arguments], cwd=ROOT, check=True)  # noqa: S603 - our own pinned tool
