// A sheet of code: a plain textarea, and under it the same text in colours, and beside it the numbers of the lines. The
// textarea is as large as its text and the frame around all three scrolls, so they cannot come apart; typing, selection,
// undo and what a screen reader reads are the textarea's own.

import { made } from "../../kit/page/made.js";
import { colouredLines } from "./words.js";

const SIGNS = { slip: "✗", broken: "▸" };
const EDITING = "acvxyz"; // with Ctrl: the textarea's own
const HELP = "Tab indents; Escape, then Tab leaves the box. Ctrl+Enter judges.";

/** How many lines two texts share at their beginning, and then at their end. */
function shared(before, after) {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return { head, tail };
}

export class Sheet {
  /** changed(text): the reader typed; judge(): the reader asks for a verdict. */
  constructor({ changed, judge }) {
    Object.assign(this, { changed, judge, language: "c", lines: [], marks: [], leaving: false, hidden: 0 });
    const plain = { spellcheck: "false", autocomplete: "off", autocorrect: "off", autocapitalize: "off", wrap: "off" };
    const id = `tdx-${Math.random().toString(36).slice(2, 12)}`;
    const shortcuts = { "data-lm-suppress-shortcuts": "true", "data-gramm": "false" };
    this.area = made("textarea", { ...plain, ...shortcuts, maxlength: "200000", "aria-describedby": `${id}h ${id}s` });
    this.gutter = made("div", { class: "tdx-gutter", "aria-hidden": "true" });
    this.ink = made("div", { class: "tdx-ink", "aria-hidden": "true" });
    this.frame = made(
      "div",
      { class: "tdx-frame" },
      this.gutter,
      made("div", { class: "tdx-leaf" }, this.ink, this.area),
    );
    this.slips = made("ul", { class: "tdx-slips" });
    const said = made("div", { id: `${id}s`, role: "status", "aria-live": "polite" }, this.slips);
    const help = made("p", { class: "tdx-help", id: `${id}h` }, HELP);
    this.root = made("section", { class: "tdx tdx-editor tex2jax_ignore mathjax_ignore" }, this.frame, said, help);
    this.watch = new ResizeObserver(() => this.hidden && this.reveal(this.hidden));
    this.watch.observe(this.frame);
    this.area.addEventListener("input", () => this.typed());
    this.area.addEventListener("keydown", event => this.onKey(event));
    this.area.addEventListener("blur", () => this.changed(this.area.value, true));
  }

  /** Shows another text. */
  load(text) {
    if (text !== this.area.value) this.area.value = text;
    this.paint();
  }

  speak(language, label) {
    this.language = language;
    this.area.setAttribute("aria-label", label);
    this.paint();
  }

  /** Marks lines: {line, column, kind, said}, lines from 1; column 0: the whole line. */
  mark(marks) {
    this.marks = marks;
    this.paintMarks();
    const [first] = marks;
    if (first && (first.kind === "broken" || document.activeElement !== this.area)) this.reveal(first.line);
  }

  typed() {
    const before = this.lines;
    const after = this.area.value.split("\n");
    const { head, tail } = shared(before, after);
    const moved = ({ line, ...rest }) => ({
      ...rest,
      line: line > head && line > before.length - tail ? line + after.length - before.length : line,
    });
    const touched = ({ line }) => line > head && line <= before.length - tail;
    const stays = mark => mark.kind === "slip" || !touched(mark); // of a slip the kernel says when it is mended
    this.marks = this.marks
      .filter(stays)
      .map(moved)
      .filter(({ line }) => line <= after.length);
    this.paint();
    this.changed(this.area.value, false);
  }

  paint() {
    this.lines = this.area.value.split("\n");
    const coloured = colouredLines(this.area.value, this.language);
    for (const part of [this.gutter, this.ink]) {
      while (part.children.length > coloured.length) part.lastChild.remove();
      while (part.children.length < coloured.length) part.append(made("div"));
    }
    coloured.forEach((pieces, i) => {
      const row = this.ink.children[i];
      const key = JSON.stringify(pieces);
      if (row.key !== key) {
        row.key = key;
        row.replaceChildren(
          ...pieces.map(([kind, text]) => (kind ? made("span", { class: `tdx-c-${kind}` }, text) : text)),
        );
      }
    });
    this.gutter.style.minWidth = `${String(coloured.length).length + 3}ch`;
    this.paintMarks();
  }

  paintMarks() {
    const at = new Map(this.marks.map(mark => [mark.line, mark]));
    [...this.gutter.children].forEach((row, i) => {
      const mark = at.get(i + 1);
      const words = `${mark ? SIGNS[mark.kind] : ""} ${i + 1}`;
      if (row.textContent !== words) row.textContent = words;
      for (const part of [row, this.ink.children[i]]) part.className = mark ? `tdx-${mark.kind}` : "";
    });
    this.area.setAttribute("aria-invalid", String(this.marks.some(mark => mark.kind === "slip")));
    const said = JSON.stringify(this.marks);
    if (this.said === said) return;
    this.said = said;
    this.slips.replaceChildren(...this.marks.map(mark => this.slip(mark)));
  }

  /** What is said of a mark; a click leads there. */
  slip(mark) {
    const go = made("button", {}, `line ${mark.line}`);
    go.onclick = () => this.goTo(mark);
    const said = mark.said.split(/`([^`]*)`/).map((part, i) => (i % 2 ? made("code", {}, part) : part));
    return made("li", { class: `tdx-${mark.kind}` }, `${SIGNS[mark.kind]} `, go, " ", ...said);
  }

  goTo({ line, column }) {
    const start = this.lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    const at = start + Math.max(0, column - 1);
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(at, at);
    this.reveal(line);
  }

  /** Brings a line into sight. */
  reveal(line) {
    const row = this.gutter.children[line - 1];
    const { frame } = this;
    this.hidden = frame.clientHeight ? 0 : line; // it has no size before it is on the page
    if (
      frame.clientHeight &&
      row &&
      (row.offsetTop < frame.scrollTop || row.offsetTop + row.offsetHeight > frame.scrollTop + frame.clientHeight)
    ) {
      frame.scrollTop = row.offsetTop - frame.clientHeight / 2;
    }
  }

  onKey(event) {
    const { key } = event;
    const leaving = this.leaving;
    this.leaving = key === "Escape" || (leaving && key === "Shift");
    if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
      this.changed(this.area.value, true);
      this.judge();
    } else if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
      if (key.length > 1 || EDITING.includes(key.toLowerCase())) event.stopPropagation(); // else Lab undoes in a cell
      return;
    } else if (key === "Tab" && !leaving) this.indent(event.shiftKey);
    else if (key === "Enter") this.insert(`\n${this.indentation()}`);
    else {
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** The blanks at the beginning of the line in which the selection begins, as far as they stand before it. */
  indentation() {
    const { value, selectionStart } = this.area;
    return /^[ \t]*/.exec(value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart))[0];
  }

  /** Puts text in place of the selection, as typing does: it can be undone. */
  insert(text) {
    const done = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
    if (done) return;
    this.area.setRangeText(text, this.area.selectionStart, this.area.selectionEnd, "end");
    this.typed();
  }

  /** One step in, or out: of the lines that are selected; where none are, in at the caret. */
  indent(out) {
    const { area } = this;
    const one = this.language === "python" ? "    " : "\t";
    const { value, selectionStart: from, selectionEnd: to } = area;
    if (!out && from === to) {
      this.insert(one);
      return;
    }
    const first = value.lastIndexOf("\n", from - 1) + 1;
    const newline = value.indexOf("\n", Math.max(from, to - 1));
    const last = newline < 0 ? value.length : newline;
    const step = line => (out ? line.replace(/^(?:\t| {1,4})/, "") : line && one + line);
    const lines = value.slice(first, last).split("\n");
    const moved = lines.map(step);
    if (moved.join("\n") === lines.join("\n")) return;
    area.setSelectionRange(first, last);
    this.insert(moved.join("\n"));
    const shift = moved[0].length - lines[0].length;
    const end = to + moved.join("\n").length - (last - first);
    area.setSelectionRange(Math.max(first, from + shift), Math.max(first, end));
  }
}
