// The order of a list: by any fact of a row, as a whole, up or down; due first where nobody chose.

import { words } from "./format.js";

const PRIORITIES = ["stat", "asap", "urgent", "routine"];
const rank = ({ priority }) => (PRIORITIES.indexOf(priority) + PRIORITIES.length) % PRIORITIES.length;

/** What rows can be sorted by: its name, and the fact; none comes last, whichever way. */
export const ORDERS = {
  due: ["Due", (item) => item.dueAt],
  received: ["Received", (item) => item.receivedAt],
  priority: ["Priority", rank],
  patient: ["Patient", (item) => item.patient?.name],
  wanted: ["Wanted", (item) => item.patient?.service ?? item.pathway],
  specialty: ["Specialty", (item) => item.specialtyName],
  practice: ["Referred by", (item) => item.patient?.referredBy],
  clinic: ["Referred to", (item) => item.performer && words(item.performer)],
  why: ["Why it waits", (item) => item.reason ?? item.statusReason],
  waits: ["Waits for", (item) => item.waitsFor],
  status: ["Status", (item) => item.statusSince],
  contact: ["Last contact", (item) => item.lastContact?.at],
  visit: ["Visit", (item) => item.appointment?.start],
  payer: ["Payer", (item) => item.patient?.payer ?? item.payer],
  clock: ["Payer's clock", (item) => item.authorization?.dueAt],
  owner: ["Owner", (item) => item.owner],
};

/**
 * Sort rows as a whole; of equals the one that is due first comes first.
 * @param {Object[]} items in the order of the list
 * @param {{by: string, down: boolean}} sorted
 */
export function inOrder(items, { by, down }) {
  const [, fact] = ORDERS[by];
  const way = down ? -1 : 1;
  const compare = (one, other) => (typeof one === "number" ? one - other : String(one).localeCompare(String(other)));
  const isNone = (value) => value === null || value === undefined || value === "";
  return [...items].sort((one, other) => {
    const [a, b] = [fact(one), fact(other)];
    if (isNone(a) || isNone(b)) return isNone(a) - isNone(b);
    return way * compare(a, b);
  });
}
