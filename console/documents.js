// What people wrote about a referral, and the documents that prove its facts.

import { getDocument } from "./api.js";
import { save } from "./csv.js";
import { fill, h } from "./element.js";
import { sayIn } from "./failing.js";
import { dateTime, words } from "./format.js";
import { readAsItCame } from "./reading.js";
import { section, table } from "./section.js";

const SAME_ACT_MS = 5_000;

/** The comments, the latest first. */
export function comments({ kept, referral, names }) {
  const written = kept.filter((each) => each.kind === "comment");
  return written.length > 0 && section("Comments", h("ul.comments", {}, written.map((each) =>
    h("li", {}, h("p", {}, each.text ?? "An older comment: open it under Documents."),
      h("span.sub", {}, [author(each, referral, names), dateTime(each.receivedAt)].filter(Boolean).join(" · "))))));
}

/** Every document but the comments that are shown, with a button that saves it as it came. */
export function documents({ kept, referral, status, failed }) {
  const rows = kept.filter((each) => each.text === undefined).map((each) => [
    words(each.kind), h("span", {}, dateTime(each.receivedAt), h("span.sub", {}, [each.source && `from ${words(each.source).toLowerCase()}`, each.sha256.slice(0, 12)].filter(Boolean).join(" · "))), size(each.size),
    h("span.actions", {}, [["Read", read], ["Save", open]].map(([text, act]) =>
      h("button.plain", { "aria-label": `${text} the ${words(each.kind).toLowerCase()} of ${dateTime(each.receivedAt)}`, onclick: () => act(each) }, text))),
  ]);
  const place = h("div");
  return section("Documents", rows.length > 0 && [table(["Document", "Received", "Size", "As it came"], rows), place]);

  async function read({ sha256, contentType }) {
    try {
      fill(place, h("p.quiet", {}, "Loading …"));
      fill(place, await readAsItCame({ path: `/referrals/${referral.id}/documents/${sha256}`, contentType, name: sha256.slice(0, 12) }),
        h("p.actions", {}, h("button.plain", { onclick: () => fill(place) }, "Close what is read")));
      place.querySelector("pre")?.focus();
    } catch (error) {
      sayIn(place, failed)(error);
    }
  }

  async function open({ sha256, contentType }) {
    try {
      const found = await getDocument(`/referrals/${referral.id}/documents/${sha256}`);
      if (found.location) h("a", { href: found.location, rel: "noreferrer" }).click();
      else save(sha256.slice(0, 12), contentType, found);
      fill(status, "Saved: the file holds the patient's data, keep it accordingly.");
    } catch (error) {
      sayIn(status, failed)(error);
    }
  }
}

function author(comment, referral, names) {
  const at = Date.parse(comment.receivedAt);
  const act = referral.events.find((event) => names.has(event.actor) && Math.abs(Date.parse(event.at) - at) < SAME_ACT_MS);
  return act && names.get(act.actor);
}

const size = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1024 ** 2 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`);
