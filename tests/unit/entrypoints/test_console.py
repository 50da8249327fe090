"""The console's page: no other origin, nothing inline, assets that may be kept for ever."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from referral_core.domain.outreach.vocabulary import CallResult
from referral_core.domain.work_items import RETRY, WORK_ITEM_POLICIES
from referral_core.entrypoints.console import ConsolePages, SignIn

FOLDER = Path(__file__).parents[3] / "console"
POOL = "https://pool.auth.us-east-1.amazoncognito.com"
BASE = "https://api.example.org"


def pages(base_url: str = "") -> ConsolePages:
    return ConsolePages(FOLDER, SignIn("the-client", f"{POOL}/oauth2/token", base_url))


def fetched(path: str, console: ConsolePages | None = None, stage: str = "$default") -> Any:
    event = {"rawPath": path, "requestContext": {"stage": stage}}
    answer = (console or pages()).resolve(event)
    return answer["statusCode"], answer["headers"], base64.b64decode(answer["body"]).decode()


class Page(HTMLParser):
    """What a page loads, and what it holds inline."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self.data: dict[str, str | None] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loads += [v for k, v in attrs if k in {"src", "href"} and v]
        self.inline += [k for k in given if k.startswith("on") or k == "style"]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        if tag == "body":
            self.data = given


@pytest.mark.parametrize("path", ["/console", "/console/"])
def test_the_page_is_never_kept_and_loads_its_own_assets_only(path: str) -> None:
    status, headers, text = fetched(path)
    page = Page(text)
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert page.loads
    assert all(fetched(url)[0] == 200 for url in page.loads)
    assert page.inline == []
    assert page.data["data-client"] == "the-client"
    assert page.data["data-pool"] == POOL
    assert "{{" not in text


def test_the_policy_allows_no_other_origin_than_the_pools() -> None:
    policy = fetched("/console")[1]["Content-Security-Policy"]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives.pop("connect-src") == f"'self' {POOL}"
    assert directives["default-src"] == "'none'"
    assert not re.search(r"unsafe|https?:|\*|data:", " ".join(directives.values()))


def test_an_asset_may_be_kept_for_ever_since_its_address_is_its_content() -> None:
    console = pages()
    status, headers, _ = fetched(f"/console/assets/{console.version}/app.js")
    assert (status, headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_another_content_has_another_address(tmp_path: Path) -> None:
    for path in FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "style.css").write_text("body { color: red }")
    changed = ConsolePages(tmp_path, SignIn("c", f"{POOL}/oauth2/token"))
    assert changed.version != pages().version
    assert fetched(f"/console/assets/{pages().version}/style.css", changed)[0] == 404


@pytest.mark.parametrize(
    "path", ["/console/index.html", "/console/assets/x/app.js", "/console/assets/../../settings.py"]
)
def test_what_is_no_page_is_not_found(path: str) -> None:
    status, headers, text = fetched(path)
    assert (status, headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert "/console" in text


def test_below_another_path_and_stage_everything_lies_below_it() -> None:
    console = pages(f"{BASE}/some/where")
    page = Page(fetched("/prod/console", console, stage="prod")[2])
    assert page.data["data-base"] == "/some/where"
    assert all(url.startswith("/some/where/console/assets/") for url in page.loads)


def test_what_the_environment_says_is_text_in_the_page_and_no_markup() -> None:
    console = ConsolePages(FOLDER, SignIn('"><script>', f"{POOL}/oauth2/token"))
    assert Page(fetched("/console", console)[2]).data["data-client"] == '"><script>'
    assert "<script>" not in fetched("/console", console)[2]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.js")), ids=lambda path: path.name)
def test_a_script_reads_no_markup_and_keeps_nothing_beyond_the_tab(path: Path) -> None:
    text = path.read_text()
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "localStorage",
        "eval(",
        "console.",
    ):
        assert word not in text
    assert not re.search(r"from \"(?!\./)", text)
    assert "sessionStorage" not in text or path.name == "session.js"


def test_no_action_is_worded_that_there_is_not_and_every_result_of_a_call_can_be_chosen() -> None:
    text = (FOLDER / "actions.js").read_text()
    named = set(re.findall(r'^  "([a-z-]+)": \["', text, re.MULTILINE))
    care = {"claim", "release", "assign", "snooze", "comment"}
    actions = {a for policy in WORK_ITEM_POLICIES.values() for a in policy.actions}
    assert named <= actions | care | {RETRY}
    assert set(CallResult) <= set(re.findall(r'"([a-z-]+)"', text))
