// One run under the shared position: its sentence, its timeline, its lanes, its state.

import { clamp, el, put, thousands, toggle } from "./dom.js";
import { Lane, Log } from "./lanes.js";
import { State } from "./state.js";
import { drawTimeline } from "./timeline.js";
import { because } from "./told.js";
import { fogged, Trace } from "./trace.js";

/** Lines of a lane by the stepper's form: beside another run, among many actors, else. */
const HIGH = { roomy: { pair: 6, many: 7, few: 11 }, compact: { pair: 4, many: 5, few: 7 } };
const NARROWEST = 300;
const ABOVE = 132; // pixels of a window that JupyterLab has for itself
const MOST_CHIPS = 6;
const WIDTH = 7; // about that of a letter of the sentence

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
    this.what = el("b");
    this.sentence = el("span", { class: "tdx-sentence" });
    this.chips = el("span", { class: "tdx-chips" });
    this.cause = el("span", { class: "tdx-cause" });
    const said = { class: "tdx-say", role: "status", "aria-live": "polite" };
    this.say = el("div", said, this.what, this.sentence, this.chips, this.cause);
    const title = this.pair ? el("h4", { class: "tdx-view-title" }, data.name) : null;
    const middle = el("div", { class: "tdx-mid" }, this.laneBox, this.state.box);
    this.root = el("div", { class: "tdx-view" }, title, this.say, this.timeline, this.slot, middle);
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
  }

  draw() {
    const room = Math.round(innerWidth(this.timeline));
    if (room < 60) return;
    this.width = room;
    const { trace } = this;
    const data = trace.seen < trace.length ? fogged(trace.data, trace.seen) : trace.data;
    this.drawn = drawTimeline(data, Math.max(Math.round(room / this.scale), NARROWEST), this.uid, this.form);
    if (this.scale > 1) for (const side of ["width", "height"]) this.enlarge(side);
    this.timeline.replaceChildren(this.drawn.svg);
    this.reserve(room);
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

  enlarge(side) {
    const { svg } = this.drawn;
    svg.setAttribute(side, String(Number(svg.getAttribute(side)) * this.scale));
  }

  /** Keeps as many lines for what is said as the longest of the run needs, four at most: nothing below it jumps. */
  reserve(room) {
    const { trace } = this;
    let most = 1;
    for (let i = 1; i <= trace.length; i++) {
      const { sentence, label, changes, broken } = trace.step(i);
      const chips = changes
        .slice(0, MOST_CHIPS)
        .reduce((sum, [key, now]) => sum + trace.data.keys[key].length + now.length + 6, 0);
      const words = (sentence || label).length + (broken.length ? 40 : 18) + chips;
      most = Math.max(most, Math.ceil((words * WIDTH) / room));
      if (most >= 4) break;
    }
    this.say.style.setProperty("--said", Math.min(most, 4));
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
    this.paintSaid(position);
    const number = position + this.trace.offset;
    const last = Math.min(this.trace.length, this.trace.seen) + this.trace.offset;
    this.timeline.setAttribute("aria-valuemax", last);
    this.timeline.setAttribute("aria-valuenow", number);
    const words = `${this.what.textContent}, ${this.sentence.textContent}`;
    this.timeline.setAttribute("aria-valuetext", `step ${number}: ${words}`);
  }

  /** Lifts the fog. */
  showAll() {
    this.fog = false;
    this.trace.seen = Infinity;
    this.draw();
  }

  paintSaid(position) {
    const { trace } = this;
    const step = trace.step(position);
    const broken = step !== null && step.broken.length > 0;
    toggle(this.say, "tdx-broken", broken);
    this.paintChips(trace.changes(position));
    put(this.cause, because(trace, position));
    if (step === null) {
      const many = `${thousands(trace.length)} ${trace.length === 1 ? "step follows" : "steps follow"}`;
      const follow = this.fog ? "What comes is not shown yet: press →." : `Nothing has happened yet. ${many}.`;
      put(this.what, "Start");
      put(this.sentence, trace.length ? follow : trace.data.hint || "Nothing has happened yet.");
      return;
    }
    const where = `Step ${thousands(position + trace.offset)} · ${trace.data.actors[step.actor]}`;
    put(this.what, broken ? `Broken here: ${step.broken.map(rule => trace.ruleName(rule)).join(", ")}` : where);
    const before = broken ? 0 : trace.brokenBefore(position);
    const since = before ? `  (Broken since step ${thousands(before)}.)` : "";
    put(this.sentence, (step.sentence || step.label) + since);
  }

  /** What the step changed, beside its sentence. */
  paintChips(changes) {
    const shown = changes.slice(0, MOST_CHIPS);
    while (this.chips.children.length > shown.length) this.chips.lastChild.remove();
    while (this.chips.children.length < shown.length) this.chips.append(el("code", { class: "tdx-chip" }));
    shown.forEach(({ name, old, now }, i) => put(this.chips.children[i], `${name} ${old} → ${now}`));
    const left = changes.length - shown.length;
    if (left > 0) this.chips.append(el("code", { class: "tdx-chip" }, `and ${left} more`));
  }

  stop() {
    this.watch.disconnect();
  }
}
