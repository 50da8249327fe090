// What managers see: who has how much, what is late and done, and who comes, changes and leaves.

import { get, getLong, post, put } from "./api.js";
import { fill, h } from "./element.js";
import { trouble } from "./failing.js";
import { words } from "./format.js";
import { leavingForm, personForm } from "./people-forms.js";
import { late as overdue, rowsOf } from "./operations-live.js";
import { section, table } from "./section.js";

const AT_ONCE = 25;
const PAGE = 100;

export async function teamPage({ main, me, failed }) {
  const status = h("p.status", { role: "status" });
  const unread = trouble(failed);
  const leaving = new AbortController();
  const place = h("div");
  const body = h("div");
  const close = () => fill(place);

  /** What was done is said at once, a first password above all, whether or not the page can be read anew. */
  async function done(sentence) {
    fill(place);
    fill(status, sentence);
    await anew();
  }

  const anew = () => refresh().catch((error) => unread.said(error, anew));

  async function refresh() {
    const [{ people }, counts] = await Promise.all([get("/people"), get("/work-items/counts?by=person")]);
    unread.over();
    fill(body,
      section("People", table(["Person", "Teams", "Open", "Overdue", "Done today", "Manage"], people.map((person) => personRow(person, people, counts.people[person.id])), "People")),
      section("Teams", table(["Team", "Open", "Overdue", "Unassigned", "Waiting for others"], Object.entries(counts.teams).map(([team, each]) =>
        [words(team), rows(each.open, "team", team), overdue(each.overdue, rowsOf("overdue", team)), rows(each.unassigned, "unassigned", team), rows(each.waiting, "waiting", team)]), "Teams")));
    doneToday().catch((error) => unread.said(error, anew));
  }

  function personRow(person, people, load) {
    const open = load?.open ?? 0;
    const act = (text, what) => h("button.plain", { "aria-label": what, onclick: () => ask(text, person, people, open) }, text);
    return [
      h("span", {}, person.name, h("span.sub", {}, `${words(person.role)} · ${person.id}`)),
      person.role === "manager" ? "All" : person.teams.map(words).join(", ") || "–",
      open, late(load?.overdue ?? 0), h("span", { "data-done": person.id }, "…"),
      h("span.actions", {},
        open > 0 && act("Hand over …", `Hand over what ${person.name} has`),
        person.id !== me.id && [act("Change …", `Change ${person.name}`), act("Leaves …", `${person.name} leaves`)]),
    ];
  }

  function ask(act, person, people, open) {
    const others = people.filter((each) => each.id !== person.id && each.role !== "finance");
    if (act === "Change …") return show(personForm({ me, person, send: (sent) => change(person, sent), close }));
    const leaves = act === "Leaves …";
    show(leavingForm({ person, open, others, leaves, close, send: (owner) => handOver(person, open && owner, leaves) }));
  }

  function show(form) {
    fill(place, form);
    form.querySelector("input, select, button").focus();
  }

  async function change(person, sent) {
    await put(`/people/${encodeURIComponent(person.id)}`, sent);
    await done(`${sent.name}: changed. It takes effect within a minute.`);
  }

  async function onboard(sent) {
    const made = await post("/people", sent);
    await done(h("span", {}, `${made.name} signs in as `, h("strong", {}, made.id), " with the password ", h("code", {}, made.password),
      ". It is shown once; the first sign-in asks for another, and for a one-time password."));
  }

  async function handOver(person, owner, leaves) {
    let moved = 0;
    const left = [];
    for (let items = []; owner && !left.length;) {
      items = (await get(`/work-items?owner=${encodeURIComponent(person.id)}&_count=${PAGE}`)).workItems;
      if (!items.length) break;
      for (let begin = 0; begin < items.length; begin += AT_ONCE) {
        const some = items.slice(begin, begin + AT_ONCE).map((item) => ({ id: item.id, item: item.openedAt }));
        const { results } = await post("/work-items/care", { action: "assign", owner, items: some }, crypto.randomUUID());
        left.push(...results.filter((each) => each.status !== 200));
        moved += some.length;
        fill(status, `${moved} handed over …`);
      }
    }
    moved -= left.length;
    const said = [owner && `${moved} handed over.`, left.length > 0 && ` ${left.length} not: ${left[0].says}`];
    if (leaves && !left.length) {
      await post(`/people/${encodeURIComponent(person.id)}/leave`, {});
      said.push(` ${person.name} has left: the sessions and the access have ended.`);
    }
    await done(said);
  }

  /** Of the figures: counted of the events, a few minutes behind. */
  async function doneToday() {
    const day = new Intl.DateTimeFormat("en-CA", { timeZone: me.timeZone }).format(new Date(me.now));
    const write = (said) => { for (const cell of body.querySelectorAll("[data-done]")) cell.textContent = said(cell.dataset.done); };
    try {
      const answer = await getLong(`/reports/workload?from=${day}&to=${day}&basis=activity&by=`, { left: leaving.signal, running: () => {} });
      if (!answer) return;
      const counted = new Map((await answer.json()).rows.map((row) => [row.person, row.done]));
      write((person) => counted.get(person) ?? 0);
    } catch (error) {
      write(() => "–");
      throw error;
    }
  }

  const add = () => show(personForm({ me, send: onboard, close }));
  fill(main, h("div.heading", {}, h("h1", {}, "Team"), h("button.primary", { onclick: add }, "Onboard a person …")), status, unread.line, place, body);
  await refresh();
  return () => leaving.abort();
}

const late = (overdue) => (overdue ? h("strong.late", {}, h("span", { "aria-hidden": "true" }, "▲ "), overdue) : "0");

const rows = (number, tab, team) => (number ? h("a", { href: rowsOf(tab, team) }, number) : "0");
