"""Who is signed in: a code with a proof that stays in the tab; ten idle minutes end it."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

from tests.unit.console.conftest import Run

SESSION = 'const session = await import("./session.js");'
BEGUN = """
    const begun = { verifier: "v", state: "the-state", hash: "#/search" };
    sessionStorage.setItem("sign-in", JSON.stringify(begun));
    const granted = { access_token: "a", refresh_token: "r", expires_in: 3600 };
"""


def test_signing_in_asks_for_a_code_by_a_proof_that_stays_here(run: Run) -> None:
    script = (
        "await session.signIn(); done([location.gone, sessionStorage.all(), localStorage.all()]);"
    )
    address, of_tab, of_all = run(SESSION + script)
    asked = {name: each for name, (each,) in parse_qs(urlsplit(address).query).items()}
    begun = json.loads(of_tab["sign-in"])
    assert of_all == {}
    assert begun["verifier"] not in address
    digest = sha256(begun["verifier"].encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert (asked["code_challenge_method"], asked["code_challenge"]) == ("S256", challenge)
    assert (asked["response_type"], asked["state"]) == ("code", begun["state"])
    assert "client_secret" not in asked


def test_a_code_that_nobody_here_asked_for_is_not_taken(run: Run) -> None:
    script = """
        location.search = "?code=planted&state=another-state";
        answering(answer(granted));
        await session.completeSignIn();
        done([asked.length, session.isSignedIn()]);
    """
    assert run(SESSION + BEGUN + script) == [0, False]


def test_the_code_leaves_the_address_and_the_page_that_was_wanted_is_opened(run: Run) -> None:
    script = """
        location.search = "?code=c&state=the-state";
        answering(answer(granted));
        await session.completeSignIn();
        const sent = Object.fromEntries(asked[0].body);
        const stores = Object.keys(localStorage.all());
        done([location.left, session.isSignedIn(), sent.code_verifier, stores]);
    """
    assert run(SESSION + BEGUN + script) == ["/console#/search", True, "v", []]


IDLE = """
    let at = 0;
    Date.now = () => at;
    const { end, lockWhenIdle, isSignedIn } = await import("./session.js");
    signedIn("a", 10 ** 12);
    globalThis.fetch = async (address) => { asked.push({ address }); return answer({}); };
    let locks = 0;
    lockWhenIdle(() => { locks += 1; });
    const minutes = (count) => { at += count * 60_000; for (const each of timers) each(); };
"""


def test_ten_minutes_without_a_key_or_a_click_end_the_session_at_the_pool_too(run: Run) -> None:
    script = """
        minutes(9.9);
        const before = [locks, isSignedIn()];
        minutes(0.1);
        done([before, locks, isSignedIn(), asked.map(({ address }) => address)]);
    """
    before, locks, is_signed_in, asked = run(IDLE + script)
    assert before == [0, True]
    assert (locks, is_signed_in) == (1, False)
    assert asked == ["https://pool.example/oauth2/revoke"]


def test_whoever_works_is_not_locked_out(run: Run) -> None:
    script = """
        for (let count = 0; count < 5; count += 1) { minutes(9); listeners.keydown[0](); }
        done([locks, isSignedIn()]);
    """
    assert run(IDLE + script) == [0, True]


def test_a_token_is_renewed_before_it_ends_and_a_refused_renewal_ends_the_session(
    run: Run,
) -> None:
    script = """
        signedIn("old", Date.now() + 30_000);
        answering(answer({ access_token: "new", expires_in: 3600 }), answer({}, 400));
        const renewed = await session.accessToken();
        const { refresh } = JSON.parse(sessionStorage.getItem("session"));
        signedIn("old", Date.now() + 30_000);
        done([renewed, refresh, await session.accessToken(), session.isSignedIn()]);
    """
    assert run(SESSION + script) == ["new", "r", None, False]
