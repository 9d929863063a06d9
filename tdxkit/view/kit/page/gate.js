// A question that waits: what answers it stands behind it, unseen, until the reader has said something. Without a kernel as with one.

import { dataIn } from "./data_in.js";
import { made } from "./made.js";

const SIGNS = { right: "✓ right", wrong: "✗ not so" };

/** A number as people write one; null for what is none. */
function numberIn(text) {
  const bare = text.replace(/[\s,_']/g, "").replace("−", "-");
  return /^-?\d{1,18}$/.test(bare) ? Number(bare) : null;
}

class Gate {
  constructor(place, data) {
    this.place = place;
    this.data = data;
    this.said = place.querySelector(".tdx-gate-said");
    this.form = place.querySelector("form");
    this.form.addEventListener("submit", event => {
      event.preventDefault();
      this.answer();
    });
    this.fogged(true);
    if (this.data.answered) this.show(this.data.answered, false);
  }

  /** What the reader has chosen or typed, as it is kept: an option's number from 1 on, or a number. */
  given() {
    if (!this.data.number) return this.form.querySelector("input:checked")?.value ?? "";
    return this.form.querySelector("input").value.trim();
  }

  answer() {
    const given = this.given();
    if (this.data.number ? numberIn(given) === null : !given) {
      this.say(this.data.number ? "A whole number is asked for." : "Choose one first.", "");
      return;
    }
    this.show(given, true);
    const detail = { gate: this.data.name, answer: given };
    document.dispatchEvent(new CustomEvent("tdx-answer", { detail }));
  }

  /** What is said of an answer, and all that stood behind the gate. */
  show(given, told) {
    const { number, options } = this.data;
    const one = number ? this.ofNumber(given) : options[Number(given) - 1];
    if (!one) return;
    const inputs = [...this.form.querySelectorAll("input")];
    if (number) inputs[0].value = given;
    else inputs.forEach(input => (input.checked = input.value === given));
    this.say(one.why, one.right ? "right" : "wrong");
    for (const [at, note] of this.place.querySelectorAll(".tdx-gate-why").entries()) {
      note.hidden = false;
      note.parentElement.classList.toggle("tdx-gate-right", Boolean(options?.[at].right));
    }
    for (const part of this.place.querySelectorAll(".tdx-gate-after")) part.hidden = false;
    this.fogged(false);
    if (told) this.said.scrollIntoView({ block: "nearest" });
  }

  ofNumber(given) {
    const { number, why, beliefs, otherwise } = this.data;
    const value = numberIn(given);
    if (value === null) return null;
    if (value === number.value) return { right: true, why };
    return { right: false, why: (beliefs.find(one => one.number === value) ?? { why: otherwise }).why };
  }

  say(words, kind) {
    const sign = kind ? [made("b", { class: `tdx-gate-${kind}` }, SIGNS[kind]), " "] : [];
    const parts = words.split(/`([^`]+)`/).map((part, i) => (i % 2 ? made("code", {}, part) : part));
    this.said.replaceChildren(...sign, ...parts);
  }

  /** A stepper behind the gate is there, and stands still until the gate is open. */
  fogged(closed) {
    for (const part of this.place.querySelectorAll(".tdx-gate-fog")) {
      part.inert = closed;
      part.classList.toggle("tdx-gate-closed", closed);
    }
  }
}

/** Opens to answers each gate of the page that does not listen yet. */
export function gatesHere() {
  for (const place of document.querySelectorAll(".tdx-gate:not([data-mounted])")) {
    place.dataset.mounted = "";
    Promise.resolve(dataIn(place.querySelector(":scope > script"))).then(data => new Gate(place, data));
  }
}
