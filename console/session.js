// Who is signed in: the user pool's managed login, a code with PKCE, no secret.
// Tokens live in this tab only; ten minutes without a key or a click end the session.

const { base, client, pool } = document.body.dataset;
const HERE = `${location.origin}${base}/console`;
const SCOPE = "openid referrals/read referrals/write referrals/operate";
const IDLE_MS = 10 * 60 * 1000;
const EARLY_MS = 60 * 1000;

let lastActive = Date.now();
let whenLocked = () => {};

export const isSignedIn = () => Boolean(stored("session"));

/** Go to the pool's sign-in page; it sends the person back here. */
export async function signIn() {
  const verifier = random();
  const state = random();
  sessionStorage.setItem("sign-in", JSON.stringify({ verifier, state, hash: location.hash }));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    response_type: "code", client_id: client, redirect_uri: HERE, scope: SCOPE, state,
    code_challenge: base64url(new Uint8Array(digest)), code_challenge_method: "S256",
  });
  location.assign(`${pool}/oauth2/authorize?${query}`);
}

/** Take the code that the pool sent along, if there is one, and leave it in no address. */
export async function completeSignIn() {
  const query = new URLSearchParams(location.search);
  const begun = stored("sign-in");
  if (!query.has("code") && !query.has("error")) return;
  history.replaceState(null, "", `${location.pathname}${begun?.hash ?? ""}`);
  sessionStorage.removeItem("sign-in");
  if (!begun || query.get("state") !== begun.state || !query.has("code")) return;
  await token({
    grant_type: "authorization_code", code: query.get("code"),
    redirect_uri: HERE, code_verifier: begun.verifier,
  });
}

/** Return a token that is still good; null once the session has ended. */
export async function accessToken() {
  const session = stored("session");
  if (!session) return null;
  if (session.until - Date.now() > EARLY_MS) return session.access;
  const renewed = await token({ grant_type: "refresh_token", refresh_token: session.refresh });
  return renewed ? stored("session").access : null;
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
