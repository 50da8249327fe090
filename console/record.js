// What lies behind a referral, read when it is opened: routing, runs, money, the original, who looked.

import { get, isTold } from "./api.js";
import { fill, h } from "./element.js";
import { UNEXPLAINED } from "./failing.js";
import { dateTime, words } from "./format.js";
import { said } from "./figure-result.js";
import { table } from "./section.js";

/** Resources of who and where, which the page says elsewhere. */
const PARTIES = new Set(["Patient", "Coverage", "Organization", "Practitioner", "PractitionerRole", "Location", "RelatedPerson"]);
/** The duties whose readers see who opened a record. */
const READ_AUDIT = new Set(["reviewer", "privacy-officer"]);

/** The parts of a referral that are read when they are opened. */
export function recordParts({ referral, me, names }) {
  return [
    part("Routing: who was considered, and why", () => routing(referral)),
    part("Runs of the state machine", () => runs(referral, me)),
    part("Money: units and prices", () => money(referral)),
    part("The order as it came", () => original(referral)),
    READ_AUDIT.has(me.role) && part("Who opened it", () => accesses(referral, names)),
  ];
}

function part(title, load) {
  const place = h("div", {}, h("p.quiet", {}, "Loading …"));
  let read = false;
  return h("details.part", { ontoggle: open }, h("summary", {}, title), place);

  async function open(event) {
    if (!event.target.open || read) return;
    read = true;
    try {
      fill(place, await load());
    } catch (error) {
      read = false;
      fill(place, h("p", { role: "alert" }, isTold(error) ? error.message : UNEXPLAINED), h("p.actions", {}, h("button", { onclick: () => open(event) }, "Try again")));
      if (!isTold(error)) throw error;
    }
  }
}

async function routing({ id, actions }) {
  const { parameter } = await get(`/fhir/ServiceRequest/${id}/$route-explain`);
  const advice = parameter.find(({ name }) => name === "advice").valueString;
  return [
    !actions.includes("choose-performer") && h("p", {}, advice),
    actions.includes("choose-performer") && h("p.actions", {}, h("a.button", { href: `#/referral/${id}/choose-performer` }, "Choose who is asked instead")),
    parameter.filter(({ name }) => name === "decision").map(({ part }) => decision(part)),
  ];
}

function decision(parts) {
  const one = (name) => valueOf(parts.find((each) => each.name === name));
  const all = (name) => parts.filter((each) => each.name === name).map(({ part }) => Object.fromEntries(part.map((each) => [each.name, valueOf(each)])));
  const excluded = all("excluded"), candidates = all("candidate");
  return h("section", {},
    h("h3", {}, dateTime(one("at"))), h("p", {}, one("summary")), h("p.quiet", {}, one("policy")),
    one("override") && h("p", {}, "Override: ", words(one("override"))),
    candidates.length > 0 && table(["#", "Candidate", "Why", "Points"], candidates.map((each) => [each.rank, `${each.name} (${each.npi})`, each.because, each.total])),
    excluded.length > 0 && table(["Excluded", "Why"], excluded.map((each) => [`${each.name} (${each.npi})`, each.because])));
}

const valueOf = (each) => each && Object.entries(each).find(([name]) => name.startsWith("value"))?.[1];

async function runs({ id, runs: each }, me) {
  const isOperator = me.role === "manager";
  const found = isOperator ? (await get(`/operations/referrals/${id}/executions`)).executions : [];
  const links = new Map(found.map((execution) => [execution.run, execution]));
  return [
    h("p.quiet", {}, "Each run is one execution, found in Step Functions by its name."),
    table(["Run", "Execution", "Started", "Last event", "State", "Status", "Events"], each.map((run) => [
      run.isPresent ? `${run.run} (now)` : run.run,
      links.has(run.run) ? h("span", {}, h("a", { href: links.get(run.run).console, rel: "noreferrer", target: "_blank" }, run.execution), h("span.sub", {}, words(links.get(run.run).state))) : h("code", {}, run.execution),
      dateTime(run.startedAt), dateTime(run.lastAt), run.state, words(run.status), run.events])),
  ];
}

async function money({ id }) {
  const report = await get(`/reports/cost?referral=${id}`);
  if (!report.rows) return h("p", {}, "Still being computed: open it again in a moment.");
  const row = (cells, values) => cells.map((column) => said(column, values[column.name]));
  const heads = report.columns.map(({ name }) => words(name.replaceAll("_", "-")));
  const totals = row(report.columns, report.totals).map((text, place) => (report.columns[place].name in report.totals ? h("strong", {}, text) : place ? "" : h("strong", {}, "Total")));
  return [h("p.quiet", {}, `${report.definition} As of ${dateTime(report.as_of)}.`), report.rows.length
    ? table(heads, [...report.rows.map((each) => row(report.columns, each)), totals], "Money")
    : h("p.quiet", {}, "Nothing was counted yet.")];
}

async function original({ id }) {
  const order = await get(`/fhir/ServiceRequest/${id}`);
  const resources = order.contained ?? [];
  const rows = resources.filter(({ resourceType }) => !PARTIES.has(resourceType)).map(clinical);
  return [
    rows.length > 0 && table(["Kind", "What", "Value", "State", "Of"], rows, "Clinical content"),
    h("pre", { tabindex: "0", "aria-label": "The order as FHIR" }, JSON.stringify(order, null, 2)),
  ];
}

/** A resource as a person reads it: what it is, its value, its state and its day. */
function clinical(resource) {
  const coded = resource.code ?? resource.medicationCodeableConcept ?? resource.vaccineCode ?? resource.type ?? resource.category?.[0] ?? {};
  const quantity = resource.valueQuantity && `${resource.valueQuantity.value} ${resource.valueQuantity.unit ?? ""}`;
  const day = Object.entries(resource).find(([name, value]) => /^(onset|effective|performed|occurrence|authored|issued|recorded|date)/.test(name) && typeof value === "string")?.[1];
  return [
    words(resource.resourceType.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase()), textOf(coded) ?? resource.description ?? resource.title ?? "–",
    quantity ?? resource.valueString ?? textOf(resource.valueCodeableConcept) ?? resource.dosageInstruction?.[0]?.text ?? resource.conclusion ?? "–",
    textOf(resource.clinicalStatus) ?? resource.status ?? "–", day ? day.slice(0, 10) : "–",
  ];
}

const textOf = (concept) => concept?.text ?? concept?.coding?.[0]?.display ?? concept?.coding?.[0]?.code;

async function accesses({ id }, names) {
  const { entry = [] } = await get(`/fhir/AuditEvent?entity=ServiceRequest/${id}&_count=50`);
  if (!entry.length) return h("p.quiet", {}, "Nobody yet.");
  return table(["When", "Who", "What", "From"], entry.map(({ resource }) => {
    const agent = resource.agent.find((each) => each.requestor) ?? resource.agent[0];
    const who = agent.who?.identifier?.value;
    return [dateTime(resource.recorded), names.get(who) ?? agent.name ?? agent.who?.display ?? who ?? "–",
      words(resource.subtype?.[0]?.code ?? resource.action), agent.network?.address ?? "–"];
  }), "Who opened it");
}
