"""A tenant after a week of sample referrals, with people, behind an address that a browser opens.

The samples run through the whole product on virtual time, and nobody decides anything: so there is
an open work item of most kinds. The API over them is the real one, in this process; the pool's
sign-in page is a stand-in, since the emulator's is judged by `tests/end_to_end`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from local.console import PEOPLE, SAMPLES, write_unstaffed
from local.inputs import inputs
from local.partners.scripts.script import Scripts
from local.simulation import loop
from local.simulation.day import Day
from local.simulation.table import SimulatedTable
from local.simulation.world import World as SimulatedWorld
from referral_core.domain.access.principal import Principal
from referral_core.entrypoints.console import ConsolePages, SignIn
from referral_core.entrypoints.http.route_matching import function_of
from referral_core.reporting.rows import row_of
from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.entrypoints.http.events import an_event

SCOPES: Final = "referrals/read referrals/write referrals/operate"
"""What the console asks for: what a person may do of it, the duty decides."""
ORIGIN: Final = "https://router.example"
PAGE: Final = f"{ORIGIN}/console"
WEEK: Final = timedelta(days=7, hours=3)
_BETWEEN: Final = timedelta(hours=4)

Answer = tuple[int, Mapping[str, str], bytes]


def a_week(folder: Path) -> Day:
    """Run every sample for some days; nobody decides anything."""
    write_unstaffed(folder)

    async def main() -> Day:
        world = SimulatedWorld(Scripts(folder), "console")
        return await world.live(inputs(SAMPLES), _BETWEEN, WEEK)

    return loop.run(main())


@dataclass
class Office:
    """The API of the tenant and its people, and the console over it.

    Attributes:
        offline: whether requests get lost.
        asked: every request that the browser made: method, address, body.
        before: called with each request before it is answered: what somebody else does meanwhile.
    """

    api: ApiClient
    offline: bool = False
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    before: Callable[[str, str], None] = lambda _method, _path: None

    @classmethod
    def after(cls, day: Day) -> Office:
        """Open the office as a simulated week left it."""
        world = World(referrals=_copied(day.table))
        world.clock.move_to(day.ended)
        world.directory._records = tuple(day.configured)
        api = ApiClient(world, settled=False)
        api.world.directory._records = (*world.directory._records, *people())
        api.lake.put([row_of(event) for r in day.referrals for event in day.events(r)])
        return cls(api)

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: str) -> Answer | None:
        """Answer a request of the browser; None: it is lost."""
        self.asked.append((method, url, body))
        parts = urlsplit(url)
        if self.offline and not parts.path.startswith("/console"):
            return None
        self.before(method, parts.path)
        if parts.path.startswith("/console"):
            return _decoded(pages().resolve({"rawPath": parts.path, "requestContext": {}}))
        if parts.path.startswith(("/oauth2", "/logout")):
            return _pool(parts.path, dict(parse_qsl(parts.query)), body)
        token = headers.get("authorization", "").removeprefix("Bearer ")
        event = an_event(
            method,
            parts.path,
            body,
            caller=self.api.handed_over(token, SCOPES),
            rawQueryString=parts.query,
            headers=dict(headers),
        )
        return _decoded(self.api.apps[function_of(method, parts.path)].resolve(event, None))

    def items(self, person: str, query: str = "") -> list[Any]:
        """List the work items that a person sees."""
        found: list[Any] = self.call(person, "GET", f"/work-items{query}")["workItems"]
        return found

    def decide(self, person: str, referral_id: str, action: str, **sent: Any) -> None:
        """Act as a person, beside the browser."""
        body = {"action": action, **sent}
        self.call(person, "POST", f"/work-items/{referral_id}/decision", body)

    def call(self, person: str, method: str, path: str, body: Any = None) -> Any:
        """Call the API as a person, beside the browser."""
        reply = self.api.call(method, path, body, client=person)
        assert reply.status == 200, reply.body
        return reply.body


def _copied(table: SimulatedTable) -> SimulatedTable:
    """Copy the record, so that a test may change it; nothing listens to the copy."""
    copied = SimulatedTable()
    own = {"_lock", "stream"}
    kept = {name: value for name, value in vars(table).items() if name not in own}
    vars(copied).update(deepcopy(kept))
    return copied


def people() -> list[Principal]:
    """Return the people of the sample tenant."""
    return [
        Principal.of_person(username, TENANT, person, teams)
        for username, (person, teams) in PEOPLE.items()
    ]


@cache
def pages() -> ConsolePages:
    """Return the console as the function serves it."""
    folder = Path(__file__).parents[2] / "console"
    return ConsolePages(folder, SignIn("the-console", f"{ORIGIN}/oauth2/token"))


def _pool(path: str, query: Mapping[str, str], body: str) -> Answer:
    """Stand for the pool: a page with people to choose from, and a code that is their name."""
    if path == "/oauth2/authorize":
        back = f"{query['redirect_uri']}?state={query['state']}&code="
        links = "".join(f'<li><a href="{back}{name}">{name}</a></li>' for name in PEOPLE)
        page = f"<!doctype html><title>Pool</title><h1>Who signs in?</h1><ul>{links}</ul>"
        return 200, {"Content-Type": "text/html"}, page.encode()
    if path == "/oauth2/token":
        form = {name: values[0] for name, values in parse_qs(body).items()}
        name = form.get("code") or form.get("refresh_token", "")
        token = {"access_token": name, "refresh_token": name, "expires_in": 3600}
        return 200, {"Content-Type": "application/json"}, json.dumps(token).encode()
    return (
        200,
        {"Content-Type": "text/html"},
        b"<!doctype html><title>Pool</title><h1>Signed out</h1>",
    )


def _decoded(answer: Mapping[str, Any]) -> Answer:
    body = answer["body"]
    content = base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()
    return answer["statusCode"], answer["headers"], content
