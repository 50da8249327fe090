// Operations at a glance: what waits, what is late and whose it is, where referrals stay, and who of the
// others answers. Each number leads to its rows or to its figure.

import { get, getLong, Refused } from "./api.js";
import { panelsOf } from "./board-panel.js";
import { fill, h } from "./element.js";
import { dayOnly, now, words } from "./format.js";
import { said } from "./figure-result.js";
import { ages, clocks, failures, held, late, nameOf, rowsOf } from "./operations-live.js";
import { partnerNames } from "./partner-names.js";
import { bars } from "./plot.js";
import { table } from "./section.js";

const DAY_MS = 86_400_000;
/** What was counted within a day is shown at once. */
const KEPT_S = 86_400;
/** What is older than this is counted anew meanwhile: rows reach the lake some minutes late anyway. */
const FRESH_S = 300;
const FUNNEL = [
  ["volume", "received", "Received", null],
  ["contact", "contacted", "Patient contacted", "days_median"],
  ["conversion", "booked", "Booked", "days_median"],
  ["completion", "seen", "Seen", "days_median"],
  ["loop", "loop_closed", "Loop closed", "days_median"],
];
/** The lifecycle, in its order and in words. */
const STEPS = {
  CheckReadiness: "Order complete", CheckEligibility: "Coverage", RouteReferral: "Routing", RequestAuthorization: "Authorization",
  OfferReferral: "Offer to the clinic", ContactPatient: "Patient contacted", AwaitVisit: "Visit", VerifyClosure: "Report and closing", OpenWorkItem: "A person decides",
};

export async function operationsPage({ main, me }) {
  const leaving = new AbortController();
  const board = once(() => get("/operations/board"));
  const counts = once(() => get("/work-items/counts?by=person"));
  // What cannot be named is shown by its id: no panel waits for a name.
  const names = once(() => partnerNames());
  const named = () => names().catch(() => ({}));
  const { panel, refresh } = panelsOf({ me, left: leaving.signal, forget: () => { board.forget(); counts.forget(); } });
  /** A panel of figures: those that were counted before are there at once, and make room for new ones. */
  const counted = (load) => async ({ draw }) => {
    const ask = async (most) => {
      const figures = figuresOf(most, leaving.signal);
      const shown = await load(figures, (some) => draw(some, figures.asOf()));
      draw(shown, figures.asOf());
      return figures.asOf();
    };
    if (now() - new Date(await ask(KEPT_S)) > FRESH_S * 1000) await ask(FRESH_S);
  };
  fill(main,
    h("div.heading", {}, h("h1", {}, "Operations"), h("button", { onclick: refresh }, "Read anew")),
    panel("Now", () => glance(counts, board), { kind: ".glance" }),
    h("div.board", {},
      panel("Open by team", () => teams(me, counts)),
      panel("Overdue by owner", () => owners(counts)),
      panel("Failed, and given up", ({ again, status }) => failures(board, again, status), { isKept: false }),
      panel("Held back", ({ again, status }) => held(named, again, status), { isKept: false }),
      panel("Open by team and age", () => ages(board, me)),
      panel("Payers' clocks", () => clocks(board, named)),
      panel("Time in each step of the lifecycle", counted(lifecycle), { kind: ".whole" }),
      panel("Partners' health, the last 30 days", counted(health)),
      panel("Funnel of the last 30 days", counted(funnel)),
      panel("Received today", counted((figures) => today(figures, me)))));
  return () => leaving.abort();
}

/** Read once for all that show it, until it is forgotten. */
function once(read) {
  let reading = null;
  const ask = () => (reading ??= read().catch((error) => { reading = null; throw error; }));
  ask.forget = () => { reading = null; };
  return ask;
}

/** What must not be missed, each leading to its rows: whoever looks sees at once whether something burns. */
async function glance(counts, board) {
  const [{ teams: each, nobody, unmatched }, { clocks: { payers }, deadLetters }] = await Promise.all([counts(), board()]);
  const sum = (name) => Object.values(each).reduce((total, team) => total + team[name], 0);
  const breached = payers.reduce((total, payer) => total + (payer.breached ?? 0), 0);
  const bad = (number) => h("span.late", {}, h("span", { "aria-hidden": "true" }, "▲ "), number);
  const tile = (name, number, where, isLate = true) => h("div", {}, h("dt", {}, name),
    h("dd", {}, !number ? "0" : !where ? bad(number) : isLate ? late(number, where) : h("a", { href: where }, number)));
  return h("dl.tiles", {},
    tile("Overdue", sum("overdue"), "#/worklist/overdue"),
    tile("Overdue and nobody's", nobody.overdue, "#/worklist/overdue?owner=none"),
    tile("Exceptions", sum("exceptions"), "#/worklist/exceptions"),
    tile("Payers' clocks breached", breached, "#/figures/authorization?by=payer"),
    tile("Dead letters", deadLetters, null),
    tile("Unmatched", unmatched, "#/unmatched", false),
    tile("Open", sum("open"), "#/worklist/team", false));
}

async function teams(me, counts) {
  const { teams: of } = await counts();
  return table(["Team", "Open", "Overdue", "Unassigned", "Exceptions", "Waiting for others"], me.teams.map((team) => {
    const each = of[team];
    const link = (number, tab) => (number ? h("a", { href: rowsOf(tab, team) }, number) : "0");
    return [words(team), link(each.open, "team"), late(each.overdue, rowsOf("overdue", team)), link(each.unassigned, "unassigned"), late(each.exceptions, rowsOf("exceptions", team)), link(each.waiting, "waiting")];
  }), "Open by team");
}

async function owners(counted) {
  const [{ people }, counts] = await Promise.all([get("/people"), counted()]);
  const rows = people.map((person) => [person, counts.people[person.id]]).filter(([, load]) => load?.overdue);
  const others = Object.values(counts.teams).reduce((sum, each) => sum + each.overdue, 0) - rows.reduce((sum, [, load]) => sum + load.overdue, 0) - counts.nobody.overdue;
  return table(["Owner", "Overdue", "Open"], [
    ...rows.sort(([, one], [, other]) => other.overdue - one.overdue).map(([person, load]) =>
      [person.name, late(load.overdue, `#/worklist/overdue?owner=${encodeURIComponent(person.id)}`), load.open]),
    ["Nobody", late(counts.nobody.overdue, "#/worklist/overdue?owner=none"), counts.nobody.open],
    others > 0 && ["A machine, or who has left", others, ""],
  ].filter(Boolean), "Overdue by owner");
}

/** Read figures that are so many seconds old at most, and know of which instant the oldest is. */
function figuresOf(most, left) {
  let oldest = null;
  /** One that takes long is followed until it is there. */
  const report = async (path) => {
    const answer = await getLong(`${path}&max-age=${most}`, { left, running: () => {} });
    if (!answer) throw new Refused(0, "left", "Nobody waits for it any more.");
    const found = await answer.json();
    if (!oldest || new Date(found.as_of) < new Date(oldest)) oldest = found.as_of;
    return found;
  };
  return { report, figure: (name) => report(`/reports/${name}?by=`), asOf: () => oldest, left };
}

async function today({ report }, me) {
  const day = (back) => new Intl.DateTimeFormat("en-CA", { timeZone: me.timeZone }).format(new Date(Date.parse(me.now) - back * DAY_MS));
  const { rows } = await report(`/reports/volume?by=received_day&from=${day(28)}&to=${day(0)}`);
  const on = (back) => rows.find((row) => row.received_day === day(back))?.received ?? 0;
  const earlier = [7, 14, 21, 28];
  return [
    h("p.big", {}, h("a", { href: `#/figures/volume?by=received_day&from=${day(28)}&to=${day(0)}` }, on(0)), h("span.sub", {}, "so far today")),
    table(["Same weekday", "Received"], earlier.map((back) => [dayOnly(`${day(back)}T12:00:00Z`), on(back)]), "Received on the same weekday"),
  ];
}

async function funnel({ figure }) {
  const found = await Promise.all(FUNNEL.map(([name]) => figure(name)));
  const rows = FUNNEL.map(([name, count, label, days], place) => {
    const value = found[place].totals[count] ?? 0;
    const median = days && found[place].rows[0]?.[days];
    return { label, value, text: median ? `${value} · ${Number(median).toFixed(1)} d` : String(value), name };
  });
  return [bars("Referrals that came so far, and the median days to it", rows, Math.max(1, rows[0].value)),
    h("p.quiet", {}, rows.map(({ name, label }, place) => [place > 0 && " · ", h("a", { href: `#/figures/${name}` }, label)]))];
}

/** The lifecycle as a row of steps: in each the share of all waiting, and how long a stay is. */
async function lifecycle({ figure }) {
  const { rows } = await figure("bottlenecks");
  const whole = rows.reduce((sum, row) => sum + row.hours, 0);
  const of = (step) => rows.filter((row) => row.step === step).reduce((sum, row) => ({ hours: sum.hours + row.hours, waits: sum.waits + row.waits }), { hours: 0, waits: 0 });
  return [
    h("ol.lifecycle", { "aria-label": "Time in each step" }, Object.entries(STEPS).map(([step, name]) => {
      const { hours, waits } = of(step);
      const share = whole ? hours / whole : 0;
      return h("li", {}, h("span.name", {}, name), h("strong", {}, `${(share * 100).toFixed(1)} %`),
        h("meter", { min: 0, max: 1, value: share, "aria-label": `${name}: share of all waiting` }),
        h("span.sub", {}, waits ? `${stay(hours / waits)} a stay, ${waits} stays` : "no stay"));
    })),
    h("p.quiet", {}, "Share of all waiting in the last 30 days, and the mean of a stay. ", h("a", { href: "#/figures/bottlenecks" }, "Whose move it was, by any cut")),
  ];
}

const stay = (hours) => (hours < 1 ? "under 1 h" : hours < 48 ? `${Math.round(hours)} h` : `${(hours / 24).toFixed(1)} d`);

async function health({ figure, left }, draw) {
  const [{ rows, columns }, { pauses }] = await Promise.all([figure("partners"), get("/operations/pauses")]);
  if (!rows.length) return h("p.quiet", {}, "No exchange in the last 30 days.");
  const column = (name) => columns.find((each) => each.name === name);
  const paused = new Set(pauses.map((each) => each.id));
  const worst = [...rows].sort((one, other) => (other.failure_rate ?? 0) - (one.failure_rate ?? 0) || other.exchanges - one.exchanges);
  const shown = (called) => [
    table(["Partner", "Kind", "Answered", "Failed", "Failed of all", "Last answer"], worst.map((row) => [
      h("span", { title: row.partner }, nameOf(called, row.kind, row.partner), paused.has(`${row.kind}:${row.partner}`) && h("b.tag", {}, "held back")), words(row.kind), row.answered, row.failed,
      row.failed ? h("strong.late", {}, "▲ ", said(column("failure_rate"), row.failure_rate)) : said(column("failure_rate"), row.failure_rate),
      row.silent_days === null ? "none" : ago(row.silent_days)]), "Partners' health"),
    h("p.quiet", {}, "Counted of what happened to referrals, some minutes behind. ", h("a", { href: "#/figures/partners" }, "The figure")),
  ];
  // Practices are named as their orders are read: whoever waits for a name sees the number meanwhile.
  const practices = rows.filter(({ kind }) => kind === "practice").map(({ partner }) => partner);
  const called = await partnerNames({ practices, left, drawn: (names) => draw(shown(names)) }).catch(() => ({}));
  return shown(called);
}

const ago = (days) => (Number(days) < 1 ? `${Math.round(Number(days) * 24)} h ago` : `${Number(days).toFixed(1)} d ago`);
