"""No module needs, directly or by others, a module that needs it: not later, nor for its types."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "referral_core": ROOT / "layers/referral_core/python",
    **dict.fromkeys(("benchmarks", "infra", "local"), ROOT),
}


def modules() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for package, root in PACKAGES.items()
        for path in (root / package).rglob("*.py")
    }


def needed_by(code: str, known: Mapping[str, object]) -> Iterator[str]:
    """Yield the known modules that some code imports, wherever in it."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module


def test_no_imports_make_a_circle() -> None:
    known = modules()
    graph = {
        name: {needed for needed in needed_by(path.read_text(), known) if needed != name}
        for name, path in known.items()
    }
    assert graph["local.demo"] & known.keys()
    TopologicalSorter(graph).prepare()


def test_a_circle_is_noticed_where_it_is_for_types_or_put_off() -> None:
    """Guards the test above."""
    codes = {
        "a": "if TYPE_CHECKING:\n    from b import B",
        "b": "def later():\n    from c import inner",
        "c": "from a import A",
    }
    graph = {name: set(needed_by(code, codes)) for name, code in codes.items()}
    with pytest.raises(CycleError):
        TopologicalSorter(graph).prepare()
