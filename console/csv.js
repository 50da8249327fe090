// A table as a file, made in the browser: nothing is sent for it.

import { h } from "./element.js";

/** Save rows as CSV (RFC 4180); what a spreadsheet would take for a formula is text. */
export function saveCsv(name, heads, rows) {
  save(`${name}.csv`, "text/csv", [heads, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n");
}

/** Save content under a name. */
export function save(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function cell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?[\d.]+$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
