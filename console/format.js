// Words and times as people read them: in the tenant's zone, beside the server's own clock.

const WORDS = {
  "call-due": "Call due",
  "ehr": "EHR",
  "sms": "Text message",
  "noshow": "Missed",
  "patient-wrote": "Patient replied",
  "sms-parts": "Text message parts",
  "usd": "USD",
};
const MINUTE = 60, HOUR = 3600, DAY = 86400;

let zone = "UTC";
let ahead = 0;

/** Take the tenant's zone. */
export function useZone(name) {
  zone = name;
}

/** Take the server's instant: every "in 3 h" counts from it, whatever this machine's clock says. */
export function useNow(instant) {
  if (instant) ahead = Date.parse(instant) - Date.now();
}

export const now = () => new Date(Date.now() + ahead);

/** "needs-information" → "Needs information". */
export function words(code) {
  if (!code) return "";
  if (WORDS[code]) return WORDS[code];
  const text = code.replaceAll("-", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const format = (options) => (text) => (text ? written(new Date(text), options) : "");

const written = (at, options) => new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options }).format(at);

/** A day is said with its year where that is not this one: neither a year's backstop nor an old figure is of this year. */
const formatDay = (options) => (text) => {
  if (!text) return "";
  const at = new Date(text);
  const year = (of) => written(of, { year: "numeric" });
  return written(at, year(at) === year(now()) ? options : { ...options, year: "numeric" });
};

export const dateTime = formatDay({ weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });
export const dayOnly = formatDay({ weekday: "short", month: "short", day: "numeric" });
export const clock = format({ hour: "numeric", minute: "2-digit" });

/** A date without time: no zone moves it. */
export function date(text) {
  if (!text) return "";
  const [year, month, day] = text.split("-");
  return `${month}/${day}/${year}`;
}

/** "+15085550160" → "(508) 555-0160"; a number of elsewhere stays as it is. */
export const phone = (number) => (number ?? "").replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "($1) $2-$3");

/** "es" → "Spanish"; what is no code is said as it is. */
export function language(code) {
  if (!/^[a-z]{2,3}(-[A-Za-z0-9]+)*$/.test(code ?? "")) return code;
  return new Intl.DisplayNames(["en"], { type: "language" }).of(code);
}

export function zoneName() {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "long" }).formatToParts(now());
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}

/** The instant of a day and time typed in the tenant's zone ("2026-03-02T09:00"), as the API takes it. */
export function instantOf(typed) {
  const wall = Date.parse(`${typed}Z`);
  // Twice: the offset of the first guess may be that of the other side of a clock change.
  const once = wall - offsetAt(wall);
  return new Date(wall - offsetAt(once)).toISOString();
}

function offsetAt(at) {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(new Date(at));
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(of.year, of.month - 1, of.day, of.hour, of.minute, of.second) - Math.floor(at / 1000) * 1000;
}

/** "3 h", "2 d": one unit, rounded down. */
export function span(seconds) {
  const size = Math.abs(seconds);
  if (size < MINUTE) return "less than a minute";
  if (size < HOUR) return `${Math.floor(size / MINUTE)} min`;
  if (size < 2 * DAY) return `${Math.floor(size / HOUR)} h`;
  return `${Math.floor(size / DAY)} d`;
}

export const since = (text) => span((now() - new Date(text)) / 1000);

/** Why it waits, in a sentence; that it is late its due time says beside it. */
export const reasonOf = ({ statusReason }) => statusReason.replace(/^Overdue\. /, "");

/** States of an authorization in which the payer's clock runs. */
const RUNS = new Set(["submitted", "pended", "appealed"]);

/**
 * How a payer's clock stands; null where none runs.
 * @returns {{isBreached: boolean, text: string}|null}
 */
export function payersClock({ dueAt, status }) {
  if (!dueAt || !RUNS.has(status)) return null;
  const left = (new Date(dueAt) - now()) / 1000;
  return { isBreached: left < 0, text: left < 0 ? `▲ ${span(left)} over` : `${span(left)} left` };
}

/**
 * How an item stands to its due time: a state, and words that say it without any colour.
 * @returns {{state: "overdue"|"soon"|"snoozed"|"ahead", text: string}}
 */
export function urgency(item) {
  const due = new Date(item.dueAt);
  const left = (due - now()) / 1000;
  if (left < 0) return { state: "overdue", text: `${span(left)} overdue` };
  if (item.snoozedUntil && new Date(item.snoozedUntil) > now()) {
    return { state: "snoozed", text: `snoozed until ${dateTime(item.snoozedUntil)}` };
  }
  const whole = item.openedAt ? (due - new Date(item.openedAt)) / 1000 : 0;
  const state = whole && left < whole / 4 ? "soon" : "ahead";
  return { state, text: `due in ${span(left)}` };
}
