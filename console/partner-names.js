// What partners are called: figures know them by id or NPI, people by name.

import { get } from "./api.js";

/**
 * Read partners' names by kind and id, reading on until those that are needed have one.
 * @param {{practices?: string[], drawn?: Function, left?: AbortSignal}} of `drawn` is given the names each time there are more
 * @returns {Promise<Object>} kind → id → name
 */
export async function partnerNames({ practices = [], drawn = () => {}, left = null } = {}) {
  const names = {};
  for (let path = "/operations/partners"; path;) {
    const piece = await get(path);
    for (const [kind, called] of Object.entries(piece.names)) names[kind] = { ...called, ...names[kind] };
    drawn(names);
    const isNamed = practices.every((id) => names.practice?.[id]);
    path = !isNamed && !left?.aborted && piece.next ? piece.next.slice(piece.next.indexOf("/operations")) : null;
  }
  return names;
}
