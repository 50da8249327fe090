"""What the simulated partners do in these tests, beside the sidecars of events/referrals/."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.end_to_end.orders import placer_of

_BRISK_CLINIC: Final = {
    "answer_after": "PT1H",
    "books_after": "PT1H",
    "visit_in": "PT2H",
    "report_after": "PT1H",
}
_BRISK: Final[Mapping[str, Mapping[str, Any]]] = {
    "clinic": _BRISK_CLINIC,
    "patient": {"reply": "YES", "reply_after": "PT1H"},
    "ehr": {"acknowledges": True, "acknowledges_after": "PT1H"},
}
SCRIPTS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    # Everybody answers within hours: through to the end in a day and a half.
    "brisk": _BRISK,
    # As brisk, but there is time to do something to a referral that waits for the clinic.
    "slow-clinic": {**_BRISK, "clinic": {**_BRISK_CLINIC, "answer_after": "P1D"}},
    # The payer takes the request and never decides.
    "payer-thinks": {**_BRISK, "payer": {"authorization": "A4"}},
    # As brisk, but for one thing that only a person of ours can decide.
    "not-covered": {**_BRISK, "payer": {"eligibility": "inactive"}},
    "coverage-unclear": {**_BRISK, "payer": {"eligibility": "unclear"}},
    "denied": {**_BRISK, "payer": {"authorization": "A3"}},
    "not-understood": {**_BRISK, "payer": {"authorization": "A2"}},
    "says-stop": {**_BRISK, "patient": {"reply": "STOP", "reply_after": "PT1H"}},
    "writes": {**_BRISK, "patient": {"reply": "Is it about my knee?", "reply_after": "PT1H"}},
    "another-time": {**_BRISK, "patient": {"reply": "TIME", "reply_after": "PT1H"}},
    "critical": {
        **_BRISK,
        "clinic": {
            **_BRISK_CLINIC,
            "reports": [{"after": "PT1H", "as": "diagnostic-report", "critical": True}],
        },
    },
}
_PLACERS: Final = 60


def scripted(script: str, number: int) -> str:
    """Return an order number for whose referral the partners follow a script."""
    assert 1 <= number <= _PLACERS
    return f"{script}-{number:03d}"


def write_scripts(folder: Path, samples: Path) -> None:
    """Write the samples' sidecars and our own scripts into one folder, as the partners read it."""
    shutil.copytree(samples, folder, dirs_exist_ok=True)
    for name, script in SCRIPTS.items():
        orders = [
            {
                "resourceType": "ServiceRequest",
                "identifier": [placer_of(scripted(name, number))],
            }
            for number in range(1, _PLACERS + 1)
        ]
        # A name of its own: a sample may well be called as a script is.
        (folder / f"script-{name}.json").write_text(json.dumps(orders))
        (folder / f"script-{name}.sidecar.json").write_text(json.dumps({"partners": script}))
