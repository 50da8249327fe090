"""The HTTP face over the in-memory world: calls as API Gateway sends them, by a client's name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from referral_core.adapters.memory_partners import MemoryDocuments, MemoryOptOuts
from referral_core.api.intake import ReceiveReferral
from referral_core.api.posting import Poster
from referral_core.api.reads import ReadRecords
from referral_core.api.routes import intake_app, read_app, update_app
from referral_core.api.updates import ReceiveUpdate
from referral_core.api.work_items import DecideWorkItems
from referral_core.domain.model import Tenant
from referral_core.domain.principal import Principal
from referral_core.domain.updates import Role
from tests.in_memory import REFERRAL, TENANT, World

CLIENTS = (
    ("staff-1", TENANT, Role.STAFF, "lakeside"),
    ("staff-2", TENANT, Role.STAFF, "lakeside"),
    ("ehr-1", TENANT, Role.EHR, "lakeside-ehr"),
    ("ehr-2", TENANT, Role.EHR, "another-ehr"),
    ("clinic-1", TENANT, Role.CLINIC, "clinic-1"),
    ("payer-1", TENANT, Role.PAYER, "harbor"),
    ("stranger", Tenant("riverside"), Role.STAFF, "riverside"),
)


class Reply(NamedTuple):
    """What the API answered."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def says(self) -> str:
        """The sentence of an OperationOutcome."""
        return str(self.body["issue"][0]["diagnostics"])

    @property
    def code(self) -> str:
        """The stable own code of an OperationOutcome."""
        return str(self.body["issue"][0]["details"]["coding"][0]["code"])


class Office:
    """The API of a world's tenant.

    Args:
        world: whose referrals they are.
        carried: whether its referrals are carried on after each call.
    """

    def __init__(self, world: World, *, carried: bool = True) -> None:
        self.world, self._carried = world, carried
        directory, self.documents = world.directory, MemoryDocuments()
        directory._records = (
            *directory._records,
            *(
                Principal(client_id=client, tenant=tenant, role=role, organization=organization)
                for client, tenant, role, organization in CLIENTS
            ),
        )
        referrals, engine, clock = world.referrals, world.engine, world.clock
        self.opt_outs = MemoryOptOuts(world.messenger)
        poster = Poster(referrals, self.documents, engine, clock)
        updates = ReceiveUpdate(poster)
        staff = DecideWorkItems(poster, directory, self.opt_outs)
        reads = ReadRecords(referrals, referrals, "https://auth.example.org/token")
        intake = ReceiveReferral(referrals, self.documents, engine, clock)
        self._apps: tuple[tuple[Callable[[str, str], bool], APIGatewayHttpResolver], ...] = (
            (lambda method, _: method == "GET", read_app(reads, directory)),
            (
                lambda _, path: path.endswith(("/decision", "$reopen")),
                update_app(updates, staff, directory),
            ),
            (
                lambda _, path: "ServiceRequest" in path or path == "/fhir",
                intake_app(intake, directory),
            ),
            (lambda *_: True, update_app(updates, staff, directory)),
        )

    def call(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        client: str = "staff-1",
        scope: str = "referrals/read referrals/write",
        **headers: str,
    ) -> Reply:
        """Call the API as a client, then let the referrals go as far as they go."""
        parts = urlsplit(url)
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "queryStringParameters": dict(parse_qsl(parts.query)),
            "headers": {
                "content-type": "application/fhir+json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            "requestContext": {
                "domainName": "api.example.org",
                "http": {"method": method, "path": parts.path},
                "requestId": "request-1",
                "stage": "$default",
                "authorizer": {"jwt": {"claims": {"client_id": client, "scope": scope}}},
            },
            "isBase64Encoded": False,
            "body": body if isinstance(body, str | None) else json.dumps(body),
        }
        app = next(app for fits, app in self._apps if fits(method, parts.path))
        answer = app.resolve(event, SimpleNamespace())  # type: ignore[arg-type]
        if self._carried:
            self.world.settle()
        headers_of = {k.lower(): str(v) for k, v in (answer.get("headers") or {}).items()}
        return Reply(answer["statusCode"], json.loads(answer["body"]), headers_of)

    def decide(self, action: str, *, client: str = "staff-1", key: str = "", **told: Any) -> Reply:
        """Act on the work item of the world's referral."""
        headers = {"idempotency_key": key} if key else {}
        path = f"/work-items/{REFERRAL}/decision"
        return self.call("POST", path, {"action": action, **told}, client=client, **headers)

    def items(self, query: str = "", *, client: str = "staff-1") -> Reply:
        """List the work items."""
        return self.call("GET", f"/work-items{query}", client=client)
