// A document as it came: read on the page where a person can read it, saved where not.

import { getDocument } from "./api.js";
import { save } from "./csv.js";
import { h } from "./element.js";

/** What a person reads here; anything else is saved and opened with what belongs to it. */
const READABLE = /^(text\/|application\/(fhir\+)?json|application\/edi-x12|application\/hl7)/;

/**
 * Read a document.
 * @returns {Promise<Node>} its text; where it is too large or no text, what became of it instead
 */
export async function readAsItCame({ path, contentType, name }) {
  const found = await getDocument(path);
  if (found.location) return h("p", {}, h("a", { href: found.location, rel: "noreferrer" }, "Save it: it is large"));
  if (!READABLE.test(contentType)) {
    save(name, contentType, found);
    return h("p", {}, "Saved: the file holds a patient's data, keep it accordingly.");
  }
  const text = found instanceof Blob ? await found.text() : JSON.stringify(found, null, 2);
  return h("pre", { tabindex: "0", "aria-label": "As it came" }, laidOut(text, contentType));
}

/** A line a segment (X12, HL7) and indented JSON: the bytes themselves are what is saved. */
function laidOut(text, contentType) {
  if (/edi|x12/i.test(contentType)) return text.replace(/~\s*/g, "~\n");
  if (/hl7/i.test(contentType)) return text.replaceAll("\r", "\n");
  if (!/json/i.test(contentType)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
