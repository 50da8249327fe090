"""The console beside the function that serves it, as one folder."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

from infra.build_once import build_once

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "console"


def console_code(function: Path) -> Path:
    """Return a folder that holds a function's file and the console's page and assets.

    Args:
        function: the file with the handler.
    """
    assets = sorted(path for path in PAGE.rglob("*") if path.is_file())
    made_from = sha256()
    for path in (function, *assets):
        content = path.read_bytes()
        made_from.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode() + content)

    def fill(folder: Path) -> None:
        shutil.copy(function, folder / function.name)
        for path in assets:
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)

    return build_once(ROOT / "build/console", made_from.hexdigest()[:16], fill)
