"""`make local`: keep the stack up and say how to talk to it, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType

from local.running_stack import RunningStack
from local.stack import RATE, ROOT, Stack, up

_SECONDS_A_DAY = 86_400


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
    with up(ROOT / "events/referrals") as stack, RunningStack.of(stack).written():
        print(_guide(stack), flush=True)
        stopped.wait()
        print("Stopping ...", flush=True)
    return 0


def _guide(stack: Stack) -> str:
    ehr = stack.seeded.clients["ehr"]
    return f"""
The product is up; one virtual day lasts {_SECONDS_A_DAY / RATE:.1f} seconds. Ctrl-C stops it.

  API       {stack.api_url}/fhir
  Metadata  curl '{stack.api_url}/fhir/metadata'

Post a referral as the EHR:

  TOKEN=$(curl -s {stack.token_url} -d grant_type=client_credentials \\
    -d client_id={ehr.client_id} \\
    --data-urlencode 'client_secret={ehr.client_secret}' \\
    -d 'scope=referrals/read referrals/write' | python3 -c 'import json,sys; \\
    print(json.load(sys.stdin)["access_token"])')
  curl -i '{stack.api_url}/fhir/ServiceRequest' -H "Authorization: Bearer $TOKEN" \\
    -H 'Content-Type: application/fhir+json' --data @events/referrals/happy-path.json

Look at it (in another terminal, from this folder):

  .venv/bin/python -m local.show referrals       every referral: status, owner, due, why
  .venv/bin/python -m local.show events ID       what happened to one, event by event
  .venv/bin/python -m local.show executions [ID] the state machine's runs, one's with links
  .venv/bin/python -m local.show overdue         what is overdue, who must act, and why
  .venv/bin/python -m local.show alarms          which alarms are up, and what to do
  .venv/bin/python -m local.show messages        what the carrier sent
  .venv/bin/python -m local.show table           the table's items by kind

Onboard another client (prints its id and secret):

  .venv/bin/python -m local.onboard ehr my-ehr

Any AWS tool works too: AWS_ENDPOINT_URL={stack.emulator.endpoint}
  AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
"""


if __name__ == "__main__":
    sys.exit(main())
