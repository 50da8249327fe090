"""The documents are true to the code: names, links, commands, and nothing of any one machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import Outcome, Party, Queue, Status, Step
from referral_core.domain.updates import UpdateKind
from referral_core.domain.work_items import Reason

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "local/README.md",
    ROOT / "statemachines/README.md",
    ROOT / "tests/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
_TESTS = re.compile(r"[\w/]*test_\w+\.py(?:(?:`?, ?`?)?::\w+…?)*")
"""A file of tests, and those of its tests that are named: whole, or as far as the ellipsis."""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in _LINK.findall(document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_every_test_that_is_named_exists(document: Path) -> None:
    of_name = dict[str, list[Path]]()
    for path in (ROOT / "tests").rglob("test_*.py"):
        of_name.setdefault(path.name, []).append(path)
    for named in _TESTS.findall(document.read_text()):
        file, *functions = re.split(r"[`, ]*::", named.replace("…", "\\w*"))
        code = [p.read_text() for p in of_name.get(file.rpartition("/")[2], ())]
        assert code, f"no tests are in {file}"
        for function in functions:
            assert any(re.search(rf"def {function}\(", each) for each in code), (file, function)


def test_the_readme_is_short_and_its_commands_exist() -> None:
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    assert len(readme.splitlines()) <= 110
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)", readme)) <= targets


def test_the_glossary_knows_every_word_of_the_lifecycle() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text()
    for vocabulary in (Status, Outcome, Queue, Party, Step, UpdateKind, Reason):
        missing = [word for word in vocabulary if f"`{word}`" not in glossary]
        assert not missing


def test_the_data_model_knows_every_kind_of_event() -> None:
    model = (ROOT / "docs/data_model.md").read_text()
    assert not [kind for kind in EventKind if f"`{kind}`" not in model]


def test_a_decision_has_a_number_of_its_own() -> None:
    numbers = [int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("*.md")]
    assert len(set(numbers)) == len(numbers)


def test_nothing_committed_names_a_folder_of_one_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    machine = re.compile(r"(?<![\w.])/(?:work|root|home)/\w")
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".json", ".toml", ".lock", ".js"} and path.is_file():
            found = machine.search(path.read_text(encoding="utf-8", errors="ignore"))
            assert not found, (name, found and found.group())
