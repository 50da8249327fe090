// A panel of a board: it shows at once what it showed last and of when that is, and says how long it reads anew.

import { isTold, SignedOut } from "./api.js";
import { fill, h } from "./element.js";
import { UNEXPLAINED } from "./failing.js";
import { clock, dateTime, now, since } from "./format.js";

const OLD_MS = 300_000;
const HALF_A_DAY_MS = 43_200_000;

/** What each panel showed last, while the tab is open and the same person works in it. */
const kept = { of: null, shown: new Map() };

/**
 * Make the panels of a board.
 * @param {{me: Object, left: AbortSignal, forget: Function}} of `forget` drops what several panels share
 */
export function panelsOf({ me, left, forget }) {
  if (kept.of !== me.id) Object.assign(kept, { of: me.id, shown: new Map() });
  const all = [];
  const refresh = () => { forget(); return Promise.all(all.map((show) => show())); };
  return { panel, refresh };

  /**
   * Make a panel.
   * @param {string} title
   * @param {Function} load is given `again`, `status` and `draw`, and returns what is shown; nothing where it drew itself
   * @param {{kind?: string, isKept?: boolean}} of what people act on in it is never shown from before
   */
  function panel(title, load, { kind = "", isKept = true } = {}) {
    const place = h("div");
    const age = h("span.age");
    // Beside what is shown anew: it says what came of an act.
    const status = h("p.status", { role: "status" });
    const before = isKept ? kept.shown.get(title) : null;
    let at = before?.at ?? null;
    if (before) fill(place, before.shown);
    const again = () => { forget(); return show(); };
    all.push(show);
    show();
    return h(`section.panel-card${kind}`, {}, h("div.heading", {}, h("h2", {}, title), age), place, status);

    async function show() {
      const begun = performance.now();
      const reading = () => {
        const seconds = Math.round((performance.now() - begun) / 1000);
        fill(age, at && `${asOf(at)}, `, at ? "read anew" : "Loading", seconds ? ` for ${seconds} s …` : " …");
      };
      if (status.querySelector("[role=alert]")) fill(status);
      reading();
      const timer = setInterval(reading, 1000);
      left.addEventListener("abort", () => clearInterval(timer), { once: true });
      try {
        const shown = await load({ again, status, draw });
        if (shown) draw(shown);
        said();
      } catch (error) {
        said();
        if (error instanceof SignedOut) throw error;
        fill(at ? status : place, h("p", { role: "alert" }, isTold(error) ? error.message : UNEXPLAINED), h("p.actions", {}, h("button", { onclick: again }, "Try again")));
      } finally {
        clearInterval(timer);
      }
    }

    function said() {
      fill(age, at && asOf(at));
    }

    function draw(shown, of = now().toISOString()) {
      if (left.aborted) return;
      at = of;
      fill(place, shown);
      said();
      if (isKept) kept.shown.set(title, { shown: [...place.childNodes], at });
    }
  }
}

/** Of when it is, and how long ago that was where it is no more of this moment. */
function asOf(at) {
  const age = now() - new Date(at);
  return `as of ${age < HALF_A_DAY_MS ? clock(at) : dateTime(at)}${age > OLD_MS ? `, ${since(at)} ago` : ""}`;
}
