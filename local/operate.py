"""What operations do: hold back, let go on, send again.

    python -m local.operate pause payer acme --reason 'their gateway is down' --by olu
    python -m local.operate resume payer acme
    python -m local.operate pauses
    python -m local.operate redrive                    dead letters of the stream's consumers

At the stack of `make local`; a deployed one is named by --stack, with an account's credentials.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from pydantic import ValidationError

from infra import STACK_NAME
from local.running_stack import RunningStack
from local.seed import TENANT
from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory
from referral_core.adapters.aws.dynamodb.pauses import PauseTable
from referral_core.adapters.aws.stream_letters import SqsStreamLetters
from referral_core.adapters.clock import VirtualClock
from referral_core.domain.ids import Tenant
from referral_core.domain.pause import Pause, PauseScope
from referral_core.entrypoints.http.staff.known_names import can_be_paused, no_such
from referral_core.ports.operations import Parties

Clients = Callable[[str], Any]


@dataclass(frozen=True)
class DeployedStack:
    """A deployed stack. Attributes: client: makes a client of a service."""

    client: Clients
    outputs: dict[str, str]
    stack: str

    @classmethod
    def named(cls, stack: str | None) -> DeployedStack:
        """Return a deployed stack by its name; the running one of this machine when None."""
        if stack is None:
            running = RunningStack.found()
            return cls(running.emulator.client, dict(running.outputs), STACK_NAME)
        found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
        return cls(boto3.client, outputs, stack)  # type: ignore[arg-type] # any service's name

    def now(self) -> datetime:
        """Return the business instant: on one machine the one that its functions read."""
        name = self.outputs["FireTimersName"]
        told = self.client("lambda").get_function_configuration(FunctionName=name)
        file = told["Environment"]["Variables"].get("CLOCK_FILE")
        return VirtualClock(file, 0).now() if file else datetime.now(UTC)

    @property
    def pauses(self) -> PauseTable:
        """What is held back there."""
        return PauseTable(self.client("dynamodb"), self.table)

    @property
    def parties(self) -> Parties:
        """Whom its tenants work with."""
        return DynamoDbDirectory(self.client("dynamodb"), self.table)

    @property
    def table(self) -> str:
        """The table's name."""
        return self.outputs["TableName"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked for; return the exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.stack and not chosen.tenant and chosen.act != "redrive":
        parser.error(f"say for which tenant: --stack {chosen.stack} --tenant NAME {chosen.act} …")
    cell = DeployedStack.named(chosen.stack)
    tenant = Tenant(chosen.tenant or TENANT)
    match chosen.act:
        case "pause":
            return _pause(cell, tenant, chosen)
        case "resume":
            was = cell.pauses.resume(tenant, PauseScope(chosen.scope), chosen.of)
            print("Resumed." if was else "Not paused: see `pauses`.")
            return 0 if was else 1
        case "pauses":
            for pause in cell.pauses.pauses(tenant):
                print(
                    f"{pause.name}: since {pause.since:%Y-%m-%d %H:%M} UTC by {pause.by}, "
                    f"{pause.reason}"
                )
        case _:
            queue = cell.outputs["StreamDlqUrl"]
            letters = SqsStreamLetters(cell.client, queue, cell.table, cell.stack)
            return _redrive(letters, tenant if chosen.tenant else None)
    return 0


def _redrive(letters: SqsStreamLetters, tenant: Tenant | None) -> int:
    used, kept, more = 0, 0, True
    while more:
        done = letters.redrive(tenant)
        used, kept, more = used + done.used, kept + done.kept, done.more
    print(f"{used} used, {kept} kept in the queue.")
    return 1 if kept else 0


def _pause(cell: DeployedStack, tenant: Tenant, chosen: argparse.Namespace) -> int:
    scope = PauseScope(chosen.scope)
    known = can_be_paused(cell.parties, tenant, scope)
    if chosen.of not in known:
        print(no_such(scope, chosen.of, known))
        return 1
    try:
        asked = Pause(
            tenant=tenant,
            scope=scope,
            of=chosen.of,
            reason=chosen.reason,
            by=chosen.by,
            since=cell.now(),
        )
    except ValidationError as error:
        for fault in error.errors():
            print(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}")
        return 1
    cell.pauses.pause(asked)
    print(f"{asked.name} is paused; each referral that is held says so.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.operate")
    parser.add_argument("--stack", help="a deployed stack; this machine's when left out")
    parser.add_argument("--tenant", help=f"needed with --stack; {TENANT} on this machine")
    acts = parser.add_subparsers(dest="act", required=True)
    for name, does in (("pause", "hold back"), ("resume", "let go on")):
        act = acts.add_parser(name, help=does)
        act.add_argument("scope", choices=list(PauseScope))
        act.add_argument("of", help="payer id, clinic organization, channel, or the tenant")
        if name == "pause":
            act.add_argument("--reason", required=True, help="shown on every referral; no patient")
            act.add_argument("--by", required=True, help="who holds it back")
    acts.add_parser("pauses", help="what is held back")
    acts.add_parser("redrive", help="use the stream's dead letters, once their cause is mended")
    return parser


if __name__ == "__main__":
    sys.exit(main())
