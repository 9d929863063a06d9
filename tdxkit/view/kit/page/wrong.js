// A text to mail about a sentence that is wrong: what stands in the fields goes into it, and a button copies it.

import { SAID_FOR, copy } from "./copy.js";
import { dataIn } from "./data_in.js";

class Wrong {
  constructor(place, template) {
    this.place = place;
    this.template = template;
    [this.cell, this.sentence, this.code] = place.querySelectorAll("select, input");
    this.text = place.querySelector("pre");
    for (const field of [this.cell, this.sentence, this.code]) {
      field.addEventListener("input", () => this.write());
      field.addEventListener("keydown", event => event.stopPropagation()); // Lab has keys of its own
    }
    place.querySelector("button").onclick = () => this.take();
    this.write();
  }

  write() {
    const { section, mark } = this.cell.selectedOptions[0].dataset;
    const sentence = this.sentence.value.trim().replace(/\s+/g, " ") || "…";
    const said = { cell: this.cell.value, section, mark, sentence, code: this.code.value.trim() };
    this.text.textContent = this.template.replace(/\{(\w+)\}/g, (hole, name) => said[name] ?? hole);
  }

  async take() {
    const said = this.place.querySelector("[role=status]");
    said.textContent = await copy(this.text.textContent, this.text);
    setTimeout(() => (said.textContent = ""), SAID_FOR);
  }
}

/** Lets the texts of the page be filled in. */
export async function wrongHere() {
  for (const place of document.querySelectorAll(".tdx-wrong:not([data-mounted])")) {
    place.dataset.mounted = "";
    place.tdxWrong = new Wrong(place, await dataIn(place.querySelector("script")));
  }
}
