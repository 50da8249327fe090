// Plots as drawings of our own: a bar a row, or a column a day. The table beside them says the same.

import { h, svg } from "./element.js";

const MOST_BARS = 20;

/**
 * Draw a bar a row; each says its number in words as well.
 * @param {string} name what is drawn
 * @param {Array<{label: string, text: string, value: number|null}>} rows
 * @param {number} whole what the longest bar would be
 */
export function bars(name, rows, whole) {
  const left = rows.length - MOST_BARS;
  return h("figure.plot", {},
    h("figcaption", {}, name),
    h("ul.bars", {}, rows.slice(0, MOST_BARS).map(({ label, text, value }) => h("li", {},
      h("span.label", { title: label }, label),
      drawing("0 0 100 10", svg("rect", { width: part(value, whole) * 100, height: 10 })),
      h("span.value", {}, text)))),
    left > 0 && h("p.quiet", {}, `${left} more in the table.`));
}

/** Draw a column a day, the days in their order; what is drawn and its highest are said beside it. */
export function columns(name, rows, whole, highest) {
  const wide = 10, gap = 2;
  return h("figure.plot", {},
    h("figcaption", {}, name, h("span.quiet", {}, ` · the top is ${highest}`)),
    drawing(`0 0 ${Math.max(1, rows.length) * (wide + gap)} 100`,
      [0, 50, 99.5].map((y) => svg("line", { x1: 0, x2: rows.length * (wide + gap), y1: y, y2: y })),
      rows.map(({ label, text, value }, place) => {
        const high = part(value, whole) * 100;
        return svg("rect", { x: place * (wide + gap), y: 100 - high, width: wide, height: high }, svg("title", {}, `${label}: ${text}`));
      })),
    h("p.days", {}, h("span", {}, rows[0]?.label), h("span", {}, rows.at(-1)?.label)));
}

const part = (value, whole) => (value && whole ? Math.min(1, value / whole) : 0);

const drawing = (viewBox, ...parts) => svg("svg", { viewBox, preserveAspectRatio: "none", "aria-hidden": "true" }, ...parts);
