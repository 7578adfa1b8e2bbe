// Asking the station. A press or a scan carries an id, so that one sent twice counts once.

const PATIENCE_MS = 4000;

/** The station said no, or could not be asked; the message is for people. */
class Refused extends Error {
  constructor(words, status, retryAfter = null) {
    super(words);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

let csrf = null;

/** The station's answer when it is a good one, patiently waited for. Raises Refused. */
async function reach(method, path, body = null, patience = PATIENCE_MS) {
  const headers = {};
  if (method !== "GET") headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-Rig-Csrf"] = csrf;
  const request = { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(patience) };
  let answer;
  try {
    answer = await fetch(path, request);
  } catch (problem) {
    throw new Refused(t("ui.not_reached"), 0);
  }
  if (answer.ok) return answer;
  const found = await readJson(answer);
  const words = found?.error ? say(found.error) : t(`ui.status.${answer.status === 422 ? 422 : "other"}`);
  throw new Refused(words, answer.status, found?.retry_after ?? null);
}

/** The answer's JSON, null where there is none. Raises Refused. */
async function ask(method, path, body = null) {
  const answer = await reach(method, path, body);
  return answer.status === 204 ? null : readJson(answer);
}

async function readJson(answer) {
  try {
    return await answer.json();
  } catch (problem) {
    throw new Refused(t("ui.not_understood"), answer.status);
  }
}

function press(path, fields = {}) {
  return ask("POST", path, { id: freshId(), ...fields });
}

// randomUUID is there on https and loopback only; a panel may stand elsewhere.
function freshId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
