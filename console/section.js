// Parts of a page that several pages have: a section, and a small table that scrolls by itself.

import { h } from "./element.js";

/** A section with its heading; what is empty says so. */
export const section = (title, content) =>
  content ? h("section", {}, h("h2", {}, title), content) : h("section.none", {}, h("h2", {}, title), h("p.quiet", {}, "None yet."));

/** A table of texts or elements. */
export function table(heads, rows, name = heads.join(", ")) {
  return h("div.scroll", { tabindex: "0", role: "region", "aria-label": name },
    h("table.small", {},
      h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell)))))));
}
