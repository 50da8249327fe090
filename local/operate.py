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
from local.redrive import redrive
from local.running_stack import RunningStack
from local.seed import TENANT
from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory, pause_item
from referral_core.adapters.clock import VirtualClock
from referral_core.domain.ids import Tenant
from referral_core.domain.pause import Pause, PauseScope

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
    def table(self) -> str:
        """The table's name."""
        return self.outputs["TableName"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked for; return the exit code."""
    chosen = _parser().parse_args(arguments)
    cell = DeployedStack.named(chosen.stack)
    tenant = Tenant(chosen.tenant)
    match chosen.act:
        case "pause":
            return _pause(cell, tenant, chosen)
        case "resume":
            print("Resumed." if resume(cell, tenant, chosen.scope, chosen.of) else "Not paused.")
        case "pauses":
            for pause in pauses(cell, tenant):
                print(
                    f"{pause.name}: since {pause.since:%Y-%m-%d %H:%M} UTC by {pause.by}, "
                    f"{pause.reason}"
                )
        case _:
            done = redrive(cell.client, cell.outputs["StreamDlqUrl"], cell.table, cell.stack)
            print(f"{done.used} used, {done.kept} kept in the queue.")
            return 1 if done.kept else 0
    return 0


def pause(cell: DeployedStack, asked: Pause) -> None:
    """Hold back; a pause that is there already is replaced."""
    cell.client("dynamodb").put_item(TableName=cell.table, Item=pause_item(asked))


def resume(cell: DeployedStack, tenant: Tenant, scope: str, of: str) -> bool:
    """Let go on; return whether it was paused. What is held looks within a quarter of an hour."""
    key = {"pk": {"S": keys.config(tenant)}, "sk": {"S": f"{keys.Sort.PAUSE}{scope}:{of}"}}
    gone = cell.client("dynamodb").delete_item(
        TableName=cell.table, Key=key, ReturnValues="ALL_OLD"
    )
    return "Attributes" in gone


def pauses(cell: DeployedStack, tenant: Tenant) -> Sequence[Pause]:
    """List what is held back."""
    return DynamoDbDirectory(cell.client("dynamodb"), cell.table).pauses(tenant)


def _pause(cell: DeployedStack, tenant: Tenant, chosen: argparse.Namespace) -> int:
    try:
        asked = Pause(
            tenant=tenant,
            scope=PauseScope(chosen.scope),
            of=chosen.of,
            reason=chosen.reason,
            by=chosen.by,
            since=cell.now(),
        )
    except ValidationError as error:
        for fault in error.errors():
            print(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}")
        return 1
    pause(cell, asked)
    print(f"{asked.name} is paused; each referral that is held says so.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.operate")
    parser.add_argument("--stack", help="a deployed stack; this machine's when left out")
    parser.add_argument("--tenant", default=TENANT)
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
