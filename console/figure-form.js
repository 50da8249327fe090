// What is asked of a figure: the period, its basis, the cuts, as of when. It lies in the address, so
// that "back" and a bookmark lead to the same question; none of it is about a patient.

import { h } from "./element.js";
import { instantOf, words } from "./format.js";

const GIVEN = ["from", "to", "basis", "by", "as-of"];
const MOST_CUTS = 3;
const BASES = [["cohort", "Received in the period"], ["activity", "Happened in the period"]];

/** Return the path of a report; `more` goes over what the query says. */
export function requestOf(figure, query, more = {}) {
  const asked = new URLSearchParams();
  for (const name of GIVEN) if (query.has(name)) asked.set(name, query.get(name));
  if (asked.has("as-of")) asked.set("as-of", instantOf(asked.get("as-of")));
  for (const [name, value] of Object.entries(more)) asked.set(name, value);
  return `/reports/${figure.name}?${asked}`;
}

/** Return the form; `asked` is given the query of what is wanted. */
export function figureForm({ figure, by, query, asked }) {
  const chosen = query.get("by")?.split(",") ?? (figure.cut ? [figure.cut] : []);
  const input = (name, label, type) => h("label", {}, h("span", {}, label), h("input", { name, type, value: query.get(name) ?? "" }));
  const cut = (place) => h("label", {}, h("span", {}, place ? "and by" : "Cut by"),
    h("select", { name: "by" }, h("option", { value: "" }, "–"),
      by.map((each) => h("option", { value: each, selected: chosen[place] === each }, words(each.replaceAll("_", "-"))))));
  return h("form.filters", { "aria-label": "What is asked", onsubmit: submit },
    input("from", "From", "date"), input("to", "To", "date"),
    h("label", {}, h("span", {}, "Basis"), h("select", { name: "basis" },
      BASES.map(([value, text]) => h("option", { value, selected: query.get("basis") === value }, text)))),
    Array.from({ length: MOST_CUTS }, (_, place) => cut(place)),
    input("as-of", "As of (empty: now)", "datetime-local"),
    h("button.primary", { type: "submit" }, "Show"));

  function submit(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const wanted = new URLSearchParams();
    for (const name of GIVEN) {
      const value = name === "by" ? [...new Set(form.getAll("by").filter(Boolean))].join(",") : form.get(name);
      if (value || name === "by") wanted.set(name, value);
    }
    asked(`?${wanted}`);
  }
}
