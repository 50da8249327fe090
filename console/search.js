// Search by what people know of a referral. What is typed is sent in a body, never in an address.

import { post } from "./api.js";
import { fill, h } from "./element.js";
import { sayIn } from "./failing.js";
import { date, dateTime, words } from "./format.js";

let last = "";

export async function searchPage({ main, failed }) {
  const status = h("p.status", { role: "status" });
  const found = h("div");
  const input = h("input", { name: "text", type: "search", required: true, minlength: "2", maxlength: "120", autocomplete: "off", value: last });

  async function search(event) {
    event?.preventDefault();
    last = input.value.trim();
    fill(status, "Searching …");
    try {
      const { referrals, more } = await post("/referrals/search", { text: last });
      fill(status, counted(referrals.length), more && " There are more: add the birth date or another name.");
      fill(found, referrals.length > 0 && h("ul.found", {}, referrals.map(row)));
    } catch (error) {
      sayIn(status, failed)(error);
    }
  }

  fill(main,
    h("h1", {}, "Search"),
    h("form.search", { role: "search", onsubmit: search },
      h("label", {}, h("span", {}, "Name, birth date or a number"), input),
      h("button.primary", { type: "submit" }, "Search")),
    h("p.quiet", {}, "The family name, the given name and the birth date beside it (3/5/1965) · telephone · record, order or authorization number · referral id. Accents, capitals, hyphens and spaces do not matter."),
    status, found);
  input.focus();
  if (last) await search();
}

const counted = (number) => number === 0 ? "Nothing found." : number === 1 ? "1 referral." : `${number} referrals.`;

function row(referral) {
  const patient = referral.patient ?? {};
  return h("li", {},
    h("a", { href: `#/referral/${referral.id}` }, patient.name ?? "Unnamed patient"),
    h("span.sub", {}, [
      patient.birthDate && `born ${date(patient.birthDate)}`,
      patient.recordNumber && `record ${patient.recordNumber}`,
      referral.placer && `order ${referral.placer}`,
    ].filter(Boolean).join(" · ")),
    h("p.wanted", {}, patient.service ?? words(referral.pathway)),
    h("span", {}, referral.outcome ? `Closed: ${words(referral.outcome).toLowerCase()}` : words(referral.status)),
    h("span.sub", {}, `received ${dateTime(referral.receivedAt)}`));
}
