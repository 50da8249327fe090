"""`make console`: the console with a day of sample referrals, until Ctrl-C.

The samples run fast until work has gathered on the teams' lists; nobody but the people who sign in
decides anything, so that it stays there.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType
from typing import Final

from local.follow import Follower
from local.inputs import inputs
from local.people import Account, onboard
from local.running_stack import RunningStack
from local.second_factor import SecondFactors
from local.stack import ROOT, Stack, up
from referral_core.domain.access.principal import Duty, Person
from referral_core.domain.lifecycle import Queue

SAMPLES: Final = ROOT / "events/referrals"
RATE: Final = 1_440.0
"""A virtual day a minute: long enough to work in, short enough to see referrals move."""
PEOPLE: Final = {
    "maria": (
        Person(name="Maria Santos"),
        {Queue.FRONT_OFFICE, Queue.REFERRAL_COORDINATORS, Queue.CONTACT_CENTER},
    ),
    "olu": (
        Person(name="Olu Adeyemi"),
        {Queue.CONTACT_CENTER, Queue.PRIOR_AUTHORIZATION, Queue.FRONT_OFFICE},
    ),
    "ruth": (
        Person(name="Ruth Whitaker, RN", duty=Duty.REVIEWER),
        {Queue.CLINICAL_REVIEW, Queue.CARE_MANAGEMENT},
    ),
    "grace": (Person(name="Grace Hartwell", duty=Duty.MANAGER), set(Queue)),
    "felix": (Person(name="Felix Brandt", duty=Duty.FINANCE), set()),
}
"""The people of the sample tenant and their teams, by their sign-in names."""


def main() -> int:
    """Serve until interrupted."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    print("Starting the embedded stack and deploying the template ...", flush=True)
    with tempfile.TemporaryDirectory(prefix="referral-router-") as folder:
        write_unstaffed(Path(folder))
        with up(Path(folder), RATE) as stack, RunningStack.of(stack).written():
            accounts = people_of(stack)
            print(_guide(stack, accounts), flush=True)
            Follower(stack).post(inputs(SAMPLES))
            print("All samples are posted; their work items appear as time goes on.", flush=True)
            stopped.wait()
            print("Stopping ...", flush=True)
    return 0


def write_unstaffed(folder: Path) -> None:
    """Copy the samples, without what the simulated staff would do."""
    shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)
    for sidecar in folder.glob("*.sidecar.json"):
        script = json.loads(sidecar.read_text())
        script["partners"].pop("staff", None)
        sidecar.write_text(json.dumps(script))


def people_of(stack: Stack) -> list[Account]:
    """Onboard the people of the sample tenant."""
    return [
        onboard(stack.emulator, stack.deployment, username, person, teams)
        for username, (person, teams) in PEOPLE.items()
    ]


def _guide(stack: Stack, accounts: list[Account]) -> str:
    factors = SecondFactors(stack.emulator.client("cognito-idp"), stack.deployment["UserPoolId"])
    lines = [
        f"  {a.name:<18} {PEOPLE[a.username][0].duty:<9} {a.username:<7} {a.password}"
        f"  {factors.enrolled(a)}"
        for a in accounts
    ]
    return "\n".join(
        (
            "",
            f"The console is at {stack.api_url}/console",
            "",
            "Sign in as (name, duty, user name, password, secret of the second factor):",
            *lines,
            "",
            "On AWS the sign-in page asks for the second factor's code (add the secret to an",
            "authenticator); the emulator's page here does not, its API does.",
            "A virtual day lasts a minute. Ctrl-C stops it; nothing is left running.",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
