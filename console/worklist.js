// The lists: my work first; each row says who, what, who acts, by when and how late.

import { bulkBar } from "./bulk.js";
import { decide, get, isTold, Refused } from "./api.js";
import { fill, h, inSight } from "./element.js";
import { trouble } from "./failing.js";
import { filterControls, filters, savedFilters } from "./filters.js";
import { listValues } from "./list-values.js";
import { EMPTY, LOOKED_AT, OF_ITEMS, TABS, tabLinks } from "./lists.js";
import { listed, returned } from "./place.js";
import { COLUMNS, row } from "./rows.js";
import { inOrder, ORDERS } from "./sorting.js";

const EVERY_MS = 30_000;
const PAGE = 25;
const MOST_AT_ONCE = 100;
export async function workPage({ main, me, path, query: asked, failed }) {
  const tab = TABS[path[0]] ? path[0] : "mine";
  const picked = LOOKED_AT.has(tab) ? null : new Set();
  const names = new Map();
  takeFilters(tab, asked);
  const status = h("p.status", { role: "status" });
  const list = h("div", {}, h("p.quiet", {}, "Loading …"));
  const tabs = h("nav.tabs", { "aria-label": "Lists" });
  const chips = h("div.filters");
  const looked = h("p.quiet.looked", { "aria-live": "polite" });
  const unread = trouble(failed);
  const unlooked = trouble(failed, looked);
  const bulk = h("div");
  let people = [];
  let saved = [];
  let items = [];
  let next = null;
  let sorted = null;
  let reading = false;
  let drawnRows = MOST_AT_ONCE;
  let reads = 0;
  let back = null;

  const given = TABS[tab][1];
  let counted = null;
  const values = listValues({ query: () => query(1).split("?")[1], drawn: (said) => {
    fill(looked, said.isWhole ? "" : `${said.read} of the list looked through …`);
    if (said.isWhole) drawFilters();
  } });

  const applies = (name) => !given[name] && !(picked === null && OF_ITEMS.has(name));

  async function refresh() {
    // As many rows as are shown: whoever asked for more keeps them.
    const wanted = Math.max(PAGE, items.length);
    const own = ++reads;
    const asked = Promise.all([get(query(Math.min(wanted, MOST_AT_ONCE))), get("/work-items/counts")]);
    // The filters may have changed meanwhile: what was asked for last is what is shown, or has failed.
    const read = await asked.catch((error) => {
      if (own === reads) throw error;
    });
    if (own !== reads) return;
    const [page, counts] = read;
    unread.over();
    items = page.workItems;
    next = page.next;
    while (next && items.length < wanted) await readOn();
    for (const id of picked ?? []) if (!items.some((item) => item.id === id)) picked.delete(id);
    counted = counts;
    fill(tabs, tabLinks(tab, counts));
    if (!list.querySelector("table")) inSight(main);
    drawFilters();
    render();
  }

  /** The filters; what may be chosen is what the rows have, until the whole list was looked through. */
  function drawFilters() {
    if (chips.querySelector("form")) return;
    fill(chips, filterControls({ me, counts: counted, items, people, applies, saved, values, order: order(), changed: filterChanged, choices, failed }));
    if (chips.querySelector("details").open) choices();
  }

  /** Read what may be chosen; until it is read, that is what the rows have. */
  function choices() {
    values.load().catch((error) => unlooked.said(error, choices));
  }

  function order() {
    const choose = (event) => sortBy(event.target.value && { by: event.target.value, down: false });
    return h("div.order", {},
      h("label", {}, h("span", {}, "Sorted by"), h("select", { onchange: choose },
        h("option", { value: "" }, "Due first"),
        Object.entries(ORDERS).slice(1).map(([by, [name]]) => h("option", { value: by, selected: sorted?.by === by }, name)))),
      sorted && h("button.plain", { "aria-label": "The other way round", title: "The other way round", onclick: () => sortBy({ ...sorted, down: !sorted.down }) }, sorted.down ? "↓" : "↑"));
  }

  function query(count) {
    const wanted = new URLSearchParams({ ...given, _include: "patient", _count: count });
    for (const [name, value] of Object.entries(filters)) if (value && applies(name)) wanted.set(name, value);
    return `/work-items?${wanted}`;
  }

  const refreshed = () => refresh().catch((error) => unread.said(error, refreshed));

  async function filterChanged({ saved: isSaved } = {}) {
    items = [];
    try {
      if (isSaved) saved = await savedFilters();
      await refresh();
    } catch (error) {
      // No row of another question stands under this one.
      fill(list);
      return unread.said(error, () => filterChanged({ saved: isSaved }));
    }
    if (sorted) await sortBy(sorted);
  }

  async function readOn(count) {
    const place = next;
    const following = place.slice(place.indexOf("/work-items"));
    const page = await get(count ? following.replace(/_count=\d+/, `_count=${count}`) : following);
    // Others read it meanwhile, or another list is shown: it is no part of what is listed now.
    if (place !== next) return;
    items = [...items, ...page.workItems];
    next = page.next;
  }

  async function more() {
    if (drawnRows < items.length) drawnRows += MOST_AT_ONCE;
    else await readOn();
    drawnRows = Math.max(drawnRows, sorted ? 0 : items.length);
    render();
  }

  /** Sort the whole list: what is not read yet is read first, unless the person has seen enough. */
  async function sortBy(order) {
    sorted = order || null;
    drawnRows = MOST_AT_ONCE;
    let isEnough = false;
    reading = true;
    try {
      while (sorted && next && !isEnough) {
        fill(status, `${items.length} read … `, h("button.plain", { onclick: () => { isEnough = true; } }, "Sort these"));
        await readOn(MOST_AT_ONCE);
      }
      unread.over();
    } catch (error) {
      fill(status);
      return unread.said(error, () => sortBy(order));
    } finally {
      reading = false;
    }
    fill(status, sorted && (next ? `The ${items.length} that are due first are sorted; those behind are not.` : `All ${items.length} are sorted.`));
    drawFilters();
    render();
  }

  function render() {
    const current = document.activeElement?.closest("tr[data-id]");
    const place = current && [...list.querySelectorAll("tr[data-id]")].indexOf(current);
    const rest = (next || drawnRows < items.length) && h("p.actions", {}, h("button", { onclick: () => more().catch((error) => unread.said(error)) }, "Show more"));
    fill(list, items.length ? [table(), rest] : [h("p.empty", {}, next ? "Nothing here meets the filters so far." : EMPTY[tab], !next && tab === "mine" && [" ", h("a.button", { href: "#/worklist/unassigned" }, "Take the next one")]), rest]);
    drawBulk();
    if (back === null) back = returned(me, tab, shown().map(({ id }) => id)) ?? "";
    listed(me, { tab, name: TABS[tab][0], rows: shown() });
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
    await refreshed();
    if (document.activeElement === document.body) list.querySelector("thead input, tbody a")?.focus();
  }

  const shown = () => (sorted === null ? items : inOrder(items, sorted)).slice(0, drawnRows);

  function table() {
    const rows = shown();
    return h("table.work", { onkeydown: keys },
      h("caption.hidden", {}, `${TABS[tab][0]}: first due first. J and K move, C claims, X selects, Enter opens.`),
      h("thead", {}, h("tr", {},
        picked && h("th.pick", { scope: "col" }, h("input", { type: "checkbox", "aria-label": "Select all shown", checked: rows.every((item) => picked.has(item.id)), onchange: pickAll })),
        COLUMNS.map(heading))),
      h("tbody", {}, rows.map((item) => row({ item, me, names, picked, pick, claim }))));
  }

  function heading(column) {
    const state = sorted?.by === column ? (sorted.down ? "descending" : "ascending") : null;
    const mark = { ascending: " ↑", descending: " ↓" }[state] ?? "";
    return h("th", { scope: "col", "aria-sort": state },
      h("button.sort", { onclick: () => sortBy(nextSort(column)) }, ORDERS[column][0], h("span", { "aria-hidden": "true" }, mark)));
  }

  function nextSort(column) {
    if (sorted?.by !== column) return { by: column, down: false };
    return sorted.down ? null : { by: column, down: true };
  }

  function pick(item, chosen) {
    if (chosen) picked.add(item.id);
    else picked.delete(item.id);
    drawBulk();
  }

  function pickAll(event) {
    for (const item of shown()) if (event.target.checked) picked.add(item.id); else picked.delete(item.id);
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
      if (!isTold(error)) return failed(error);
      fill(status, h("strong", {}, error.message));
    }
    await refreshed();
  }

  [{ people }, saved] = await Promise.all([get("/people"), savedFilters()]);
  for (const person of people) names.set(person.id, person.name);
  fill(main, h("h1.hidden", {}, "Work"), tabs, h("div.tools", {}, chips, bulk), looked, status, unread.line, list);
  await refresh().catch((error) => {
    // A filter that the API no longer takes would meet whoever tries again, as long as the tab is open.
    if (error instanceof Refused) for (const name of Object.keys(filters)) delete filters[name];
    throw error;
  });
  list.querySelector(back ? `tr[data-id="${back}"] a` : "tbody a")?.focus();
  const timer = setInterval(() => {
    if (document.hidden || reading || items.length > MOST_AT_ONCE || list.querySelector(".unfolded") || bulk.contains(document.activeElement)) return;
    refreshed();
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
