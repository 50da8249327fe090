// The lists: my work first; each row says who, what, who acts, by when and how late.

import { bulkBar } from "./bulk.js";
import { decide, get, Offline, Refused } from "./api.js";
import { fill, h } from "./element.js";
import { filterControls, filters, savedFilters } from "./filters.js";
import { COLUMNS, row } from "./rows.js";

const EVERY_MS = 30_000;
const PAGE = 25;
const MOST_AT_ONCE = 100;
/** A list is sorted as a whole, as far as a page can show it. */
const MOST_SORTED = 1000;
const TABS = {
  mine: ["Mine", { owner: "me" }],
  team: ["My teams", {}],
  unassigned: ["Unassigned", { owner: "none" }],
  overdue: ["Overdue", { overdue: "true" }],
  waiting: ["Waiting for others", { list: "waiting" }],
  exceptions: ["Exceptions", { list: "exceptions" }],
  closed: ["Closed in 7 days", { list: "closed" }],
};
const EMPTY = {
  mine: "Nothing is yours. Take the next one from Unassigned.",
  team: "Nothing waits for your teams.",
  unassigned: "Everything has somebody.",
  overdue: "Nothing is overdue.",
  waiting: "Nothing waits for others.",
  exceptions: "Nothing went wrong.",
  closed: "Nothing was closed in the last seven days.",
};

/** Lists of what nobody has to act on: nothing is claimed or filtered by who has it. */
const LOOKED_AT = new Set(["waiting", "closed"]);
/** Filters of open items only. */
const OF_ITEMS = new Set(["reason", "owner", "due-within"]);

export async function workPage({ main, me, path, query: asked, failed }) {
  const tab = TABS[path[0]] ? path[0] : "mine";
  const picked = LOOKED_AT.has(tab) ? null : new Set();
  const names = new Map();
  takeFilters(tab, asked);
  const status = h("p.status", { role: "status" });
  const list = h("div", {}, h("p.quiet", {}, "Loading …"));
  const tabs = h("nav.tabs", { "aria-label": "Lists" });
  const chips = h("div.filters");
  const bulk = h("div");
  let people = [];
  let saved = [];
  let items = [];
  let next = null;
  let sorted = null;
  let reading = false;

  const given = TABS[tab][1];
  const applies = (name) => !given[name] && !(picked === null && OF_ITEMS.has(name));

  async function refresh() {
    // As many rows as are shown: whoever asked for more keeps them.
    const wanted = Math.max(PAGE, items.length);
    const [page, counts] = await Promise.all([get(query(Math.min(wanted, MOST_AT_ONCE))), get("/work-items/counts")]);
    items = page.workItems;
    next = page.next;
    while (next && items.length < wanted) await readOn();
    for (const id of picked ?? []) if (!items.some((item) => item.id === id)) picked.delete(id);
    fill(tabs, tabLinks(tab, counts));
    if (!chips.querySelector("form")) {
      fill(chips, filterControls({ me, counts, items, people, applies, saved, changed: filterChanged }));
    }
    render();
  }

  function query(count) {
    const wanted = new URLSearchParams({ ...given, _include: "patient", _count: count });
    for (const [name, value] of Object.entries(filters)) if (value && applies(name)) wanted.set(name, value);
    return `/work-items?${wanted}`;
  }

  const refreshed = () => refresh().catch(failed);

  async function filterChanged({ saved: isSaved } = {}) {
    if (isSaved) saved = await savedFilters();
    items = [];
    await refreshed();
  }

  async function readOn() {
    const page = await get(next.slice(next.indexOf("/work-items")));
    items = [...items, ...page.workItems];
    next = page.next;
  }

  async function more() {
    await readOn();
    render();
  }

  async function sortBy(column) {
    sorted = nextSort(column);
    reading = true;
    try {
      while (sorted && next && items.length < MOST_SORTED) {
        fill(status, `${items.length} read …`);
        await readOn();
      }
    } finally {
      reading = false;
    }
    if (sorted) fill(status, next ? `The ${items.length} that are due first are sorted; filter to see the others.` : `All ${items.length} are sorted.`);
    render();
    focusHeading(column);
  }

  function render() {
    const current = document.activeElement?.closest("tr[data-id]");
    const place = current && [...list.querySelectorAll("tr[data-id]")].indexOf(current);
    const rest = next && h("p.actions", {}, h("button", { onclick: () => more().catch(failed) }, "Show more"));
    fill(list, items.length ? [table(), rest] : [h("p.empty", {}, next ? "Nothing here meets the filters so far." : EMPTY[tab]), rest]);
    drawBulk();
    if (current && !list.contains(document.activeElement)) {
      // What was claimed may have left the list: whoever works by keys goes on with the next.
      const rows = [...list.querySelectorAll("tr[data-id]")];
      (rows.find((each) => each.dataset.id === current.dataset.id) ?? rows[Math.min(place, rows.length - 1)])?.querySelector("a").focus();
    }
  }

  function drawBulk() {
    fill(bulk, picked && items.length > 0 && bulkBar({ items, picked, people, status, done: cared, failed, query }));
  }

  async function cared() {
    await refresh();
    if (document.activeElement === document.body) list.querySelector("thead input, tbody a")?.focus();
  }

  function table() {
    const shown = sorted === null ? items : [...items].sort(by(COLUMNS[sorted.column][1], sorted.down));
    return h("table.work", { onkeydown: keys },
      h("caption.hidden", {}, `${TABS[tab][0]}: first due first. J and K move, C claims, X selects, Enter opens.`),
      h("thead", {}, h("tr", {},
        picked && h("th.pick", { scope: "col" }, h("input", { type: "checkbox", "aria-label": "Select all shown", checked: items.every((item) => picked.has(item.id)), onchange: pickAll })),
        COLUMNS.map(([name], column) => heading(name, column)))),
      h("tbody", {}, shown.map((item) => row({ item, me, names, picked, pick, claim }))));
  }

  function heading(name, column) {
    const state = sorted?.column === column ? (sorted.down ? "descending" : "ascending") : null;
    const mark = { ascending: " ↑", descending: " ↓" }[state] ?? "";
    return h("th", { scope: "col", "aria-sort": state },
      h("button.sort", { onclick: () => sortBy(column).catch(failed) }, name, h("span", { "aria-hidden": "true" }, mark)));
  }

  function nextSort(column) {
    if (sorted?.column !== column) return { column, down: false };
    return sorted.down ? null : { column, down: true };
  }

  const focusHeading = (column) => list.querySelectorAll("button.sort")[column]?.focus();

  function pick(item, chosen) {
    if (chosen) picked.add(item.id);
    else picked.delete(item.id);
    drawBulk();
  }

  function pickAll(event) {
    for (const item of items) if (event.target.checked) picked.add(item.id); else picked.delete(item.id);
    for (const box of list.querySelectorAll("td.pick input")) box.checked = event.target.checked;
    drawBulk();
  }

  function keys(event) {
    const current = event.target.closest("tbody tr");
    if (!current || event.ctrlKey || event.metaKey || event.altKey) return;
    const item = items.find((each) => each.id === current.dataset.id);
    if (!item) return;
    const box = current.querySelector("td.pick input");
    if (event.key === "c" && item.reason && !item.owner) claim(item);
    else if (event.key === "x" && box) box.click();
    else if (event.key === "j") beside(current, "nextElementSibling");
    else if (event.key === "k") beside(current, "previousElementSibling");
    else return;
    event.preventDefault();
  }

  function beside(current, way) {
    let other = current[way];
    while (other && !other.dataset.id) other = other[way];
    other?.querySelector("a").focus();
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

  [{ people }, saved] = await Promise.all([get("/people"), savedFilters()]);
  for (const person of people) names.set(person.id, person.name);
  fill(main, h("h1", {}, "Work"), tabs, h("div.tools", {}, chips, bulk), status, list);
  await refresh().catch((error) => {
    // A filter that the API no longer takes would meet whoever tries again, as long as the tab is open.
    if (error instanceof Refused) for (const name of Object.keys(filters)) delete filters[name];
    throw error;
  });
  list.querySelector("tbody a")?.focus();
  const timer = setInterval(() => {
    if (document.hidden || reading || items.length > MOST_AT_ONCE || list.querySelector(".unfolded") || bulk.contains(document.activeElement)) return;
    refresh().catch((error) => fill(status, h("strong", {}, error.message)));
  }, EVERY_MS);
  return () => clearInterval(timer);
}

/** Take the filters that a link brings; the address is then the list's own again. */
function takeFilters(tab, asked) {
  if (![...asked.keys()].length) return;
  for (const name of Object.keys(filters)) delete filters[name];
  Object.assign(filters, Object.fromEntries(asked));
  history.replaceState(null, "", `#/worklist/${tab}`);
}

function by(value, down) {
  return (one, other) => String(value(one)).localeCompare(String(value(other))) * (down ? -1 : 1);
}

function tabLinks(tab, counts) {
  const teams = Object.values(counts.teams);
  const sum = (name) => teams.reduce((total, team) => total + team[name], 0);
  const numbers = {
    mine: counts.mine.open, team: sum("open"), unassigned: sum("unassigned"), overdue: sum("overdue"),
    exceptions: sum("exceptions"), waiting: sum("waiting"), closed: counts.closed.count,
  };
  const lists = Object.entries(TABS).map(([name, [text]]) =>
    h("a", { href: `#/worklist/${name}`, "aria-current": name === tab ? "page" : null },
      text, " ", h("span.count", {}, numbers[name])));
  return [...lists, h("a", { href: "#/unmatched" }, "Unmatched", " ", h("span.count", {}, counts.unmatched))];
}
