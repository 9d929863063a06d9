// A question that waits: what answers it stands behind it, unseen, until the reader has said something. Without a kernel as with one.

import { dataIn } from "./data_in.js";
import { made } from "./made.js";

const ALONE = "No kernel has heard this, and it is not in your progress: run this cell, and answer again.";
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
    this.form.addEventListener("keydown", event => {
      if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
      event.preventDefault(); // Lab keeps Enter from sending a form
      event.stopPropagation();
      this.answer();
    });
    if (this.data.answered) this.show(this.data.answered, false);
  }

  /** Is a number asked for, and no option? */
  get counts() {
    return this.data.number !== null;
  }

  /** What the reader has chosen or typed, as it is kept: an option's number from 1 on, or a number. */
  given() {
    if (!this.counts) return this.form.querySelector("input:checked")?.value ?? "";
    return this.form.querySelector("input").value.trim();
  }

  answer() {
    const given = this.given();
    if (this.counts ? numberIn(given) === null : !given) {
      this.say(this.counts ? "A whole number is asked for." : "Choose one first.", "");
      return;
    }
    this.show(given, true);
    const detail = { gate: this.data.name, answer: given, heard: false };
    document.dispatchEvent(new CustomEvent("tdx-answer", { detail }));
    if (!detail.heard && this.place.closest(".jp-NotebookPanel")) this.said.append(made("p", {}, ALONE));
  }

  /** What is said of an answer, and all that stood behind the gate. */
  show(given, told) {
    const inputs = [...this.form.querySelectorAll("input")];
    const whys = [...this.place.querySelectorAll(".tdx-gate-why")];
    const value = numberIn(given);
    const why = this.counts
      ? (whys.find(one => one.dataset.number === String(value)) ?? whys.at(-1))
      : whys[Number(given) - 1];
    if (!why || value === null) return;
    if (this.counts) inputs[0].value = given;
    else inputs.forEach(input => (input.checked = input.value === given));
    const right = this.counts ? value === this.data.number : this.data.right[Number(given) - 1];
    this.say([...why.cloneNode(true).childNodes], right ? "right" : "wrong");
    if (!this.counts) {
      for (const [at, note] of whys.entries()) {
        note.hidden = false;
        note.parentElement.classList.toggle("tdx-gate-right", this.data.right[at]);
      }
    }
    for (const part of this.place.querySelectorAll(".tdx-gate-after")) part.hidden = false;
    this.opened();
    if (told) this.said.scrollIntoView({ block: "nearest" });
  }

  say(words, kind) {
    const sign = kind ? [made("b", { class: `tdx-gate-${kind}` }, SIGNS[kind]), " "] : [];
    this.said.replaceChildren(...sign, ...[words].flat());
  }

  /** A stepper behind the gate is there, and has stood still until now. */
  opened() {
    for (const part of this.place.querySelectorAll(".tdx-gate-fog")) {
      part.inert = false;
      part.classList.remove("tdx-gate-closed");
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
