// Builds elements. Text only ever becomes text nodes: nothing here reads markup.

/**
 * Make an element.
 * @param {string} tag its name, with classes: "p.quiet"
 * @param {Object} [attributes] on* are listeners; false and null are left out; true is the bare name
 * @param {...(Node|string|number|null|undefined|false|Array)} children
 */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  return filled(document.createElement(name), classes, attributes, children);
}

/** Make an element of a drawing; its attributes are SVG's. */
export function svg(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), classes, attributes, children);
}

function filled(element, classes, attributes, children) {
  if (classes.length) element.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value") element.value = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...kept(children));
  return element;
}

/** Replace what an element holds; who had the focus keeps it where the same control is there again. */
export function fill(element, ...children) {
  const focused = document.activeElement;
  const known = focused !== element && element.contains(focused) ? sign(focused) : null;
  element.replaceChildren(...kept(children));
  if (known) [...element.querySelectorAll(focused.tagName)].find((each) => sign(each) === known)?.focus({ preventScroll: true });
  return element;
}

/** Where links stand in a row that is wider than the screen, the present one is in sight. */
export function inSight(element) {
  for (const link of element.querySelectorAll("nav [aria-current]")) link.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** What tells a control from the others of its kind: its name or its words, and the row that it is in. */
function sign(control) {
  const said = control.getAttribute("aria-label") ?? (control.labels?.length ? control.labels[0].firstChild.textContent : control.textContent);
  return [control.tagName, control.closest("[data-id]")?.dataset.id, control.name, control.getAttribute("href"), said].join("|");
}

function kept(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}
