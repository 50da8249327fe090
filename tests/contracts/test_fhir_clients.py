"""Clients of npm, unmodified, against the API over HTTP on loopback: all that each can do."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import chain
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from referral_core import settings as environment
from referral_core.entrypoints.http.route_matching import function_of
from tests.end_to_end.orders import a_new_placer, an_order_that_waits
from tests.in_memory import World
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.entrypoints.http.events import an_event
from tests.unit.fhir.orders import Json, a_bundle

ROOT: Final = Path(__file__).parents[2]
PROGRAMS: Final = Path(__file__).parent / "clients"
PAGE: Final = 2


def a_server(api: ApiClient) -> HTTPServer:
    """Serve the API of a world as its EHR is served, on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            parts = urlsplit(self.path)
            event = an_event(
                self.command,
                parts.path,
                self.rfile.read(int(self.headers.get("content-length") or 0)).decode(),
                caller=api.handed_over("ehr-1"),
                rawQueryString=parts.query,
                headers={name.lower(): value for name, value in self.headers.items()},
            )
            found = api.apps[function_of(self.command, parts.path)].resolve(event, None)
            api.world.clock.move(timedelta(seconds=1))
            body = found["body"].encode()
            self.send_response(found["statusCode"])
            for name, value in {**found["headers"], "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815 - the names of http.server

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    return HTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def base_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = a_server(ApiClient(World(), settled=False))
    address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("PUBLIC_BASE_URL", address)
    environment.settings.cache_clear()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"{address}/fhir"
    server.shutdown()
    thread.join()
    server.server_close()
    environment.settings.cache_clear()


def a_transaction() -> Json:
    """Make an order, its patient and its coverage as the entries of a transaction."""
    order = an_order_that_waits(a_new_placer(), id="o1", insurance=None)
    patient, coverage = order.pop("contained")
    coverage["beneficiary"] = order["subject"] = {"reference": f"Patient/{patient['id']}"}
    return a_bundle(order, patient, coverage, kind="transaction")


def done_by(program: str, base_url: str, token: str) -> Json:
    """Run a program built with a client of npm, as a new EHR; return what it got."""
    node = shutil.which("node")
    assert node, "Node is needed: run `make setup`"
    given = {
        "baseUrl": base_url,
        "token": token,
        "orders": [an_order_that_waits(a_new_placer()) for _ in range(3)],
        "bundle": a_transaction(),
        "document": "A letter of many pages.",
    }
    command, sent = [node, str(PROGRAMS / program)], json.dumps(given)
    done = subprocess.run(
        command, cwd=ROOT, input=sent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: Json = json.loads(done.stdout)
    return found


CLIENTS: Final = ("fhir_kit_client.mjs", "medplum.mjs")


@pytest.mark.parametrize("program", CLIENTS)
def test_a_client_of_npm_does_all_that_it_can(program: str, base_url: str) -> None:
    require_all_done(program, done_by(program, base_url, "e30.e30.e30"))


def require_all_done(program: str, found: Json) -> None:
    """Judge what a client got."""
    first, second, third = found["created"]
    assert found["read"] == found["vread"] == first
    assert [e["resource"]["id"] for e in found["history"]["entry"]] == [first["id"]]
    by_number = [e["resource"]["id"] for e in found["searched"]["entry"]]
    assert by_number == [first["id"], second["id"], third["id"]]
    pages = [page if isinstance(page, list) else page.get("entry", []) for page in found["pages"]]
    assert [len(page) for page in pages] == [PAGE, 1]
    listed = [one.get("resource", one)["id"] for one in chain.from_iterable(pages)]
    # Time may stand still on the stack: orders of one instant are in no order among themselves.
    assert sorted(listed) == sorted(by_number)
    assert found["updated"]["priority"] == "urgent"
    assert found["updated"]["meta"]["versionId"] == "2"
    assert (found["stale"]["code"], found["missing"]["code"]) == ("conflict", "not-found")
    assert found["transaction"]["entry"][0]["response"]["status"] == "201"
    # By its number, as it was made; then by a patch.
    assert (found["put"]["id"], found["put"]["priority"]) == (third["id"], "urgent")
    assert (found["hastened"]["id"], found["hastened"]["priority"]) == (third["id"], "stat")
    names = {one["name"] for one in found["place"]["parameter"]}
    assert names == {"method", "url", "headers", "expires", "keptUntil", "attachmentUrl"}
    assert found["timeline"]["resourceType"] == "Parameters"
    assert found["patched"]["id"] == f"{first['id']}.a"
    if program == "medplum.mjs":
        assert found["again"]["id"] == found["one"]["id"] == second["id"]
