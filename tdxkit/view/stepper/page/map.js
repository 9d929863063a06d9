// A small map of the states: a column for each number of steps, the reader's path in it, where the reader stands, and
// which states are bad. The places come with the graph (state_map.py).

import { button, el, svgEl, thousands } from "./dom.js";
import { distances, goalsOf, WELL } from "./goals.js";
import { around, takable } from "./over.js";
import { edgesOf } from "./walk.js";

export const MAP = "map of the states";
const [TALL, WIDE, MARGIN] = [220, 1100, 12]; // of the drawing
const [FAR, CLOSE] = [26, 11]; // most pixels between two columns, and between two rows
const DOT = 2.2;
const POINT = "Rest the pointer on a state to read where everybody stands in it.";

/** The nodes in which everybody has finished and nothing is broken. */
const goodEnds = graph => {
  const bad = badNodes(graph);
  return [...graph.nodes.keys()].filter(node => graph.nodes[node].over.every(Boolean) && !bad.has(node));
};

/** The nodes that a step which breaks something leads to. */
const badNodes = graph => new Set(graph.edges.flat().flatMap(edge => (edge.broken.length ? [edge.target] : [])));

/** The map of a graph. secret: what is bad and good is shown only where the reader has been, until asked for. */
export class StateMap {
  constructor(graph, secret) {
    Object.assign(this, { graph, secret, bad: badNodes(graph), good: goodEnds(graph), from: distances(graph, WELL) });
    const [columns, rows] = graph.map;
    const far = Math.min(FAR, (WIDE - 2 * MARGIN) / Math.max(...columns, 1));
    const most = Math.max(...rows.map(Math.abs), 1);
    const near = Math.min(CLOSE, (TALL - 2 * MARGIN) / 2 / most);
    this.high = 2 * (MARGIN + most * near);
    this.at = node => [MARGIN + columns[node] * far, this.high / 2 + rows[node] * near];
    this.wide = 2 * MARGIN + Math.max(...columns) * far;
    this.dot = Math.max(1.1, Math.min(DOT, near * 0.45));
    this.words = el("p", { class: "tdx-map-words", role: "status" });
    this.pointed = el("p", { class: "tdx-map-pointed" }, POINT);
    this.svg = this.drawn();
    this.svg.onpointermove = event => this.point(event);
    this.reveal = button("");
    this.reveal.onclick = () => {
      this.secret = !this.secret;
      this.paint(this.path);
    };
    const room = el("div", { class: "tdx-map-room", tabindex: "0" }, this.svg);
    this.box = el("div", { class: "tdx-map" }, this.words, room, this.pointed, legend(), this.reveal);
  }

  drawn() {
    const { graph } = this;
    const lines = graph.edges.flatMap((edges, from) => edges.map(edge => `M${this.at(from)}L${this.at(edge.target)}`));
    const dots = graph.nodes.map((_, node) => this.square(node)).join("");
    this.marks = svgEl("g");
    return svgEl(
      "svg",
      { viewBox: `0 0 ${this.wide} ${this.high}`, width: this.wide, height: this.high, role: "img", "aria-label": MAP },
      svgEl("path", { d: lines.join(""), class: "tdx-map-ways" }),
      svgEl("path", { d: dots, class: "tdx-map-states" }),
      this.marks,
    );
  }

  /** A state as a small square. */
  square(node, size = this.dot) {
    const [left, top] = this.at(node);
    return `M${left - size},${top - size}h${2 * size}v${2 * size}h${-2 * size}z`;
  }

  cross(node) {
    const [left, top] = this.at(node);
    const size = this.dot + 2;
    return `M${left - size},${top - size}l${2 * size},${2 * size}m0,${-2 * size}l${-2 * size},${2 * size}`;
  }

  diamond(node) {
    const [left, top] = this.at(node);
    const size = this.dot + 2.5;
    return `M${left - size},${top}l${size},${-size}l${size},${size}l${-size},${size}z`;
  }

  /** Shows a path and where it ends. */
  paint(path) {
    this.path = path;
    const visited = [0, ...edgesOf(this.graph, path).map(edge => edge.target)];
    const shown = node => !this.secret || visited.includes(node);
    const marks = (nodes, shape) =>
      [...nodes]
        .filter(shown)
        .map(node => this[shape](node))
        .join("");
    const lost = this.secret ? [] : [...this.from.keys()].filter(node => this.isLost(node));
    const [left, top] = this.at(visited.at(-1));
    this.marks.replaceChildren(
      svgEl("path", { d: marks(lost, "square"), class: "tdx-map-lost" }),
      svgEl("path", {
        d: visited.map((node, i) => `${i ? "L" : "M"}${this.at(node)}`).join(""),
        class: "tdx-map-path",
      }),
      svgEl("path", { d: marks(this.good, "diamond"), class: "tdx-map-good" }),
      svgEl("path", { d: marks(this.bad, "cross"), class: "tdx-map-bad" }),
      svgEl("circle", { cx: left, cy: top, r: 6, class: "tdx-map-here" }),
    );
    this.reveal.textContent = this.secret
      ? "show what is good and what is broken"
      : "hide what is good and what is broken";
    this.words.textContent = this.told(visited);
  }

  /** Can nothing end well any more from a node that is no end itself? */
  isLost(node) {
    return this.from[node] === Infinity && this.graph.edges[node].length > 0 && !this.graph.cut.length;
  }

  /** Says where everybody stands in the state that is nearest to the pointer. */
  point(event) {
    const box = this.svg.getBoundingClientRect();
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    const off = node => Math.hypot(this.at(node)[0] - left, this.at(node)[1] - top);
    const node = this.graph.nodes.reduce((best, _, each) => (off(each) < off(best) ? each : best), 0);
    const { whys } = this.graph.nodes[node];
    const next = actor =>
      this.graph.edges[node].find(edge => edge.actor === actor)?.label ?? (whys[actor] || "has finished");
    this.pointed.textContent = this.graph.actors.map((name, actor) => `${name}: ${next(actor)}`).join(" · ");
  }

  /** The map in words. */
  told(visited) {
    const { graph } = this;
    const here = visited.at(-1);
    const many = graph.nodes.length;
    const all = graph.cut.length ? `the ${thousands(many)} nearest states of more` : `${thousands(many)} states`;
    const steps = visited.length === 2 ? "1 step" : `${thousands(visited.length - 1)} steps`;
    const first = `You stand ${steps} from the beginning, in one of ${all}.`;
    if (this.secret) return first;
    if (!this.bad.size) return `${first} In none of them a rule is broken.`;
    this.away ??= goalsOf(graph)
      .filter(goal => goal !== WELL)
      .map(rule => distances(graph, rule));
    const near = Math.min(...this.away.map(away => away[here]));
    const ahead =
      near === Infinity
        ? "none can be reached from here"
        : `the nearest is ${near} ${near === 1 ? "step" : "steps"} from here`;
    const lost = this.isLost(here) ? " From here nothing ends well any more." : "";
    return `${first} ${thousands(this.bad.size)} are reached by breaking a rule; ${ahead}.${lost}`;
  }
}

const SIGNS = [
  ["tdx-map-path", "M1,6h18", "your way"],
  ["tdx-map-bad", "M6,2l8,8m0,-8l-8,8", "broken here"],
  ["tdx-map-lost", "M7,3h6v6h-6z", "nothing ends well any more"],
  ["tdx-map-good", "M5,6l5,-5l5,5l-5,5z", "a good end"],
];

const legend = () =>
  el(
    "p",
    { class: "tdx-map-legend" },
    "Further to the right with each step. ",
    svgEl(
      "svg",
      { width: 16, height: 14, "aria-hidden": "true" },
      svgEl("circle", { cx: 8, cy: 7, r: 5, class: "tdx-map-here" }),
    ),
    "you are here  ",
    ...SIGNS.flatMap(([kind, d, words]) => [
      svgEl("svg", { width: 20, height: 12, "aria-hidden": "true" }, svgEl("path", { d, class: kind })),
      `${words}  `,
    ]),
  );

/** Can there be a map of what a stepper shows? */
export function hasMap({ path, base, runs }) {
  const { graph } = path ? base : (runs[takable(runs)]?.ways ?? {});
  return Boolean(graph?.map.length);
}

/** Shows the map of a stepper in a panel, with the reader's path in it. */
export function fillMap(stepper, inner) {
  const { path, position, base, runs, fog } = stepper;
  const run = path ? null : runs[takable(runs)];
  const { graph } = run ? around(run) : base;
  const secret = fog || Boolean(graph.goal);
  if (stepper.map?.graph !== graph) stepper.map = new StateMap(graph, secret);
  if (stepper.map.box.parentNode !== inner) inner.replaceChildren(stepper.map.box);
  stepper.map.paint((path ?? run.ways.path).slice(0, position));
}
