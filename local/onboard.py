"""Onboard one client at the stack of `make local`: `python -m local.onboard ehr my-ehr`."""

from __future__ import annotations

import argparse

from local.seed import SECRET, TENANT, onboard, put
from local.standing import Standing
from referral_core.adapters.directory import config_item
from referral_core.domain.network import EhrSystem
from referral_core.domain.updates import Role

_ROLES = (Role.EHR, Role.CLINIC, Role.PAYER, Role.STAFF)


def main() -> None:
    """Register the client and print what it needs."""
    parser = argparse.ArgumentParser(prog="python -m local.onboard")
    parser.add_argument("role", choices=[role.value for role in _ROLES])
    parser.add_argument("organization", help="the EHR system, clinic or payer it speaks for")
    chosen = parser.parse_args()
    standing = Standing.found()
    role = Role(chosen.role)
    if role is Role.EHR:
        system = EhrSystem(
            tenant=TENANT,
            id=chosen.organization,
            name=chosen.organization,
            notices_url=f"{standing.partners_url}/ehr",
            secret=SECRET,
        )
        put(standing.emulator, standing.deployment, config_item(system))
    client = onboard(standing.emulator, standing.deployment, role, chosen.organization)
    print(f"client_id      {client.client_id}")
    print(f"client_secret  {client.client_secret}")
    print(f"token_url      {standing.endpoint}/oauth2/token")
    print("scope          referrals/read referrals/write")
    print(f"api            {standing.api_url}/fhir")


if __name__ == "__main__":
    main()
