// The session has ended while somebody works: the page is hidden and kept as it is, in memory alone.

import { get } from "./api.js";
import { fill, h } from "./element.js";
import { signIn, signInBeside } from "./session.js";

let asking = null;
let hidden = [];

/** Whether a page waits for its person. */
export const isAsking = () => asking !== null;

/** The fields of words in the page that is hidden meanwhile. */
export const hiddenWords = () => hidden.flatMap((each) => [...each.querySelectorAll("textarea")]);

/**
 * Hide the page until its person has signed in by another window, then show it as it was.
 * @param {{app: Element, me: Object, sentence: string, other: Function}} of
 *   `other` shows the first page of another person, who sees nothing of what was there
 * @returns {Promise<void>} settled once the same person is back; of another one, never
 */
export function askAgain({ app, me, sentence, other }) {
  asking ??= new Promise((resolve) => {
    const page = hidden = [...app.children];
    const { activeElement: focused, title } = document;
    const { hash } = location;
    const said = h("p.status", { role: "alert" });
    document.title = "Sign in – Referral Router";
    fill(app, h("main.sign-in", { id: "main" },
      h("h1", {}, "Referral Router"),
      h("p", {}, `${sentence} What you typed is kept: sign in, and it goes on where you were.`),
      h("p.actions", {},
        h("button.primary", { onclick: again }, "Sign in in a new window"),
        h("button.plain", { onclick: () => { hidden = []; signIn(); } }, "Sign in here, without what was typed")),
      said));
    app.querySelector("button").focus();

    async function again() {
      fill(said, "Sign in in the window that opens; this one goes on by itself.");
      if (!(await signInBeside().catch(() => false))) return fill(said, "Nobody has signed in. Let the browser open a window here, and try again.");
      const person = await get("/me").catch((error) => { fill(said, error.message); });
      if (!person) return;
      asking = null;
      hidden = [];
      if (person.id !== me.id) return other();
      document.title = title;
      history.replaceState(null, "", `${location.pathname}${hash}`);
      fill(app, page);
      focused?.focus();
      return resolve();
    }
  });
  return asking;
}
