"""Onboard one client at the stack of `make local`: `python -m local.onboard ehr my-ehr`."""

from __future__ import annotations

import argparse

from local.running_stack import RunningStack
from local.seed import SECRET, TENANT, onboard, put
from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.domain.directory import EhrSystem
from referral_core.domain.updates import Role

_ROLES = (Role.EHR, Role.CLINIC, Role.PAYER, Role.STAFF, Role.FINANCE)


def main() -> None:
    """Register the client and print what it needs."""
    parser = argparse.ArgumentParser(prog="python -m local.onboard")
    parser.add_argument("role", choices=[role.value for role in _ROLES])
    parser.add_argument("organization", help="the EHR system, clinic or payer it speaks for")
    chosen = parser.parse_args()
    running = RunningStack.found()
    role = Role(chosen.role)
    if role is Role.EHR:
        system = EhrSystem(
            tenant=TENANT,
            id=chosen.organization,
            name=chosen.organization,
            notices_url=f"{running.partners_url}/ehr",
            secret=SECRET,
        )
        put(running.emulator, running.deployment, config_item(system))
    client = onboard(running.emulator, running.deployment, role, chosen.organization)
    print(f"client_id      {client.client_id}")
    print(f"client_secret  {client.client_secret}")
    print(f"token_url      {running.endpoint}/oauth2/token")
    print("scope          referrals/read referrals/write")
    print(f"api            {running.api_url}/fhir")


if __name__ == "__main__":
    main()
