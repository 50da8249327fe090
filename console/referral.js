// One referral: who it is, who acts next and until when, what may be done, and what happened.

import { actionPanel } from "./actions.js";
import { get } from "./api.js";
import { fill, h } from "./element.js";
import { clock, date, dateTime, dayOnly, reasonOf, since, urgency, words } from "./format.js";

const EVERY_MS = 30_000;
const MECHANISM = new Set([
  "step-started", "update-recorded", "update-pending", "resolution-found", "resolution-resent",
  "wait-taken-over", "run-restarted", "work-item-needed", "work-item-forwarded",
]);
const PARTIES = { staff: "the team", router: "the router", payer: "the payer", clinic: "the clinic", patient: "the patient", referrer: "the referring provider" };

export async function referralPage({ main, me, path, failed }) {
  const id = path[0] ?? "";
  const [people, first] = await Promise.all([get("/people"), get(`/referrals/${encodeURIComponent(id)}`)]);
  const names = new Map(people.people.map((person) => [person.id, person.name]));
  const status = h("p.status", { role: "status" });
  const body = h("div");
  let referral = first;
  let showAll = false;

  function render() {
    fill(body,
      head(referral),
      steppers(referral),
      next(referral, names, me),
      status,
      actionPanel({ referral, me, people: people.people, done, failed }),
      h("div.columns", {}, timeline(), h("div", {}, ...details(referral))));
  }

  function timeline() {
    const shown = referral.events.filter((event) => showAll || !MECHANISM.has(event.kind));
    return h("section", { "aria-labelledby": "timeline" },
      h("h2", { id: "timeline" }, "Timeline"),
      h("label.choice", {}, h("input", { type: "checkbox", checked: showAll, onchange: (event) => { showAll = event.target.checked; render(); } }), "Every step of the router"),
      h("ol.timeline", {}, planned(referral), shown.map((event) => past(event, names))));
  }

  async function done(sentence) {
    fill(status, sentence);
    await refresh();
    body.querySelector(".panel button")?.focus();
  }

  async function refresh() {
    referral = await get(`/referrals/${referral.id}`);
    render();
  }

  fill(main, h("p", {}, h("a", { href: "#/worklist" }, "← Work")), body);
  render();
  const timer = setInterval(() => {
    if (document.hidden || body.querySelector("form")) return;
    refresh().catch((error) => fill(status, error.message));
  }, EVERY_MS);
  return () => clearInterval(timer);
}

function head({ patient, order, priority, placer, pathway }) {
  return h("div.head", {},
    h("h1", {}, patient.name ?? "Unnamed patient"),
    h("p.facts", {},
      fact("Born", date(patient.birthDate)), fact("Record", patient.recordNumber), fact("Phone", patient.phone),
      fact("Language", patient.language), fact("Order", placer)),
    h("p.wanted", {}, priority !== "routine" && h("b.priority", {}, words(priority)),
      patient.service ?? words(pathway), order.requester && h("span.sub", {}, `referred by ${order.requester}`)));
}

const fact = (name, value) => value && h("span", {}, h("span.name", {}, name), " ", value);

function steppers({ status, statusSince, authorization, appointment, reports, outcome }) {
  const step = (name, value, sub, state) => h(`li.${state}`, {}, h("span.name", {}, name), h("strong", {}, value), sub && h("span.sub", {}, sub));
  const report = reports.at(-1);
  return h("ul.steppers", { "aria-label": "Where it stands" },
    step("Referral", outcome ? words(outcome) : words(status), outcome ? "closed" : `for ${since(statusSince)}`, outcome ? "done" : "now"),
    authorization
      ? step("Authorization", words(authorization.status), authorization.number ?? (authorization.dueAt && `payer until ${dayOnly(authorization.dueAt)}`), authorization.status === "approved" ? "done" : "now")
      : step("Authorization", "Not asked", "", "open"),
    appointment
      ? step("Appointment", words(appointment.status), dateTime(appointment.start), appointment.status === "fulfilled" ? "done" : "now")
      : step("Appointment", "None yet", "", "open"),
    report
      ? step("Report", report.sufficient ? "Received" : "Not sufficient", dayOnly(report.received_at), report.sufficient ? "done" : "now")
      : step("Report", "None yet", "", "open"));
}

function next(referral, names, me) {
  if (referral.outcome) {
    return h("p.next", {}, h("strong", {}, referral.loopClosed ? "The loop is closed." : "Closed, the loop is not."), ` ${referral.statusReason}`);
  }
  const { state, text } = urgency(referral);
  const owner = referral.owner && (referral.owner === me.id ? "you" : names.get(referral.owner) ?? referral.owner);
  const who = owner ? `${owner} (${words(referral.queue).toLowerCase()})` : referral.waitsFor === "staff" ? `the ${words(referral.queue).toLowerCase()}` : PARTIES[referral.waitsFor];
  return h(`p.next.${state}`, {},
    h("span.name", {}, "Acts next"), h("strong", {}, who), h("span.due", {}, `${text} · ${dateTime(referral.dueAt)}`),
    h("span.why", {}, reasonOf(referral)));
}

function planned(referral) {
  if (referral.outcome) return null;
  const rows = [{ at: referral.dueAt, text: DUE[referral.waitsFor] }];
  if (referral.appointment?.status === "booked") rows.push({ at: referral.appointment.start, text: "Visit" });
  if (referral.authorization?.dueAt && !referral.authorization.number) rows.push({ at: referral.authorization.dueAt, text: "The payer's clock runs out" });
  return rows.sort((a, b) => b.at.localeCompare(a.at)).map(({ at, text }) =>
    h("li.planned", {}, h("time", { datetime: at }, dateTime(at)), h("div", {}, h("span.tag", {}, "planned"), " ", text)));
}

function past({ at, actor, kind, from, to, statusReason, facts }, names) {
  const moved = from && from !== to ? `${words(from)} → ${words(to).toLowerCase()}` : null;
  const told = Object.entries(facts)
    .filter(([name, value]) => !["sha256", "offer", "attempts"].includes(name) && !(Array.isArray(value) && !value.length))
    .map(([name, value]) => `${words(name.replaceAll("_", "-")).toLowerCase()}: ${said(name, value)}`).join(" · ");
  return h("li", {},
    h("time", { datetime: at, title: dateTime(at) }, h("span", {}, dayOnly(at)), h("span.sub", {}, clock(at))),
    h("div", {},
      h("strong", {}, words(kind)), moved && h("span.moved", {}, moved),
      h("span.sub", {}, statusReason),
      told && h("span.sub", {}, told),
      h("span.sub.by", {}, `by ${names.get(actor) ?? BY[actor] ?? "a partner"}`)));
}

const DUE = {
  staff: "The team's time to decide is over; the item stays here, overdue.",
  router: "The router looks again.",
  payer: "The payer's answer is due; without it a person looks.",
  clinic: "The clinic's answer is due; it is reminded, or a person looks.",
  patient: "The patient's answer is due; the next attempt follows.",
  referrer: "The referring provider's answer is due; without it a person looks.",
};

const BY = { router: "the router", timer: "the clock" };

function said(name, value) {
  if (Array.isArray(value)) return value.map((each) => words(String(each)).toLowerCase()).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return dateTime(value);
  return /^[a-z-]+$/.test(value) ? words(value).toLowerCase() : String(value);
}

function details({ order, patient, contacts, offers, notices, reports }) {
  return [
    section("Order", h("dl", {},
      term("Practice", order.practice), term("Practice's phone", order.practicePhone),
      term("Reasons", order.reasons.join("; ")), term("Notes", order.notes.join(" ")),
      term("Payer", order.selfPay ? "The patient pays" : order.payer), term("Member number", order.memberId),
      term("Address", patient.address), term("Email", patient.email),
      term("Also to be called", patient.alternates.map(alternate).join("; ")))),
    section("Contacts", contacts.length > 0 && table(["#", "Channel", "When", "Result"], contacts.map((each) => [
      each.number, words(each.channel), dateTime(each.at), words(each.result ?? each.state)]))),
    section("Clinics asked", offers.length > 0 && table(["#", "Clinic", "Sent", "Answer"], offers.map((each) => [
      each.number, words(each.organization), dateTime(each.offered_at), words(each.reason ?? each.status)]))),
    section("Evidence", reports.length > 0 && table(["Received", "LOINC", "Document"], reports.map((each) => [
      dateTime(each.received_at), each.loinc, h("code", { title: each.sha256 }, each.sha256.slice(0, 12))]))),
    section("Told the referring provider", notices.length > 0 && table(["About", "Queued", "Delivered", "Acknowledged"], notices.map((each) => [
      words(each.topic), dateTime(each.queued_at), each.undeliverable ? "Undeliverable" : dateTime(each.delivered_at) || "–", dateTime(each.acknowledged_at) || "–"]))),
  ];
}

const section = (title, content) => h("section", {}, h("h2", {}, title), content || h("p.quiet", {}, "None yet."));

const term = (name, value) => value && [h("dt", {}, name), h("dd", {}, value)];

function table(heads, rows) {
  return h("div.scroll", { tabindex: "0", role: "region", "aria-label": heads.join(", ") },
    h("table.small", {},
      h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell)))))));
}

function alternate({ name, relationship, phone, email }) {
  return [name, relationship, phone, email].filter(Boolean).join(", ");
}
