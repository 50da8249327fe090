// What a list can be filtered by: values with their names and counts, read to the list's end for whoever chooses.

import { get } from "./api.js";

/** What says which list it is; whatever else filters is left out, so that another choice can be made. */
const LISTED_BY = ["list", "queue", "owner", "overdue", "due-within", "closed-within"];

/** The values of one list; once read they are kept, and another list's take their place. */
export function listValues({ query, drawn }) {
  let of = null, found = null, read = 0;

  const wanted = () => {
    const asked = new URLSearchParams(query());
    for (const name of [...asked.keys()]) if (!LISTED_BY.includes(name)) asked.delete(name);
    return asked.toString();
  };

  /** Read them, unless they are those of this list already. */
  async function load() {
    const asked = wanted();
    if (asked === of) return;
    const own = new Map();
    [of, found, read] = [asked, own, 0];
    for (let path = `/work-items/values?${asked}`; path;) {
      const piece = await get(path).catch((error) => { if (found === own) of = null; throw error; });
      // Whoever chose another list meanwhile, and this one again, has it read from its beginning.
      if (found !== own) return;
      add(piece.values);
      read += piece.read;
      path = piece.next && piece.next.slice(piece.next.indexOf("/work-items"));
      drawn({ isWhole: !path, read });
    }
  }

  function add(values) {
    for (const [name, each] of Object.entries(values)) {
      const known = found.get(name) ?? found.set(name, new Map()).get(name);
      for (const { value, name: called, count } of each) {
        const before = known.get(value);
        known.set(value, { called: before?.called ?? called, count: count + (before?.count ?? 0) });
      }
    }
  }

  return { load, of: (name) => (of === wanted() ? found.get(name) : null) ?? new Map() };
}
