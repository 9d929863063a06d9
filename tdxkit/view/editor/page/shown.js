// Colours for code that is only shown: the same words in the same colours as in the box. Without this script it is there in one colour.

import { colouredLines } from "./words.js";

function colour(text) {
  const lines = [...text.querySelectorAll("span[data-n]")];
  const whole = lines.map(line => line.textContent.replace(/\n$/, "")).join("\n");
  colouredLines(whole, text.dataset.language).forEach((pieces, at) => {
    const parts = pieces.map(([kind, words]) => {
      if (!kind) return words;
      const part = document.createElement("span");
      part.className = `tdx-c-${kind}`;
      part.textContent = words;
      return part;
    });
    lines[at].replaceChildren(...parts, "\n");
  });
}

/** Colours all code of the page that has no colours yet. */
export function colourHere() {
  for (const text of document.querySelectorAll("pre.tdx-shown:not([data-mounted])")) {
    text.dataset.mounted = "";
    colour(text);
  }
}
