"""The partners are a second reading of the contract: nothing of the product is in them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import local.partners

FOLDER = Path(local.partners.__file__).parent
ALLOWED = {"boto3", "httpx", "local", "starlette", "uvicorn"}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_partner_uses_the_standard_library_and_http_only(path: Path) -> None:
    tops = {name.partition(".")[0] for name in imported(path)}

    assert tops <= ALLOWED | set(sys.stdlib_module_names)
    assert all(name.startswith("local.partners") for name in imported(path) if "local" in name)
