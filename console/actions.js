// What may be done now: each action with its own form, and a sentence that says what will follow.

import { decide, isTold, Refused } from "./api.js";
import { fill, h } from "./element.js";
import { dateTime, now, words } from "./format.js";

const CARE = ["claim", "release", "assign", "snooze", "comment"];
const KNOWN = {
  "claim": ["Claim", "It is yours."],
  "release": ["Release", "It is nobody's again, and stays on the team's list."],
  "assign": ["Assign", "It moves to a colleague's list."],
  "snooze": ["Snooze", "It sleeps until then; its due time stays."],
  "comment": ["Comment", "It is kept with the referral; nothing else changes."],
  "retry": ["Try again", "The step that stopped is entered again."],
  "record-call": ["Record a call", "It counts as an attempt; what the patient said moves the referral."],
  "patient-agreed": ["Patient agreed", "The clinic is asked to book a visit."],
  "contact-again": ["Contact again", "A new series of attempts begins; a booked visit is dropped."],
  "rebook": ["Rebook", "The visit is dropped; the clinic books another."],
  "route-again": ["Choose another clinic", "The clinic is told, its place is free, another one is chosen."],
  "choose-performer": ["Choose who is asked", "The clinic in hand is told, and whom you name is asked next."],
  "patient-told": ["Patient told", "The patient knows that the visit is off."],
  "not-reached": ["Not reached", "The patient could not be told in time; the referral ends all the same."],
  "told-another-way": ["Told another way", "The referring provider has the notice by telephone or on paper."],
  "keep-waiting": ["Keep waiting", "The same wait begins again."],
  "appointment-fulfilled": ["Visit took place", "The clinic's report is awaited."],
  "record-consent": ["Record consent", "The patient's consent to disclose is held by us."],
  "confirm-eligible": ["Confirm coverage", "The coverage was confirmed by phone; a clinic is chosen."],
  "self-pay": ["Self-pay", "The patient pays; no payer is asked any more."],
  "enter-authorization": ["Enter authorization", "The authorization got by phone is in force."],
  "appeal": ["Appeal", "The payer's decision on the appeal is awaited."],
  "resubmit": ["Ask the payer again", "A new request is sent to the payer."],
  "override": ["Go on without", "The referral is offered without the authorization."],
  "name-service": ["Name the service", "The order goes on as a referral to that specialty."],
  "accept-later": ["Accept a later visit", "The order goes on, although it cannot be met in time."],
  "check-again": ["Check again", "The corrected order is read again."],
  "sign-off": ["Sign off", "A clinician has seen it; the referral goes on."],
  "acknowledged-by-phone": ["Acknowledged by phone", "The referring provider knows the report."],
};
const OVERRIDES = ["patient-preference", "insurer-determination", "clinical-judgement"];
const RESULTS = ["agreed", "declined", "another-time", "another-clinic", "voicemail", "no-answer", "wrong-number", "opted-out"];
/** Results that somebody said: who it was decides what they mean. */
const SAID = new Set(["agreed", "declined", "another-time", "another-clinic", "opted-out"]);
const SPEAKERS = [["patient", "The patient"], ["contact", "Somebody else"]];
const ELSEWHERE = "close:care-received-elsewhere";
const SNOOZES = [["1 hour", 1], ["4 hours", 4], ["1 day", 24], ["3 days", 72]];

/** What an action is called. */
export const label = (action) => KNOWN[action]?.[0] ?? words(action);

/** Return the panel of actions of a referral; `first` is open at once. */
export function actionPanel({ referral, me, people, done, failed, first }) {
  const allowed = referral.actions;
  const place = h("div.form-place");
  const open = (action) => fill(place, form({ action, referral, me, people, done, failed, close: () => fill(place) }));
  const button = (action, kind = "") => h(`button${kind}`, { onclick: () => open(action) }, label(action));
  const decisions = allowed.filter((action) => !CARE.includes(action) && !action.startsWith("close:"));
  const closing = allowed.filter((action) => action.startsWith("close:"));
  const care = allowed.filter((action) => CARE.includes(action));
  if (!allowed.length) {
    return h("p.quiet", {}, referral.outcome ? "Closed: nothing is left to do." : "Nothing is yours to do now.");
  }
  if (allowed.includes(first)) open(first);
  return h("div.panel", {},
    decisions.length > 0 && h("div.actions", { role: "group", "aria-label": "Decide" }, decisions.map((action, place) => button(action, place ? "" : ".primary"))),
    (care.length > 0 || closing.length > 0) && h("div.actions.care", { role: "group", "aria-label": "Take care of it" },
      care.map((action) => button(action, ".plain")),
      closing.length > 0 && h("button.plain", { onclick: () => open("close") }, "Close …")),
    place);
}

function form({ action, referral, me, people, done, failed, close }) {
  const key = crypto.randomUUID();
  const said = h("p.status", { role: "alert" });
  const send = h("button.primary", { type: "submit" }, KNOWN[action]?.[0] ?? "Close the referral");
  const what = KNOWN[action]?.[1] ?? "The outcome is verified, the clinic and the referring provider are told.";
  const element = h("form.act", { onsubmit: submit },
    h("h2", {}, KNOWN[action]?.[0] ?? "Close the referral"),
    h("p.follows", {}, what),
    fields(action, referral, me, people),
    h("label", {}, h("span", {}, action === "comment" ? "Comment" : "Comment (optional)"),
      h("textarea", { name: "comment", rows: "3", maxlength: "2000", required: action === "comment" })),
    said,
    h("p.actions", {}, send, h("button.plain", { type: "button", onclick: close }, "Cancel")));
  // Whoever is in the form by then is left where they are: the next key is meant for what has the focus.
  requestAnimationFrame(() => element.contains(document.activeElement) || element.querySelector("select, input, textarea")?.focus());

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    fill(said, "Sending …");
    try {
      await decide(referral.id, decision(new FormData(element), action, referral), key);
      await done(`${KNOWN[action]?.[0] ?? "Closing"}: recorded.`);
    } catch (error) {
      send.disabled = false;
      if (error instanceof Refused && error.status === 409) fill(said, overtaken(error, done));
      else if (isTold(error)) fill(said, error.message);
      else failed(error);
    }
  }
  return element;
}

function overtaken(error, done) {
  return [
    "Overtaken, nothing was done. ", error.message, " ",
    h("button", { type: "button", onclick: () => done("") }, "Show what is so now"),
  ];
}

function fields(action, referral, me, people) {
  const select = (name, label, options) => h("label", {}, h("span", {}, label),
    h("select", { name, required: true }, options.map(([value, text]) => h("option", { value }, text))));
  const day = (name, label, required) => h("label", {}, h("span", {}, label), h("input", { name, type: "date", required }));
  switch (action) {
    case "assign": {
      const able = people.filter((p) => p.id !== referral.owner && p.teams.includes(referral.queue));
      return select("owner", "Colleague", able.map((p) => [p.id, p.id === me.id ? `${p.name} (you)` : p.name]));
    }
    case "snooze": {
      const at = (hours) => new Date(now().getTime() + hours * 3_600_000).toISOString();
      return select("until", "Until", SNOOZES.map(([text, hours]) => [at(hours), `${text}: ${dateTime(at(hours))}`]));
    }
    case "record-call":
      return callFields();
    case "enter-authorization":
      return [
        h("label", {}, h("span", {}, "Authorization number"), h("input", { name: "number", required: true, maxlength: "80", autocomplete: "off" })),
        day("validFrom", "Valid from (optional)", false), day("validTo", "Valid to", true),
      ];
    case "choose-performer":
      return [
        h("label", {}, h("span", {}, "NPI of whom to ask"), h("input", { name: "performer", required: true, maxlength: "64", autocomplete: "off" })),
        select("override", "Why it is not the router's own choice", OVERRIDES.map((each) => [each, words(each)])),
      ];
    case "name-service":
      return serviceChoice(referral.question);
    case "self-pay":
      return me.slidingFee && select("feeClass", "Class of the sliding fee scale", ["A", "B", "C", "D"].map((each) => [each, each]));
    case "close":
      return closing(referral);
    default:
      return null;
  }
}

/** How it ends; of care received elsewhere also who gave it, which figures need and whose document often says. */
function closing(referral) {
  const outcomes = referral.actions.filter((each) => each.startsWith("close:"));
  const who = h("label", {}, h("span", {}, "NPI of who saw the patient, if it is known"),
    h("input", { name: "performer", value: referral.seenBy ?? "", pattern: "[0-9]{10}", maxlength: "10", inputmode: "numeric", autocomplete: "off" }));
  const ask = (outcome) => { who.hidden = who.querySelector("input").disabled = outcome !== ELSEWHERE; };
  ask(outcomes[0]);
  return [
    h("label", {}, h("span", {}, "Outcome"), h("select", { name: "close", required: true, onchange: (event) => ask(event.target.value) },
      outcomes.map((each) => h("option", { value: each }, words(each.slice(6)))))),
    who,
  ];
}

/** What came of a call; who said so is asked where anything was said. */
function callFields() {
  const radio = (name, value, text, more = {}) => h("label.choice", {}, h("input", { type: "radio", name, value, required: true, ...more }), text);
  const speakers = h("fieldset", { disabled: true, hidden: true }, h("legend", {}, "Who said so"),
    SPEAKERS.map(([value, text]) => radio("spokeWith", value, text)));
  const ask = (event) => { speakers.hidden = speakers.disabled = !SAID.has(event.target.value); };
  return [
    h("fieldset", {}, h("legend", {}, "What came of it"), RESULTS.map((result) => radio("result", result, words(result), { onchange: ask }))),
    speakers,
  ];
}

function serviceChoice(question) {
  if (!question) return null;
  return [
    h("p", {}, question.text),
    question.words.length > 0 && h("blockquote", {}, question.words.map((word) => h("p", {}, word))),
    question.choices.length > 0 && h("datalist", { id: "services" }, question.choices.map((each) => h("option", { value: each.specialty }, each.name))),
    h("label", {}, h("span", {}, "Specialty (NUCC code)"),
      h("input", { name: "specialty", required: true, list: "services", pattern: "[0-9A-Z]{9}X", maxlength: "10", autocomplete: "off" })),
    question.canKeep && h("label.choice", {}, h("input", { type: "checkbox", name: "keep", value: "true" }), "Keep this for the next orders that say the same"),
  ];
}

function decision(form, action, referral) {
  const sent = { action, item: referral.openedAt };
  for (const [name, value] of form) if (value) sent[name] = value;
  if (sent.close) sent.action = sent.close;
  delete sent.close;
  if (sent.keep) sent.keep = true;
  return sent;
}

