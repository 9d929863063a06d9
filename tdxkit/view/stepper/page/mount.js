// Puts a stepper on the page, as a widget or in a static file, and joins it to its position, its keys, its kernel if
// there is one. The browser gets all files of this folder as one module: scripts.py joins them.

import { Controls } from "./controls.js";
import { clamp, el, put } from "./dom.js";
import { Foot } from "./foot.js";
import { Scheduler } from "./scheduler.js";
import { asText, inC, unpackedRun } from "./trace.js";
import { View } from "./view.js";
import { pathOf, unpackedGraph, walkData } from "./walk.js";

const QUIET = 120; // milliseconds the reader rests before the kernel is told the position
const LEFT_ALONE = "button,select,input,pre,code,[role=slider]"; // what keeps the focus that a click gives it

const unpacked = data => (data.graph ? unpackedGraph(data) : unpackedRun(data));

/** One position, one or two views of runs under it, controls, keys, scheduler. Positions here are the whole run's. */
class Stepper {
  /** top: {title, subtitle, views, total, offset}, see widget.py. hooks: position, lines, and what the kernel is told
   * by: onPosition(position), onLines(lines), ask(code), more(position). */
  constructor(top, hooks) {
    this.runs = top.views.map(unpacked);
    [this.base] = this.runs; // of a scheduler: the run that has not begun
    this.inC = hooks.lines === "c";
    this.path = this.base.graph ? this.base.path || [] : null; // of a scheduler: the edges taken
    Object.assign(this, { hooks, offset: top.offset || 0, total: top.total ?? 0, position: hooks.position || 0 });
    this.controls = new Controls(
      position => this.go(position),
      () => this.position,
      () => this.length(),
    );
    const pair = top.views.length > 1;
    const shown = this.shown();
    const seek = position => this.controls.hand(position + this.offset);
    this.views = shown.map(data => new View(data, { pair, seek }));
    const text = () => this.views.map(view => asText(view.trace)).join("\n\n");
    this.foot = new Foot({ card: this.base.card, open: this.opener(), text });
    this.scheduler = this.path ? this.makeScheduler() : null;
    this.ours = el("div", { class: "tdx-sub", hidden: "" });
    this.root = this.frame(top, pair);
    if (this.hasC()) this.controls.offerLines(this.inC, wanted => this.speak(wanted));
    this.root.addEventListener("keydown", event => this.onKey(event));
    this.root.addEventListener("pointerdown", event => {
      if (!event.target.closest(LEFT_ALONE)) this.root.focus({ preventScroll: true });
    });
  }

  frame({ title, subtitle }, pair) {
    const sub = el("div", { class: "tdx-sub" }, subtitle);
    const titles = el("div", { class: "tdx-titles" }, el("h3", {}, title), sub, this.ours);
    return el(
      "section",
      { class: `tdx tdx-stepper${pair ? " tdx-pair" : ""}`, "aria-label": `Stepper: ${title}`, tabindex: "-1" },
      el("header", { class: "tdx-head" }, titles, this.controls.box),
      el("div", { class: "tdx-views" }, ...this.views.map(view => view.root)),
      this.foot.box,
    );
  }

  makeScheduler() {
    const path = () => this.path.slice(0, this.position);
    const made = new Scheduler(this.base.graph, path, way => this.walk(way));
    this.views[0].slot.append(made.box);
    return made;
  }

  hasC() {
    return this.runs.some(run => run.c);
  }

  /** The data of the views, in the language that is chosen. */
  shown() {
    const runs = this.inC ? this.runs.map(inC) : this.runs;
    return this.path ? [walkData(runs[0], this.path)] : runs;
  }

  /** Shows the lanes in C, or in Python. */
  speak(wanted, tell = true) {
    if (wanted === this.inC || !this.hasC()) return;
    this.inC = wanted;
    this.controls.markLines(wanted);
    this.shown().forEach((data, i) => this.views[i].load(data));
    this.paint();
    this.foot.refresh();
    if (tell) this.hooks.onLines?.(wanted ? "c" : "python");
  }

  /** What opens a pasted code: the graph at hand, else the kernel, else nobody. */
  opener() {
    if (!this.path) return this.hooks.ask;
    return code => {
      const { path, error } = pathOf(this.base.graph, code);
      if (path) this.walk(path);
      this.answer(error || `It fits: ${path.length} steps.`);
    };
  }

  length() {
    return this.path ? this.path.length : this.total;
  }

  /** Goes another way through the graph, to its end. */
  walk(path) {
    this.path = path;
    this.views[0].load(this.shown()[0]);
    this.controls.hand(path.length);
  }

  /** Goes to a position; one of a long run that is not here is asked for. tell: the kernel hears of it. */
  go(wanted, tell = true) {
    const last = this.offset + Math.max(...this.views.map(view => view.trace.length));
    const { more, onPosition } = this.hooks;
    this.position = clamp(wanted, 0, this.length());
    const here = this.path || (this.position >= this.offset && this.position <= last);
    if (!here && !more) this.position = clamp(this.position, this.offset, last);
    if (!here && more) more(this.position);
    else this.paint();
    if (tell) onPosition?.(this.position);
  }

  paint() {
    const live = this.controls.playing() ? "off" : "polite";
    for (const view of this.views) {
      view.paint(this.position - this.offset);
      view.say.setAttribute("aria-live", live);
    }
    const [position, length] = [this.position, this.length()].map(number => number.toLocaleString("en"));
    this.controls.count.replaceChildren("step ", el("b", {}, position), ` of ${length}`);
    this.scheduler?.paint();
    const ours = this.views.map(view => view.trace.data.ours).find(Boolean) ?? "";
    put(this.ours, ours);
    this.ours.hidden = !ours;
    this.foot.paint(this.views[0].trace.data.code);
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input,select,pre")) return;
    const { key } = event;
    const to = this.target(key);
    if (to !== undefined) this.controls.hand(to);
    else if (key === " " && !event.target.closest("button")) this.controls.play.click();
    else if (key === "l" && this.hasC()) this.speak(!this.inC);
    else if (this.scheduler && /^[1-9]$/.test(key)) this.scheduler.key(Number(key));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Where a key leads, if it moves. */
  target(key) {
    const { position } = this;
    const marks = this.views[0].trace.data.marks.map(mark => mark + this.offset);
    const targets = {
      ArrowRight: position + 1,
      ArrowLeft: position - 1,
      Home: 0,
      End: this.length(),
      PageDown: marks.find(mark => mark > position) ?? this.length(),
      PageUp: marks.findLast(mark => mark < position) ?? 0,
    };
    return targets[key];
  }

  /** Shows another stretch of the run, or another run. */
  load(top, position) {
    this.offset = top.offset || 0;
    this.total = top.total;
    if (!this.path) {
      this.runs = top.views.map(unpacked);
      this.shown().forEach((data, i) => this.views[i].load(data));
    }
    this.go(position, false);
  }

  answer(text) {
    this.foot.answer(text);
  }

  stop() {
    this.controls.stop();
    for (const view of this.views) view.stop();
  }
}

/** Puts a stepper in place of what stands in `place`. */
export function mount(place, top, hooks = {}) {
  const stepper = new Stepper(top, hooks);
  place.replaceChildren(stepper.root);
  stepper.go(stepper.position, false);
  return stepper;
}

function render({ model, el: place }) {
  // The kernel echoes each position it is told. While the reader has gone on since, that echo is old news and must not
  // take them back.
  let waiting = null;
  let mine = 0; // the position last told; an echo may have changed the model's since
  const read = () => JSON.parse(model.get("data"));
  const send = () => {
    waiting = null;
    model.set("position", mine);
    model.save_changes();
  };
  const onPosition = position => {
    mine = position;
    model.set("position", mine);
    clearTimeout(waiting);
    waiting = setTimeout(send, QUIET);
  };
  const more = position => model.send({ more: position });
  const ask = model.get("asks") ? code => model.send({ ask: code }) : null;
  const onLines = lines => {
    model.set("lines", lines);
    model.save_changes();
  };
  const [position, lines] = [model.get("position"), model.get("lines")];
  const stepper = mount(place, read(), { position, lines, onPosition, onLines, more, ask });
  const heard = {
    "change:data": () => stepper.load(read(), model.get("position")),
    "change:position": () => {
      if (waiting === null) stepper.go(model.get("position"), false);
    },
    "change:lines": () => stepper.speak(model.get("lines") === "c", false),
    "msg:custom": message => {
      if (message.answer !== undefined) stepper.answer(message.answer);
    },
  };
  for (const [event, does] of Object.entries(heard)) model.on(event, does);
  return () => {
    clearTimeout(waiting);
    stepper.stop();
    for (const [event, does] of Object.entries(heard)) model.off(event, does);
  };
}

export default { render };
