// Explains words where a page first uses them: in each stretch of prose the first of its kind gets its meaning, on hover and on focus.

import { dataIn } from "./data_in.js";
import { made } from "./made.js";

const PROSE =
  ".jp-RenderedMarkdown, .jp-MarkdownCell .jp-RenderedHTMLCommon, .text_cell_render, table.tdx-plain, .tdx-gate-words, .tdx-task";
const LEFT_OUT = "a, code, pre, abbr, script, style, svg, button, summary, h1, h2, h3, h4, th, caption, .tdx-stepper";
const LETTER = /[\p{L}\p{N}_]/u;

class Words {
  constructor(place, { words, keys, links }) {
    this.list = place.querySelector("ul");
    this.known = { ...words, ...keys };
    this.links = links;
    this.keys = keys; // what stands in brackets, or alone: a B4 elsewhere may be a turn in a schedule
    this.met = new Set();
    const spelt = Object.keys(this.known).sort((one, other) => other.length - one.length);
    this.any = new RegExp(spelt.map(word => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
    for (const word of document.querySelectorAll("abbr.tdx-word")) this.told(word.dataset.word); // the cell ran before
    this.look();
    this.waiting = 0;
    this.observer = new MutationObserver(() => {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.look(), 200);
    });
    this.observer.observe(document.body, { childList: true, subtree: true });
  }

  look() {
    for (const part of document.querySelectorAll(PROSE)) {
      if (part.dataset.words) continue;
      part.dataset.words = "seen";
      this.explain(part);
    }
  }

  /** The first of each word in a stretch of prose. */
  explain(part) {
    const here = new Set();
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) if (!walker.currentNode.parentElement.closest(LEFT_OUT)) texts.push(walker.currentNode);
    for (const text of texts) this.inText(text, here);
    for (const code of part.querySelectorAll("code")) this.inCode(code, here);
  }

  /** A source is explained where its id stands as code, alone; a word that is code is a name, and a B4 a turn in a schedule. */
  inCode(code, here) {
    const key = code.textContent;
    if (
      !Object.hasOwn(this.keys, key) ||
      /^B\d+$/.test(key) ||
      here.has(this.keys[key]) ||
      code.closest("pre, a") ||
      code.children.length
    )
      return;
    here.add(this.keys[key]);
    this.told(key);
    code.replaceChildren(this.explained(key));
  }

  inText(text, here) {
    const said = text.data;
    const parts = [];
    let from = 0;
    for (const found of said.matchAll(this.any)) {
      const word = found[0];
      const end = found.index + word.length;
      const plural = said[end] === "s" && !LETTER.test(said[end + 1] ?? " ");
      const whole = !LETTER.test(said[found.index - 1] ?? " ") && (plural || !LETTER.test(said[end] ?? " "));
      const bracketed =
        /[([]$|^$/.test(said.slice(0, found.index).trim()) && /^[)\],;:]|^$/.test(said.slice(end).trim());
      const common = word === word.toLowerCase() && this.met.has(this.known[word]); // "run", "step": once a page is enough
      if (!whole || common || (word in this.keys && !bracketed) || here.has(this.known[word]) || found.index < from)
        continue;
      here.add(this.known[word]);
      this.told(word);
      const shown = plural ? `${word}s` : word;
      parts.push(said.slice(from, found.index), this.explained(word, shown));
      from = found.index + shown.length;
    }
    if (parts.length) text.replaceWith(...parts, said.slice(from));
  }

  /** A word, as it is shown, with its meaning; a source that has a page of the web leads there. */
  explained(word, shown = word) {
    const told = { class: "tdx-word", title: this.known[word], "data-word": word };
    const href = this.links[word];
    if (!href) return made("abbr", { ...told, tabindex: "0" }, shown);
    const link = { href, target: "_blank", rel: "noopener noreferrer" };
    return made("a", link, made("abbr", told, shown));
  }

  /** The list of what this page uses, in the order of the alphabet. */
  told(word) {
    if (this.met.has(this.known[word])) return;
    this.met.add(this.known[word]);
    const row = made("li", {}, made("b", {}, word), `: ${this.known[word]}`);
    const next = [...this.list.children].find(
      one => one.textContent.localeCompare(row.textContent, "en", { sensitivity: "base" }) > 0,
    );
    this.list.insertBefore(row, next ?? null);
  }
}

/** Explains the words of the page, once. */
export async function wordsHere() {
  for (const place of document.querySelectorAll(".tdx-words:not([data-mounted])")) {
    place.dataset.mounted = "";
    const known = await dataIn(place.querySelector("script"));
    document.tdxWords?.observer.disconnect();
    document.tdxWords = new Words(place, known);
  }
}
