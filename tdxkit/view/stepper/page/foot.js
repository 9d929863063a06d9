// The foot of a stepper: schedule code to copy, box to paste one, fidelity card, the run as text.

import { SAID_FOR, copy } from "../../kit/page/copy.js";
import { button, el, put } from "./dom.js";

/** open(code) shows the run of a pasted code, null where nobody can; text() is the run in words; keep() saves it as a
 * file, null where it cannot; form is the choice of its form. */
export class Foot {
  constructor({ card, open, text, keep, form }) {
    this.filling = []; // what fills each panel anew, where it is open
    this.panels = new Map(); // by name, the button of each
    this.code = el("code", { class: "tdx-schedule", "aria-label": "Schedule code" });
    this.copyButton = button("copy");
    this.links = el("span", { class: "tdx-links" });
    this.said = el("output", { "aria-live": "polite" });
    this.replay = el("span", {}, "Replay");
    this.box = el("div", {}, el("div", { class: "tdx-foot" }, this.replay, this.code, this.copyButton, this.links));
    this.copyButton.onclick = () => this.take();
    if (open) this.panel("paste a schedule", inner => inner.firstChild || this.fillPaste(inner, open));
    if (Object.values(card).some(entries => entries.length)) {
      this.panel("what this model leaves out", inner => inner.replaceChildren(cardList(card)));
    }
    this.panel("as text", inner => inner.replaceChildren(el("pre", { tabindex: "0" }, text())), "key t");
    this.links.prepend(form);
    if (keep) {
      const saves = button("save as one file", { title: "An HTML file that steps without a kernel and a network" });
      saves.onclick = keep;
      this.links.append(saves);
    }
  }

  /** Opens or closes a panel. */
  toggle(name) {
    this.panels.get(name)?.click();
  }

  /** A button that opens and closes a section, filled each time it opens. */
  panel(name, fill, hint = null) {
    const inner = el("div", { role: "group", class: "tdx-panel", hidden: "", "aria-label": name });
    this.filling.push(() => inner.hidden || fill(inner));
    const link = button(name, { "aria-expanded": "false", title: hint });
    this.panels.set(name, link);
    link.onclick = () => {
      inner.hidden = !inner.hidden;
      link.setAttribute("aria-expanded", String(!inner.hidden));
      if (inner.hidden) return;
      fill(inner);
      inner.scrollIntoView({ block: "nearest" });
    };
    this.links.append(link);
    this.box.append(inner);
  }

  /** Fills what is open anew. */
  refresh() {
    for (const fill of this.filling) fill();
  }

  fillPaste(inner, open) {
    const [head] = this.code.textContent.split(" ");
    const limits = { maxlength: "4000", spellcheck: "false" };
    const input = el("input", { "aria-label": "A schedule code", placeholder: `${head} A9 B15 …`, ...limits });
    const form = el("form", { class: "tdx-paste" }, input, el("button", { type: "submit" }, "Run it"), this.said);
    input.onkeydown = event => {
      if (event.key !== "Enter") return; // inside Lab's outputs Enter sends no form by itself
      event.preventDefault();
      form.requestSubmit();
    };
    form.onsubmit = event => {
      event.preventDefault();
      this.answer("");
      open(input.value);
    };
    inner.append(form);
    input.focus();
  }

  async take() {
    put(this.copyButton, await copy(this.code.textContent, this.code));
    setTimeout(() => put(this.copyButton, "copy"), SAID_FOR);
  }

  /** Shows the code of the present run; without one its row is hidden. */
  paint(code) {
    put(this.code, code);
    for (const node of [this.code, this.copyButton, this.replay]) node.hidden = !code;
  }

  answer(text) {
    put(this.said, text);
  }
}

function cardList(card) {
  const list = el("dl", { class: "tdx-card" });
  for (const [kind, entries] of Object.entries(card)) {
    const items = entries.map(entry => el("li", {}, entry));
    if (items.length)
      list.append(el("dt", {}, kind.charAt(0).toUpperCase() + kind.slice(1)), el("dd", {}, el("ul", {}, ...items)));
  }
  return list;
}
