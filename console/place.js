// Where a person works in a list: a referral leads back there, and on to the next of it. In memory alone.

const NONE = { tab: "mine", name: "Mine", rows: [], opened: null };

let kept = { of: null, ...NONE };

/** The place of a person; of somebody who signed in before, nothing is left. */
const placeOf = (me) => (kept.of === me.id ? kept : (kept = { of: me.id, ...NONE }));

/** Keep which list is shown, and its rows in their order: `{id, patient}`. */
export function listed(me, { tab, name, rows }) {
  const { opened } = placeOf(me);
  kept = { of: me.id, tab, name, opened, rows: rows.map(({ id, patient }) => ({ id, name: patient?.name ?? "Unnamed patient" })) };
}

/**
 * Keep which referral is open.
 * @returns {{tab: string, name: string, next: {id: string, name: string}|undefined}} the list it is of, and what comes next there
 */
export function opened(me, id) {
  const place = placeOf(me);
  place.opened = id;
  const at = place.rows.findIndex((each) => each.id === id);
  return { tab: place.tab, name: place.name, next: at < 0 ? undefined : place.rows[at + 1] };
}

/** The first of what was opened last and what came after it that is listed still. */
export function returned(me, tab, ids) {
  const place = placeOf(me);
  const at = place.tab === tab ? place.rows.findIndex((each) => each.id === place.opened) : -1;
  return at < 0 ? undefined : place.rows.slice(at).find(({ id }) => ids.includes(id))?.id;
}
