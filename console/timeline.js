// The timeline: what is planned on top, what happened below, in one line.

import { h } from "./element.js";
import { clock, dateTime, dayOnly, reasonOf, words } from "./format.js";

const MECHANISM = new Set([
  "step-started", "update-recorded", "update-pending", "resolution-found", "resolution-resent",
  "wait-taken-over", "run-restarted", "work-item-needed", "work-item-forwarded",
]);
/** Whether a person is told of an event: the rest is how the router works. */
export const isOfPeople = ({ kind }) => !MECHANISM.has(kind);
const KINDS = {
  told: ["What happened", isOfPeople],
  patient: ["Patient", (event) => /^(patient|call|next-attempt|channel|no-reply|appointment|reminder|rebooking)/.test(event.kind)],
  clinic: ["Clinic", (event) => /^(routed|routing|waitlist|offer|booking|appointment|report)/.test(event.kind)],
  payer: ["Payer", (event) => /^(eligibility|self-pay|authoriz|appeal)/.test(event.kind)],
  team: ["Team", (event) => /^(work-item|decision|reopened)/.test(event.kind)],
  all: ["Every step of the router", () => true],
};
/** Tells the machine which, and a person nothing. */
const HASH = /^([0-9a-z]+\.)?[0-9a-f]{32,}$/;
/** What the part about routing says; beside an event it is noise. */
const OF_ROUTING = ["score", "policy", "price_version", "third_next_days", "week"];
const BY = { router: "the router", timer: "the clock" };
const ACTS = { staff: "the team", router: "the router", payer: "the payer", clinic: "the clinic", patient: "the patient", referrer: "the referring provider" };

/**
 * Make the timeline.
 * @param {{referral: Object, plan: Object, names: Map, shown: {kind: string}, changed: Function}} of
 *   `plan` is the answer of `$timeline`
 */
export function timeline({ referral, plan, names, shown, changed }) {
  const events = referral.events.filter(KINDS[shown.kind][1]);
  const ahead = shown.kind === "told" || shown.kind === "all" ? planned(plan) : [];
  return h("section", { "aria-labelledby": "timeline" },
    h("div.heading", {}, h("h2", { id: "timeline" }, "Timeline"),
      h("label.inline", {}, h("span.hidden", {}, "Show of the timeline"),
        h("select", { onchange: (event) => { shown.kind = event.target.value; changed(); } },
          Object.entries(KINDS).map(([kind, [text]]) => h("option", { value: kind, selected: kind === shown.kind }, text))))),
    h("ol.timeline", {}, ahead.reverse().map(future), events.map((event) => past(event, names))),
    !ahead.length && !events.length && h("p.quiet", {}, "Nothing of this kind."));
}

/** Read what is planned, the first first. */
export function planned(plan) {
  return plan.parameter.filter((each) => each.name === "planned").map(({ part }) =>
    Object.fromEntries(part.map(({ name, ...value }) => [name, Object.values(value)[0]])));
}

function future({ at, what, acts, team, says }) {
  const who = acts === "staff" && team ? `the ${words(team).toLowerCase()}` : ACTS[acts];
  return h("li.planned", {},
    h("time", { datetime: at, title: dateTime(at) }, h("span", {}, dayOnly(at)), h("span.sub", {}, clock(at))),
    h("div", {}, h("span.tag", {}, "planned"), " ", h("strong", {}, words(what)),
      h("span.sub", {}, says), h("span.sub.by", {}, `then acts: ${who}`)));
}

function past({ at, actor, kind, from, to, statusReason, facts }, names) {
  const moved = from && from !== to ? `${words(from)} → ${words(to).toLowerCase()}` : null;
  const told = Object.entries(facts)
    .filter(([name, value]) => !["sha256", "offer", "attempts", ...OF_ROUTING].includes(name) && !HASH.test(value) && !(Array.isArray(value) && !value.length))
    .map(([name, value]) => `${words(name.replaceAll("_", "-")).toLowerCase()}: ${said(value)}`).join(" · ");
  return h("li", {},
    h("time", { datetime: at, title: dateTime(at) }, h("span", {}, dayOnly(at)), h("span.sub", {}, clock(at))),
    h("div", {},
      h("strong", {}, words(kind)), moved && h("span.moved", {}, moved),
      h("span.sub", {}, reasonOf({ statusReason })),
      told && h("span.sub", {}, told),
      h("span.sub.by", {}, `by ${names.get(actor) ?? BY[actor] ?? "a partner"}`)));
}

function said(value) {
  if (Array.isArray(value)) return value.map((each) => words(String(each)).toLowerCase()).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return dateTime(value);
  return /^[a-z-]+$/.test(value) ? words(value).toLowerCase() : String(value);
}
