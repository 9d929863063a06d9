// One run under the shared position: its timeline, its lanes, its state, and the sentence.

import { capital, clamp, el, put, toggle } from "./dom.js";
import { Lane, Log } from "./lanes.js";
import { drawTimeline } from "./timeline.js";
import { Trace } from "./trace.js";

const HIGH = { pair: 6, many: 7, few: 11 }; // lines of a lane: beside another run, among many actors, else
const LONG_VALUE = 12; // letters; a value that can be longer gets a line of its own
const NARROWEST = 300;

/** Ids must not meet those of other steppers: each widget has a copy of this script, so a counter would start again. */
const freshId = () => `tdx-${Math.random().toString(36).slice(2, 12)}`;

/** The width inside the timeline's padding, 908 where it is not on the page yet. */
const innerWidth = box => (box.clientWidth ? box.clientWidth - (box.clientWidth < 700 ? 24 : 32) : 908);

/** The length of the longest value of each name. */
function widest(data) {
  const most = data.first.map(value => value.length);
  const grow = (key, value) => {
    most[key] = Math.max(most[key], value.length);
  };
  for (const step of data.steps) for (const [key, value] of step.changes) grow(key, value);
  for (const state of data.graph?.shared || []) state.values.forEach((value, key) => grow(key, value));
  return most;
}

/** One run; `pair`: another stands beside it; `seek(position)` is called when the reader points at the timeline. */
export class View {
  constructor(data, { pair, seek }) {
    Object.assign(this, { pair, seek, uid: freshId(), trace: null, drawn: null, width: 0, current: 0 });
    Object.assign(this, { values: [], lanes: [], shownPicture: -1 });
    this.build(data);
    this.listen();
    this.load(data);
  }

  build(data) {
    const name = this.pair ? `Timeline of ${data.title}` : "Timeline";
    const slider = { role: "slider", tabindex: "0", "aria-valuemin": "0", "aria-orientation": "horizontal" };
    this.timeline = el("div", { class: "tdx-timeline", "aria-label": name, ...slider });
    this.slot = el("div"); // the scheduler's buttons go here
    this.laneBox = el("div", { class: "tdx-lanes" });
    this.list = el("dl");
    this.picture = el("div", { class: "tdx-picture" });
    this.state = el("section", { class: "tdx-state", "aria-label": "Shared state" }, this.list, this.picture);
    this.what = el("b");
    this.sentence = el("span");
    this.say = el("div", { class: "tdx-say", role: "status", "aria-live": "polite" }, this.what, this.sentence);
    const subtitle = el("div", { class: "tdx-sub" }, data.subtitle);
    const title = this.pair ? el("div", { class: "tdx-view-title" }, el("h4", {}, data.title), subtitle) : null;
    const middle = el("div", { class: "tdx-mid" }, this.laneBox, this.state);
    this.root = el("div", { class: "tdx-view" }, title, this.timeline, this.slot, middle, this.say);
  }

  listen() {
    const { timeline } = this;
    const point = event => {
      const box = this.drawn.svg.getBoundingClientRect();
      this.seek(this.drawn.at(((event.clientX - box.left) * Math.max(this.width, NARROWEST)) / box.width));
    };
    timeline.addEventListener("pointerdown", event => {
      if (event.button !== 0 || !this.drawn) return;
      timeline.setPointerCapture(event.pointerId);
      point(event);
    });
    timeline.addEventListener("pointermove", event => {
      if (timeline.hasPointerCapture(event.pointerId)) point(event);
    });
    this.watch = new ResizeObserver(() => {
      if (timeline.clientWidth && Math.abs(innerWidth(timeline) - this.width) > 1) this.draw();
    });
    this.watch.observe(timeline);
  }

  /** Shows another run; what stands for texts and actors stays where they are the same. */
  load(data) {
    const before = this.trace?.data;
    this.trace = new Trace(data);
    if (before?.texts !== data.texts || before.actors !== data.actors) {
      this.layLanes(data);
      this.layState(data);
    }
    if (before?.pictures !== data.pictures) this.shownPicture = -1;
    this.draw();
  }

  layLanes({ actors, texts, graph }) {
    const many = actors.length > 2;
    const high = this.pair ? HIGH.pair : many ? HIGH.many : HIGH.few;
    const asLog = many && !Object.keys(texts).length && !graph;
    this.lanes = asLog ? [new Log(this)] : actors.map((_, actor) => new Lane(this, actor, high));
    this.laneBox.replaceChildren(...this.lanes.map(lane => lane.box));
  }

  layState(data) {
    const wide = widest(data).map(most => (most > LONG_VALUE ? "tdx-wide" : null));
    this.values = data.keys.map(() => el("dd"));
    this.list.replaceChildren(
      ...data.keys.map((key, i) => el("div", { class: wide[i] }, el("dt", {}, key), this.values[i])),
    );
    this.picture.hidden = !data.pictures.length;
    this.state.hidden = !data.keys.length && !data.pictures.length;
  }

  draw() {
    const room = Math.round(innerWidth(this.timeline));
    if (room < 60) return;
    this.width = room;
    this.drawn = drawTimeline(this.trace, Math.max(room, NARROWEST), this.uid);
    this.timeline.replaceChildren(this.drawn.svg);
    const position = Math.min(this.current, this.trace.length);
    this.drawn.move(position);
    for (const lane of this.lanes) lane.paint(position); // a lane scrolls to its line only once it has a size
  }

  /** Shows a position of this run, its last one where it is shorter. */
  paint(wanted) {
    const position = clamp(wanted, 0, this.trace.length);
    this.current = position;
    this.drawn?.move(position);
    for (const lane of this.lanes) lane.paint(position);
    this.paintState(position);
    this.paintSentence(position);
    const number = position + this.trace.offset;
    this.timeline.setAttribute("aria-valuemax", this.trace.length + this.trace.offset);
    this.timeline.setAttribute("aria-valuenow", number);
    const words = `${this.what.textContent}, ${this.sentence.textContent}`;
    this.timeline.setAttribute("aria-valuetext", `step ${number}: ${words}`);
  }

  paintState(position) {
    const { data, states } = this.trace;
    const lit = new Set(this.trace.step(position)?.changes.map(([key]) => key));
    this.values.forEach((node, key) => {
      const now = states[position][key];
      put(node, lit.has(key) ? `${states[position - 1][key]} → ${now}` : now);
      toggle(node, "tdx-lit", lit.has(key));
    });
    if (!data.pictures.length || this.shownPicture === data.pic[position]) return;
    this.shownPicture = data.pic[position];
    this.picture.innerHTML = data.pictures[this.shownPicture];
  }

  paintSentence(position) {
    const { trace } = this;
    const step = trace.step(position);
    const broken = step !== null && step.broken.length > 0;
    toggle(this.say, "tdx-broken", broken);
    if (step === null) {
      const follow = `Nothing has happened yet. ${trace.length.toLocaleString("en")} steps follow.`;
      put(this.what, "Start");
      put(this.sentence, trace.length ? follow : trace.data.hint || "Nothing has happened yet.");
      return;
    }
    const where = `Step ${position + trace.offset} · ${trace.data.actors[step.actor]}`;
    put(this.what, broken ? `Broken here: ${step.broken.map(rule => trace.ruleName(rule)).join(", ")}` : where);
    const before = broken ? 0 : trace.brokenBefore(position);
    const since = before ? `  (Broken since step ${before + trace.offset}.)` : "";
    put(this.sentence, capital(step.sentence || step.label) + since);
  }

  stop() {
    this.watch.disconnect();
  }
}
