// Puts a stepper on the page, as a widget or where a page holds one, and joins it to its position, its keys, its kernel
// if there is one. The browser gets all files of this folder as one module: scripts.py joins them.

import { Controls } from "./controls.js";
import { clamp, el, put } from "./dom.js";
import { Foot } from "./foot.js";
import { formOf, onResized, reform } from "./forms.js";
import { onKey } from "./keys.js";
import { fillMap, hasMap, MAP } from "./map.js";
import { comeBack, opener, scheduling, takable, takeOver, walkable } from "./over.js";
import { save } from "./save.js";
import { asText } from "./told.js";
import { inC, touching, unpackedRun } from "./trace.js";
import { View } from "./view.js";
import { unpackedGraph, walkData } from "./walk.js";

const LEFT_ALONE = "button,select,input,summary,pre,code,[role=slider]"; // what keeps the focus that a click gives it
const LONG = 40; // steps from which on there is a filter

const unpacked = data => (data.graph ? unpackedGraph(data) : unpackedRun(data));

/** One position, one or two views of runs under it, controls, keys, scheduler. Positions here are the whole run's. */
class Stepper {
  /** top: {title, subtitle, views, total, offset, first, fog}, see widget.py. hooks: position, lines, source, and what
   * the kernel is told by: onPosition(position), onLines(lines), ask(code), more(position). */
  constructor(top, hooks) {
    this.runs = top.views.map(unpacked);
    [this.base] = this.runs; // of a scheduler: the run that has not begun
    this.inC = hooks.lines === "c" && this.hasC();
    this.path = this.base.graph ? this.base.path || [] : null; // of a scheduler: the edges taken
    Object.assign(this, { hooks, position: hooks.position || 0, fog: Boolean(top.fog), only: null, chosen: "fitted" });
    this.taken = null; // of a run that the reader has taken over what it was
    this.span(top);
    this.controls = new Controls({
      go: position => this.go(position),
      at: () => this.position,
      length: () => this.length(),
      step: ahead => this.step(ahead),
      form: form => reform(this, form),
      idle: () => this.scheduler?.say("Nothing to play yet: choose who moves first."),
    });
    const pair = top.views.length > 1;
    const seek = position => this.controls.hand(position);
    this.views = this.shown().map(data => new View(data, { pair, form: formOf(this), fog: this.fog, seek }));
    const text = () => this.views.map(view => asText(view.trace)).join("\n\n");
    const keep = hooks.source ? () => this.save(text()) : null;
    const { form } = this.controls;
    this.foot = new Foot({ card: this.base.card, open: opener(this), text, keep, form });
    this.scheduler = this.path ? this.makeScheduler() : null;
    this.ours = el("div", { class: "tdx-sub", hidden: "" });
    this.root = this.frame(top, pair);
    this.offer();
    this.listen();
  }

  /** Which stretch of a run is here. */
  span(top) {
    Object.assign(this, { offset: top.offset || 0, first: top.first || 0, total: top.total ?? 0, top });
  }

  frame({ title, subtitle }, pair) {
    const sub = el("div", { class: "tdx-sub" }, subtitle);
    const titles = el("div", { class: "tdx-titles" }, el("h3", {}, title), sub, this.ours);
    return el(
      "div",
      {
        role: "group",
        class: `tdx tdx-stepper${pair ? " tdx-pair" : ""}`,
        "aria-label": `Stepper: ${title}`,
        tabindex: "-1",
      },
      el("div", { class: "tdx-head" }, titles, this.controls.box),
      el("div", { class: "tdx-views" }, ...this.views.map(view => view.root)),
      this.foot.box,
    );
  }

  /** The controls that only some runs have. */
  offer() {
    const { chapters = [], keys, steps } = this.base;
    if (this.hasC()) this.controls.offerLines(this.inC, wanted => this.speak(wanted));
    if (this.fog) this.controls.offerAll(() => this.showAll());
    if (!this.path && takable(this.runs) >= 0)
      this.controls.offerOver(() => (this.taken ? comeBack(this) : takeOver(this)));
    if (hasMap(this)) this.foot.panel(MAP, inner => fillMap(this, inner), "key m");
    if (this.path || this.fog) return;
    if (chapters.length)
      this.controls.offerChapters(chapters.map(([at, title]) => [`${at + this.offset}: ${title}`, at + this.offset]));
    const often = key => steps.filter(step => step.changes.some(([one]) => one === key)).length > 1;
    const names = steps.length > LONG ? keys.filter((_, key) => often(key)) : [];
    if (names.length > 1) this.controls.offerFilter(names, name => this.filter(name));
  }

  listen() {
    this.root.addEventListener("keydown", event => onKey(this, event));
    this.root.addEventListener("pointerdown", event => {
      if (!event.target.closest(LEFT_ALONE)) this.root.focus({ preventScroll: true });
    });
    this.unfit = onResized(() => reform(this, this.chosen));
    reform(this, this.chosen);
  }

  /** taken: {own, goal} of a run that is taken over, see Scheduler. */
  makeScheduler(taken) {
    const { beyond, won, next } = this.hooks;
    const game = this.base.game ? { won, next } : {};
    return scheduling(this, { ...(beyond && { more: () => beyond(this.code()) }), ...game, ...taken });
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

  showAll() {
    this.fog = false;
    for (const view of this.views) view.showAll();
    this.paint();
    this.root.focus({ preventScroll: true });
  }

  /** Only steps that touch this name are stopped at, "" for all. */
  filter(name) {
    this.only = name ? touching(this.views[0].trace, name) : null;
    this.paint();
  }

  code() {
    return this.views[0].trace.data.code;
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

  /** Where one step ahead or back leads. */
  step(ahead) {
    const there = this.only?.map(at => at + this.offset);
    if (!there) return clamp(this.position + ahead, 0, this.length());
    const found = ahead > 0 ? there.find(at => at > this.position) : there.findLast(at => at < this.position);
    return found ?? this.position;
  }

  /** Goes to a position; one of a long run that is not here is asked for. tell: the kernel hears of it. */
  go(wanted, tell = true) {
    const last = Math.max(...this.views.map(view => view.trace.offset + view.trace.length));
    const { more, onPosition } = this.hooks;
    this.position = clamp(wanted, 0, this.length());
    const here = this.path || (this.position >= this.first && this.position <= last);
    if (!here && !more) this.position = clamp(this.position, this.first, last);
    if (!here && more) more(this.position);
    else this.paint();
    if (tell && !this.taken) onPosition?.(this.position);
  }

  paint() {
    const live = this.controls.playing() ? "off" : "polite";
    for (const view of this.views) {
      view.paint(this.position);
      view.said.box.setAttribute("aria-live", live);
    }
    this.paintCount();
    this.controls.markChapter(this.position);
    this.scheduler?.paint();
    if (this.map?.box.isConnected) fillMap(this, this.map.box.parentNode);
    put(this.ours, this.views.map(view => view.trace.data.ours).find(Boolean) ?? "");
    this.ours.hidden = !this.ours.textContent;
    const { trace } = this.views[0];
    this.foot.paint(trace.seen < trace.length ? "" : trace.data.code);
  }

  paintCount() {
    const isFogged = this.views.some(view => view.trace.seen < view.trace.length);
    const rank = this.only ? this.only.filter(at => at + this.offset <= this.position).length : 0;
    if (this.controls.rank) put(this.controls.rank, this.only ? `${rank} of ${this.only.length}` : "");
    this.controls.paintCount(this.position, isFogged ? null : this.length());
  }

  /** Shows another stretch of the run, or another run. */
  load(top, position) {
    if (this.taken) comeBack(this);
    this.span(top);
    if (!this.path) {
      this.runs = top.views.map(unpacked);
      this.shown().forEach((data, i) => this.views[i].load(data));
    }
    this.go(position, false);
  }

  /** Saves this stepper, where it stands, as one file. */
  save(text) {
    const { top, position, path, taken } = this;
    const [at] = path ? [taken ? takable(taken.runs) : 0] : [];
    const views = path ? [taken ? walkable(top.views[at], path) : { ...top.views[at], path }] : top.views;
    const lines = this.inC ? "c" : "python";
    save({ top: { ...top, views, fog: this.fog }, position, lines, text, source: this.hooks.source });
  }

  stop() {
    this.controls.stop();
    this.unfit();
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
