// What operations see of this moment and act on: ages, the payers' clocks, what failed, what is held back.

import { decide, del, get, isTold, post, Refused } from "./api.js";
import { fill, h } from "./element.js";
import { dateTime, now, since, span, words } from "./format.js";
import { table } from "./section.js";

const LISTED = 25;
const SCOPES = { payer: "Payer", clinic: "Clinic", channel: "Channel", tenant: "Everything of ours" };
/** What became of a referral whose execution failed. */
const BECAME = { closed: "The referral is closed.", "started-again": "It was started again.", "with-a-person": "A person has it." };
const STATES = { running: "in time", late: "last quarter", breached: "breached" };

/** A number of something late, which leads to its rows; it says so without any colour. */
export const late = (count, where) => (count ? h("a.late", { href: where }, h("span", { "aria-hidden": "true" }, "▲ "), count) : "0");

/** Where a team's rows are. */
export const rowsOf = (tab, team) => `#/worklist/${tab}?queue=${team}`;

export async function ages(board, me) {
  const { ages: of, lastDays } = await board();
  const heads = lastDays.map((last, at) => `${at ? lastDays[at - 1] + 1 : 0}–${last}`);
  const sums = lastDays.concat(0).map((_, at) => me.teams.reduce((sum, team) => sum + of[team][at], 0));
  const whole = (buckets) => buckets.reduce((sum, each) => sum + each, 0);
  return [
    table(["Team", "Open", ...heads, `> ${lastDays.at(-1)}`], [
      ...me.teams.map((team) => [h("a", { href: rowsOf("team", team) }, words(team)), whole(of[team]), ...of[team].map((count) => count || "·")]),
      [h("strong", {}, "All"), h("strong", {}, whole(sums)), ...sums.map((count) => h("strong", {}, count || "·"))],
    ], "Open by team and age"),
    h("p.quiet", {}, "Whole days since receipt, of this moment. ", h("a", { href: "#/figures/aging?by=pathway" }, "By pathway")),
  ];
}

export async function clocks(board, names) {
  const [{ clocks: { payers, nearest, more } }, { payer: called = {} }] = await Promise.all([board(), names()]);
  const name = (payer) => (payer ? called[payer] ?? words(payer) : "Nobody named");
  if (!payers.length) return h("p.quiet", {}, "No payer's clock runs.");
  const left = ({ dueAt }) => { const seconds = (new Date(dueAt) - now()) / 1000; return seconds < 0 ? `${span(seconds)} over` : `${span(seconds)} left`; };
  return [
    table(["Payer", "In time", "Last quarter", "Breached"], payers.map((each) => [
      name(each.payer), each.running ?? 0, each.late ? h("strong", {}, "◆ ", each.late) : 0, each.breached ? h("strong.late", {}, "▲ ", each.breached) : 0]), "Clocks that run"),
    table(["The next to run out", "Payer", "Clock"], nearest.map((each) => [
      h("a", { href: `#/referral/${each.id}` }, dateTime(each.dueAt)), name(each.payer),
      h(each.state === "breached" ? "strong.late" : "span", {}, `${left(each)}${each.expedited ? ", expedited" : ""}`, h("span.sub", {}, STATES[each.state]))]), "The next clocks"),
    more && h("p.quiet", {}, "More requests are under way than are shown."),
    h("p.quiet", {}, h("a", { href: "#/figures/authorization?by=payer" }, "Decisions of the last 30 days")),
  ];
}

/** Steps that failed and wait for a person, tried again one by one or all of them; executions; dead letters. */
export async function failures(board, again, status) {
  const [{ workItems, next }, { deadLetters }, ended] = await Promise.all([faults(), board(), get("/operations/executions").catch(unread)]);
  const retry = (item) => decide(item.id, { action: "retry", item: item.openedAt }, crypto.randomUUID());
  const both = acting(status);
  return [
    h("h3", {}, "Steps that wait for a person"),
    workItems.length > 0
      ? table(["Referral", "Team", "Since", "Why", "Redrive"], workItems.map((item) => [
        h("a", { href: `#/referral/${item.id}` }, item.placer ?? item.id.slice(0, 8)), words(item.queue), `${since(item.openedAt)} ago`, item.statusReason,
        both("Try again", () => retry(item).then(again), () => "Tried again.", `Try again: ${item.placer ?? item.id}`)]), "Steps that wait for a person")
      : h("p.quiet", {}, "None waits for a person."),
    workItems.length > 1 && h("p.actions", {}, both(next ? `Try these ${workItems.length} again` : "Try all again", async () => {
      const refused = await allTried(workItems, retry);
      await again();
      return refused;
    }, (refused) => `${workItems.length - refused.length} tried again${refused.length ? `, ${refused.length} not: ${refused[0].message}` : "."}`)),
    executions(ended),
    h("h3", {}, "Dead letters and notices"),
    h("p", {}, deadLetters ? h("strong.late", {}, `▲ ${deadLetters} dead letters`) : "No dead letters", " lie in the queue of the cell."),
    h("p.actions", {},
      both("Give dead letters once more", () => post("/operations/redrive", {}), ({ used, kept, more }) => `${used} given to their consumers, ${kept} kept${more ? ", more wait: press again." : "."}`),
      both("Send undelivered notices once more", () => post("/operations/notices/replay", {}), ({ replayed, left, more }) => `${replayed.length} sent once more, ${left}${more ? " or more" : ""} left.`)),
  ];
}

/** What Step Functions does not say now keeps nobody from what waits for a person. */
function unread(error) {
  if (!isTold(error)) throw error;
  return { unread: error.message };
}

/** What Step Functions ended badly: nothing is lost by it, and another run is started when the referral is due. */
function executions({ executions: rows, more, unread }) {
  if (unread) return [h("h3", {}, "Executions that failed"), h("p", { role: "alert" }, unread)];
  return [
    h("h3", {}, "Executions that failed"),
    rows.length > 0
      ? table(["Referral", "Ended", "What became of it", "Execution"], rows.map((each) => [
        h("a", { href: `#/referral/${each.referral}` }, each.referral.slice(0, 8)),
        h("span", {}, words(each.ended.toLowerCase().replaceAll("_", "-")), h("span.sub", {}, dateTime(each.stoppedAt))),
        BECAME[each.state] ?? `Another run starts by itself: ${dateTime(each.dueAt)}.`,
        h("a", { href: each.console, rel: "noreferrer", target: "_blank" }, `Run ${each.run}`)]), "Executions that failed")
      : !more && h("p.quiet", {}, "None failed. One that is lost is started again by itself."),
    more && h("p.quiet", {}, rows.length ? "More failed than are shown." : "Many failed of late; none of those that were looked at is of a referral of ours."),
  ];
}

/** The first faults: they stand among other exceptions, so a page may be short, and `next` goes on. */
async function faults() {
  let { workItems, next } = await get(`/work-items?list=exceptions&reason=fault&_count=${LISTED}`);
  while (next && workItems.length < LISTED) {
    const page = await get(next.slice(next.indexOf("/work-items")));
    workItems = [...workItems, ...page.workItems];
    next = page.next;
  }
  return { workItems, next };
}

/** Try each; one that a colleague has, or has settled, keeps no other from it. */
async function allTried(items, retry) {
  const refused = [];
  for (const item of items) {
    try {
      await retry(item);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused.push(error);
    }
  }
  return refused;
}

/** What a partner is called: some have no name but their id. */
export function nameOf(called, kind, id) {
  const name = called[kind]?.[id];
  return name && name !== id ? name : words(id);
}

/** What is held back, let go on; and the form that holds back. */
export async function held(names, again, status) {
  const [{ pauses }, called, { people }] = await Promise.all([get("/operations/pauses"), names(), get("/people")]);
  const what = ({ scope, of }) => (scope === "tenant" ? SCOPES.tenant : `${SCOPES[scope]} ${nameOf(called, scope, of)}`);
  const who = (id) => people.find((person) => person.id === id)?.name ?? id;
  const both = acting(status);
  const place = h("div");
  return [
    pauses.length > 0
      ? table(["Held back", "Since", "Why", "Let go on"], pauses.map((each) => [what(each), `${dateTime(each.since)}, by ${who(each.by)}`, each.reason,
        both("Let go on", () => del(`/operations/pauses/${each.id}`).then(again), () => "", `Let go on: ${what(each)}`)]), "Held back")
      : h("p.quiet", {}, "Nothing is held back."),
    h("p.actions", {}, h("button", { onclick: () => { fill(place, holdForm(called, again, () => fill(place))); place.querySelector("select").focus(); } }, "Hold back …")),
    place,
  ];
}

function holdForm(called, again, close) {
  const names = h("datalist", { id: "partners" });
  const which = h("label", {}, h("span", {}, "Which"), h("input", { name: "of", required: true, maxlength: "64", list: "partners", autocomplete: "off" }));
  const offer = (scope) => {
    which.hidden = which.querySelector("input").disabled = scope === "tenant";
    fill(names, Object.keys(called[scope] ?? {}).map((id) => h("option", { value: id }, nameOf(called, scope, id))));
  };
  offer("payer");
  const said = h("p.status", { role: "alert" });
  const submit = h("button.primary", { type: "submit" }, "Hold back");
  return h("form.act", { onsubmit: send }, h("h2", {}, "Hold back"),
    h("p.follows", {}, "Nothing is sent to them and nothing is lost: each referral says so, and goes on once it is let go on. Clocks keep running."),
    h("label", {}, h("span", {}, "What"), h("select", { name: "scope", onchange: (event) => offer(event.target.value) }, Object.entries(SCOPES).map(([value, text]) => h("option", { value }, text)))),
    which, names,
    h("label", {}, h("span", {}, "Why, without a patient's name"), h("input", { name: "reason", required: true, minlength: "3", maxlength: "120", autocomplete: "off" })),
    said, h("p.actions", {}, submit, h("button.plain", { type: "button", onclick: close }, "Cancel")));

  async function send(event) {
    event.preventDefault();
    submit.disabled = true;
    try {
      await post("/operations/pauses", Object.fromEntries(new FormData(event.target)));
      await again();
    } catch (error) {
      if (!isTold(error)) throw error;
      submit.disabled = false;
      fill(said, error.message);
    }
  }
}

/** Return what makes a button of an act: it says in `status` what came of it. */
const acting = (status) => (text, send, sentence, name) => h("button", { "aria-label": name, onclick: async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    fill(status, sentence(await send()));
  } catch (error) {
    if (!isTold(error)) throw error;
    fill(status, h("strong", {}, error.message));
  }
  button.disabled = false;
} }, text);
