"""The function serve_console."""

from __future__ import annotations

from importlib.resources import files

from referral_core.entrypoints.console import ConsolePages, SignIn
from referral_core.settings import settings
from referral_core.wiring.parts.built_once import built_once


@built_once
def build() -> ConsolePages:
    """Build the function serve_console; `console` lies beside the function's own file."""
    known = settings()
    sign_in = SignIn(
        client_id=known.need("console_client_id"),
        token_url=known.need("token_url"),
        base_url=known.public_base_url or "",
    )
    return ConsolePages(files("console"), sign_in)
