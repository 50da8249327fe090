// What came and belongs to no referral yet: it is read, then attached to the one that is meant, or dismissed.

import { get, isTold, post } from "./api.js";
import { fill, h } from "./element.js";
import { trouble } from "./failing.js";
import { date, dateTime, since, words } from "./format.js";
import { readAsItCame } from "./reading.js";

const PAGE = 25;
const WHY = {
  "another-patient": "It names another patient than the referral that it was sent for.",
  "referral-not-named": "It names no referral.",
  "referral-unknown": "It names a referral that we do not have.",
  "trace-unknown": "It answers a request that we did not make.",
  "no-open-referral": "The patient's number has no open referral.",
  "referral-closed": "The referral that it is about is closed.",
  "left-out-of-order": "It came with an order and is not about its patient, or does not say so: it was not passed on to a clinic.",
  "order-refused": "An order, or a change of one, was refused as it was sent: see that its practice sends it right, or it is not done.",
  "more-orders-refused": "More orders of this sender were refused that day, for this reason, than are listed: tell those who run its system.",
  "upload-not-named": "A document was announced a day ago, and no report and no order names it: ask its sender whose it is. What was uploaded is kept for a month.",
  "referral-stands": "A referral could not be processed any more: work on it by telephone, and tell operations.",
};
const ABOUT = { "referral-stands": "A referral stands still", "order-refused": "Order that was refused", "more-orders-refused": "Orders that were refused", "upload-not-named": "Upload that nothing names" };
const SIGNS = {
  "same-identifier": "same record number", "same-name-and-birth-date": "same name and birth date", "same-telephone-number": "same telephone number",
  "named-by-its-sender": "named by the sender", "with-this-clinic": "with this clinic",
};
const DONE = { "attach": ["Attach", "Attached."], "seen-elsewhere": ["Seen elsewhere", "Recorded: seen elsewhere."], "dismiss": ["Dismiss", "Dismissed."] };

export async function unmatchedPage({ main, failed }) {
  const status = h("p.status", { role: "status" });
  const unread = trouble(failed);
  const list = h("div");
  let items = [];
  let next = null;

  /** Read, where a page is shown already: what cannot be read is said beside it. */
  const readAnew = (after) => read(after).catch((error) => unread.said(error, () => readAnew(after)));

  async function read(after) {
    const query = new URLSearchParams({ _count: PAGE, ...(after ? { _page: after } : {}) });
    const page = await get(`/unmatched?${query}`);
    items = after ? [...items, ...page.unmatched] : page.unmatched;
    next = page.next;
    unread.over();
    fill(list,
      items.length ? h("ul.found", {}, items.map(card)) : h("p.empty", {}, "Everything that came belongs to a referral."),
      next && h("p.actions", {}, h("button", { onclick: () => readAnew(next) }, "Show more")));
  }

  function card(item) {
    const place = h("div");
    const about = ABOUT[item.reason] ?? words(item.kind ?? "message");
    const element = h("li", { "data-id": item.id },
      h("h2", {}, item.critical && h("b.priority", {}, "Critical"), about),
      h("p.wanted", {}, WHY[item.reason] ?? words(item.reason)),
      item.refusedFor?.length > 0 && h("ul", {}, item.refusedFor.map((fault) => h("li", {}, fault.says, fault.where && h("span.sub", {}, ` ${fault.where}`)))),
      h("p.sub", {}, `from ${words(item.from)} · received ${dateTime(item.receivedAt)}, ${since(item.receivedAt)} ago`),
      h("p.actions", {},
        item.document && h("button", { onclick: () => open(item, place) }, "Read it"),
        item.actions.includes("attach") && h("button.primary", { onclick: () => choose(item, place) }, "Find its referral"),
        !item.actions.includes("attach") && item.candidates[0] && h("a.button", { href: `#/referral/${item.candidates[0].referralId}` }, "Open the referral"),
        h("button.plain", { onclick: () => ask(item, place, { action: "dismiss" }, "Dismiss it", "Nothing is done with it; it stays on record with who dismissed it.") }, "Dismiss …")),
      place);
    return element;
  }

  async function open(item, place) {
    fill(place, h("p.quiet", {}, "Loading …"));
    try {
      return fill(place, await readAsItCame({ path: `/unmatched/${item.id}/document`, contentType: item.contentType, name: item.document.slice(0, 12) }));
    } catch (error) {
      return said(error, place);
    }
  }

  /** The candidates, the likeliest first, and a search for any other. */
  async function choose(item, place) {
    fill(place, h("p.quiet", {}, "Looking for who is meant …"));
    const found = h("div");
    const form = h("form.search", { role: "search", onsubmit: search },
      h("label", {}, h("span", {}, "Another: name, birth date or a number"), h("input", { name: "text", type: "search", required: true, minlength: "2", maxlength: "120", autocomplete: "off" })),
      h("button", { type: "submit" }, "Search"));
    try {
      const likely = await Promise.all(item.candidates.map((each) => referral(each.referralId)));
      const rows = likely.map((each, at) => each && row(each, item.candidates[at].because)).filter(Boolean);
      fill(place, h("h3", {}, rows.length ? "Likely, the best first" : "No referral suggests itself"), rows.length > 0 && h("ul.found", {}, rows), form, found);
      place.querySelector("ul button, input")?.focus();
    } catch (error) {
      said(error, place);
    }

    async function search(event) {
      event.preventDefault();
      try {
        const { referrals, more } = await post("/referrals/search", { text: new FormData(form).get("text").trim() });
        fill(found, referrals.length ? h("ul.found", {}, referrals.map((each) => row(each, []))) : h("p", { role: "status" }, "Nothing found."),
          more && h("p.quiet", {}, "There are more: add the birth date or another name."));
      } catch (error) {
        said(error, found);
      }
    }

    function row(each, because) {
      const patient = each.patient ?? {};
      const name = patient.name ?? "Unnamed patient";
      return h("li", {},
        h("a", { href: `#/referral/${each.id}` }, name), h("span.sub", {}, [patient.birthDate && `born ${date(patient.birthDate)}`, patient.recordNumber && `record ${patient.recordNumber}`, each.placer && `order ${each.placer}`].filter(Boolean).join(" · ")),
        h("p.wanted", {}, patient.service ?? words(each.pathway)),
        h("span", {}, each.outcome ? `Closed: ${words(each.outcome).toLowerCase()}` : words(each.status)),
        because.length > 0 && h("span.sub", {}, because.map((sign) => SIGNS[sign] ?? words(sign)).join(" · ")),
        h("p.actions", {}, h("button", { "aria-label": `Attach it to the referral of ${name}`, onclick: () =>
          ask(item, place, { action: "attach", referralId: each.id }, `Attach it to the referral of ${name}`, "It counts as the report of this referral's own clinic; who attached it is on record.") }, "Attach"),
        item.actions.includes("seen-elsewhere") && !each.outcome && h("button", { "aria-label": `${name} was seen elsewhere`, onclick: () =>
          ask(item, place, { action: "seen-elsewhere", referralId: each.id }, `${name} was seen elsewhere`, "The referral ends as care received elsewhere: its clinic and the referring provider are told, and the figures know where the patient went.", seenBy(item)) }, "Seen elsewhere …")));
    }
  }

  function ask(item, place, decision, title, follows, asked = null) {
    const alert = h("p.status", { role: "alert" });
    const key = crypto.randomUUID();
    const submit = h("button.primary", { type: "submit" }, DONE[decision.action][0]);
    const form = h("form.act", { onsubmit: send }, h("h2", {}, title), h("p.follows", {}, follows), asked, alert,
      h("p.actions", {}, submit, h("button.plain", { type: "button", onclick: () => fill(place) }, "Cancel")));
    fill(place, form);
    (asked?.querySelector("input") ?? submit).focus();

    async function send(event) {
      event.preventDefault();
      submit.disabled = true;
      try {
        await post(`/unmatched/${item.id}/decision`, { ...decision, ...typed(form) }, key);
        fill(status, `${DONE[decision.action][1]} `, decision.referralId && h("a", { href: `#/referral/${decision.referralId}` }, "Open the referral"));
        fill(place);
        await readAnew();
        list.querySelector("button")?.focus();
      } catch (error) {
        submit.disabled = false;
        said(error, alert);
      }
    }
  }

  function said(error, place) {
    if (error.code === "not-possible-now") {
      fill(place, h("p", { role: "alert" }, "Nothing was done: this referral is not where such a thing can come. Read it, record on the referral what it says, then dismiss it."));
    } else if (isTold(error)) fill(place, h("p", { role: "alert" }, error.message));
    else failed(error);
  }

  fill(main, h("h1", {}, "Unmatched"),
    h("p.quiet", {}, "Documents, answers and texts that came from somebody known and belong to no referral yet. The router attaches nothing by itself."),
    status, unread.line, list);
  await read();
}

/** Whose care it was: what the document says of it is typed already. */
const seenBy = ({ author }) => h("label", {}, h("span", {}, "NPI of who saw the patient, if it is known"),
  h("input", { name: "performer", value: author ?? "", pattern: "[0-9]{10}", maxlength: "10", inputmode: "numeric", autocomplete: "off" }));

/** What was typed into a form; what was left empty is not sent. */
const typed = (form) => Object.fromEntries([...new FormData(form)].filter(([, value]) => value));

/** Read a referral as a search shows it; null where it is not there any more. */
async function referral(id) {
  const { referrals } = await post("/referrals/search", { text: id });
  return referrals[0] ?? null;
}
