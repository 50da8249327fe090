// What an earlier answer said otherwise: each figure of each day that differs, and what was recorded since.

import { fill, h } from "./element.js";
import { dateTime, instantOf, words } from "./format.js";
import { requestOf } from "./figure-form.js";
import { table } from "./section.js";
import { said } from "./figure-result.js";

/** "32 step-started" → "32 step started": what was recorded since, in words. */
const caused = (cause) => cause.replace(/(\d+) ([a-z-]+)/g, (_, count, kind) => `${count} ${words(kind).toLowerCase()}`);

/** Return the part of the page where two instants are compared. */
export function restated({ figure, result, wait, failed }) {
  const place = h("div");
  const day = { from: result.period_from, to: result.period_to };
  return h("section", {},
    h("h2", {}, "Restatements"),
    h("form.filters", { onsubmit: (event) => { event.preventDefault(); compare(new FormData(event.target).get("since")).catch(failed); } },
      h("label", {}, h("span", {}, "What differs from the report as of"), h("input", { name: "since", type: "datetime-local", required: true })),
      h("button", { type: "submit" }, "Compare")),
    place);

  async function compare(since) {
    const answer = await wait(requestOf(figure, new URLSearchParams(day), { since: instantOf(since), "as-of": result.as_of }));
    if (!answer) return;
    const found = await answer.json();
    const columns = new Map(figure.columns.map((column) => [column.name, column]));
    const value = (name, text) => said(columns.get(name.split(" ")[0]) ?? { kind: "text" }, text);
    fill(place, found.restatements.length
      ? table(["Day received", "Figure", "Before", "After", "Cause"], found.restatements.map((each) =>
        [each.day, words(each.figure.replaceAll("_", "-")), value(each.figure, each.before), value(each.figure, each.after), caused(each.cause)]), "Restatements")
      : h("p.quiet", {}, "Nothing differs."));
    document.querySelector("[role=status]").textContent = `${found.restatements.length} differences since ${dateTime(found.since)}.`;
  }
}
