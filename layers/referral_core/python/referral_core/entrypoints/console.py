"""The console's page and assets, from the API's own origin: no other origin is ever asked.

The page itself holds nothing of anybody: what it shows it reads from the API, as the person who
signed in. Its assets lie under a hash of them all, so that browsers may keep them for ever.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from http import HTTPStatus
from importlib.resources.abc import Traversable
from typing import Any, Final
from urllib.parse import urlsplit

_ROOT: Final = "/console"
_PAGE: Final = "index.html"
_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_SAFE: Final[Mapping[str, str]] = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class SignIn:
    """Where people sign in.

    Attributes:
        client_id: of the console, an app client without a secret.
        token_url: of the user pool's domain.
        base_url: of the API, where it is not the root of its host.
    """

    client_id: str
    token_url: str
    base_url: str = ""

    @property
    def origin(self) -> str:
        """The origin of the user pool's domain."""
        parts = urlsplit(self.token_url)
        return f"{parts.scheme}://{parts.netloc}"


class ConsolePages:
    """Answers `GET /console` and what lies below it."""

    def __init__(self, folder: Traversable, sign_in: SignIn) -> None:
        """Read the assets once.

        Args:
            folder: the page and its assets.
            sign_in: where people sign in.
        """
        files = dict(_files(folder))
        page = files.pop(_PAGE).decode()
        digest = sha256()
        for name in sorted(files):
            digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
        self.version = digest.hexdigest()[:16]
        self._assets = {
            f"{_ROOT}/assets/{self.version}/{name}": (name, files[name]) for name in files
        }
        self._page = _filled(page, sign_in, self.version)
        self._policy = _policy(sign_in)

    def resolve(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one event of API Gateway (payload format 2.0)."""
        path = str(event["rawPath"])
        stage = event["requestContext"].get("stage", "$default")
        path = path if stage == "$default" else path.removeprefix(f"/{stage}")
        if path.rstrip("/") == _ROOT:
            headers = {"Cache-Control": "no-store", "Content-Security-Policy": self._policy}
            return _response(HTTPStatus.OK, _TYPES[".html"], self._page.encode(), headers)
        if path in self._assets:
            name, content = self._assets[path]
            headers = {"Cache-Control": "public, max-age=31536000, immutable"}
            return _response(HTTPStatus.OK, _type_of(name), content, headers)
        text = b"There is no such page: open /console."
        return _response(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", text, {})


def _filled(page: str, sign_in: SignIn, version: str) -> str:
    base = urlsplit(sign_in.base_url).path.rstrip("/")
    values = {
        "assets": f"{base}{_ROOT}/assets/{version}",
        "base": base,
        "client": sign_in.client_id,
        "pool": sign_in.token_url.removesuffix("/oauth2/token"),
    }
    for name, value in values.items():
        page = page.replace(f"{{{{{name}}}}}", escape(value, quote=True))
    return page


def _policy(sign_in: SignIn) -> str:
    """Return the Content-Security-Policy: our own files, our API, and the pool's token endpoint."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self' {sign_in.origin}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        elif _type_of(entry.name):
            yield f"{prefix}{entry.name}", entry.read_bytes()


def _type_of(name: str) -> str:
    return _TYPES.get(name[name.rfind(".") :], "")


def _response(
    status: HTTPStatus, content_type: str, content: bytes, headers: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "statusCode": int(status),
        "headers": {**_SAFE, **headers, "Content-Type": content_type},
        "body": base64.b64encode(content).decode(),
        "isBase64Encoded": True,
    }
