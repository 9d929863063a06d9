// What a reader writes into a box is kept by this browser, under what the box began with: a kernel that stops, or a page that
// is loaded again, takes nothing along.

import { kept } from "../../kit/page/kept.js";
import { made } from "../../kit/page/made.js";

/** A name for a text: its length, and a sum over its letters. */
function named(text) {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return `tdx-written-${text.length}-${sum >>> 0}`;
}

export class Written {
  /** begun: the text that the box began with. */
  constructor(begun) {
    this.begun = begun;
    this.name = named(begun);
  }

  keep(text) {
    kept(this.name, text === this.begun ? null : text);
  }

  /** What was written here last stands on a sheet that shows what the box began with; changed(text) is told so. */
  comesBack(sheet, changed) {
    const last = kept(this.name);
    if (last === null || sheet.area.value !== this.begun) return;
    const load = text => {
      sheet.load(text);
      changed(text);
    };
    sheet.root.prepend(this.line(last, load));
    load(last);
  }

  /** A line that says what stands in the box, and changes between that and the beginning; load(text) shows one. */
  line(last, load) {
    const line = made("p", { class: "tdx-written", role: "status" });
    const say = (words, does, other, next) => {
      const button = made("button", {}, does);
      button.onclick = () => {
        load(other);
        next();
        line.querySelector("button").focus();
      };
      line.replaceChildren(words, button);
    };
    const mine = () => say("What you wrote here last, kept by this browser. ", "Begin anew", this.begun, anew);
    const anew = () => say("As it began. ", "Put back what I wrote", last, mine);
    mine();
    return line;
  }
}
