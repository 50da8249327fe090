"""`python -m local.demo` as a person runs it: report, exit code, and nothing left behind."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from local.stack import ROOT
from tests.end_to_end.conftest import SAMPLES
from tests.end_to_end.waiting import PATIENCE_S, until

REPORT_KEYS: Final = {
    "source",
    "http_status",
    "referral_id",
    "pathway",
    "status",
    "outcome",
    "loop_closed",
    "states_entered",
    "events",
    "messages",
    "cost_usd",
    "worklist",
    "operation_outcome",
    "specialty",
    "performer_npi",
    "service",
    "priority",
    "work_item",
    "warnings",
}
BRISK: Final = {
    "clinic": {
        "answer_after": "PT1H",
        "books_after": "PT1H",
        "visit_in": "PT2H",
        "report_after": "PT1H",
    },
    "patient": {"reply": "YES", "reply_after": "PT1H"},
    "ehr": {"acknowledges_after": "PT1H"},
}
_MARK: Final = "REFERRAL_ROUTER_TEST_RUN"
_ENDS_WITHIN_S: Final = 2 * PATIENCE_S


@dataclass(frozen=True)
class Demo:
    """A demo under way; every process that it starts inherits its mark."""

    process: subprocess.Popen[str]
    mark: str
    temporary: Path
    said: Path

    def processes(self) -> set[int]:
        found = set()
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with suppress(OSError):
                    if self.mark.encode() in (folder / "environ").read_bytes():
                        found.add(int(folder.name))
        return found

    def listening(self) -> set[tuple[str, int]]:
        """Return the addresses and ports that its processes listen on."""
        sockets = set()
        for pid in self.processes():
            with suppress(OSError):
                for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                    with suppress(OSError):
                        sockets.add(str(descriptor.readlink()))
        return {
            (address, port)
            for address, port, inode in _listening_sockets()
            if f"socket:[{inode}]" in sockets
        }

    def has_said(self, words: str) -> bool:
        return words in self.said.read_text()


def _listening_sockets() -> Iterator[tuple[str, int, str]]:
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                address, _, port = fields[1].partition(":")
                yield address, int(port, 16), fields[9]


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[Demo]:
    mark, temporary, said = secrets.token_hex(8), folder / "tmp", folder / "said.txt"
    temporary.mkdir()
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.demo", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                _MARK: mark,
                "TMPDIR": str(temporary),
                "PYTHONPATH": f"layers/referral_core/python{os.pathsep}.",
            },
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    running = Demo(process, mark, temporary, said)
    try:
        yield running
    finally:
        for pid in running.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def leaves_nothing(ended: Demo, ports: set[tuple[str, int]]) -> None:
    until(lambda: not ended.processes(), "every process of the demo to be gone")
    for _, port in ports:
        with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
            probe.connect(("127.0.0.1", port))
    assert list(ended.temporary.glob("referral-router-*")) == []


@pytest.fixture
def referrals(tmp_path: Path) -> Path:
    """Lay out one good referral, whose partners are brisk, and one that is no JSON."""
    folder = tmp_path / "referrals"
    folder.mkdir()
    (folder / "good.json").write_bytes((SAMPLES / "happy-path.json").read_bytes())
    (folder / "good.sidecar.json").write_text(json.dumps({"partners": BRISK}))
    (folder / "malformed.json").write_text('{"resourceType": "ServiceRequest",')
    return folder


def test_it_reports_each_input_and_leaves_nothing_behind(tmp_path: Path, referrals: Path) -> None:
    report = tmp_path / "report.jsonl"
    with demo(tmp_path, "--referrals", str(referrals), "--report", str(report)) as running:
        until(lambda: running.has_said("Posting 2 inputs"), "the demo to post")
        ports = running.listening()
        assert {address for address, _ in ports} == {"0100007F"}, "it listens on loopback only"
        assert running.process.wait(timeout=_ENDS_WITHIN_S) == 0, running.said.read_text()
        leaves_nothing(running, ports)
    good, malformed = _by_source(report)
    assert good["http_status"] == 201
    assert good["outcome"] == "completed-report-acknowledged"
    assert good["loop_closed"] is True
    assert good["worklist"] is None
    assert good["operation_outcome"] is None
    assert good["pathway"] == "generic-specialist"
    assert good["status"] == "closed"
    assert good["states_entered"] > 0
    assert good["events"] > good["states_entered"]
    assert good["messages"] >= 1
    assert 0 < good["cost_usd"] < 1
    assert malformed["http_status"] == 400
    assert malformed["operation_outcome"]["resourceType"] == "OperationOutcome"
    answered = {"source", "http_status", "operation_outcome"}
    assert {key for key, value in malformed.items() if value is not None} == answered


def _by_source(report: Path) -> list[Mapping[str, Any]]:
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert all(set(line) == REPORT_KEYS for line in lines)
    assert sorted(line["source"] for line in lines) == ["good.json", "malformed.json"]
    return sorted(lines, key=lambda line: str(line["source"]))


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    with demo(tmp_path, "--referrals", str(SAMPLES)) as running:
        until(lambda: running.has_said("Posting"), "the demo to post")
        ports = running.listening()
        assert ports
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.process.wait(timeout=PATIENCE_S) == 130
        leaves_nothing(running, ports)


def test_ctrl_c_while_it_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    with demo(tmp_path, "--referrals", str(SAMPLES)) as running:
        until(lambda: bool(running.listening()), "the emulator to listen")
        ports = running.listening()
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.process.wait(timeout=PATIENCE_S) == 130
        leaves_nothing(running, ports)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with demo(tmp_path, "--referrals", str(tmp_path / "nowhere")) as running:
        assert running.process.wait(timeout=PATIENCE_S) == 1
        assert "nowhere" in running.said.read_text()
