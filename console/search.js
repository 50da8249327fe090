// Search by the order's number or the referral's id. What is typed is sent in a body, never in an address.

import { post } from "./api.js";
import { fill, h } from "./element.js";
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
      const { referrals } = await post("/referrals/search", { text: last });
      fill(status, referrals.length === 1 ? "1 referral." : `${referrals.length} referrals.`);
      fill(found, referrals.length > 0 && h("ul.found", {}, referrals.map(row)));
    } catch (error) {
      if (error.name !== "Error") throw error;
      if (error.constructor.name === "SignedOut") failed(error);
      else fill(status, error.message);
    }
  }

  fill(main,
    h("h1", {}, "Search"),
    h("form.search", { role: "search", onsubmit: search },
      h("label", {}, h("span", {}, "Order number or referral id"), input),
      h("button.primary", { type: "submit" }, "Search")),
    h("p.quiet", {}, "Hyphens, spaces and capitals do not matter."),
    status, found);
  input.focus();
  if (last) await search();
}

function row(referral) {
  const patient = referral.patient ?? {};
  return h("li", {},
    h("a", { href: `#/referral/${referral.id}` }, patient.name ?? "Unnamed patient"),
    h("span.sub", {}, [patient.birthDate && `born ${date(patient.birthDate)}`, referral.placer && `order ${referral.placer}`].filter(Boolean).join(" · ")),
    h("span", {}, referral.outcome ? `Closed: ${words(referral.outcome).toLowerCase()}` : words(referral.status)),
    h("span.sub", {}, `received ${dateTime(referral.receivedAt)}`));
}
