// One referral: who it is, who acts next and until when, what may be done, and what happened.

import { actionPanel } from "./actions.js";
import { get } from "./api.js";
import { fill, h } from "./element.js";
import { trouble } from "./failing.js";
import { comments, documents } from "./documents.js";
import { date, dateTime, dayOnly, language, payersClock, phone, reasonOf, since, urgency, words } from "./format.js";
import { opened } from "./place.js";
import { recordParts } from "./record.js";
import { details } from "./referral-details.js";
import { timeline } from "./timeline.js";

const EVERY_MS = 30_000;
const PARTIES = { staff: "the team", router: "the router", payer: "the payer", clinic: "the clinic", patient: "the patient", referrer: "the referring provider" };

export async function referralPage({ main, me, path, failed }) {
  const id = encodeURIComponent(path[0] ?? "");
  const status = h("p.status", { role: "status" });
  const unread = trouble(failed);
  const body = h("div");
  const shown = { kind: "told" };
  let first = path[1];
  const ways = waysOn(opened(me, path[0]));
  let referral, plan, kept, parts;
  const { people } = await get("/people");
  const names = new Map(people.map((person) => [person.id, person.name]));

  async function load() {
    const [page, planned, { documents: found }] = await Promise.all([
      get(`/referrals/${id}`), get(`/fhir/ServiceRequest/${id}/$timeline`), get(`/referrals/${id}/documents`)]);
    [referral, plan, kept] = [page, planned, found];
  }

  function render() {
    fill(body,
      head(referral),
      steppers(referral),
      next(referral, names, me),
      status, unread.line,
      actionPanel({ referral, me, people, done, failed, first }),
      h("div.columns", {},
        happened(),
        h("div", {}, comments({ kept, referral, names }), ...details({ referral, kept }), documents({ kept, referral, status, failed }))),
      h("div.parts", {}, parts));
    first = null;
  }

  /** The timeline; another choice of it draws nothing else anew: words may stand in a form. */
  function happened() {
    const drawn = timeline({ referral, plan, names, shown, changed: () => {
      const anew = happened();
      drawn.replaceWith(anew);
      anew.querySelector("select")?.focus();
    } });
    return drawn;
  }

  async function done(sentence) {
    fill(status, sentence);
    // What is done is done, whether or not it can be read anew: no form is left to send it by once more.
    await refresh().catch((error) => { render(); unread.said(error, () => done("")); });
    // Where nothing is left to do here, whoever works by keys goes on with what comes next.
    (body.querySelector(".panel button") ?? ways.lastElementChild).focus();
  }

  /** Read anew and draw; not where somebody began to write while it was read. */
  async function refresh(isWriting = () => false) {
    const before = referral.version;
    await load();
    unread.over();
    if (referral.version !== before) parts = recordParts({ referral, me, names });
    if (!isWriting()) render();
  }

  fill(main, ways, h("p.quiet", { role: "status" }, "Loading …"));
  await load();
  parts = recordParts({ referral, me, names });
  fill(main, ways, body);
  render();
  const isWriting = () => body.querySelector("form") !== null;
  const timer = setInterval(() => {
    if (document.hidden || isWriting()) return;
    refresh(isWriting).catch(unread.said);
  }, EVERY_MS);
  return () => clearInterval(timer);
}

/** Back to the list that it was opened from, and on to what comes next there. */
const waysOn = ({ tab, name, next: following }) => h("nav.ways", { "aria-label": "The list" },
  h("a", { href: `#/worklist/${tab}` }, `← ${name}`),
  following && h("a", { href: `#/referral/${following.id}` }, `Next: ${following.name} →`));

function head({ patient, order, priority, placer, pathway }) {
  return h("div.head", {},
    h("h1", {}, patient.name ?? "Unnamed patient"),
    h("p.facts", {},
      fact("Born", date(patient.birthDate)), fact("Record", patient.recordNumber), fact("Phone", phone(patient.phone)),
      fact("Language", language(patient.language)), fact("Order", placer)),
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
      ? step("Authorization", words(authorization.status), authorization.number ?? payerUntil(authorization), authorization.status === "approved" ? "done" : "now")
      : step("Authorization", "Not asked", "", "open"),
    appointment
      ? step("Appointment", words(appointment.status), dateTime(appointment.start), appointment.status === "fulfilled" ? "done" : "now")
      : step("Appointment", "None yet", "", "open"),
    report
      ? step("Report", report.sufficient ? "Received" : "Not sufficient", dayOnly(report.received_at), report.sufficient ? "done" : "now")
      : step("Report", "None yet", "", "open"));
}

function payerUntil(authorization) {
  const clock = payersClock(authorization);
  if (clock?.isBreached) return h("strong.late", {}, `${clock.text}: the payer is late`);
  return clock && `payer until ${dayOnly(authorization.dueAt)}`;
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
