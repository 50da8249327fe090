"""`make mutants` on a project of one module: each verdict, and a tree that stays as it was."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.mutants.__main__ import main
from tests.mutants.judge import Finding, NothingProven, Verdict, judge_all
from tests.mutants.safeguards import Safeguard, read_safeguards

MODULE = '''\
"""Guards."""


def allowed(age: int) -> bool:
    return age >= 18


def greeting(name: str) -> str:
    # What nobody tests.
    return name.strip()
'''
TESTS = """\
from guards import allowed


def test_a_child_is_refused() -> None:
    assert not allowed(17)


def test_an_adult_is_allowed() -> None:
    assert allowed(18)
"""
SAFEGUARDS = read_safeguards()
PROJECT = '[tool.pytest.ini_options]\npythonpath = ["source"]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Given a git work tree with one guard, and nothing committed yet."""
    root = tmp_path / "project"
    (root / "source").mkdir(parents=True)
    (root / "source/guards.py").write_text(MODULE)
    (root / "test_guards.py").write_text(TESTS)
    (root / "pyproject.toml").write_text(PROJECT)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def edit(old: str, new: str) -> Safeguard:
    return Safeguard(
        name="It is gone.", file="source/guards.py", old=old, new=new, tests=("test_guards.py",)
    )


def judged(root: Path, *safeguards: Safeguard) -> list[Finding]:
    told: list[Finding] = []
    findings = judge_all(safeguards, root, told.append)
    assert sorted(map(str, told)) == sorted(map(str, findings))
    return findings


def test_each_mutant_gets_its_verdict_and_the_tree_stays_as_it_was(project: Path) -> None:
    findings = judged(
        project,
        edit(">= 18", "> 18"),
        edit("name.strip()", "name"),
        edit("age > 18", "age"),
        edit("age", "years"),
        edit("return age >= 18", "return ("),
        edit("# What nobody tests.", "# Nothing."),
        edit("age >= 18", "years >= 18"),
        edit('"""Guards."""', "import nowhere"),
    )
    assert [(f.verdict, f.detail.partition(":")[0]) for f in findings] == [
        (Verdict.KILLED, "test_guards.py"),
        (Verdict.SURVIVED, "no test noticed"),
        (Verdict.STALE, "the text occurs 0 times in source/guards.py, not once"),
        (Verdict.STALE, "the text occurs 2 times in source/guards.py, not once"),
        (Verdict.INVALID, "guards.py cannot be parsed with the edit"),
        (Verdict.INVALID, "the edit changes nothing that runs"),
        (Verdict.INVALID, "cannot run"),
        (Verdict.INVALID, "cannot run"),
    ]
    assert findings[0].detail == "test_guards.py::test_an_adult_is_allowed"
    left = {
        p.relative_to(project).as_posix() for p in project.rglob("*.*") if ".git/" not in str(p)
    }
    assert left == {".git", "source/guards.py", "test_guards.py", "pyproject.toml"}
    assert (project / "source/guards.py").read_text() == MODULE


def test_nothing_is_judged_when_the_tests_fail_as_it_is(project: Path) -> None:
    (project / "source/guards.py").write_text(MODULE.replace("18", "19"))
    with pytest.raises(NothingProven, match="test_an_adult_is_allowed"):
        judged(project, edit(">= 19", "> 19"))


def test_a_test_that_reads_the_original_tree_proves_nothing(project: Path) -> None:
    stray = f"import sys\nsys.path.insert(0, {str(project / 'source')!r})\n"
    (project / "test_guards.py").write_text(stray + TESTS)
    with pytest.raises(NothingProven, match=r"Not the copy was tested but .*source/guards\.py"):
        judged(project, edit(">= 18", "> 18"))


@pytest.mark.parametrize("verdict", Verdict)
def test_the_command_succeeds_only_when_every_mutant_is_killed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verdict: Verdict
) -> None:
    verdicts = iter([Verdict.KILLED, verdict, *[Verdict.KILLED] * len(SAFEGUARDS)])
    monkeypatch.setattr(
        "tests.mutants.__main__.judge_all",
        lambda chosen, root, tell: [Finding(s, next(verdicts), 0, "") for s in chosen],
    )
    assert main([]) == (0 if verdict is Verdict.KILLED else 1)
    assert verdict in capsys.readouterr().out


def test_a_part_of_a_name_chooses_safeguards(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--only", SAFEGUARDS[0].name.upper()]) == 0
    assert capsys.readouterr().out.startswith(SAFEGUARDS[0].name)
    assert main(["--list", "--only", "no name holds this"]) == 1


def test_an_entry_with_a_misspelt_key_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "safeguards.toml"
    data.write_text('[[safeguard]]\nname = "A."\nfile = "f"\nold = "o"\nnew = "n"\ntest = ["t"]\n')
    with pytest.raises(ValidationError, match="test"):
        read_safeguards(data)
