// What failed is said where the person looks, and what stands there stays; a page is given up only where it has to be.

import { isTold } from "./api.js";
import { fill, h } from "./element.js";

/** What is said of a failure that nobody explained. */
export const UNEXPLAINED = "That did not work. Try again; if it happens again, tell operations.";

/** Return what says a failure in a place; what neither the API nor the connection told is `failed`'s. */
export const sayIn = (place, failed) => (error) => (isTold(error) ? fill(place, h("strong", {}, error.message)) : failed(error));

/**
 * A line that says what could not be read, until it was.
 * @returns {{line: Element, said: Function, over: Function}} `said` is given the error, and what tries again
 */
export function trouble(failed, line = h("p.status", { role: "alert" })) {
  const said = (error, again) => {
    sayIn(line, failed)(error);
    if (isTold(error) && again) line.append(" ", h("button.plain", { onclick: again }, "Try again"));
  };
  return { line, said, over: () => fill(line) };
}
