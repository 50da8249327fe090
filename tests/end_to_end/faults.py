"""Faults, injected from outside: the product is never told, and nothing of it is replaced."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from infra import STACK_NAME
from local.pace import Pace
from local.stack import Stack
from tests.end_to_end.waiting import until

_NO_ANSWERS: Final = "no-answers"
"""The inline policy that keeps a function from answering waiting steps."""


# --- event sources ---------------------------------------------------------------------------


def _mapping(stack: Stack, function: str) -> dict[str, Any]:
    client = stack.emulator.client("lambda")
    found = client.list_event_source_mappings(FunctionName=f"{STACK_NAME}-{function}")
    (mapping,) = found["EventSourceMappings"]
    return dict(mapping)


@contextmanager
def paused_mapping(stack: Stack, function: str) -> Iterator[None]:
    """Let a function's events pile up."""
    client, uuid = stack.emulator.client("lambda"), _mapping(stack, function)["UUID"]
    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=uuid, Enabled=True)


@contextmanager
def lost_stream_records(stack: Stack, function: str) -> Iterator[None]:
    """Lose what the stream holds for a function: a new mapping begins with what comes later."""
    client, known = stack.emulator.client("lambda"), _mapping(stack, function)
    client.delete_event_source_mapping(UUID=known["UUID"])
    try:
        yield
    finally:
        client.create_event_source_mapping(
            EventSourceArn=known["EventSourceArn"],
            FunctionName=known["FunctionArn"],
            BatchSize=known["BatchSize"],
            StartingPosition="LATEST",
            FilterCriteria=known["FilterCriteria"],
            FunctionResponseTypes=known["FunctionResponseTypes"],
        )


@contextmanager
def limited_concurrency(stack: Stack, function: str, most: int) -> Iterator[None]:
    """Let at most so many invocations of a function run at once; the others are throttled."""
    client, name = stack.emulator.client("lambda"), f"{STACK_NAME}-{function}"
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=most)
    try:
        yield
    finally:
        client.delete_function_concurrency(FunctionName=name)


# --- time ------------------------------------------------------------------------------------


@contextmanager
def clock_of(stack: Stack, function: str, pace: Pace) -> Iterator[None]:
    """Let a function read a clock of its own."""
    client, name = stack.emulator.client("lambda"), f"{STACK_NAME}-{function}"
    known = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    own = {**known, "CLOCK_FILE": str(pace.file)}
    client.update_function_configuration(FunctionName=name, Environment={"Variables": own})
    try:
        yield
    finally:
        client.update_function_configuration(FunctionName=name, Environment={"Variables": known})


# --- permissions -----------------------------------------------------------------------------


@contextmanager
def lost_answers(stack: Stack, function: str) -> Iterator[None]:
    """Lose every answer that a function sends to the state machine."""
    configuration = stack.emulator.client("lambda").get_function_configuration(
        FunctionName=f"{STACK_NAME}-{function}"
    )
    role = configuration["Role"].rpartition("/")[2]
    iam = stack.emulator.client("iam")
    denied = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "states:SendTask*", "Resource": "*"}],
    }
    document = json.dumps(denied)
    iam.put_role_policy(RoleName=role, PolicyName=_NO_ANSWERS, PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName=_NO_ANSWERS)


# --- processes -------------------------------------------------------------------------------


def workers(stack: Stack, function: str) -> list[int]:
    """List the worker processes of a function of this stack."""
    mark = f"{stack.emulator.log.parent}/ministack-lambda-{STACK_NAME}-{function}-"
    return [pid for pid, command in _commands() if mark in command]


def partners(stack: Stack) -> int:
    """Return the process of the simulated partners of this stack."""
    log = stack.emulator.log.with_name("partners.log")
    (pid,) = (pid for pid, _ in _commands() if _output(pid) == log)
    return pid


def _commands() -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                yield int(folder.name), command.decode(errors="replace")


def _output(pid: int) -> Path | None:
    with suppress(OSError):
        return Path(f"/proc/{pid}/fd/1").readlink()
    return None


@contextmanager
def frozen(pids: list[int]) -> Iterator[None]:
    """Stop processes for a while; those killed meanwhile stay dead."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def kill(pids: list[int]) -> None:
    """End processes at once and surely, as the kernel does when memory runs out."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(_is_gone(pid) for pid in pids), f"the end of {pids}")


def _is_gone(pid: int) -> bool:
    """Whether a process is no more, or a zombie that nobody has buried yet."""
    with suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "Z"
    return True
