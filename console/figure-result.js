// A figure as it was computed: of what it is true, its totals, a plot of one column, and the table.

import { fill, h } from "./element.js";
import { dateTime, dayOnly, words } from "./format.js";
import { bars, columns } from "./plot.js";

const DRAWN_FIRST = ["ratio", "money", "money-mean", "mean", "count", "days"];
const BASES = { cohort: "referrals received", activity: "what happened" };
const MOST_TILES = 5;
/** What the API says for the number of a row of few patients. */
const FEW = "< 11";
/** Of what kind a cut's names are. */
const KINDS = { specialty: "specialty", payer: "payer", referring_practice: "practice" };
/** Says of each row how young it is; a total has none. */
const BESIDE = "open_share";

/** Return the result of a report. */
export function figureResult({ figure, result }) {
  const numbers = result.columns.filter(({ kind }) => DRAWN_FIRST.includes(kind));
  const drawn = DRAWN_FIRST.flatMap((kind) => numbers.filter((column) => column.kind === kind))[0];
  const plot = h("div");
  draw(drawn.name);
  return h("section", { "aria-label": "Result" },
    h("p.period", {}, `${sentence(BASES[result.basis])} ${dayOnly(noon(result.period_from))} to ${dayOnly(noon(result.period_to))} · days of ${result.time_zone} (UTC${result.utc_offset}) · as of ${dateTime(result.as_of)}`),
    tiles(result),
    result.rows.length > 1 && h("label.inline", {}, h("span", {}, "Drawn"),
      h("select", { onchange: (event) => draw(event.target.value) }, numbers.map(({ name }) => h("option", { value: name, selected: name === drawn.name }, heading(name))))),
    plot, resultTable(result, figure));

  function draw(name) {
    const column = numbers.find((each) => each.name === name);
    const rows = result.rows.map((row) => ({ label: labelOf(result, row), text: cell(result, column, row), value: numberOf(row[name]) }));
    if (rows.length < 2) return fill(plot);
    const highest = rows.reduce((most, { value }) => Math.max(most, value ?? 0), 0);
    const whole = column.kind === "ratio" ? Math.max(1, highest) : highest;
    const byDay = result.columns[0].name === "received_day" && result.columns.filter(({ kind }) => kind === "text").length === 1;
    fill(plot, byDay ? columns(column.means, rows, whole, said(column, String(whole))) : bars(column.means, rows, whole));
  }
}

function tiles({ columns, totals }) {
  const shown = columns.filter(({ name, kind }) => name in totals && kind !== "text" && name !== BESIDE).slice(0, MOST_TILES);
  return h("dl.tiles", { "aria-label": "Totals" }, shown.map((column) =>
    h("div", { title: column.means }, h("dt", {}, heading(column.name)), h("dd", {}, said(column, totals[column.name])))));
}

function resultTable(result, figure) {
  const { columns, rows, totals } = result;
  if (!rows.length) return h("p.empty", {}, "None in this period.");
  const kind = (column) => (column.kind === "text" || column.kind === "day" ? "" : ".number");
  return h("div.scroll", { tabindex: "0", role: "region", "aria-label": `${figure.title}, table` },
    h("table.small.figure", {},
      h("thead", {}, h("tr", {}, columns.map((column) => h(`th${kind(column)}`, { scope: "col", title: column.means }, heading(column.name))))),
      h("tbody", {}, rows.map((row) => h("tr", {}, columns.map((column, place) =>
        h(`td${kind(column)}`, { title: named(result, column, row) && row[column.name] }, cell(result, column, row), place === 0 && row.is_immature && h("span.tag", {}, "immature")))))),
      h("tfoot", {}, h("tr", {}, columns.map((column, place) =>
        h(`td${kind(column)}`, {}, column.name in totals ? said(column, totals[column.name]) : place === 0 ? "Total" : ""))))));
}

/** Say a value as a person reads it; what does not exist is none. */
export function said({ kind }, value) {
  if (value === null || value === undefined) return kind === "text" ? "unknown" : "none";
  const number = Number(value);
  if (Number.isNaN(number)) return /^[a-z]+([_-][a-z]+)*$/.test(value) ? heading(value) : String(value);
  switch (kind) {
    case "ratio": return `${(number * 100).toFixed(1)} %`;
    case "money": case "money-mean": return `$${number.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 4 })}`;
    case "mean": case "days": return number.toFixed(2);
    case "text": case "day": return String(value);
    default: return number.toLocaleString("en-US");
  }
}

/** What a code of a row is called; nothing where it has no name. */
const named = ({ called }, { name }, row) => called?.[name === "partner" ? row.kind : KINDS[name]]?.[row[name]];
const cell = (result, column, row) => named(result, column, row) ?? (isHidden(column, row) ? "not shown" : said(column, row[column.name]));
/** Whether a number is left out because few patients stand behind its row: that is not none. */
const isHidden = ({ name, kind }, row) => kind !== "text" && row[name] === null && Object.values(row).includes(FEW);

const heading = (name) => words(name.replaceAll("_", "-"));
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const noon = (day) => `${day}T12:00:00Z`;
const numberOf = (value) => (value === null || Number.isNaN(Number(value)) ? null : Number(value));

function labelOf(result, row) {
  const texts = result.columns.filter(({ kind }) => kind === "text").map((column) => cell(result, column, row));
  return texts.join(" · ") || "All";
}
