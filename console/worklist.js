// The worklist: my work first; each row says who, what, who acts, by when and how late.

import { decide, get, Offline, Refused } from "./api.js";
import { fill, h } from "./element.js";
import { date, dateTime, dayOnly, reasonOf, since, urgency, words } from "./format.js";

const EVERY_MS = 30_000;
const PAGE = 25;
const TABS = {
  mine: ["Mine", "owner=me"],
  team: ["My teams", ""],
  unassigned: ["Unassigned", "owner=none"],
  overdue: ["Overdue", "overdue=true"],
};
const EMPTY = {
  mine: "Nothing is yours. Take the next one from Unassigned.",
  team: "Nothing waits for your teams.",
  unassigned: "Everything has somebody.",
  overdue: "Nothing is overdue.",
};
const MARKS = { overdue: "▲", soon: "◆", snoozed: "☾", ahead: "" };
const filters = { queue: "", reason: "" };

export async function workPage({ main, me, path, failed }) {
  const tab = TABS[path[0]] ? path[0] : "mine";
  const names = new Map();
  const status = h("p.status", { role: "status" });
  const list = h("div", {}, h("p.quiet", {}, "Loading …"));
  const tabs = h("nav.tabs", { "aria-label": "Lists" });
  const chips = h("div.filters");
  let items = [];
  let next = null;

  async function refresh() {
    const [page, counts] = await Promise.all([get(query()), get("/work-items/counts")]);
    items = page.workItems;
    next = page.next;
    fill(tabs, tabLinks(tab, counts));
    fill(chips, filterControls(me, counts, refreshed));
    render();
  }

  function query() {
    const wanted = new URLSearchParams(TABS[tab][1]);
    wanted.set("_include", "patient");
    wanted.set("_count", PAGE);
    for (const [name, value] of Object.entries(filters)) if (value) wanted.set(name, value);
    return `/work-items?${wanted}`;
  }

  const refreshed = () => refresh().catch(failed);

  async function more() {
    const page = await get(next.slice(next.indexOf("/work-items")));
    items = [...items, ...page.workItems];
    next = page.next;
    render();
  }

  function render() {
    const focused = document.activeElement?.closest("tr")?.dataset.id;
    const rest = next && h("p.actions", {}, h("button", { onclick: () => more().catch(failed) }, "Show more"));
    fill(list, items.length ? [table(), rest] : h("p.empty", {}, EMPTY[tab]));
    if (focused) list.querySelector(`tr[data-id="${focused}"] a`)?.focus();
  }

  function table() {
    const heads = ["Due", "Patient", "Wanted", "Why it waits", "Status", "Payer", "Owner"];
    return h("table.work", { onkeydown: keys },
      h("caption.hidden", {}, `${TABS[tab][0]}: first due first. J and K move, C claims, Enter opens.`),
      h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, items.map(row)));
  }

  function row(item) {
    const { state, text } = urgency(item);
    const patient = item.patient ?? {};
    return h(`tr.${state}`, { "data-id": item.id },
      h("td.due", { "data-label": "Due" },
        h("strong", {}, MARKS[state] && h("span.mark", { "aria-hidden": "true" }, MARKS[state]), text),
        h("span.sub", {}, dateTime(item.dueAt))),
      h("td.patient", { "data-label": "Patient", title: patient.recordNumber && `Record ${patient.recordNumber}` },
        h("a", { href: `#/referral/${item.id}` }, patient.name ?? "Unnamed patient"),
        h("span.sub", {}, patient.birthDate && `born ${date(patient.birthDate)}`)),
      h("td", { "data-label": "Wanted" },
        h("span", {}, patient.service ?? words(item.pathway)),
        h("span.sub", {}, item.priority !== "routine" && h("b.priority", {}, words(item.priority)), words(item.pathway))),
      h("td.why", { "data-label": "Why it waits" },
        h("span", {}, words(item.reason)), h("span.sub", {}, reasonOf(item))),
      h("td", { "data-label": "Status" },
        h("span", {}, words(item.status)), h("span.sub", {}, `for ${since(item.statusSince)}`)),
      h("td", { "data-label": "Payer" }, h("span", {}, patient.payer ?? (words(item.payer) || "–")),
        item.authorization && h("span.sub", {}, authorization(item.authorization))),
      h("td.owner", { "data-label": "Owner" }, owner(item)));
  }

  function owner(item) {
    if (!item.owner) return h("button.claim", { onclick: () => claim(item) }, "Claim");
    return item.owner === me.id ? "You" : names.get(item.owner) ?? item.owner;
  }

  function keys(event) {
    const current = event.target.closest("tbody tr");
    if (!current || event.ctrlKey || event.metaKey || event.altKey) return;
    const item = items.find((each) => each.id === current.dataset.id);
    if (event.key === "c" && !item.owner) claim(item);
    else if (event.key === "j") current.nextElementSibling?.querySelector("a").focus();
    else if (event.key === "k") current.previousElementSibling?.querySelector("a").focus();
    else return;
    event.preventDefault();
  }

  async function claim(item) {
    const who = item.patient?.name ?? "The item";
    fill(status, `Claiming ${who} …`);
    try {
      await decide(item.id, { action: "claim", item: item.openedAt }, crypto.randomUUID());
      fill(status, `${who} is yours.`);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Offline)) return failed(error);
      fill(status, h("strong", {}, error.message));
    }
    await refreshed();
  }

  for (const person of (await get("/people")).people) names.set(person.id, person.name);
  fill(main, h("h1", {}, "Work"), tabs, chips, status, list);
  await refresh();
  list.querySelector("tbody a")?.focus();
  const timer = setInterval(() => {
    if (!document.hidden) refresh().catch((error) => fill(status, h("strong", {}, error.message)));
  }, EVERY_MS);
  return () => clearInterval(timer);
}

function authorization({ status, number, dueAt }) {
  if (number) return `Authorized, ${number}`;
  return `Authorization ${words(status).toLowerCase()}${dueAt ? `, payer until ${dayOnly(dueAt)}` : ""}`;
}

function tabLinks(tab, counts) {
  const teams = Object.values(counts.teams);
  const sum = (name) => teams.reduce((total, team) => total + team[name], 0);
  const numbers = { mine: counts.mine.open, team: sum("open"), unassigned: sum("unassigned"), overdue: sum("overdue") };
  return Object.entries(TABS).map(([name, [text]]) =>
    h("a", { href: `#/worklist/${name}`, "aria-current": name === tab ? "page" : null },
      text, " ", h("span.count", {}, numbers[name])));
}

function filterControls(me, counts, changed) {
  const choose = (name, label, values, all) => values.length > 1 && h("label", {}, h("span", {}, label),
    h("select", { onchange: (event) => { filters[name] = event.target.value; changed(); } },
      h("option", { value: "" }, all),
      values.map(([value, text]) => h("option", { value, selected: filters[name] === value }, text))));
  const teams = me.teams.map((team) => [team, `${words(team)} (${counts.teams[team]?.open ?? 0})`]);
  const active = Object.entries(filters).filter(([, value]) => value);
  return [
    choose("queue", "Team", teams, "All my teams"),
    choose("reason", "Reason", me.reasons.map((reason) => [reason, words(reason)]), "All reasons"),
    active.map(([name, value]) =>
      h("button.chip", { "aria-label": `Remove the filter ${words(value)}`, onclick: () => { filters[name] = ""; changed(); } },
        words(value), h("span", { "aria-hidden": "true" }, " ×"))),
  ];
}
