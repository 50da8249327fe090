// What the console's modules find in a browser, as far as those ask for it that draw nothing.

const kept = () => {
  const of = new Map();
  return {
    getItem: (name) => of.get(name) ?? null, setItem: (name, value) => of.set(name, String(value)),
    removeItem: (name) => of.delete(name), all: () => Object.fromEntries(of),
  };
};
const listeners = {}, timers = [], asked = [];
Object.assign(globalThis, {
  document: { body: { dataset: { base: "", client: "the-console", pool: "https://pool.example" } } },
  location: {
    origin: "https://router.example", pathname: "/console", search: "", hash: "",
    assign: (address) => { location.gone = address; },
  },
  history: { replaceState: (_state, _title, address) => { location.left = address; } },
  sessionStorage: kept(), localStorage: kept(),
  addEventListener: (kind, heard) => { (listeners[kind] ??= []).push(heard); },
  setInterval: (act) => { timers.push(act); return timers.length; },
});
const signedIn = (access = "a-token", until = Date.now() + 3_600_000) =>
  sessionStorage.setItem("session", JSON.stringify({ access, refresh: "r", until }));
const answer = (body, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });
/** Answer requests one after the other; each answer is a Response, or what is thrown. */
const answering = (...answers) => {
  globalThis.fetch = async (address, sent) => {
    asked.push({ address, ...sent });
    const next = answers.shift();
    if (next instanceof Response) return next;
    throw next ?? new Error(`nobody answers ${address}`);
  };
};
const thrown = async (act) => {
  try { await act(); } catch (error) { return [error.constructor.name, error.message]; }
  return null;
};
const done = (result) => console.log(JSON.stringify(result ?? null));
