"""How long a browser takes from an address to the first row of the worklist.

The API's answers are computed before and are at hand, since the lists in memory that stand for the
table look through all there is. What is measured is the rest: requests, bytes, modules, rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from typing import Final
from urllib.parse import urlsplit

from tests.console.browser import chromium, signed_in, visiting
from tests.console.office import PAGE, Answer, Office
from tests.unit.entrypoints.http.api_client import ApiClient

_TIMES: Final = 5
_MARK: Final = """
new MutationObserver((_, observer) => {
  if (!document.querySelector("table.work tbody tr")) return;
  globalThis.firstRow = performance.now();
  observer.disconnect();
}).observe(document, {childList: true, subtree: true});
"""


def first_row_ms(api: ApiClient, person: str) -> float:
    """Return the median of some openings of the worklist, in milliseconds."""
    office = Office(api)
    office.answer = _at_hand(office.answer)  # type: ignore[method-assign]
    times: list[float] = []
    with chromium() as browser, visiting(browser, office) as context:
        context.add_init_script(_MARK)
        page = signed_in(context, person, "#/worklist/team")
        for _ in range(_TIMES):
            page.goto("about:blank")
            page.goto(f"{PAGE}#/worklist/team")
            page.locator("table.work tbody tr").first.wait_for()
            times.append(float(page.evaluate("globalThis.firstRow")))
    return median(times)


def _at_hand(answer: Callable[..., Answer | None]) -> Callable[..., Answer | None]:
    """Return what answers a read that was answered before with the same."""
    known: dict[str, Answer | None] = {}

    def answered(method: str, url: str, headers: Mapping[str, str], body: str) -> Answer | None:
        if method != "GET" or urlsplit(url).path.startswith("/oauth2"):
            return answer(method, url, headers, body)
        if url not in known:
            known[url] = answer(method, url, headers, body)
        return known[url]

    return answered
