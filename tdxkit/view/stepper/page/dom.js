// Elements of the page, HTML and SVG. Text enters the page as text nodes only; the one markup taken as it is are
// pictures, which Python built with svg.py.

const SVG = "http://www.w3.org/2000/svg";
const NO_SHORTCUTS = "data-lm-suppress-shortcuts";

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter(child => child !== null));
  return made;
}

/** An HTML element; an attribute that is null or false is left out. */
export function el(name, attributes = {}, ...children) {
  const made = filled(document.createElement(name), attributes, children);
  // Lab asks the element that has the focus, and not those around it, whether its single-key shortcuts are to sleep.
  if (["button", "select", "input"].includes(name) || "tabindex" in attributes) made.setAttribute(NO_SHORTCUTS, "true");
  return made;
}

/** An SVG element. */
export const svgEl = (name, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, name), attributes, children);

export const button = (words, attributes = {}) => el("button", { type: "button", ...attributes }, words);

/** A choice by a select: [words, value] each; `does(value)` hears of the reader's. */
export function choice(name, options, chosen, does) {
  const made = options.map(([words, value]) => el("option", { value, selected: value === chosen ? "" : null }, words));
  const box = el("select", { "aria-label": name, title: name }, ...made);
  box.onchange = () => does?.(box.value);
  return box;
}

// What is set already is not set again: a step changes little on the page.

export function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setClass(node, names) {
  if (node.className !== names) node.className = names;
}

export function toggle(node, name, on) {
  if (node.classList.contains(name) !== on) node.classList.toggle(name, on);
}

export function setCurrent(node, on) {
  if (on && !node.hasAttribute("aria-current")) node.setAttribute("aria-current", "step");
  if (!on) node.removeAttribute("aria-current");
}

/** The name of an actor's colour in theme.py; payload.py says which it has. */
export const role = (data, actor) => `a${data.roles[actor]}`;

export const colour = name => `var(--tdx-${name})`;

/** A number as Python writes it, with two digits at most. */
export const round = number => String(Math.floor(number * 100 + 0.5) / 100);

export const thousands = number => number.toLocaleString("en");

export const clamp = (value, least, most) => Math.max(least, Math.min(value, most));

/** A text with a full stop, unless it ends in a mark of its own. */
export const ended = text => text + (/[.!?]$/.test(text) ? "" : ".");
