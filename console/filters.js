// The filters of a list: on the server, each shown as a chip that takes it away.

import { h } from "./element.js";
import { words } from "./format.js";

/** What is filtered now, by the API's parameter; kept while the tab is open. */
export const filters = {};

const AGES = ["1", "3", "7", "14", "30"];
const NAMES = { reason: "Reason", status: "Status", priority: "Priority", payer: "Payer", clinic: "Clinic", "waiting-for": "Waits for", pathway: "Pathway", "older-than": "Received" };
const OF = { status: "status", priority: "priority", payer: "payer", clinic: "performer", "waiting-for": "waitsFor", pathway: "pathway" };

/** Return the controls; what may be chosen is what the rows have, and what is chosen already. */
export function filterControls({ me, counts, items, changed }) {
  const set = (name, value) => { filters[name] = value; changed(); };
  const choose = (name, label, options, all) => options.length > 0 && h("label", {}, h("span", {}, label),
    h("select", { onchange: (event) => set(name, event.target.value) },
      h("option", { value: "" }, all),
      options.map(([value, text]) => h("option", { value, selected: filters[name] === value }, text))));
  const ofRows = (name) => {
    const values = new Set(items.map((item) => item[OF[name]]).filter(Boolean));
    if (filters[name]) values.add(filters[name]);
    return [...values].sort().map((value) => [value, words(value)]);
  };
  const teams = me.teams.map((team) => [team, `${words(team)} (${counts.teams[team]?.open ?? 0})`]);
  const more = ["status", "priority", "waiting-for", "payer", "clinic", "pathway"];
  const chosen = Object.entries(filters).filter(([, value]) => value);
  return [
    teams.length > 1 && choose("queue", "Team", teams, "All my teams"),
    choose("reason", "Reason", me.reasons.map((reason) => [reason, words(reason)]), "All reasons"),
    h("details.more", { open: chosen.some(([name]) => more.includes(name) || name === "older-than") },
      h("summary", {}, "More filters"),
      h("div.filters", {},
        more.map((name) => choose(name, NAMES[name], ofRows(name), "All")),
        choose("older-than", "Received", AGES.map((days) => [days, age(days)]), "Any time"))),
    chosen.map(([name, value]) =>
      h("button.chip", { "aria-label": `Remove the filter ${said(name, value)}`, onclick: () => set(name, "") },
        said(name, value), h("span", { "aria-hidden": "true" }, " ×"))),
  ];
}

const said = (name, value) => (name === "older-than" ? age(value) : words(value));

const age = (days) => `${days} ${days === "1" ? "day" : "days"} ago or more`;
