"""The embedded AWS: one emulator process on loopback, which never outlives its owner."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3

REGION: Final = "us-east-1"
HOST: Final = "127.0.0.1"
_READY_WITHIN_S: Final = 60.0
_STOP_WITHIN_S: Final = 5.0
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True)
class Emulator:
    """A running emulator."""

    endpoint: str
    log: Path

    @property
    def calls(self) -> Path:
        """Where each different call of a role is written down, a line of JSON each."""
        return self.log.with_name("calls.jsonl")

    def client(self, service: str) -> Any:
        """Return a boto3 client of an emulated service, as the account's administrator."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's fixed credentials
        )


def reserved_port() -> int:
    """Return a loopback port that the system gives to nobody else in the next minute.

    A connection that the port's own side closed first lingers there: the system then picks the
    port for no other process, neither to listen nor to connect, while a server that asks for it by
    number gets it. Stacks that start at the same time therefore never meet.
    """
    with socket.create_server((HOST, 0)) as listener:
        address: tuple[str, int] = listener.getsockname()
        with socket.create_connection(address):
            accepted, _ = listener.accept()
            accepted.close()
        return address[1]


@contextmanager
def running(environment: Mapping[str, str]) -> Iterator[Emulator]:
    """Run the emulator until the block ends.

    Args:
        environment: added to the emulator's own, and so to every Lambda worker's.

    Raises:
        RuntimeError: it did not get ready.
    """
    port = reserved_port()
    with tempfile.TemporaryDirectory(prefix="referral-router-") as state:
        log = Path(state) / "emulator.log"
        settings = {
            **os.environ,
            "GATEWAY_PORT": str(port),
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            # What would listen on a fixed port, which two stacks cannot share.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "AUTH": "true",
            "STATE_DIR": f"{state}/state",
            "S3_DATA_DIR": f"{state}/s3",
            "TMPDIR": state,
            "LOG_LEVEL": "WARNING",
            "LAMBDA_WARM_TTL_SECONDS": "3600",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "EMULATOR_CALLS": f"{state}/calls.jsonl",
            **environment,
        }
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "local.emulated"],
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - before exec, in a single thread
            )
        emulator = Emulator(endpoint=f"http://{HOST}:{port}", log=log)
        try:
            _await_ready(process, emulator)
            yield emulator
        finally:
            stop_group(process)


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends, however that happens."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def stop_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and its workers: politely, then surely."""
    for number, patience in ((signal.SIGTERM, _STOP_WITHIN_S), (signal.SIGKILL, _STOP_WITHIN_S)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience)
            if number == signal.SIGTERM:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            return


def _await_ready(process: subprocess.Popen[bytes], emulator: Emulator) -> None:
    until = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        health = f"{emulator.endpoint}/_ministack/health"
        with suppress(OSError), urllib.request.urlopen(health, timeout=2):  # noqa: S310 - loopback
            return
        time.sleep(0.05)
    raise RuntimeError(f"The emulator did not start:\n{emulator.log.read_text()[-2000:]}")
