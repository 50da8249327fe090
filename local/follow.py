"""Follows posted inputs to their ends and tells what became of each."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import httpx

from local.inputs import Input
from local.seed import TENANT
from local.stack import Stack
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.domain.errors import NotFound
from referral_core.domain.events import Event, EventKind
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Party, Status, Step
from referral_core.domain.money.cost_ledger import PriceLine, cost
from referral_core.domain.referral import Referral, WantedService

_LOCATION: Final = re.compile(r"ServiceRequest/([0-9a-f]{32})")
_FEW: Final = 8
_PAUSE_S: Final = 0.8
LEFT_AFTER: Final = timedelta(days=5)
"""How long an item lies on a worklist until it counts as left there: the staff look daily."""
_MESSAGES: Final = frozenset(
    {EventKind.PATIENT_CONTACTED, EventKind.PATIENT_REMINDED, EventKind.PATIENT_TOLD}
)


@dataclass(frozen=True)
class Followed:
    """One input and, once accepted, its referral.

    Attributes:
        seen_at: the virtual instant of the referral's last reading.
        refusal: the OperationOutcome of an input that was refused.
        warnings: what the answer says was forgiven.
    """

    source: str
    http_status: int
    referral: Referral | None = None
    seen_at: datetime | None = None
    refusal: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def has_failed(self) -> bool:
        """Whether the router could not answer: neither accepted nor refused."""
        return self.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is to be waited for: refused, closed, or left on a worklist."""
        referral, seen_at = self.referral, self.seen_at
        if referral is None or referral.is_closed:
            return True
        if referral.status is Status.RECEIVED and referral.waits_for is Party.REFERRER:
            return True  # a draft: its author has to send it
        item = referral.work_item
        if item is None or seen_at is None or referral.current_step is not Step.OPEN_WORK_ITEM:
            return False
        return seen_at - item.opened_at >= LEFT_AFTER


class Follower:
    """Posts inputs as the EHR and reads their progress from the table."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._table = ReferralTable(
            stack.emulator.client("dynamodb"), stack.deployment["TableName"]
        )
        self._tenant = TENANT

    def post(self, wanted: Sequence[Input]) -> list[Followed]:
        """Post every input as a practice does, one by one; a refused one stops nothing.

        A pause lets the emulator's few workers serve each other: every call that finds all of
        them busy starts one more, at half a second of the machine's time.
        """
        token = self._stack.token(self._stack.seeded.clients["ehr"])
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/fhir+json",
        }
        found: list[Followed] = []
        with httpx.Client(base_url=self._stack.api_url, headers=headers, timeout=120) as client:
            for item in wanted:
                found += self._posted(item, client.post(item.path, content=item.body))
                if len(wanted) > _FEW:
                    time.sleep(_PAUSE_S)
        return found

    def refresh(self, followed: Iterable[Followed]) -> list[Followed]:
        """Read again what was accepted: what is closed may be opened again."""
        return [
            f
            if f.referral is None
            else replace(f, referral=self._load(f.referral.id), seen_at=self._stack.now())
            for f in followed
        ]

    def events(self, referral: Referral) -> Sequence[Event]:
        """Read a referral's events."""
        return self._table.events(referral.tenant, referral.id)

    def states_entered(self, referral: Referral) -> int:
        """Count the states entered in the history of every run's execution."""
        client = self._stack.emulator.client("stepfunctions")
        machine = self._stack.deployment["StateMachineArn"]
        entered = 0
        for run in range(1, referral.run + 1):
            arn = f"{machine.replace(':stateMachine:', ':execution:')}:{referral.id}-{run}"
            try:
                pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
                entered += sum("stateEnteredEventDetails" in e for p in pages for e in p["events"])
            except client.exceptions.ExecutionDoesNotExist:
                continue
        return entered

    def report(self, followed: Followed, prices: Sequence[PriceLine]) -> dict[str, Any]:
        """Return the report's line of one input, its cost by some prices."""
        referral = followed.referral
        line: dict[str, Any] = {
            "source": followed.source,
            "http_status": followed.http_status,
            **dict.fromkeys(_OF_REFERRAL),
            "operation_outcome": followed.refusal,
        }
        if referral is None:
            return line
        events = self.events(referral)
        on_worklist = not referral.is_closed and referral.waits_for is Party.STAFF
        return {
            **line,
            "referral_id": referral.id,
            "pathway": referral.pathway,
            "status": referral.status.value,
            "outcome": referral.outcome.value if referral.outcome else None,
            "loop_closed": referral.loop_closed,
            "states_entered": self.states_entered(referral),
            "events": len(events),
            "messages": sum(e.kind in _MESSAGES for e in events),
            "cost_usd": float(round(cost(events, prices).usd, 6)),
            "worklist": referral.queue.value if on_worklist else None,
            "specialty": referral.service.specialty,
            "performer_npi": referral.offers[-1].npi if referral.offers else None,
            "service": _service(referral.service),
            "priority": referral.priority,
            "work_item": _work_item(referral),
            "warnings": list(followed.warnings),
        }

    def _posted(self, item: Input, answer: httpx.Response) -> list[Followed]:
        try:
            body: Any = answer.json()
        except ValueError:
            body = {"resourceType": "OperationOutcome", "text": {"div": answer.text[:500]}}
        if answer.status_code not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            return [Followed(item.source, answer.status_code, refusal=body)]
        answered = f"{answer.headers.get('location', '')} {json.dumps(body)}"
        ids = list(dict.fromkeys(_LOCATION.findall(answered)))
        for referral_id in ids:
            url = f"{self._stack.partners_url}/ehr/watch"
            httpx.post(url, json={"referral_id": referral_id}, timeout=30)
        many = len(ids) > 1
        return [
            Followed(
                f"{item.source}#{number}" if many else item.source,
                answer.status_code,
                referral=self._load(ReferralId(referral_id)),
                warnings=_warnings(body),
            )
            for number, referral_id in enumerate(ids, start=1)
        ]

    def _load(self, referral_id: ReferralId) -> Referral:
        try:
            return self._table.load(self._tenant, referral_id).referral
        except NotFound as error:
            raise RuntimeError(f"The accepted referral {referral_id} is not there.") from error


_OF_REFERRAL: Final = (
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
    "specialty",
    "performer_npi",
    "service",
    "priority",
    "work_item",
    "warnings",
)


def _service(service: WantedService) -> dict[str, Any]:
    """Return the service as it was understood, with the code that decided."""
    evidence = service.evidence
    return {
        "name": service.name,
        "accepts": list(service.accepts),
        "decided_by": evidence.model_dump(mode="json") if evidence else None,
        "named_by": service.named_by,
        "unclear": service.unclear.value if service.unclear else None,
        "consent": service.consent.value,
        "urgency": service.urgency.model_dump(mode="json"),
    }


def _work_item(referral: Referral) -> dict[str, str] | None:
    """Return why a person must look; None when nobody must."""
    item = referral.work_item
    if item is None:
        return None
    return {"reason": item.reason.value, "sentence": referral.status_reason}


def _warnings(body: Any) -> tuple[str, ...]:
    """Return what an answer says was forgiven, wherever it holds an OperationOutcome."""
    if isinstance(body, list):
        return tuple(w for inner in body for w in _warnings(inner))
    if not isinstance(body, dict):
        return ()
    own = (
        str(issue.get("diagnostics", ""))
        for issue in body.get("issue", ())
        if body.get("resourceType") == "OperationOutcome" and issue.get("severity") == "warning"
    )
    return (*own, *_warnings([v for v in body.values() if isinstance(v, dict | list)]))
