"""A Chromium that npm carries, and pages that speak to the office and to nobody else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from tests.console.office import PAGE, Office

ROOT: Final = Path(__file__).parents[2]
AXE: Final = ROOT / "node_modules/axe-core/axe.min.js"
_WHERE: Final = (
    "import c from '@sparticuz/chromium';"
    "console.log(JSON.stringify({path: await c.executablePath(), args: c.args}))"
)
_ONE_PROCESS: Final = "--single-process"
"""Fit for a Lambda function with one page: the browser would end with its first context."""
_LONG_MS: Final = 20_000
"""How long a page may take on a machine that does much else."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser until the block ends."""
    found = subprocess.run(
        ["node", "--input-type=module", "-e", _WHERE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    carried = json.loads(found.stdout)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=carried["path"],
            args=[arg for arg in carried["args"] if arg != _ONE_PROCESS],
        )
        yield browser
        browser.close()


@contextmanager
def visiting(browser: Browser, office: Office, **device: Any) -> Iterator[BrowserContext]:
    """Open a context whose every request the office answers; what breaks the policy fails."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **device})
    context.set_default_timeout(_LONG_MS)
    expect.set_options(timeout=_LONG_MS)

    def answer(route: Route) -> None:
        request = route.request
        found = office.answer(request.method, request.url, request.headers, request.post_data or "")
        if found is None:
            route.abort("internetdisconnected")
        else:
            status, headers, body = found
            route.fulfill(status=status, headers=dict(headers), body=body)

    context.route("**/*", answer)
    yield context
    context.close()


def signed_in(context: BrowserContext, person: str, where: str = "") -> Page:
    """Sign in as a person through the pool's page, then open a page of the console."""
    page = context.new_page()
    page.goto(f"{PAGE}{where}")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=person).click()
    page.get_by_role("navigation", name="Pages").wait_for()
    return page


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
