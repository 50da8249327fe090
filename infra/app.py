"""The CDK application's entry: `python -m infra.app` synthesises into cdk.out, offline."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "18,20,22")

from aws_cdk import App

from infra import STACK_NAME, nag
from infra.file_lock import locked
from infra.stack import ReferralRouterStack

ROOT = Path(__file__).parents[1]
OUT = ROOT / "cdk.out"


def build_app(
    *,
    out: Path = OUT,
    extra_environment: Mapping[str, str] | None = None,
    third_party_layer: bool = True,
    checked: bool = True,
) -> App:
    """Return the app with its one stack.

    Args:
        out: the assembly's folder.
        extra_environment: added to every function's environment.
        third_party_layer: whether the locked packages are deployed as a layer.
        checked: whether cdk-nag's findings make synth fail; `local/` deploys on every start what
            `make synth` and the tests have checked.
    """
    app = App(outdir=str(out))
    environment = extra_environment or json.loads(
        app.node.try_get_context("extra_environment") or "{}"
    )
    layer = third_party_layer and app.node.try_get_context("third_party_layer") != "false"
    ReferralRouterStack(app, STACK_NAME, extra_environment=environment, third_party_layer=layer)
    if checked:
        nag.check(app)
    return app


if __name__ == "__main__":
    with locked(ROOT / "build/synth.lock"):
        build_app().synth()
    print(f"Synthesised {STACK_NAME} into {OUT.name}/.")
