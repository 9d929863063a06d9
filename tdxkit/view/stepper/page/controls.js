// The controls of a stepper: first, back, play, next, last, speed, form, the count of steps, and in long runs chapters
// and a filter.

import { button, choice, el, svgEl, thousands } from "./dom.js";

const ICONS = {
  First: "M1 1h2v12H1zM13 1v12L4 7z",
  Back: "M9.6 1.2l1.7 1.7L7.2 7l4.1 4.1-1.7 1.7L3.8 7z",
  Play: "M3 1l9 6-9 6z",
  Pause: "M2 1h4v12H2zM8 1h4v12H8z",
  Next: "M4.4 1.2L2.7 2.9 6.8 7l-4.1 4.1 1.7 1.7L10.2 7z",
  Last: "M11 1h2v12h-2zM1 1v12l9-6z",
};
const SPEEDS = [0.5, 1, 2, 4, 8].map(speed => [`${speed}×`, speed]);
const SHAPES = [
  ["fitted", "fitted"],
  ["compact", "compact"],
  ["projector", "projector"],
];
const PACE = 800; // milliseconds a step at speed 1

const icon = name => svgEl("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, svgEl("path", { d: ICONS[name] }));

function iconButton(name, does) {
  const made = button(icon(name), { class: "tdx-icon", "aria-label": name, title: name });
  made.onclick = does;
  return made;
}

/** Moves by `go(position)`; `at()` is the present position, `length()` the last, `step(ahead)` where one step leads;
 * `idle()` is called where there is nothing to play. */
export class Controls {
  constructor({ go, at, length, step, form, idle }) {
    Object.assign(this, { go, at, length, step, idle, timer: null });
    this.count = el("span", { class: "tdx-count" });
    this.speed = choice("Speed", SPEEDS, 1);
    this.form = choice("Form", SHAPES, "fitted", form);
    this.play = iconButton("Play", () => (this.playing() ? this.stop() : this.start()));
    this.box = el(
      "div",
      { class: "tdx-controls", role: "group", "aria-label": "Step controls" },
      iconButton("First", () => this.hand(0)),
      iconButton("Back", () => this.hand(step(-1))),
      this.play,
      iconButton("Next", () => this.hand(step(1))),
      iconButton("Last", () => this.hand(length())),
      this.count,
      this.speed,
    );
  }

  /** A choice of the lanes' language: `show(inC)` is called for the reader's. */
  offerLines(inC, show) {
    const way = (name, isC) =>
      button(name, { "aria-pressed": "false", title: `Lanes in ${name} (key l)`, "data-c": isC });
    this.ways = [way("Python", "no"), way("C", "yes")];
    for (const one of this.ways) one.onclick = () => show(one.dataset.c === "yes");
    this.box.append(el("span", { class: "tdx-ways", role: "group", "aria-label": "Lines of the lanes" }, ...this.ways));
    this.markLines(inC);
  }

  markLines(inC) {
    for (const one of this.ways) one.setAttribute("aria-pressed", String((one.dataset.c === "yes") === inC));
  }

  /** A button that shows all that is still hidden. */
  offerAll(show) {
    const made = button("show all", { class: "tdx-fog tdx-of-run", title: "Show also what has not been visited" });
    made.onclick = () => {
      made.remove();
      show();
    };
    this.box.append(made);
  }

  /** A button that takes the run over, or goes back to it: `turn()` does the one and the other. */
  offerOver(turn) {
    this.over = button("", { class: "tdx-over", title: "Choose yourself who moves next, from this step on (key o)" });
    this.over.onclick = turn;
    this.box.append(this.over);
    this.markOver(false);
  }

  /** Shows whether the run is taken over; what belongs to the run alone gives way then. */
  markOver(taken) {
    this.over.replaceChildren(taken ? "back to the run" : "take over from here");
    for (const one of this.box.querySelectorAll(".tdx-of-run")) one.hidden = taken;
  }

  /** Chapters: [title, position] each. */
  offerChapters(chapters) {
    const made = choice("Chapter", [["chapter …", ""], ...chapters], "", at => at !== "" && this.hand(Number(at)));
    made.classList.add("tdx-of-run");
    this.box.append(made);
    this.chapters = { made, starts: chapters.map(([, at]) => at) };
  }

  /** A filter: steps that touch one of these names; `only(name)` hears of the reader's choice, "" for all. */
  offerFilter(names, only) {
    const options = [["all steps", ""], ...names.map(name => [`with ${name}`, name])];
    this.rank = el("span", { class: "tdx-rank tdx-of-run" });
    const made = choice("Steps that touch", options, "", only);
    made.classList.add("tdx-of-run");
    this.box.append(made, this.rank);
  }

  /** Shows a position of so many steps, null where it is not said how many. */
  paintCount(position, length) {
    const of = length === null ? "" : thousands(length);
    const number = el("b", { style: `min-width:${of.length || 2}ch` }, thousands(position)); // nothing beside it moves
    this.count.replaceChildren("step ", number, of && ` of ${of}`);
  }

  /** Shows the chapter of a position. */
  markChapter(position) {
    if (!this.chapters) return;
    const { made, starts } = this.chapters;
    const now = starts.filter(at => at <= position).at(-1);
    made.value = now === undefined ? "" : String(now);
  }

  playing() {
    return this.timer !== null;
  }

  /** Goes where the reader's own hand leads; what plays stops. */
  hand(position) {
    this.stop();
    this.go(position);
  }

  start() {
    if (!this.length()) {
      this.idle();
      return;
    }
    if (this.at() >= this.length()) this.go(0);
    this.offer("Pause");
    this.wait();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.offer("Play");
  }

  wait() {
    this.timer = setTimeout(() => this.tick(), PACE / Number(this.speed.value));
  }

  tick() {
    const next = this.step(1);
    if (next <= this.at()) {
      this.stop();
      return;
    }
    this.go(next);
    this.wait();
  }

  /** What the button in the middle offers: Play or Pause. */
  offer(name) {
    if (this.play.getAttribute("aria-label") === name) return;
    this.play.replaceChildren(icon(name));
    this.play.setAttribute("aria-label", name);
    this.play.title = name;
  }
}
