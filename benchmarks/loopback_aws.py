"""A process of its own that answers as AWS does, so that only the client's CPU counts.

It keeps items, reads and queries them; it checks no condition and no signature.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

_ITEMS: Final[dict[tuple[str, str], Any]] = {}
_CALLS: Final[list[str]] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def handle_expect_100(self) -> bool:
        """Ask for the body at once: boto3 would wait a second for it."""
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()
        return True

    def do_PUT(self) -> None:
        """Take an object."""
        self._body()
        _CALLS.append("PutObject")
        self._reply(b"")

    def do_GET(self) -> None:
        """Say which calls came since the last question."""
        calls = json.dumps(_CALLS).encode()
        _CALLS.clear()
        self._reply(calls)

    def do_POST(self) -> None:
        """Answer one DynamoDB operation."""
        sent = json.loads(self._body())
        operation = self.headers["x-amz-target"].rpartition(".")[2]
        _CALLS.append(operation)
        self._reply(json.dumps(_response(operation, sent)).encode())

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            continue
        return b"".join(parts)

    def _reply(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _response(operation: str, sent: dict[str, Any]) -> dict[str, Any]:
    match operation:
        case "PutItem":
            _keep(sent["Item"])
            return {}
        case "UpdateItem":
            return {"Attributes": {"taken": {"N": "1"}}}
        case "TransactWriteItems":
            for write in sent["TransactItems"]:
                if "Put" in write:
                    _keep(write["Put"]["Item"])
            return {}
        case "GetItem":
            found = _ITEMS.get((sent["Key"]["pk"]["S"], sent["Key"]["sk"]["S"]))
            return {"Item": found} if found else {}
        case "Query":
            values = sent["ExpressionAttributeValues"]
            pk, prefix = values[":pk"]["S"], values[":prefix"]["S"]
            found = [i for k, i in sorted(_ITEMS.items()) if k[0] == pk and k[1].startswith(prefix)]
            return {"Items": found, "Count": len(found)}
        case "GetSecretValue":
            return {"SecretString": json.dumps({"current": "1", "1": "k" * 64})}
        case _:
            raise ValueError(operation)


def _keep(item: dict[str, Any]) -> None:
    _ITEMS[item["pk"]["S"], item["sk"]["S"]] = item


def main() -> None:
    """Print the port, then serve until the standard input ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
