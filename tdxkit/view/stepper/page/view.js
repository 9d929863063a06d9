// One run under the shared position: its sentence, its timeline, its lanes, its state.

import { clamp, el } from "./dom.js";
import { Lane, Log } from "./lanes.js";
import { Said } from "./said.js";
import { State } from "./state.js";
import { Steady } from "./steady.js";
import { drawTimeline } from "./timeline.js";
import { fogged, Trace } from "./trace.js";

/** Lines of a lane by the stepper's form: beside another run, among many actors, else. */
const HIGH = { roomy: { pair: 6, many: 7, few: 11 }, compact: { pair: 4, many: 5, few: 7 } };
const NARROWEST = 300;
const ABOVE = 132; // pixels of a window that JupyterLab has for itself

/** Ids must not meet those of other steppers: each widget has a copy of this script, so a counter would start again. */
const freshId = () => `tdx-${Math.random().toString(36).slice(2, 12)}`;

/** The width inside the timeline's padding, 908 where it is not on the page yet. */
const innerWidth = box => (box.clientWidth ? box.clientWidth - (box.clientWidth < 700 ? 24 : 32) : 908);

/** One run; `pair`: another stands beside it; `form`: roomy or compact; `fog`: what has not been visited is not shown;
 * `seek(position)` is called when the reader points at the timeline. */
export class View {
  constructor(data, { pair, form, fog, seek }) {
    Object.assign(this, { pair, form, fog, seek, uid: freshId(), trace: null, drawn: null, width: 0, scale: 1 });
    Object.assign(this, { current: 0, lanes: [] });
    this.build(data);
    this.listen();
    this.load(data);
  }

  build(data) {
    const name = this.pair ? `Timeline of ${data.name}` : "Timeline";
    const slider = { role: "slider", tabindex: "0", "aria-valuemin": "0", "aria-orientation": "horizontal" };
    this.timeline = el("div", { class: "tdx-timeline", "aria-label": name, ...slider });
    this.slot = el("div"); // the scheduler's buttons go here
    this.laneBox = el("div", { class: "tdx-lanes" });
    this.state = new State(this.pair ? `State of ${data.name}` : `State: ${data.title}`);
    this.said = new Said();
    this.steady = new Steady(this.said.box, this.laneBox, this.state.box);
    const title = this.pair ? el("h4", { class: "tdx-view-title" }, data.name) : null;
    const middle = el("div", { class: "tdx-mid" }, this.laneBox, this.state.box);
    this.root = el("div", { class: "tdx-view" }, title, this.said.box, this.timeline, this.slot, middle);
  }

  listen() {
    const { timeline } = this;
    const point = event => {
      const box = this.drawn.svg.getBoundingClientRect();
      const wide = Math.max(this.width / this.scale, NARROWEST);
      const position = this.drawn.at(((event.clientX - box.left) * wide) / box.width);
      this.seek(Math.min(position, this.trace.seen + 1) + this.trace.offset); // a slip of the hand lifts no fog
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
    this.state.fold.addEventListener("toggle", () => this.settle());
  }

  /** Shows another run; what stands for texts and actors stays where they are the same. */
  load(data) {
    const before = this.trace?.data;
    this.trace = new Trace(data);
    if (this.fog) this.trace.seen = Math.min(this.current, this.trace.length);
    if (before?.texts !== data.texts || before.actors !== data.actors) {
      this.layLanes(data);
      this.state.lay(data);
    }
    this.draw();
  }

  /** Lays everything for another form: roomy or compact, and how much larger the timeline is drawn. */
  reform(form, scale) {
    if (form === this.form && scale === this.scale) return;
    Object.assign(this, { form, scale });
    this.layLanes(this.trace.data);
    this.draw();
    this.paint(this.current);
  }

  layLanes({ actors, texts, graph }) {
    const many = actors.length > 2;
    const high = HIGH[this.form][this.pair ? "pair" : many ? "many" : "few"];
    const asLog = many && !Object.keys(texts).length && !graph;
    this.lanes = asLog
      ? [new Log(this, this.pair ? "pair" : this.form)]
      : actors.map((_, actor) => new Lane(this, actor, high));
    this.laneBox.replaceChildren(...this.lanes.map(lane => lane.box));
    this.width = 0; // heights are other ones
  }

  draw() {
    const room = Math.round(innerWidth(this.timeline));
    if (room < 60) return;
    const isOther = room !== this.width;
    this.width = room;
    const { trace } = this;
    const data = trace.seen < trace.length ? fogged(trace.data, trace.seen) : trace.data;
    this.drawn = drawTimeline(data, Math.max(Math.round(room / this.scale), NARROWEST), this.uid, this.form);
    if (this.scale > 1) for (const side of ["width", "height"]) this.enlarge(side);
    this.timeline.replaceChildren(this.drawn.svg);
    if (isOther) this.settle();
    this.fill();
    const position = Math.min(this.current, trace.length);
    this.drawn.move(position, trace.causes(position));
    for (const lane of this.lanes) lane.paint(position); // a lane scrolls to its line only once it has a size
  }

  /** Gives the lanes the height that the state beside them has anyway. */
  fill() {
    const [first] = this.lanes;
    if (!first?.grow) return;
    for (const lane of this.lanes) lane.grow(0);
    const beside = this.state.box.offsetTop === this.laneBox.offsetTop && !this.state.box.hidden;
    if (!beside || this.lanes.some(lane => lane.box.offsetTop !== first.box.offsetTop)) return;
    const used = Math.max(...this.lanes.map(lane => lane.height()));
    const stepper = this.root.closest(".tdx-stepper")?.getBoundingClientRect().top ?? 0;
    const above = this.laneBox.getBoundingClientRect().top - stepper;
    const room = innerHeight - ABOVE - above; // all of it is to be in sight
    for (const lane of this.lanes) lane.grow(Math.min(this.state.box.offsetHeight, room) - used);
  }

  /** Begins anew with the heights that are kept: for another width, form or text, and where a fold closes. */
  settle() {
    this.steady.loosen();
    this.steady.keep(this.said.box, this.said.tallest(this.trace, this.fog));
  }

  enlarge(side) {
    const { svg } = this.drawn;
    svg.setAttribute(side, String(Number(svg.getAttribute(side)) * this.scale));
  }

  /** Shows a position of the whole run, this one's last where it is shorter. */
  paint(wanted) {
    const position = clamp(wanted - this.trace.offset, 0, this.trace.length);
    this.current = position;
    if (position > this.trace.seen) {
      this.trace.seen = position;
      this.draw();
    }
    this.drawn?.move(position, this.trace.causes(position));
    for (const lane of this.lanes) lane.paint(position);
    this.state.paint(this.trace, position);
    this.said.paint(this.trace, position, this.fog);
    this.steady.hold();
    const number = position + this.trace.offset;
    const last = Math.min(this.trace.length, this.trace.seen) + this.trace.offset;
    this.timeline.setAttribute("aria-valuemax", last);
    this.timeline.setAttribute("aria-valuenow", number);
    const words = `${this.said.what.textContent}, ${this.said.sentence.textContent}`;
    this.timeline.setAttribute("aria-valuetext", `step ${number}: ${words}`);
  }

  /** Lifts the fog. */
  showAll() {
    this.fog = false;
    this.trace.seen = Infinity;
    this.draw();
  }

  stop() {
    this.watch.disconnect();
  }
}
