"""Rooms stay small: no source file over 300 lines, no function over 40."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("layers/referral_core/python", "functions", "infra", "local", "benchmarks")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 300, 40


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_source_file_and_its_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    functions = (
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert not [(f.name, _lines(f)) for f in functions if _lines(f) > LONGEST_FUNCTION]


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function's body: signature, docstring and comments aside."""
    body = function.body
    has_docstring = ast.get_docstring(function) is not None
    if has_docstring and len(body) > 1:
        body = body[1:]
    return (function.end_lineno or 0) - body[0].lineno + 1
