// Who is signed in: the user pool's managed login, a code with PKCE, no secret.
// Tokens live in this tab only; ten minutes without a key or a click end the session.

const { base, client, pool } = document.body.dataset;
const HERE = `${location.origin}${base}/console`;
const SCOPE = "openid referrals/read referrals/write referrals/operate";
const IDLE_MS = 10 * 60 * 1000;
const EARLY_MS = 60 * 1000;
const BETWEEN = "sign-in";

let lastActive = Date.now();
let whenLocked = () => {};

export const isSignedIn = () => Boolean(stored("session"));

/** Go to the pool's sign-in page; it sends the person back here. */
export async function signIn() {
  const { address, verifier, state } = await asking();
  sessionStorage.setItem("sign-in", JSON.stringify({ verifier, state, hash: location.hash }));
  location.assign(address);
}

/**
 * Sign in by another window, so that this page stays as it is; what was asked of it before is void.
 * The other window hands over the code alone: the verifier and the tokens never leave this one.
 * @returns {Promise<boolean>} whether somebody has; false too where no window opened
 */
export async function signInBeside() {
  const { address, verifier, state } = await asking();
  sessionStorage.removeItem("sign-in");
  const other = window.open(address, "_blank");
  if (!other) return false;
  const code = await new Promise((resolve) => {
    const between = new BroadcastChannel(BETWEEN);
    between.onmessage = ({ data }) => {
      if (data.state !== state) return;
      between.close();
      resolve(data.code);
    };
  });
  return Boolean(code) && taken(code, verifier);
}

async function asking() {
  const verifier = random();
  const state = random();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    response_type: "code", client_id: client, redirect_uri: HERE, scope: SCOPE, state,
    code_challenge: base64url(new Uint8Array(digest)), code_challenge_method: "S256",
  });
  return { address: `${pool}/oauth2/authorize?${query}`, verifier, state };
}

/**
 * Take the code that the pool sent along, if there is one, and leave it in no address.
 * @returns {Promise<boolean>} whether it is another window's, which was told
 */
export async function completeSignIn() {
  const query = new URLSearchParams(location.search);
  const begun = stored("sign-in");
  if (!query.has("code") && !query.has("error")) return false;
  history.replaceState(null, "", `${location.pathname}${begun?.hash ?? ""}`);
  if (!begun) {
    const between = new BroadcastChannel(BETWEEN);
    between.postMessage({ state: query.get("state"), code: query.get("code") });
    between.close();
    return !isSignedIn();  // "Back" brings a code to a window that works already
  }
  sessionStorage.removeItem("sign-in");
  if (query.get("state") === begun.state && query.has("code")) await taken(query.get("code"), begun.verifier);
  return false;
}

const taken = (code, verifier) =>
  token({ grant_type: "authorization_code", code, redirect_uri: HERE, code_verifier: verifier });

/** Return a token that is still good; null once the session has ended. */
export async function accessToken() {
  const session = stored("session");
  if (!session) return null;
  if (session.until - Date.now() > EARLY_MS) return session.access;
  const renewed = await token({ grant_type: "refresh_token", refresh_token: session.refresh });
  return renewed ? stored("session").access : null;
}

/** Forget a session whose token the API takes no more; the one that came after it stays. */
export function forget(access) {
  if (stored("session")?.access === access) sessionStorage.removeItem("session");
}

/** End the session here and at the pool. */
export function end() {
  const session = stored("session");
  sessionStorage.removeItem("session");
  if (session?.refresh) {
    const body = new URLSearchParams({ token: session.refresh, client_id: client });
    fetch(`${pool}/oauth2/revoke`, { method: "POST", body, keepalive: true }).catch(() => {});
  }
}

export function signOut() {
  end();
  location.assign(`${pool}/logout?${new URLSearchParams({ client_id: client, logout_uri: HERE })}`);
}

/** Lock the page after ten idle minutes. */
export function lockWhenIdle(lock) {
  whenLocked = lock;
  for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
    addEventListener(kind, () => { lastActive = Date.now(); }, { passive: true });
  }
  setInterval(() => {
    if (isSignedIn() && Date.now() - lastActive >= IDLE_MS) {
      end();
      whenLocked();
    }
  }, 5000);
}

async function token(form) {
  const body = new URLSearchParams({ client_id: client, ...form });
  const answer = await fetch(`${pool}/oauth2/token`, { method: "POST", body }).catch(() => null);
  if (!answer) throw new TypeError("no connection");
  if (!answer.ok) {
    sessionStorage.removeItem("session");
    return false;
  }
  const got = await answer.json();
  const refresh = got.refresh_token ?? stored("session")?.refresh;
  const session = { access: got.access_token, refresh, until: Date.now() + got.expires_in * 1000 };
  sessionStorage.setItem("session", JSON.stringify(session));
  lastActive = Date.now();
  return true;
}

function stored(name) {
  return JSON.parse(sessionStorage.getItem(name) ?? "null");
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
