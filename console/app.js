// The shell: who is signed in, which page is shown, and what happens when the session ends.

import { get, isTold, SignedOut, whenSignedOut } from "./api.js";
import { askAgain, hiddenWords, isAsking } from "./ask-again.js";
import { fill, h, inSight } from "./element.js";
import { UNEXPLAINED } from "./failing.js";
import { useZone, words, zoneName } from "./format.js";
import { figuresPage } from "./figures.js";
import { operationsPage } from "./operations.js";
import { referralPage } from "./referral.js";
import { searchPage } from "./search.js";
import { completeSignIn, isSignedIn, lockWhenIdle, signIn, signOut } from "./session.js";
import { teamPage } from "./team.js";
import { unmatchedPage } from "./unmatched.js";
import { workPage } from "./worklist.js";

const app = document.getElementById("app");
const PAGES = { worklist: workPage, referral: referralPage, search: searchPage, unmatched: unmatchedPage, team: teamPage, operations: operationsPage, figures: figuresPage };
const TITLES = { worklist: "Work", referral: "Referral", search: "Search", unmatched: "Unmatched", team: "Team", operations: "Operations", figures: "Figures" };
/** The pages that a duty has in its bar, its first page first; what may be seen the API decides. */
const OF_DUTY = { finance: ["figures"], manager: ["worklist", "search", "unmatched", "team", "operations", "figures"] };
const pagesOf = ({ role }) => OF_DUTY[role] ?? ["worklist", "search", "unmatched"];

const ENDED = "The session has ended.";

let me = null;
let leave = () => {};
let shows = 0;

async function start() {
  lockWhenIdle(() => signedOut("Locked after ten minutes without a key or a click."));
  whenSignedOut(() => again(ENDED));
  addEventListener("hashchange", (event) => {
    if (!isAsking() && isTyping() && !confirm("Leave? What you typed was not sent.")) history.replaceState(null, "", event.oldURL);
    else show();
  });
  addEventListener("beforeunload", (event) => { if (isTyping()) event.preventDefault(); });
  // What a button's act did not catch is said all the same: no act fails without a word.
  addEventListener("unhandledrejection", ({ reason }) => {
    if (reason instanceof SignedOut) signedOut(ENDED);
    else say(isTold(reason) ? reason.message : UNEXPLAINED);
  });
  try {
    if (await completeSignIn()) return showSignedIn();
  } catch {
    return showSignIn("No connection to the sign-in page. Try again.");
  }
  if (!isSignedIn()) return showSignIn();
  await enter();
}

async function enter() {
  try {
    me = await get("/me");
  } catch (error) {
    return failed(error);
  }
  useZone(me.timeZone);
  await show();
}

async function show() {
  if (!me || isAsking()) return;
  const own = ++shows;
  leave();
  leave = () => {};
  const [place, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = place.split("/");
  const pages = pagesOf(me);
  const isShown = pages.includes(name) || (name === "referral" && pages.includes("worklist"));
  const shown = isShown ? name : pages[0];
  document.title = `${TITLES[shown]} – Referral Router`;
  const main = h("main", { id: "main", tabindex: "-1" }, h("p.quiet", { role: "status" }, "Loading …"));
  fill(app, header(shown), main);
  inSight(app);
  try {
    const left = (await PAGES[shown]({ main, me, path: rest, query: new URLSearchParams(query), failed: (error) => failed(error, main) })) ?? (() => {});
    // Another page may be shown since: then this one is left already, and reads nothing more.
    if (own !== shows) return left();
    leave = left;
  } catch (error) {
    failed(error, main);
  }
  // A page that has a place to begin has put the focus there.
  if (!main.contains(document.activeElement)) main.focus({ preventScroll: true });
}

function header(shown) {
  const pages = pagesOf(me);
  const link = (name) =>
    h("a", { href: `#/${name}`, "aria-current": name === shown ? "page" : null }, TITLES[name]);
  return h("header.bar", {},
    h("a.skip", { href: "#main", onclick: skip }, "Skip to the page"),
    h("a.brand", { href: `#/${pages[0]}` }, "Referral Router"),
    h("nav", { "aria-label": "Pages" }, pages.map(link)),
    h("div.who", {},
      h("span", {}, h("span", {}, `${me.name}, ${words(me.role).toLowerCase()}`),
        h("span.zone", { title: "All times on this page" }, `${me.tenant} · ${zoneName()}`)),
      h("button.plain", { onclick: signOut }, "Sign out")));
}

/** Whether words stand in a form that nobody sent, shown or hidden until its person is back. */
const isTyping = () => [...app.querySelectorAll("textarea"), ...hiddenWords()].some((each) => each.value.trim());

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

/** Ask who it is; a form that is open is there again afterwards, with what was typed into it. */
function signedOut(sentence) {
  if (me && (isAsking() || app.querySelector("form.act"))) again(sentence);
  else showSignIn(sentence);
}

const again = (sentence) => askAgain({ app, me, sentence, other: enter });

/** In the window that was opened to sign in: the page that waits for it goes on by itself. */
function showSignedIn() {
  fill(app, h("main.sign-in", { id: "main" }, h("h1", {}, "Referral Router"),
    h("p", { role: "status" }, "Go on in the window in which you worked; this one may be closed."),
    h("p.actions", {}, h("button", { onclick: signIn }, "Sign in here"))));
  window.close();
}

function showSignIn(sentence) {
  me = null;
  shows += 1;
  leave();
  leave = () => {};
  document.title = "Sign in – Referral Router";
  fill(app, h("main.sign-in", { id: "main" },
    h("h1", {}, "Referral Router"),
    h("p", {}, sentence ?? "Every referral to its end, and who acts next."),
    h("button.primary", { onclick: signIn, autofocus: true }, "Sign in")));
  app.querySelector("button").focus();
}

function say(sentence) {
  const main = document.getElementById("main");
  if (main?.querySelector(".notice")) return;
  main?.querySelector(".unsaid")?.remove();
  main?.prepend(h("p.status.unsaid", { role: "alert" }, h("strong", {}, sentence)));
}

/** Say what failed, and what to do; in a page if there is one. */
function failed(error, main) {
  if (error instanceof SignedOut) return signedOut(ENDED);
  const known = isTold(error);
  const sentence = known ? error.message : "This page could not be shown.";
  const box = h("section.notice", { role: "alert" },
    h("h1", {}, error.status === 404 ? "Not found" : "That did not work"),
    h("p", {}, sentence),
    h("p.actions", {},
      h("button.primary", { onclick: () => (me ? show() : enter()) }, "Try again"),
      h("button.plain", { onclick: signOut }, "Sign out")));
  if (main) fill(main, box);
  else fill(app, h("main.sign-in", { id: "main" }, box));
  if (!known) throw error;
}

start();
