"""The console's modules without a browser: those that draw nothing, run by Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

CONSOLE: Final = Path(__file__).parents[3] / "console"
_LIMIT_SECONDS: Final = 60
_BROWSER: Final = Path(__file__).with_name("browser.js").read_text()


def copied(place: Path) -> Path:
    """Copy the modules to where Node reads them as what they are."""
    folder = shutil.copytree(CONSOLE, place / "console")
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


def ran(folder: Path, script: str) -> Any:
    """Run a script beside the modules.

    Returns:
        what it gave to `done`.
    """
    found = subprocess.run(
        ["node", "--input-type=module", "-e", _BROWSER + script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LIMIT_SECONDS,
    )
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)
