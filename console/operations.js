// Operations at a glance: what waits, what is late and whose it is, and where referrals stay. Each
// number leads to its rows or to its figure.

import { del, get, Offline, post, Refused } from "./api.js";
import { fill, h } from "./element.js";
import { dateTime, dayOnly, words } from "./format.js";
import { said } from "./figure-result.js";
import { bars } from "./plot.js";
import { table } from "./section.js";

const DAY_MS = 86_400_000;
const FUNNEL = [
  ["volume", "received", "Received", null],
  ["contact", "contacted", "Patient contacted", null],
  ["conversion", "booked", "Booked", "days_median"],
  ["completion", "seen", "Seen", "days_median"],
  ["loop", "loop_closed", "Loop closed", null],
];

export async function operationsPage({ main, me }) {
  const left = { page: false };
  fill(main, h("h1", {}, "Operations"),
    h("div.board", {},
      panel("Open by team", () => teams(me)),
      panel("Overdue by owner", () => owners()),
      panel("Received today", () => today(me)),
      panel("Funnel of the last 30 days", () => funnel()),
      panel("Where referrals wait", () => waits()),
      panel("Open by pathway and age", () => ages()),
      panel("Authorizations and the payers' clocks", () => clocks()),
      panel("Held back, and given up", (again) => held(again))));
  return () => { left.page = true; };

  function panel(title, load) {
    const place = h("div", {}, h("p.quiet", {}, "Loading …"));
    const show = () => load(show).then((shown) => fill(place, shown)).catch((error) => {
      if (!(error instanceof Offline || error instanceof Refused)) throw error;
      if (!left.page) fill(place, h("p", { role: "alert" }, error.message));
    });
    show();
    return h("section.panel-card", {}, h("h2", {}, title), place);
  }
}

const late = (count, where) => (count ? h("a.late", { href: where }, h("span", { "aria-hidden": "true" }, "▲ "), count) : "0");

async function teams(me) {
  const { teams: counts } = await get("/work-items/counts");
  return table(["Team", "Open", "Overdue", "Unassigned", "Waiting for others"], me.teams.map((team) => {
    const each = counts[team];
    return [words(team), h("a", { href: "#/worklist/team" }, each.open), late(each.overdue, "#/worklist/overdue"), each.unassigned, each.waiting];
  }), "Open by team");
}

async function owners() {
  const [{ people }, counts] = await Promise.all([get("/people"), get("/work-items/counts?by=person")]);
  const rows = people.map((person) => [person.name, counts.people[person.id]]).filter(([, load]) => load?.overdue);
  const nobody = Object.values(counts.teams).reduce((sum, each) => sum + each.overdue, 0) - rows.reduce((sum, [, load]) => sum + load.overdue, 0);
  return table(["Owner", "Overdue", "Open"], [
    ...rows.sort(([, one], [, other]) => other.overdue - one.overdue).map(([name, load]) => [name, late(load.overdue, "#/team"), load.open]),
    ["Nobody, or a machine", late(nobody, "#/worklist/unassigned"), ""],
  ], "Overdue by owner");
}

const figure = (name, asked = "") => report(`/reports/${name}?by=${asked}`);

async function report(path) {
  const found = await get(path);
  if (!found.rows) throw new Refused(202, "running", "Still being computed: look again in a moment.");
  return found;
}

async function today(me) {
  const day = (back) => new Intl.DateTimeFormat("en-CA", { timeZone: me.timeZone }).format(new Date(Date.parse(me.now) - back * DAY_MS));
  const { rows } = await report(`/reports/volume?by=received_day&from=${day(28)}&to=${day(0)}`);
  const on = (back) => rows.find((row) => row.received_day === day(back))?.received ?? 0;
  const earlier = [7, 14, 21, 28];
  return [
    h("p.big", {}, h("a", { href: `#/figures/volume?by=received_day&from=${day(28)}&to=${day(0)}` }, on(0)), h("span.sub", {}, "so far today")),
    table(["Same weekday", "Received"], earlier.map((back) => [dayOnly(`${day(back)}T12:00:00Z`), on(back)]), "Received on the same weekday"),
  ];
}

async function funnel() {
  const found = await Promise.all(FUNNEL.map(([name]) => figure(name)));
  const rows = FUNNEL.map(([name, count, label, days], place) => {
    const value = found[place].totals[count] ?? 0;
    const median = days && found[place].rows[0]?.[days];
    return { label, value, text: median ? `${value} · ${Number(median).toFixed(1)} d` : String(value), name };
  });
  return [bars("Referrals that came so far, and the median days to it", rows, Math.max(1, rows[0].value)),
    h("p.quiet", {}, rows.map(({ name, label }, place) => [place > 0 && " · ", h("a", { href: `#/figures/${name}` }, label)]))];
}

async function waits() {
  const { rows, columns } = await figure("bottlenecks");
  const of = (name) => columns.find((column) => column.name === name);
  const most = [...rows].sort((one, other) => other.hours - one.hours).slice(0, 8);
  return [bars("Hours waited, and the share of all waiting", most.map((row) => ({
    label: `${row.step} · ${words(row.queue)}, ${words(row.waits_for).toLowerCase()}`, value: row.hours, text: said(of("share"), row.share) })), most[0]?.hours ?? 1),
    h("p.quiet", {}, h("a", { href: "#/figures/bottlenecks" }, "All of it, by any cut"))];
}

async function ages() {
  const { rows, columns } = await figure("aging", "pathway");
  const buckets = columns.filter(({ name }) => name.startsWith("days_"));
  return [table(["Pathway", "Open", ...buckets.map(({ name }) => name.replace("days_", "").replace("_", "–").replace("over–", "> "))], rows.map((row) =>
    [words(row.pathway), row.open, ...buckets.map(({ name }) => row[name] || "")]), "Open by pathway and days since receipt"),
    h("p.quiet", {}, "Days since receipt. ", h("a", { href: "#/figures/aging?by=pathway" }, "The figure"))];
}

async function clocks() {
  const { rows } = await figure("authorization", "payer");
  if (!rows.length) return h("p.quiet", {}, "No decision in the last 30 days.");
  return [table(["Payer", "Urgency", "Decisions", "Approved", "Denied", "Clock breached"], rows.map((row) =>
    [words(row.payer), words(row.urgency), row.decisions, row.approved, row.denied, late(row.breaches, "#/figures/authorization?by=payer")]), "Authorizations"),
    h("p.quiet", {}, h("a", { href: "#/figures/authorization?by=payer" }, "The figure"))];
}

/** What is held back, and what consumers gave up: let go on, or given once more when its cause is mended. */
async function held(again) {
  const { pauses } = await get("/operations/pauses");
  const said = h("p.status", { role: "status" });
  const act = (button, send, sentence) => h("button", { onclick: async (event) => {
    event.target.disabled = true;
    try {
      fill(said, sentence(await send()));
    } catch (error) {
      if (!(error instanceof Offline || error instanceof Refused)) throw error;
      fill(said, h("strong", {}, error.message));
    }
    event.target.disabled = false;
  } }, button);
  return [
    pauses.length > 0
      ? table(["Held back", "Since", "Why", "Let go on"], pauses.map((each) => [`${words(each.scope)} ${each.of}`, `${dateTime(each.since)}, by ${each.by}`, each.reason,
        h("button", { onclick: () => del(`/operations/pauses/${each.id}`).then(again) }, "Let go on")]), "Held back")
      : h("p.quiet", {}, "Nothing is held back."),
    h("p.actions", {},
      act("Give dead letters once more", () => post("/operations/redrive", {}), ({ used, kept, more }) => `${used} given to their consumers, ${kept} kept${more ? ", more wait: press again." : "."}`),
      act("Send undelivered notices once more", () => post("/operations/notices/replay", {}), ({ replayed, left, more }) => `${replayed.length} sent once more, ${left}${more ? " or more" : ""} left.`)),
    said,
  ];
}
