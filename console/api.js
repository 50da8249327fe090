// The API, as the person who signed in. What fails says what to do; nothing typed is lost by it.

import { useNow } from "./format.js";
import { accessToken, forget } from "./session.js";

const base = document.body.dataset.base;

/** The API refused: `status`, its own `code`, and its sentence. */
export class Refused extends Error {
  constructor(status, code, sentence) {
    super(sentence);
    this.status = status;
    this.code = code;
  }
}

/** The request did not arrive, or its answer did not. */
export class Offline extends Error {}

/** Nobody is signed in any more. */
export class SignedOut extends Error {}

/** Whether the API or the connection told what failed: its sentence is what a person reads. */
export const isTold = (error) => error instanceof Refused || error instanceof Offline;

let signedInAgain = null;

/** Take what asks the person to sign in again; what they were sending waits for it, and is sent then. */
export function whenSignedOut(ask) {
  signedInAgain = ask;
}

export const get = (path) => call("GET", path);

export const post = (path, body, key) => call("POST", path, body, key);

export const put = (path, body) => call("PUT", path, body);

export const del = (path) => call("DELETE", path);

/** Act on a work item; the key makes the same form sent twice one act. */
export const decide = (id, decision, key) => post(`/work-items/${id}/decision`, decision, key);

/** Read a document as it came; of a large one, the address at which it is for a minute. */
export async function getDocument(path) {
  const answer = await answered(path);
  const isThere = answer.headers.get("Content-Disposition")?.startsWith("attachment");
  return isThere ? answer.blob() : answer.json();
}

/**
 * Read what may take long: where the API says where to look, that is looked at until it is there.
 * @param {string} path
 * @param {{running: Function, left: AbortSignal}} of `running` is told each time it is not yet there
 * @returns {Promise<Response>} the answer; null once nobody waits for it any more
 */
export async function getLong(path, { running, left }) {
  for (let place = path; ;) {
    const answer = await answered(place);
    if (answer.status !== 202) return answer;
    place = (await answer.json()).look_at;
    running();
    await pause(1000 * Number(answer.headers.get("Retry-After") ?? 5), left);
    if (left.aborted) return null;
  }
}

function pause(milliseconds, left) {
  return new Promise((resolve) => {
    if (left.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    left.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

async function answered(path) {
  const answer = await sent("GET", path);
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

async function call(method, path, body, key) {
  const answer = await sent(method, path, body, key);
  if (!answer.ok) throw await refusal(answer);
  const read = await answer.json();
  useNow(read.now);
  return read;
}

async function refusal(answer) {
  const read = await answer.json().catch(() => ({}));
  const issue = read.issue?.[0];
  const code = issue?.details?.coding?.[0]?.code ?? "failed";
  return new Refused(answer.status, code, issue?.diagnostics ?? "The router did not answer; try again.");
}

async function sent(method, path, body, key) {
  for (;;) {
    try {
      return await sentOnce(method, path, body, key);
    } catch (error) {
      if (!(error instanceof SignedOut) || method === "GET") throw error;
      await signedInAgain();
    }
  }
}

async function sentOnce(method, path, body, key) {
  const headers = {};
  let answer, token;
  try {
    token = await accessToken();
    if (!token) throw new SignedOut("Sign in again.");
    headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    answer = await whole(await fetch(`${base}${path}`, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store",
    }));
  } catch (error) {
    if (error instanceof SignedOut) throw error;
    throw new Offline("No connection. Nothing you typed is lost; send it again.");
  }
  if (answer.status === 401) {
    forget(token);
    throw new SignedOut("Sign in again.");
  }
  return answer;
}

/** An answer that breaks off on its way has not arrived: it is read whole before it is looked at. */
async function whole(answer) {
  const content = await answer.arrayBuffer();
  return new Response(content.byteLength ? content : null, { status: answer.status, headers: answer.headers });
}
