// The lists of work: mine, my teams', what is late, what waits, what went wrong, what is closed.

import { h } from "./element.js";

/** The lists by their place in the address: what each is called, and what of the API it is. */
export const TABS = {
  mine: ["Mine", { owner: "me" }],
  team: ["My teams", {}],
  unassigned: ["Unassigned", { owner: "none" }],
  overdue: ["Overdue", { overdue: "true" }],
  waiting: ["Waiting for others", { list: "waiting" }],
  exceptions: ["Exceptions", { list: "exceptions" }],
  closed: ["Closed in 7 days", { list: "closed" }],
};
/** What a list says that has no row. */
export const EMPTY = {
  mine: "Nothing is yours.",
  team: "Nothing waits for your teams.",
  unassigned: "Everything has somebody.",
  overdue: "Nothing is overdue.",
  waiting: "Nothing waits for others.",
  exceptions: "Nothing went wrong.",
  closed: "Nothing was closed in the last seven days.",
};

/** Lists of what nobody has to act on: nothing is claimed or filtered by who has it. */
export const LOOKED_AT = new Set(["waiting", "closed"]);
/** Filters of open items only. */
export const OF_ITEMS = new Set(["reason", "owner", "due-within"]);

/** Links to the lists, each with how many it has. */
export function tabLinks(tab, counts) {
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
