// A row of a list: who it is, what is wanted, why it waits, how late, who has it; opened, what happened last.

import { label } from "./actions.js";
import { get, isTold } from "./api.js";
import { h } from "./element.js";
import { UNEXPLAINED } from "./failing.js";
import { date, dateTime, dayOnly, payersClock, reasonOf, since, urgency, words } from "./format.js";
import { isOfPeople } from "./timeline.js";

const MARKS = { overdue: "▲", soon: "◆", snoozed: "☾", ahead: "" };
const LAST = 5;

/** The columns, by the order that their heading sorts by. */
export const COLUMNS = ["due", "patient", "wanted", "why", "status", "payer", "owner"];

/**
 * Make a row.
 * @param {{item: Object, me: Object, names: Map, picked: Set?, pick: Function, claim: Function}} of
 */
export function row({ item, me, names, picked, pick, claim }) {
  const { state, text } = item.outcome ? { state: "closed", text: `closed ${dayOnly(item.statusSince)}` } : urgency(item);
  const patient = item.patient ?? {};
  const name = patient.name ?? "Unnamed patient";
  return h(`tr.${state}`, { "data-id": item.id },
    picked && h("td.pick", {}, h("input", { type: "checkbox", checked: picked.has(item.id), "aria-label": `Select ${name}`, onchange: (event) => pick(item, event.target.checked) })),
    h("td.due", { "data-label": "Due" },
      h("strong", {}, MARKS[state] && h("span.mark", { "aria-hidden": "true" }, MARKS[state]), text),
      !item.outcome && h("span.sub", {}, dateTime(item.dueAt)),
      h("span.sub", {}, `received ${since(item.receivedAt)} ago`)),
    h("td.patient", { "data-label": "Patient", title: patient.recordNumber && `Record ${patient.recordNumber}` },
      h("a", { href: `#/referral/${item.id}` }, name),
      h("span.sub", {}, patient.birthDate && `born ${date(patient.birthDate)}`)),
    h("td", { "data-label": "Wanted" },
      h("span", {}, item.priority !== "routine" && h("b.priority", {}, words(item.priority)), patient.service ?? words(item.pathway)),
      h("span.sub", {}, words(item.pathway)),
      patient.referredBy && h("span.sub", {}, `from ${patient.referredBy}`)),
    h("td.why", { "data-label": "Why it waits" },
      item.reason && h("span", {}, words(item.reason)),
      h(item.reason ? "span.sub" : "span", {}, item.outcome ? words(item.outcome) : reasonOf(item)),
      !item.reason && !item.outcome && h("span.sub", {}, `waits for ${words(item.waitsFor).toLowerCase()}`)),
    h("td", { "data-label": "Status" },
      h("span", {}, words(item.status)), h("span.sub", {}, `for ${since(item.statusSince)}`),
      item.performer && h("span.sub", {}, `at ${words(item.performer)}`),
      item.lastContact && h("span.sub", {}, contact(item.lastContact)),
      item.appointment && h("span.sub", {}, `visit ${dateTime(item.appointment.start)}`)),
    h("td", { "data-label": "Payer" }, h("span", {}, patient.payer ?? (words(item.payer) || "–")),
      item.authorization && authorization(item.authorization)),
    h("td.owner", { "data-label": "Owner" }, owner(), h("button.plain.open", { "aria-expanded": "false", "aria-label": `Last events of ${name}`, onclick: (event) => unfold(event.currentTarget, item) }, "Last events")));

  function owner() {
    if (!item.reason) return null;
    if (!item.owner) return h("button.claim", { onclick: () => claim(item) }, "Claim");
    return h("span", {}, item.owner === me.id ? "You" : names.get(item.owner) ?? item.owner);
  }
}

async function unfold(button, item) {
  const own = button.closest("tr");
  if (own.nextElementSibling?.classList.contains("unfolded")) {
    own.nextElementSibling.remove();
    button.setAttribute("aria-expanded", "false");
    return;
  }
  button.setAttribute("aria-expanded", "true");
  const cell = h("td", { colspan: own.cells.length }, "Loading …");
  own.after(h("tr.unfolded", {}, cell));
  try {
    const { events, actions } = await get(`/referrals/${item.id}`);
    cell.replaceChildren(
      h("ol.timeline", {}, events.filter(isOfPeople).slice(0, LAST).map((event) => h("li", {},
        h("time", { datetime: event.at }, dateTime(event.at)),
        h("div", {}, h("strong", {}, words(event.kind)), " ", reasonOf(event))))),
      h("p.actions", {}, actions.filter((action) => !action.startsWith("close:")).map((action) =>
        h("a.button", { href: `#/referral/${item.id}/${action}` }, label(action)))));
  } catch (error) {
    cell.replaceChildren(h("span", { role: "alert" }, isTold(error) ? error.message : UNEXPLAINED));
    if (!isTold(error)) throw error;
  }
}

function contact({ channel, result, number, of, at }) {
  return `${words(channel).toLowerCase()}, attempt ${number}${of >= number ? ` of ${of}` : ""}${result ? `: ${words(result).toLowerCase()}` : ""}, ${dayOnly(at)}`;
}

/** The authorization; a payer's clock that is breached is a flag, in words as in colour. */
function authorization({ status, number, dueAt }) {
  if (number) return h("span.sub", {}, `Authorized, ${number}`);
  const clock = payersClock({ status, dueAt });
  return [
    h("span.sub", {}, `Authorization ${words(status).toLowerCase()}${clock && !clock.isBreached ? `, payer until ${dayOnly(dueAt)}` : ""}`),
    clock?.isBreached && h("span.sub", {}, h("strong.late", {}, `${clock.text}: the payer is late`)),
  ];
}
