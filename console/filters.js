// The filters of a list: on the server, each shown as a chip that takes it away; kept under a name.

import { del, get, post } from "./api.js";
import { fill, h } from "./element.js";
import { sayIn } from "./failing.js";
import { language, words } from "./format.js";

/** What is filtered now, by the API's parameter; kept while the tab is open. */
export const filters = {};
/** Whether the further filters are shown; kept likewise. */
let isOpen = false;

const AGES = ["1", "3", "7", "14", "30"];
const DUES = [["0", "Overdue or due now"], ["1", "Due within a day"], ["3", "Due within 3 days"], ["7", "Due within 7 days"]];
const NAMES = {
  status: "Status", priority: "Priority", "waiting-for": "Waits for", pathway: "Pathway", specialty: "Specialty", practice: "Referring practice",
  clinic: "Clinic", payer: "Payer", language: "Language", queue: "Team", reason: "Reason", owner: "Owner",
};
/** The names that rows had for a value. */
const NAMED = { practice: new Map(), payer: new Map(), specialty: new Map() };
const NAME_OF = { practice: (item) => item.patient?.practice, payer: (item) => item.patient?.payer, specialty: (item) => item.specialtyName };
const OF = {
  status: "status", priority: "priority", "waiting-for": "waitsFor", pathway: "pathway", specialty: "specialty", practice: "practice",
  clinic: "performer", payer: "payer", language: "language",
};

/** Return the controls of what `applies` to the list; what may be chosen are the values of the list, as far as they were read. */
export function filterControls({ me, counts, items, people, applies, saved, values, order, changed, choices, failed }) {
  const set = (name, value) => { filters[name] = value; changed(); };
  const choose = (name, label, options, all) => options.length > 0 && h("label", {}, h("span", {}, label),
    h("select", { onchange: (event) => set(name, event.target.value) },
      h("option", { value: "" }, all),
      options.map(([value, text]) => h("option", { value, selected: filters[name] === value }, text))));
  const ofList = (name) => {
    const counted = values.of(name);
    const known = new Set([...counted.keys(), ...items.map((item) => item[OF[name]]).filter(Boolean), ...(filters[name] ? [filters[name]] : [])]);
    const text = (value) => `${called(name, value)}${counted.has(value) ? ` (${counted.get(value).count})` : ""}`;
    return [...known].map((value) => [value, text(value)]).sort(([, one], [, other]) => one.localeCompare(other));
  };
  const teams = me.teams.map((team) => [team, `${words(team)} (${counts.teams[team]?.open ?? 0})`]);
  const owners = people.map((person) => [person.id, person.name]);
  // A practice, a payer and a specialty are filtered by number, id or code, and called by the name that their rows have.
  const called = (name, value) => {
    if (name === "language") return language(value);
    const one = name in NAMED && items.find((item) => item[OF[name]] === value);
    const named = name in NAMED && (values.of(name).get(value)?.called ?? (one && NAME_OF[name](one)));
    if (named) NAMED[name].set(value, named);
    return NAMED[name]?.get(value) ?? words(value);
  };
  const said = sayer(people, called);
  const chosen = Object.entries(filters).filter(([name, value]) => value && applies(name));
  const isMore = ([name]) => !["queue", "reason"].includes(name);
  return [
    teams.length > 1 && choose("queue", "Team", teams, "All my teams"),
    applies("reason") && choose("reason", "Reason", me.reasons.map((reason) => [reason, words(reason)]), "All reasons"),
    order,
    h("details.more", { open: isOpen || chosen.some(isMore), ontoggle: (event) => { isOpen = event.target.open; if (isOpen) choices(); } },
      h("summary", {}, "More filters"),
      h("div.filters", {},
        applies("due-within") && choose("due-within", "Due", DUES, "Any time"),
        applies("owner") && choose("owner", "Owner", [["none", "Nobody"], ...owners], "Anybody"),
        Object.keys(OF).map((name) => choose(name, NAMES[name], ofList(name), "All")),
        choose("older-than", "Received", AGES.map((days) => [days, age(days)]), "Any time"))),
    savedControls({ me, saved, chosen, changed, failed }),
    chosen.length > 0 && h("div.chips", {}, chosen.map(([name, value]) =>
      h("button.chip", { "aria-label": `Remove the filter ${said(name, value)}`, onclick: () => set(name, "") },
        said(name, value), h("span", { "aria-hidden": "true" }, " ×")))),
  ];
}

/** What a person kept, and what their teams share. */
export const savedFilters = async () => (await get("/filters")).filters;

function savedControls({ me, saved, chosen, changed, failed }) {
  const place = h("div");
  const said = h("p.status", { role: "alert" });
  const told = sayIn(said, failed);
  const same = (each) => JSON.stringify(sorted(each.query)) === JSON.stringify(sorted(Object.fromEntries(chosen)));
  const used = saved.find((each) => chosen.length > 0 && same(each));
  const use = (id) => {
    for (const name of Object.keys(filters)) delete filters[name];
    Object.assign(filters, saved.find((each) => key(each) === id)?.query);
    changed();
  };
  return h("div.saved", {},
    saved.length > 0 && h("label", {}, h("span", {}, "Saved filters"),
      h("select", { onchange: (event) => use(event.target.value) },
        h("option", { value: "" }, "None"),
        saved.map((each) => h("option", { value: key(each), selected: each === used }, each.team ? `${each.name} (${words(each.team)})` : each.name)))),
    used && h("button.plain", { onclick: () => forget(used).catch(told) }, `Forget “${used.name}”`),
    chosen.length > 0 && !used && h("button.plain", { onclick: () => ask() }, "Save this filter …"),
    place, said);

  async function forget({ id, team }) {
    await del(`/filters/${id}${team ? `?team=${team}` : ""}`);
    changed({ saved: true });
  }

  function ask() {
    const form = h("form.inline-form", { onsubmit: (event) => { event.preventDefault(); save(new FormData(event.target)).catch(told); } },
      h("label", {}, h("span", {}, "Name"), h("input", { name: "name", required: true, maxlength: "60", autocomplete: "off" })),
      h("label", {}, h("span", {}, "For"), h("select", { name: "team" }, h("option", { value: "" }, "Me"), me.teams.map((team) => h("option", { value: team }, words(team))))),
      h("button.primary", { type: "submit" }, "Save"), h("button.plain", { type: "button", onclick: () => fill(place) }, "Cancel"));
    fill(place, form);
    form.elements.name.focus();
  }

  async function save(form) {
    await post("/filters", { name: form.get("name"), query: Object.fromEntries(chosen), team: form.get("team") || null });
    fill(place);
    changed({ saved: true });
  }
}

const key = ({ id, team }) => `${team ?? ""}/${id}`;
const sorted = (query) => Object.entries(query).sort(([one], [other]) => (one < other ? -1 : 1));

const sayer = (people, called) => (name, value) => {
  if (name === "older-than") return age(value);
  if (name === "due-within") return DUES.find(([days]) => days === value)?.[1] ?? `Due within ${value} days`;
  if (name === "owner") return value === "none" ? "Nobody's" : `Of ${people.find((person) => person.id === value)?.name ?? value}`;
  return name in OF && name !== "status" ? `${NAMES[name]}: ${called(name, value)}` : words(value);
};

const age = (days) => `${days} ${days === "1" ? "day" : "days"} ago or more`;
