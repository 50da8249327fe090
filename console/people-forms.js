// The forms of a manager: a person who comes or changes, and work that is handed over.

import { isTold } from "./api.js";
import { fill, h } from "./element.js";
import { words } from "./format.js";

const DUTIES = { staff: "Works on the teams' items", manager: "Sees every team, hands over, manages people", reviewer: "Reviews clinically, reads who saw what", "privacy-officer": "Reads who saw what", finance: "Figures only: no patient, no worklist" };

/** Return the form of a person; without one, of somebody who comes. */
export function personForm({ me, person, send, close }) {
  const duties = Object.entries(DUTIES).filter(([duty]) => !person || (duty === "finance") === (person.role === "finance"));
  const input = (name, label, rest) => h("label", {}, h("span", {}, label), h("input", { name, required: true, autocomplete: "off", ...rest }));
  return act({ title: person ? `Change ${person.name}` : "Onboard a person", close, button: person ? "Change" : "Onboard",
    follows: person ? "It takes effect within a minute." : "A first password is shown once; the first sign-in asks for another, and for a one-time password.",
    fields: [
      input("name", "Name", { value: person?.name ?? "", maxlength: "120" }),
      !person && input("username", "Sign-in name", { pattern: "[a-z0-9][a-z0-9._\\-]{1,63}", title: "Small letters, digits, dots; it is never given to anybody else" }),
      h("label", {}, h("span", {}, "Duty"), h("select", { name: "duty" }, duties.map(([duty, means]) =>
        h("option", { value: duty, selected: person?.role === duty }, `${words(duty)}: ${means.charAt(0).toLowerCase()}${means.slice(1)}`)))),
      h("fieldset", {}, h("legend", {}, "Teams"), me.teams.map((team) =>
        h("label.choice", {}, h("input", { type: "checkbox", name: "teams", value: team, checked: person?.role !== "manager" && person?.teams.includes(team) }), words(team)))),
    ],
    send: (form) => send({ name: form.get("name"), duty: form.get("duty"), teams: form.getAll("teams"), ...(person ? {} : { username: form.get("username") }) }) });
}

/** Return the form that hands work over, and lets its owner leave. */
export function leavingForm({ person, open, others, leaves, send, close }) {
  const items = `${open} ${open === 1 ? "item" : "items"}`;
  return act({ title: leaves ? `${person.name} leaves` : `Hand over what ${person.name} has`, close, button: leaves ? "End the access" : "Hand over",
    follows: [
      open > 0 && `${items} ${open === 1 ? "moves" : "move"} to the list of the colleague you choose, and this is recorded with each. `,
      leaves && "The sessions end at once and the access with them; what was done stays on record under the name.",
    ],
    fields: [open > 0 && h("label", {}, h("span", {}, "To"), h("select", { name: "to", required: true }, others.map((each) => h("option", { value: each.id }, each.name))))],
    send: (form) => send(form.get("to")) });
}

function act({ title, follows, fields, button, send, close }) {
  const said = h("p.status", { role: "alert" });
  const submit = h("button.primary", { type: "submit" }, button);
  return h("form.act", { onsubmit: run }, h("h2", {}, title), h("p.follows", {}, follows), fields, said,
    h("p.actions", {}, submit, h("button.plain", { type: "button", onclick: close }, "Cancel")));

  async function run(event) {
    event.preventDefault();
    submit.disabled = true;
    try {
      await send(new FormData(event.target));
    } catch (error) {
      if (!isTold(error)) throw error;
      fill(said, error.message);
    } finally {
      submit.disabled = false;
    }
  }
}
