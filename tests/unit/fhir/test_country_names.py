"""The names of countries are the library's; reading them loads nothing else of it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from referral_core import fhir
from referral_core.fhir.countries import region_named
from referral_core.fhir.telecom import region_of

FILE = resources.files(fhir) / "country_names.json"


def of_the_library() -> dict[str, list[str]]:
    """Region → its names in all languages, in capitals; read without loading what lies beside."""
    library = find_spec("phonenumbers")
    assert library is not None
    assert library.origin is not None
    source = (Path(library.origin).parent / "geodata/locale.py").read_text(encoding="utf-8")
    tables = next(n.value for n in ast.parse(source).body if isinstance(n, ast.Assign))
    assert isinstance(tables, ast.Dict)
    found: dict[str, set[str]] = {}
    for region, names in zip(tables.keys, tables.values, strict=True):
        assert isinstance(names, ast.Dict)
        written = {name_in(value).strip("*").upper() for value in names.values}
        found[name_in(region)] = {name for name in written if len(name) > 2 or not name.isascii()}
    return {region: sorted(names) for region, names in sorted(found.items()) if names}


def name_in(node: Any) -> str:
    """A text of the library's table, which some of its own function wraps."""
    return str(ast.literal_eval(node.args[0] if isinstance(node, ast.Call) else node))


def written(names: dict[str, list[str]]) -> str:
    lines = (
        f"{json.dumps(region)}: {json.dumps(found, ensure_ascii=False)}"
        for region, found in names.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def test_the_names_are_those_of_the_library() -> None:
    """When the library knows others: `python -m tests.unit.fhir.test_country_names` writes them."""
    assert FILE.read_text(encoding="utf-8") == written(of_the_library())


@pytest.mark.parametrize(
    ("name", "region"),
    [
        *(("GERMANY", "DE"), ("ALEMANIA", "DE"), ("DEUTSCHLAND", "DE"), ("MÉXICO", "MX")),
        *(("CHINA", "CN"), ("中国", "CN"), ("NARNIA", None), ("AA", None), ("", None)),
    ],
)
def test_a_country_is_known_by_its_name(name: str, region: str | None) -> None:
    assert region_named(name) == region


@pytest.mark.parametrize(
    ("written", "region"),
    [
        *(("HTI", "HT"), ("gtm", "GT"), ("USA", "US"), ("U.S.A", "US"), ("u.s.", "US")),
        *(("EE.UU.", "US"), ("United States of America (the)", "US"), ("England", "GB")),
        *(("Viet Nam", "VN"), ("Vietnam", "VN"), ("Unknown", "ZZ"), ("XXX", "ZZ"), ("", "US")),
    ],
)
def test_a_country_is_known_by_its_codes_and_as_people_write_it(written: str, region: str) -> None:
    assert region_of(written) == region


def test_every_code_is_of_one_country() -> None:
    codes = json.loads((resources.files(fhir) / "country_codes.json").read_text(encoding="utf-8"))
    written = [name for names in codes.values() for name in names]
    assert len(set(written)) == len(written)
    assert len(codes) == 249
    assert all(len(names[0]) == 3 and region_named(names[0]) == at for at, names in codes.items())


def test_a_country_of_any_name_loads_no_library() -> None:
    """Nineteen megabytes of it lie beside the names, to be compiled in each cold process."""
    code = (
        "import sys; from referral_core.fhir.telecom import region_of; "
        "assert region_of('Narnia') == 'ZZ'; "
        "sys.exit(any(m.startswith('phonenumbers') for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == 0


if __name__ == "__main__":
    Path(str(FILE)).write_text(written(of_the_library()), encoding="utf-8")
