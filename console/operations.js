// Operations at a glance: what waits, what is late and whose it is, where referrals stay, and who of the
// others answers. Each number leads to its rows or to its figure.

import { get, Offline, Refused } from "./api.js";
import { fill, h } from "./element.js";
import { dateTime, dayOnly, now, since, words } from "./format.js";
import { said } from "./figure-result.js";
import { ages, clocks, failures, held, late, nameOf, rowsOf } from "./operations-live.js";
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
  const left = { page: false };
  const board = once(() => get("/operations/board"));
  // What cannot be named is shown by its id: no panel waits for a name.
  const names = once(async () => (await get("/operations/partners")).names);
  const named = () => names().catch(() => ({}));
  fill(main, h("h1", {}, "Operations"),
    h("div.board", {},
      panel("Open by team", () => teams(me)),
      panel("Overdue by owner", () => owners()),
      panel("Open by team and age", () => ages(board, me)),
      panel("Payers' clocks", () => clocks(board, named)),
      counted("Time in each step of the lifecycle", lifecycle, ".whole"),
      counted("Partners' health, the last 30 days", (figures) => health(figures, named)),
      panel("Failed, and given up", (again, status) => failures(board, again, status)),
      panel("Held back", (again, status) => held(named, again, status)),
      counted("Received today", (figures) => today(figures, me)),
      counted("Funnel of the last 30 days", funnel)));
  return () => { left.page = true; };

  function panel(title, load, kind = "") {
    const place = h("div", {}, h("p.quiet", {}, "Loading …"));
    // Beside what is shown anew: it says what came of an act.
    const status = h("p.status", { role: "status" });
    const again = () => { board.forget(); return show(); };
    const show = () => load(again, status, place).then((shown) => { fill(place, shown); }).catch((error) => {
      if (!(error instanceof Offline || error instanceof Refused)) throw error;
      if (!left.page) fill(place, h("p", { role: "alert" }, error.message), h("p.actions", {}, h("button", { onclick: again }, "Try again")));
    });
    show();
    return h(`section.panel-card${kind}`, {}, h("h2", {}, title), place, status);
  }

  /** A panel of figures: those that were counted before are there at once, and make room for new ones. */
  function counted(title, load, kind) {
    const dated = async (most) => {
      const figures = figuresOf(most);
      const shown = await load(figures);
      return [figures, [shown, h("p.quiet", {}, `Counted ${dateTime(figures.asOf())}, ${since(figures.asOf())} ago.`)]];
    };
    return panel(title, async (again, status, place) => {
      const [kept, shown] = await dated(KEPT_S);
      if (now() - new Date(kept.asOf()) > FRESH_S * 1000) renew(status, place);
      return shown;
    }, kind);

    async function renew(status, place) {
      fill(status, "Counting anew …");
      try {
        const [, shown] = await dated(FRESH_S);
        if (!left.page) fill(place, shown);
        fill(status);
      } catch (error) {
        if (!(error instanceof Offline || error instanceof Refused)) throw error;
        fill(status, `Not counted anew: ${error.message}`);
      }
    }
  }
}

/** Read figures that are so many seconds old at most, and know of which instant the oldest is. */
function figuresOf(most) {
  let oldest = null;
  const report = async (path) => {
    const found = await get(`${path}&max-age=${most}`);
    if (!found.rows) throw new Refused(202, "running", "Still being computed: look again in a moment.");
    if (!oldest || new Date(found.as_of) < new Date(oldest)) oldest = found.as_of;
    return found;
  };
  return { report, figure: (name) => report(`/reports/${name}?by=`), asOf: () => oldest };
}

/** Read once for all that show it, until it is forgotten. */
function once(read) {
  let reading = null;
  const ask = () => (reading ??= read().catch((error) => { reading = null; throw error; }));
  ask.forget = () => { reading = null; };
  return ask;
}

async function teams(me) {
  const { teams: counts } = await get("/work-items/counts");
  return table(["Team", "Open", "Overdue", "Unassigned", "Exceptions", "Waiting for others"], me.teams.map((team) => {
    const each = counts[team];
    const link = (number, tab) => (number ? h("a", { href: rowsOf(tab, team) }, number) : "0");
    return [words(team), link(each.open, "team"), late(each.overdue, rowsOf("overdue", team)), link(each.unassigned, "unassigned"), late(each.exceptions, rowsOf("exceptions", team)), link(each.waiting, "waiting")];
  }), "Open by team");
}

async function owners() {
  const [{ people }, counts] = await Promise.all([get("/people"), get("/work-items/counts?by=person")]);
  const rows = people.map((person) => [person, counts.people[person.id]]).filter(([, load]) => load?.overdue);
  const others = Object.values(counts.teams).reduce((sum, each) => sum + each.overdue, 0) - rows.reduce((sum, [, load]) => sum + load.overdue, 0) - counts.nobody.overdue;
  return table(["Owner", "Overdue", "Open"], [
    ...rows.sort(([, one], [, other]) => other.overdue - one.overdue).map(([person, load]) =>
      [person.name, late(load.overdue, `#/worklist/overdue?owner=${encodeURIComponent(person.id)}`), load.open]),
    ["Nobody", late(counts.nobody.overdue, "#/worklist/overdue?owner=none"), counts.nobody.open],
    others > 0 && ["A machine, or who has left", others, ""],
  ].filter(Boolean), "Overdue by owner");
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

async function health({ figure }, names) {
  const [{ rows, columns }, { pauses }, called] = await Promise.all([figure("partners"), get("/operations/pauses"), names()]);
  if (!rows.length) return h("p.quiet", {}, "No exchange in the last 30 days.");
  const column = (name) => columns.find((each) => each.name === name);
  const paused = new Set(pauses.map((each) => each.id));
  const worst = [...rows].sort((one, other) => (other.failure_rate ?? 0) - (one.failure_rate ?? 0) || other.exchanges - one.exchanges);
  return [
    table(["Partner", "Kind", "Answered", "Failed", "Failed of all", "Last answer"], worst.map((row) => [
      h("span", { title: row.partner }, nameOf(called, row.kind, row.partner), paused.has(`${row.kind}:${row.partner}`) && h("b.tag", {}, "held back")), words(row.kind), row.answered, row.failed,
      row.failed ? h("strong.late", {}, "▲ ", said(column("failure_rate"), row.failure_rate)) : said(column("failure_rate"), row.failure_rate),
      row.silent_days === null ? "none" : ago(row.silent_days)]), "Partners' health"),
    h("p.quiet", {}, "Counted of what happened to referrals, some minutes behind. ", h("a", { href: "#/figures/partners" }, "The figure")),
  ];
}

const ago = (days) => (Number(days) < 1 ? `${Math.round(Number(days) * 24)} h ago` : `${Number(days).toFixed(1)} d ago`);
