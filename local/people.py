"""People of a tenant: onboarded, off-boarded, and their work handed over, one command each.

    python -m local.people onboard maria --name 'Maria Santos' --teams front-office contact-center
    python -m local.people offboard maria --to olu
    python -m local.people hand-over maria --to olu

At the stack of `make local` or `make console`; on AWS the same calls are made with an account's
credentials (docs/runbook.md).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import httpx

from local.clients import SCOPES
from local.deploy import Deployment
from local.emulator import Emulator
from local.running_stack import RunningStack
from local.seed import TENANT
from local.seed import onboard as onboard_client
from referral_core.adapters.aws.dynamodb.people import PeopleTable
from referral_core.adapters.aws.user_pool import UserPoolAccounts
from referral_core.domain.access.principal import Duty, Person, Principal
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.updates import Role


@dataclass(frozen=True)
class Account:
    """What a person signs in with."""

    name: str
    username: str
    password: str


def onboard(
    emulator: Emulator,
    deployment: Deployment,
    username: str,
    person: Person,
    teams: Iterable[Queue] = (),
    *,
    tenant: Tenant = TENANT,
) -> Account:
    """Make a user of the pool and a principal of a tenant; the user sets a second factor.

    The pool asks for a one-time password at the first sign-in, since it is required of everybody.
    """
    pool = deployment["UserPoolId"]
    cognito = emulator.client("cognito-idp")
    password = UserPoolAccounts(cognito, pool).create(username)
    # The emulator's sign-in page does not ask for another one.
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=username, Password=password, Permanent=True
    )
    principal = Principal.of_person(username, tenant, person, teams)
    PeopleTable(emulator.client("dynamodb"), deployment["TableName"]).add(principal, None)
    return Account(person.name, username, password)


def offboard(emulator: Emulator, deployment: Deployment, username: str) -> None:
    """End a person's sessions and access; what they did stays on record under their name's id."""
    UserPoolAccounts(emulator.client("cognito-idp"), deployment["UserPoolId"]).end(username)
    people = PeopleTable(emulator.client("dynamodb"), deployment["TableName"])
    people.remove(people.person(TENANT, username), None)


def hand_over(running: RunningStack, username: str, to: str) -> int:
    """Give everything that a person has claimed to a colleague, through the API; return how many.

    A machine client of staff asks for it, since no person need be signed in.
    """
    client = onboard_client(running.emulator, running.deployment, Role.STAFF, TENANT)
    credentials = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "scope": " ".join(SCOPES),
    }
    with httpx.Client(timeout=30) as http:
        answer = http.post(f"{running.endpoint}/oauth2/token", data=credentials)
        token = answer.raise_for_status().json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        moved = 0
        while True:
            found = http.get(f"{running.api_url}/work-items", params={"owner": username})
            items = found.raise_for_status().json()["workItems"]
            if not items:
                return moved
            for item in items:
                url = f"{running.api_url}/work-items/{item['id']}/decision"
                assigned = {"action": "assign", "owner": to, "item": item["openedAt"]}
                http.post(url, json=assigned).raise_for_status()
                moved += 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what is asked for at the running stack."""
    parser = argparse.ArgumentParser(prog="python -m local.people")
    acts = parser.add_subparsers(dest="act", required=True)
    coming = acts.add_parser("onboard", help="make a person who can sign in")
    coming.add_argument("username")
    coming.add_argument("--name", required=True)
    coming.add_argument("--duty", choices=list(Duty), default=Duty.STAFF)
    coming.add_argument("--teams", nargs="*", choices=list(Queue), default=[])
    leaving = acts.add_parser("offboard", help="end a person's access, and hand over their work")
    leaving.add_argument("username")
    leaving.add_argument("--to", required=True, help="the colleague who takes the work")
    away = acts.add_parser("hand-over", help="give a person's work to a colleague")
    away.add_argument("username")
    away.add_argument("--to", required=True, help="the colleague who takes the work")
    chosen = parser.parse_args(arguments)
    running = RunningStack.found()
    emulator, deployment = running.emulator, running.deployment
    if chosen.act == "onboard":
        person = Person(name=chosen.name, duty=chosen.duty)
        made = onboard(emulator, deployment, chosen.username, person, chosen.teams)
        print(f"username  {made.username}\npassword  {made.password}")
        return
    print(f"{hand_over(running, chosen.username, chosen.to)} items handed over to {chosen.to}.")
    if chosen.act == "offboard":
        offboard(emulator, deployment, chosen.username)
        print(f"{chosen.username} can no longer sign in.")


if __name__ == "__main__":
    main()
