"""Every route of the API, with mutated requests of everybody, where referrals stand anywhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from random import Random
from typing import Any, Final

from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Party as Waiting
from referral_core.domain.referral import Referral
from referral_core.entrypoints.http.route_matching import function_of
from referral_core.lifecycle.engine.process_due import process_due
from tests.fuzz import people
from tests.fuzz.mutations import Sent, mutated
from tests.in_memory import SAMPLES, World
from tests.unit.entrypoints.http import parties as stages
from tests.unit.entrypoints.http.events import an_event
from tests.unit.entrypoints.http.parties import Parties, Party, Request
from tests.unit.entrypoints.http.test_isolation_reads import LISTS, RECORDS
from tests.unit.entrypoints.http.write_table import WRITES

A_BATCH: Final = 60
UNBOUNDED: Final = float("inf")
_MOST_ROUNDS: Final = 1_000
"""What operators hold back is looked at every quarter of an hour, for days."""
_SCOPES: Final = "referrals/read referrals/write referrals/operate"
_REPORTS: Final = ("/reports", "/reports/volume?from=2026-03-01&to=2026-03-31", "/reports/cost")


@dataclass(frozen=True)
class Attempt:
    """One request, as it can be sent again.

    Attributes:
        stage: where the referral stands: a name of `tests.unit.entrypoints.http.parties`.
        party: who sends it.
    """

    stage: str
    party: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None


@dataclass(frozen=True)
class Finding:
    """What should not have happened, and the request after which it did."""

    what: str
    attempt: Attempt

    def dump(self) -> str:
        """Return it as JSON, to be kept."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def load(cls, text: str) -> Finding:
        """Read one that was kept."""
        kept: dict[str, Any] = json.loads(text)
        return cls(kept["what"], Attempt(**kept["attempt"]))


@cache
def good_writes() -> Mapping[str, Sequence[tuple[Request, tuple[str, ...]]]]:
    """Return the good requests by the name of their stage, and who may send them."""
    names = {id(stage): name for name, stage in vars(stages).items() if callable(stage)}
    found: dict[str, list[tuple[Request, tuple[str, ...]]]] = {}
    for row in WRITES:
        name = names.get(id(row.stage), "")
        if name:
            may = tuple(p for status, who in row.answers.items() if status < 300 for p in who)
            found.setdefault(name, []).append((row.request, may or tuple(Party)))
    return found


@cache
def _acts() -> Sequence[tuple[Request, tuple[str, ...]]]:
    return [(request, (people.MANAGER,)) for request in people.ACTS]


@cache
def _reads() -> Sequence[tuple[Request, tuple[str, ...]]]:
    urls = [row.url for row in (*RECORDS, *LISTS)] + list(_REPORTS)
    return [(Request("GET", url), tuple(Party)) for url in urls]


@cache
def good_orders() -> Sequence[tuple[Request, tuple[str, ...]]]:
    """Return the samples, each as it is posted."""
    found = []
    for path in sorted(SAMPLES.glob("*.json")):
        body = json.loads(path.read_bytes())
        kind = body.get("resourceType")
        if kind in {"ServiceRequest", "Bundle"}:
            url = "/fhir/ServiceRequest" if kind == "ServiceRequest" else "/fhir"
            url = "/fhir/$process-message" if body.get("type") == "message" else url
            found.append((Request("POST", url, body), (Party.OWN_EHR,)))
    return found


def good_requests() -> Iterator[Request]:
    """Yield every request that is mutated: each route of the API is among them."""
    kinds = (*good_writes().values(), _reads(), good_orders(), _acts())
    yield from (request for rows in kinds for request, _ in rows)


def batch(
    number: int, seed: str, size: int = A_BATCH, budget_s: float = UNBOUNDED
) -> Iterator[Finding]:
    """Send a batch of mutated requests at one world, then let its referrals come to their end.

    Args:
        number: of the batch, which with the seed decides every chance.
        seed: of the run.
        size: how many requests.
        budget_s: the most CPU of one request.
    """
    random = Random(f"{seed}/{number}")
    stage = random.choice(sorted(good_writes()))
    at = Standing(stage, budget_s)
    for _ in range(size):
        kind = random.choice(
            (good_writes()[stage], good_writes()[stage], _reads(), good_orders(), _acts())
        )
        request, may = random.choice(kind)
        party = random.choice((random.choice(may), random.choice((*Party, people.MANAGER))))
        body = None if request.body is None else json.dumps(request.body)
        headers = {"content-type": "application/fhir+json", **request.headers}
        good = Sent(request.method, request.url, headers, body)
        yield from at.send(mutated(random, good), party)
    yield from at.end()


def again(kept: Finding) -> list[Finding]:
    """Send a request that was kept once more."""
    at, one = Standing(kept.attempt.stage), kept.attempt
    sent = Sent(one.method, one.url, dict(one.headers), one.body)
    return [*at.send(sent, one.party), *at.end()]


class Standing:
    """A world whose referrals stand at a stage."""

    def __init__(self, stage: str, budget_s: float = UNBOUNDED) -> None:
        self.stage = stage
        self._budget_s = budget_s
        made: Callable[[], Parties] = getattr(stages, stage)
        self.parties = made()
        people.join(self.parties)
        self.last: Attempt | None = None

    @property
    def world(self) -> World:
        return self.parties.world

    def send(self, sent: Sent, party: str) -> Iterator[Finding]:
        """Send a request; what it is answered with, and what it sets in motion, is no fault."""
        attempt = Attempt(self.stage, str(party), *sent)
        self.last = attempt
        path, _, query = sent.url.partition("?")
        event = an_event(
            sent.method,
            path,
            sent.body,
            caller=self.parties.api.handed_over(party, _SCOPES),
            rawQueryString=query,
            headers=dict(sent.headers),
        )
        began = time.process_time()
        try:
            app = self.parties.api.apps[function_of(sent.method, path)]
            answer = app.resolve(event, None)
            taken = time.process_time() - began
            self.world.settle()
        except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
            yield Finding(f"{type(error).__name__}: {error}"[:300], attempt)
            return
        status = answer["statusCode"]
        if status >= 500:
            yield Finding(f"status {status}", attempt)
        if status >= 400 and sent.method != "HEAD" and not _says_why(answer):
            yield Finding("refused without a word", attempt)
        if taken > self._budget_s:
            yield Finding(f"{taken:.1f} s of CPU", attempt)

    def end(self) -> Iterator[Finding]:
        """Let time pass until each referral is closed or on a person's list."""
        if self.last is not None:
            yield from to_the_end(self.world, self.last)


def to_the_end(world: World, last: Attempt) -> Iterator[Finding]:
    """Let time pass until each referral of a world is closed or on a person's list.

    Args:
        world: whose partners say nothing more.
        last: what was sent last, to be named when a referral stands still unseen.
    """
    ahead: list[Referral] = []
    for _ in range(_MOST_ROUNDS):
        ahead = [s.referral for s in world.referrals.all() if not _is_seen(s.referral)]
        if not ahead:
            return
        try:
            _tend(world, ahead)
        except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
            yield Finding(f"cannot be tended: {type(error).__name__}: {error}"[:300], last)
            return
    places = {f"{r.status} {r.current_step}: {r.status_reason}" for r in ahead}
    yield Finding(f"never ends: {sorted(places)}"[:300], last)


def _tend(world: World, ahead: Sequence[Referral]) -> None:
    clock = world.clock
    soonest = min(r.due_at for r in ahead)
    if soonest > clock.now():
        clock.move_to(soonest)
    wanted: set[tuple[Tenant, ReferralId]] = {(r.tenant, r.id) for r in ahead}
    for tenant, referral_id in list(world.referrals.due(clock.now(), 100)):
        if (tenant, referral_id) in wanted:
            process_due(world.engine, tenant, referral_id)
    world.settle()


def _is_seen(referral: Referral) -> bool:
    return referral.is_closed or (
        referral.waits_for is Waiting.STAFF and referral.work_item is not None
    )


def _says_why(answer: Mapping[str, Any]) -> bool:
    try:
        outcome = json.loads(answer["body"])
    except ValueError:
        return False
    return outcome.get("resourceType") == "OperationOutcome" and bool(outcome["issue"])
