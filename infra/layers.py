"""The two layers: our package, and the third-party packages that uv.lock pins for Lambda."""

from __future__ import annotations

import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

ROOT = Path(__file__).parents[1]
THIRD_PARTY = ROOT / "build/layers/third_party"


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
    """Install the locked runtime packages for arm64 and Python 3.13; return the layer's folder.

    The folder is kept under build/ and made again only when the lock changes.

    Raises:
        subprocess.CalledProcessError: a package has no wheel for that platform.
    """
    lock = (ROOT / "uv.lock").read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    stamp = THIRD_PARTY / ".lock-sha256"
    digest = sha256(lock).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return THIRD_PARTY
    shutil.rmtree(THIRD_PARTY, ignore_errors=True)
    target = THIRD_PARTY / "python"
    target.mkdir(parents=True)
    requirements = THIRD_PARTY.parent / "requirements.txt"
    export = ["export", "--frozen", "--no-default-groups", "--no-hashes", "--quiet"]
    _uv(*export, "--output-file", str(requirements))
    platform = ["--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13"]
    _uv(
        "pip",
        "install",
        "--quiet",
        *platform,
        "--only-binary",
        ":all:",
        "--target",
        str(target),
        "--requirement",
        str(requirements),
    )
    stamp.write_text(digest)
    return THIRD_PARTY


def _uv(*arguments: str) -> None:
    uv = Path(sys.prefix) / "uv/bin/uv"
    subprocess.run([str(uv), *arguments], cwd=ROOT, check=True)  # noqa: S603 - our own pinned tool
