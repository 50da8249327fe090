// The figures: each with its definition, the period and basis it is of, a plot, its table, its export.

import { get, getLong } from "./api.js";
import { save } from "./csv.js";
import { fill, h } from "./element.js";
import { sayIn } from "./failing.js";
import { figureForm, requestOf } from "./figure-form.js";
import { figureResult } from "./figure-result.js";
import { partnerNames } from "./partner-names.js";
import { restated } from "./restatements.js";
import { words } from "./format.js";

const GROUPS = [
  ["Flow", ["volume", "aging", "conversion", "completion", "loop", "cms50", "cms50_patients", "attrition", "bottlenecks"]],
  ["Access and contact", ["access", "contact", "contact_channels", "no_show", "touches", "workload", "wait_and_distance"]],
  ["Partners", ["partners", "authorization", "authorized_before_visit", "verification", "payer_mix"]],
  ["Network", ["retention", "leakage", "leakage_reasons", "leakage_revenue"]],
  ["Money", ["cost", "cost_per_referral"]],
];
const FORMATS = { csv: "CSV", json: "JSON", parquet: "Parquet" };

let known = null;

export async function figuresPage({ main, me, path, query, failed }) {
  known ??= await get("/reports");
  const figure = known.reports.find((each) => each.name === path[0]);
  if (figure) return figurePage({ main, me, figure, query, failed });
  const listed = new Map(known.reports.map((each) => [each.name, each]));
  const groups = GROUPS.map(([name, names]) => [name, names.filter((each) => listed.has(each)).map((each) => [each, listed.get(each), listed.delete(each)])]);
  if (listed.size) groups.push(["Others", [...listed]]);
  fill(main, h("h1", {}, "Figures"),
    h("p.quiet", {}, "Each is computed of the events as it is asked for, as of any time. What has no denominator is none, never 0 %."),
    h("div.groups", {}, groups.map(([name, figures]) => figures.length > 0 && h("section", {}, h("h2", {}, name),
      h("ul.catalogue", {}, figures.map(([id, { title, definition }]) =>
        h("li", {}, h("a", { href: `#/figures/${id}` }, title), h("span.sub", {}, definition))))))));
}

/** Practices and payers are named to operations alone; specialties come with the rows. */
async function namesFor({ role }, result, { drawn, left }) {
  const { columns } = result;
  const isNamed = role === "manager" && columns.some(({ name }) => ["partner", "payer", "referring_practice"].includes(name));
  const practices = result.rows.flatMap((row) => row.referring_practice ?? (row.kind === "practice" ? row.partner : [])).filter(Boolean);
  return isNamed ? partnerNames({ practices, drawn, left }).catch(() => ({})) : {};
}

async function figurePage({ main, me, figure, query, failed }) {
  const leaving = new AbortController();
  const status = h("p.status", { role: "status" });
  const body = h("div");
  const form = figureForm({ figure, by: known.by, query, asked: (wanted) => { location.hash = `#/figures/${figure.name}${wanted}`; } });
  let result = null;

  fill(main,
    h("p", {}, h("a", { href: "#/figures" }, "← Figures")),
    h("h1", {}, figure.title),
    h("p.defined", {}, figure.definition),
    definition(figure),
    form, status, body);
  show();
  return () => leaving.abort();

  async function show() {
    const answer = await wait(requestOf(figure, query));
    if (!answer) return;
    result = await answer.json();
    fill(status);
    for (const [name, day] of [["from", result.period_from], ["to", result.period_to]]) form.elements[name].value ||= day;
    const { called } = result;
    let named = 0;
    // Names that come later are drawn in; nobody waits for them.
    await namesFor(me, result, { left: leaving.signal, drawn: (names) => {
      const number = Object.keys(names.practice ?? {}).length;
      if (named && number === named) return;
      named = number || 1;
      result.called = { ...names, ...called };
      draw();
    } });
    if (!named) draw();
  }

  function draw() {
    fill(body,
      figureResult({ figure, result }),
      h("div.actions", { role: "group", "aria-label": "Export" }, Object.keys(FORMATS).map((format) =>
        h("button", { onclick: () => exported(format) }, `Export ${FORMATS[format]}`))),
      restated({ figure, result, wait, failed }));
  }

  /** Wait for a report, saying how long; null: it was refused, or nobody waits any more. */
  async function wait(path) {
    const begun = performance.now();
    fill(status, "Computing …");
    try {
      return await getLong(path, {
        left: leaving.signal,
        running: () => fill(status, h("progress", { "aria-label": "Computing" }), ` Still computing, for ${Math.round((performance.now() - begun) / 1000)} s. You may leave the page; it goes on.`),
      });
    } catch (error) {
      sayIn(status, failed)(error);
      return null;
    }
  }

  async function exported(format) {
    // As of the instant that is shown: the file says what the page says.
    const answer = await wait(requestOf(figure, query, { "as-of": result.as_of, format }));
    if (!answer) return;
    save(`${figure.name}.${format}`, answer.headers.get("Content-Type"), await answer.blob());
    fill(status, `Saved ${figure.name}.${format}: ${result.row_count} ${result.row_count === 1 ? "row" : "rows"}, no patient's name.`);
  }
}

function definition(figure) {
  return h("details.more", {},
    h("summary", {}, "What it is of, and what each column means"),
    h("dl", {},
      term("Numerator", figure.numerator), term("Denominator", figure.denominator), term("Exclusions", figure.exclusions),
      figure.matures && term("Young cohorts", "Referrals younger than their pathway's horizon are immature: the open share stands beside them."),
      figure.columns.map(({ name, means }) => term(words(name.replaceAll("_", "-")), means))));
}

const term = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
