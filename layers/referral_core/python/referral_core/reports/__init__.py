"""The figures, one SQL file each, whose header says what the figure is; read once, validated."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from referral_core.reports.definition import Definition, parsed


@cache
def base_sql(name: str) -> str:
    """Return a common table that every figure may read."""
    return files(__package__).joinpath("base", f"{name}.sql").read_text(encoding="utf-8")


@cache
def definitions() -> dict[str, Definition]:
    """Return every figure by its name, in alphabetical order."""
    found = (p for p in files(__package__).iterdir() if p.name.endswith(".sql"))
    named = {p.name.removesuffix(".sql"): p.read_text(encoding="utf-8") for p in found}
    return {name: parsed(name, named[name]) for name in sorted(named)}
