"""What the console asks of the API: how a failure is told, what is sent again or waited for."""

from __future__ import annotations

from tests.unit.console.conftest import Run

API = 'const api = await import("./api.js"); signedIn();'


def test_a_request_carries_the_token_and_an_acts_own_key(run: Run) -> None:
    script = """
        answering(answer({}));
        await api.decide("r1", { action: "claim" }, "the-key");
        done(asked[0]);
    """
    sent = run(API + script)
    assert sent["address"] == "/work-items/r1/decision"
    assert sent["headers"]["Authorization"] == "Bearer a-token"
    assert sent["headers"]["Idempotency-Key"] == "the-key"
    assert sent["cache"] == "no-store"


def test_what_the_api_refuses_is_said_in_its_own_words(run: Run) -> None:
    issue = """{ issue: [{ diagnostics: "Grace has claimed it.",
        details: { coding: [{ code: "overtaken" }] } }] }"""
    script = f"answering(answer({issue}, 409)); done(await thrown(() => api.get('/work-items')));"
    assert run(API + script) == ["Refused", "Grace has claimed it."]


def test_a_refusal_without_words_says_what_to_do(run: Run) -> None:
    script = """
        answering(new Response("<html>", { status: 502 }));
        done(await thrown(() => api.get("/work-items")));
    """
    assert run(API + script) == ["Refused", "The router did not answer; try again."]


def test_a_request_that_is_lost_is_offline_and_so_is_an_answer_that_breaks_off(run: Run) -> None:
    script = """
        const half = new ReadableStream({ start: (to) => {
          to.enqueue(new TextEncoder().encode('{"workItems": ['));
          to.error(new TypeError("network error"));
        } });
        answering(new TypeError("Failed to fetch"), new Response(half));
        const get = () => api.get("/work-items");
        done([await thrown(get), await thrown(get)]);
    """
    lost, broken = run(API + script)
    assert lost[0] == broken[0] == "Offline"
    assert "Nothing you typed is lost" in broken[1]


def test_a_page_that_is_read_when_the_session_has_ended_is_not_read_again_by_itself(
    run: Run,
) -> None:
    script = """
        api.whenSignedOut(() => { throw new Error("nobody is asked"); });
        answering(answer({}, 401));
        done([await thrown(() => api.get("/work-items")), sessionStorage.all()]);
    """
    assert run(API + script) == [["SignedOut", "Sign in again."], {}]


def test_an_act_waits_for_its_person_and_goes_once_with_the_same_key(run: Run) -> None:
    script = """
        let asks = 0;
        api.whenSignedOut(async () => { asks += 1; signedIn("another-token"); });
        answering(answer({}, 401), answer({ done: true }));
        const read = await api.post("/filters", { name: "Coverage" }, "the-key");
        const sent = asked.map(({ headers, body }) =>
          [headers.Authorization, headers["Idempotency-Key"], body]);
        done([asks, read, sent]);
    """
    asks, read, sent = run(API + script)
    assert (asks, read) == (1, {"done": True})
    body = '{"name":"Coverage"}'
    assert sent == [
        ["Bearer a-token", "the-key", body],
        ["Bearer another-token", "the-key", body],
    ]


def test_a_token_that_is_refused_late_does_not_end_the_session_that_came_after(run: Run) -> None:
    script = """
        globalThis.fetch = async () => { signedIn("a-newer-one"); return answer({}, 401); };
        await thrown(() => api.get("/work-items"));
        done(JSON.parse(sessionStorage.getItem("session")).access);
    """
    assert run(API + script) == "a-newer-one"


def test_what_takes_long_is_looked_at_until_it_is_there(run: Run) -> None:
    script = """
        let told = 0;
        const later = answer({ look_at: "/reports/runs/7" }, 202, { "Retry-After": "0" });
        answering(later, answer({ rows: [] }));
        const { signal: left } = new AbortController();
        const running = () => { told += 1; };
        const found = await api.getLong("/reports/volume", { left, running });
        done([told, await found.json(), asked.map(({ address }) => address)]);
    """
    told, read, addresses = run(API + script)
    assert (told, read) == (1, {"rows": []})
    assert addresses == ["/reports/volume", "/reports/runs/7"]


def test_what_nobody_waits_for_any_more_is_looked_at_no_more(run: Run) -> None:
    script = """
        const leaving = new AbortController();
        answering(answer({ look_at: "/reports/runs/7" }, 202, { "Retry-After": "600" }));
        const waiting = { left: leaving.signal, running: () => leaving.abort() };
        const found = await api.getLong("/reports/volume", waiting);
        done([found, asked.length]);
    """
    assert run(API + script) == [None, 1]


LIST = """
    const { listValues } = await import("./list-values.js");
    let list = "/work-items?owner=me&reason=fault";
    const payers = (count) => ({ payer: [{ value: "p1", name: "Granite", count }] });
    const piece = (count, next) => answer({ values: payers(count), read: count, next });
    const drawn = [];
    const query = () => list.split("?")[1];
    const values = listValues({ query, drawn: (said) => drawn.push(said) });
    const counted = () => values.of("payer").get("p1")?.count ?? null;
"""


def test_the_values_of_a_list_are_counted_over_all_its_pieces(run: Run) -> None:
    script = """
        answering(piece(3, "/work-items/values?owner=me&_page=2"), piece(4, null));
        await values.load();
        await values.load();
        done([counted(), drawn.map(({ isWhole }) => isWhole), asked.map(({ address }) => address)]);
    """
    count, whole, addresses = run(API + LIST + script)
    assert (count, whole) == (7, [False, True])
    assert addresses == ["/work-items/values?owner=me", "/work-items/values?owner=me&_page=2"]


def test_values_of_a_list_that_was_left_are_none_of_the_next_one(run: Run) -> None:
    script = """
        let arrive;
        const held = new Promise((resolve) => { arrive = resolve; });
        const isLeft = (address) => address.includes("owner=me");
        globalThis.fetch = async (address) => (isLeft(address) ? held : piece(2, null));
        const left = values.load();
        list = "/work-items?owner=none";
        await values.load();
        arrive(piece(40, null));
        await left;
        done(counted());
    """
    assert run(API + LIST + script) == 2


def test_values_that_could_not_be_read_are_asked_for_again(run: Run) -> None:
    script = """
        answering(new TypeError("Failed to fetch"), piece(5, null));
        const first = await thrown(() => values.load());
        await values.load();
        done([first[0], counted()]);
    """
    assert run(API + LIST + script) == ["Offline", 5]
