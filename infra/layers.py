"""The two layers: our package, and the third-party packages that uv.lock pins for Lambda."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.third_party import build_third_party

ROOT = Path(__file__).parents[1]


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
