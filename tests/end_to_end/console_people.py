"""People at the console of the running stack: who they are, and their browsers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, expect

from local.people import Account
from local.stack import Stack

PATIENCE_MS: Final = 300_000
"""Far more than anything takes; only what never happens waits so long."""
_TOKEN: Final = "JSON.parse(sessionStorage.getItem('session')).access"


@dataclass(frozen=True)
class People:
    """Opens the console for people of the stack, a browser's context each.

    Attributes:
        accounts: what each signs in with, by the sign-in name.
        opened: the contexts that are open.
    """

    stack: Stack
    browser: Browser
    accounts: Mapping[str, Account]
    opened: list[BrowserContext] = field(default_factory=list)

    @property
    def console(self) -> str:
        """The console's address."""
        return f"{self.stack.api_url}/console"

    def context(self, **device: Any) -> BrowserContext:
        """Open a context: a browser of one's own."""
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **device})
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        self.opened.append(context)
        return context

    def signed_in(self, name: str, where: str = "", context: BrowserContext | None = None) -> Page:
        """Sign in as a person through the pool's page, then stand at a place of the console."""
        page = (context or self.context()).new_page()
        page.goto(f"{self.console}{where}")
        page.get_by_role("button", name="Sign in").click()
        page.locator("input[name=username]").fill(name)
        page.locator("input[name=password]").fill(self.accounts[name].password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("navigation", name="Pages").wait_for()
        return page

    def go(self, page: Page, where: str, heading: str) -> Page:
        """Go to a place of the console, and wait until it is shown."""
        page.goto(f"{self.console}#/{where}")
        page.get_by_role("heading", name=heading, exact=True).wait_for()
        return page

    def at_referral(self, page: Page, referral_id: str) -> Page:
        """Open a referral's page, as it is now."""
        page.goto("about:blank")
        return self.go(page, f"referral/{referral_id}", "Timeline")

    def asked(self, page: Page, path: str) -> httpx.Response:
        """Ask the API as the person of a page, beside the browser."""
        headers = {"Authorization": f"Bearer {page.evaluate(_TOKEN)}"}
        return httpx.get(f"{self.stack.api_url}{path}", headers=headers, timeout=60)

    def close(self) -> None:
        """Close what is open."""
        while self.opened:
            self.opened.pop().close()


@contextmanager
def closing(people: People) -> Iterator[People]:
    """Close at the end of the block what was opened in it."""
    try:
        yield people
    finally:
        people.close()
