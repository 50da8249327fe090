// Care of many items at once: claimed, given to a colleague, put off, or taken along as a table.

import { get, isTold, post } from "./api.js";
import { saveCsv } from "./csv.js";
import { fill, h } from "./element.js";
import { sayIn } from "./failing.js";
import { dateTime, now, words } from "./format.js";

const AT_ONCE = 25;
const UNTIL = [["1 hour", 1], ["4 hours", 4], ["1 day", 24], ["3 days", 72]];

/** Return the bar of what may be done with the picked items. */
export function bulkBar({ items, picked, people, status, done, failed, query }) {
  const chosen = items.filter((item) => picked.has(item.id));
  const able = people.filter((person) => chosen.every((item) => person.teams.includes(item.queue)));
  const at = (hours) => new Date(now().getTime() + hours * 3_600_000).toISOString();
  // A button beside the choice: by arrow keys one passes others on the way to the one that is meant.
  const choose = (name, button, options, act) => options.length > 0 && h("form.choose", { onsubmit: (event) => { event.preventDefault(); run(act(new FormData(event.target).get("chosen"))); } },
    h("label.inline", {}, h("span.hidden", {}, name),
      h("select", { name: "chosen", required: true }, h("option", { value: "" }, `${name} …`), options.map(([value, text]) => h("option", { value }, text)))),
    h("button", { type: "submit" }, button));
  return h("div.bulk", { role: "group", "aria-label": "With the selected items" },
    chosen.length > 0 && [
      h("strong", {}, `${chosen.length} selected`),
      h("button", { onclick: () => run({ action: "claim" }) }, "Claim them"),
      choose("Assign to", "Assign", able.map((person) => [person.id, person.name]), (owner) => ({ action: "assign", owner })),
      choose("Snooze for", "Snooze", UNTIL.map(([text, hours]) => [at(hours), `${text}: ${dateTime(at(hours))}`]), (until) => ({ action: "snooze", until })),
      h("button.plain", { onclick: () => { picked.clear(); done(); } }, "Clear"),
    ],
    h("button.plain", { onclick: () => exported().catch(sayIn(status, failed)) }, chosen.length ? "Export them" : "Export the list"));

  async function run(care) {
    const refused = [];
    let finished = 0;
    try {
      for (let begin = 0; begin < chosen.length; begin += AT_ONCE) {
        const some = chosen.slice(begin, begin + AT_ONCE);
        const body = { ...care, items: some.map((item) => ({ id: item.id, item: item.openedAt })) };
        const { results } = await post("/work-items/care", body, crypto.randomUUID());
        refused.push(...results.filter((result) => result.status !== 200));
        finished += some.length;
        fill(status, `${finished} of ${chosen.length} …`);
      }
    } catch (error) {
      if (!isTold(error)) return failed(error);
      return fill(status, h("strong", {}, `${error.message} ${finished} of ${chosen.length} were done; the others are still selected.`));
    }
    picked.clear();
    await done();
    fill(status, `${chosen.length - refused.length} done.`, refused.length > 0 && h("strong", {}, ` ${refused.length} not: ${refused[0].says}`));
  }

  async function exported() {
    let rows = chosen;
    if (!rows.length) {
      rows = [];
      let stopped = false;
      const stop = h("button.plain", { onclick: () => { stopped = true; } }, "Stop");
      for (let path = query(100); path;) {
        const page = await get(path);
        if (stopped) return fill(status, "Stopped: nothing was exported.");
        rows.push(...page.workItems);
        fill(status, `${rows.length} read … `, stop);
        path = page.next && page.next.slice(page.next.indexOf("/work-items"));
      }
    }
    saveCsv("work-items", HEADS, rows.map(cells));
    fill(status, `${rows.length} exported: the file holds patients' names, keep it accordingly.`);
  }
}

const HEADS = ["referral", "order", "patient", "birth_date", "record_number", "service", "priority", "reason", "team", "status", "due_at", "received_at", "owner", "payer", "authorization"];

function cells(item) {
  const patient = item.patient ?? {};
  return [
    item.id, item.placer, patient.name, patient.birthDate, patient.recordNumber, patient.service, item.priority, words(item.reason), words(item.queue),
    words(item.status), item.dueAt, item.receivedAt, item.owner, patient.payer ?? item.payer, item.authorization?.number ?? item.authorization?.status,
  ];
}
