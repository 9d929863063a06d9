// The controls of a stepper: first, back, play, next, last, speed, and the count of steps.

import { button, el, svgEl } from "./dom.js";

const ICONS = {
  First: "M1 1h2v12H1zM13 1v12L4 7z",
  Back: "M9.6 1.2l1.7 1.7L7.2 7l4.1 4.1-1.7 1.7L3.8 7z",
  Play: "M3 1l9 6-9 6z",
  Pause: "M2 1h4v12H2zM8 1h4v12H8z",
  Next: "M4.4 1.2L2.7 2.9 6.8 7l-4.1 4.1 1.7 1.7L10.2 7z",
  Last: "M11 1h2v12h-2zM1 1v12l9-6z",
};
const SPEEDS = [0.5, 1, 2, 4, 8];
const PACE = 800; // milliseconds a step at speed 1

const icon = name => svgEl("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, svgEl("path", { d: ICONS[name] }));

function iconButton(name, does) {
  const made = button(icon(name), { class: "tdx-icon", "aria-label": name, title: name });
  made.onclick = does;
  return made;
}

/** Moves by `go(position)`; `at()` is the present position, `length()` the last. */
export class Controls {
  constructor(go, at, length) {
    Object.assign(this, { go, at, length, timer: null });
    const choices = SPEEDS.map(speed => el("option", { value: speed, selected: speed === 1 ? "" : null }, `${speed}×`));
    this.count = el("span", { class: "tdx-count" });
    this.speed = el("select", { "aria-label": "Speed", title: "Speed" }, ...choices);
    this.play = iconButton("Play", () => (this.playing() ? this.stop() : this.start()));
    this.box = el(
      "div",
      { class: "tdx-controls", role: "group", "aria-label": "Step controls" },
      iconButton("First", () => this.hand(0)),
      iconButton("Back", () => this.hand(at() - 1)),
      this.play,
      iconButton("Next", () => this.hand(at() + 1)),
      iconButton("Last", () => this.hand(length())),
      this.speed,
      this.count,
    );
  }

  /** A choice of the lanes' language, put after the speed: `show(inC)` is called for the reader's. */
  offerLines(inC, show) {
    const way = (name, isC) =>
      button(name, { "aria-pressed": "false", title: `Lanes in ${name} (key l)`, "data-c": isC });
    this.ways = [way("Python", "no"), way("C", "yes")];
    for (const one of this.ways) one.onclick = () => show(one.dataset.c === "yes");
    const box = el("span", { class: "tdx-ways", role: "group", "aria-label": "Lines of the lanes" }, ...this.ways);
    this.count.before(box);
    this.markLines(inC);
  }

  markLines(inC) {
    for (const one of this.ways) one.setAttribute("aria-pressed", String((one.dataset.c === "yes") === inC));
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
    if (this.at() >= this.length()) {
      this.stop();
      return;
    }
    this.go(this.at() + 1);
    this.wait();
  }

  /** What the button in the middle offers: Play or Pause. */
  offer(name) {
    this.play.replaceChildren(icon(name));
    this.play.setAttribute("aria-label", name);
    this.play.title = name;
  }
}
