// For managers: what each person has, how much of it is late, and handing it over.

import { decide, get } from "./api.js";
import { fill, h } from "./element.js";
import { urgency, words } from "./format.js";

const PAGE = 100;

export async function teamPage({ main, me, failed }) {
  const status = h("p.status", { role: "status" });
  const place = h("div");
  const body = h("div");

  async function refresh() {
    const [{ people }, counts] = await Promise.all([get("/people"), get("/work-items/counts")]);
    const loads = await Promise.all(people.map((person) => get(`/work-items?owner=${encodeURIComponent(person.id)}&_count=${PAGE}`)));
    fill(body,
      h("h2", {}, "People"),
      scrolled("People", h("table.small", {},
        h("thead", {}, h("tr", {}, ["Person", "Teams", "Open", "Overdue", ""].map((text) => h("th", { scope: "col" }, text || h("span.hidden", {}, "Hand over"))))),
        h("tbody", {}, people.map((person, index) => personRow(person, loads[index], people))))),
      h("h2", {}, "Teams"),
      scrolled("Teams", h("table.small", {},
        h("thead", {}, h("tr", {}, ["Team", "Open", "Overdue", "Unassigned"].map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, Object.entries(counts.teams).map(([team, { open, overdue, unassigned }]) =>
          h("tr", {}, h("th", { scope: "row" }, words(team)), h("td", {}, open), late(overdue), h("td", {}, unassigned)))))));
  }

  function personRow(person, load, people) {
    const overdue = load.workItems.filter((item) => urgency(item).state === "overdue").length;
    const more = load.next ? "+" : "";
    return h("tr", {},
      h("th", { scope: "row" }, person.name, h("span.sub", {}, words(person.role))),
      h("td", {}, person.role === "manager" ? "All" : person.teams.map(words).join(", ")),
      h("td", {}, load.workItems.length, more), late(overdue, more),
      h("td", {}, load.workItems.length > 0 && h("button", { onclick: () => ask(person, load.workItems, people), "aria-label": `Hand over what ${person.name} has` }, "Hand over …")));
  }

  function ask(person, items, people) {
    const able = people.filter((each) => each.id !== person.id && items.every((item) => each.teams.includes(item.queue)));
    const select = h("select", { name: "to", required: true }, able.map((each) => h("option", { value: each.id }, each.name)));
    fill(place, h("form.act", { onsubmit: (event) => { event.preventDefault(); handOver(items, select.value).catch(failed); } },
      h("h2", {}, `Hand over what ${person.name} has`),
      h("p.follows", {}, `${items.length} ${items.length === 1 ? "item moves" : "items move"} to the list of the colleague you choose, and this is recorded with each.`),
      h("label", {}, h("span", {}, "To"), select),
      h("p.actions", {}, h("button.primary", { type: "submit" }, "Hand over"), h("button.plain", { type: "button", onclick: () => fill(place) }, "Cancel"))));
    select.focus();
  }

  async function handOver(items, owner) {
    let moved = 0;
    const left = [];
    for (const item of items) {
      try {
        await decide(item.id, { action: "assign", owner, item: item.openedAt }, crypto.randomUUID());
        moved += 1;
      } catch (error) {
        if (error.status !== 409) throw error;
        left.push(error.message);
      }
      fill(status, `${moved} of ${items.length} handed over …`);
    }
    fill(place);
    await refresh();
    fill(status, `${moved} handed over.`, left.length > 0 && ` ${left.length} changed meanwhile: ${left[0]}`);
  }

  fill(main, h("h1", {}, "Team"), status, place, body);
  await refresh();
}

const late = (overdue, more = "") =>
  h("td", {}, overdue ? h("strong.late", {}, h("span", { "aria-hidden": "true" }, "▲ "), overdue, more) : "0");

const scrolled = (name, table) => h("div.scroll", { tabindex: "0", role: "region", "aria-label": name }, table);
