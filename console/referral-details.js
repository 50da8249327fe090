// What is so of one referral, part by part: the order, the authorization and its clock, contacts, clinics, notices.

import { h } from "./element.js";
import { date, dateTime, payersClock, phone, words } from "./format.js";
import { section, table } from "./section.js";

const SAME_ACT_MS = 5_000;
const OF_AUTHORIZATION = /^(authoriz|appeal)/;
/** What decided, where a person's item says it. */
const DECIDED = ["authorization-denied", "authorization-unclear", "authorization-overdue"];

/** The parts beside the timeline; what is empty says so. */
export function details({ referral, kept }) {
  const { order, patient, offers, notices } = referral;
  return [
    section("Order", h("dl", {},
      term("Practice", order.practice), term("Practice's phone", phone(order.practicePhone)),
      term("Reasons", order.reasons.join("; ")), term("Notes", order.notes.join(" ")),
      term("Payer", order.selfPay ? "The patient pays" : order.payer), term("Member number", order.memberId),
      term("Address", patient.address), term("Email", patient.email),
      term("Also to be called", patient.alternates.map((each, place) => `${place + 1}. ${alternate(each)}`).join("; ")))),
    section("Authorization", authorization(referral)),
    section("Contacts", contacts(referral, kept)),
    section("Clinics asked", offers.length > 0 && table(["#", "Clinic", "Sent", "Answer"], offers.map((each) => [
      each.number, words(each.organization), dateTime(each.offered_at) || "not yet", words(each.reason ?? each.status)]))),
    section("Told the referring provider", notices.length > 0 && table(["About", "Queued", "Delivered", "Acknowledged"], notices.map((each) => [
      words(each.topic), dateTime(each.queued_at), each.undeliverable ? "Undeliverable" : dateTime(each.delivered_at) || "–", dateTime(each.acknowledged_at) || "–"]))),
  ];
}

/** The request that counts, its clock, and what was asked and answered so far. */
function authorization({ authorization: asked, events }) {
  const happened = events.filter(({ kind, facts }) => OF_AUTHORIZATION.test(kind) || DECIDED.includes(facts.reason));
  if (!asked && !happened.length) return null;
  return [
    asked && h("dl", {},
      term("State", words(asked.status)), term("Number", asked.number),
      term("Asked", dateTime(asked.requestedAt)), term("Request", asked.trace), term("Clock", clockOf(asked)),
      term("Valid", [asked.validFrom && `from ${date(asked.validFrom)}`, asked.validTo && `to ${date(asked.validTo)}`].filter(Boolean).join(" ")),
      term("Denied because", asked.denialReason)),
    happened.length > 0 && table(["When", "What", "Answer"], happened.map(({ at, kind, facts }) => [
      dateTime(at), words(facts.reason && DECIDED.includes(facts.reason) ? facts.reason : kind),
      [facts.verdict ?? facts.status, facts.review_action].filter(Boolean).map((each) => words(String(each))).join(", ") || "–"]), "Requests and answers"),
  ];
}

/** How the payer's clock stands; said in words, whatever its colour. */
function clockOf(asked) {
  const clock = payersClock(asked);
  if (!clock) return null;
  const said = `${dateTime(asked.dueAt)}, ${clock.text}${asked.expedited ? ", expedited" : ""}`;
  return clock.isBreached ? h("strong.late", {}, said) : said;
}

/** Each attempt with what was written about it at the same moment. */
function contacts({ contacts: made }, kept) {
  const written = kept.filter(({ text }) => text);
  const wordsOf = ({ at }) => written.find(({ receivedAt }) => Math.abs(Date.parse(receivedAt) - Date.parse(at)) < SAME_ACT_MS)?.text;
  return made.length > 0 && table(["#", "Channel", "When", "Result", "Words"], made.map((each) => [
    each.number, h("span", {}, each.alternate ? `call of contact ${each.alternate}` : words(each.channel), each.purpose !== "invitation" && h("span.sub", {}, words(each.purpose).toLowerCase())),
    h("span", {}, dateTime(each.at), each.day_part && h("span.sub", {}, words(each.day_part).toLowerCase())),
    words(each.result ?? each.state), wordsOf(each) ?? "–"]), "Contacts");
}

const term = (name, value) => value && [h("dt", {}, name), h("dd", {}, value)];

function alternate({ name, relationship, phone: number, email }) {
  return [name, relationship, phone(number), email].filter(Boolean).join(", ");
}
