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

/** The nodes that a step which breaks something leads to. */
const badNodes = graph => new Set(graph.edges.flat().flatMap(edge => (edge.broken.length ? [edge.target] : [])));

/** The map of a graph. secret: bad states are shown only where the reader has been, until asked for. */
export class StateMap {
  constructor(graph, secret) {
    Object.assign(this, { graph, secret, bad: badNodes(graph) });
    const [columns, rows] = graph.map;
    const far = Math.min(FAR, (WIDE - 2 * MARGIN) / Math.max(...columns, 1));
    const most = Math.max(...rows.map(Math.abs), 1);
    const near = Math.min(CLOSE, (TALL - 2 * MARGIN) / 2 / most);
    this.high = 2 * (MARGIN + most * near);
    this.at = node => [MARGIN + columns[node] * far, this.high / 2 + rows[node] * near];
    this.wide = 2 * MARGIN + Math.max(...columns) * far;
    this.dot = Math.max(1.1, Math.min(DOT, near * 0.45));
    this.words = el("p", { class: "tdx-map-words", role: "status" });
    this.svg = this.drawn();
    this.reveal = button("show where something breaks");
    this.reveal.onclick = () => {
      this.secret = false;
      this.paint(this.path);
    };
    this.box = el(
      "div",
      { class: "tdx-map" },
      this.words,
      el("div", { class: "tdx-map-room", tabindex: "0" }, this.svg),
      legend(),
      this.reveal,
    );
  }

  drawn() {
    const { graph } = this;
    const lines = graph.edges.flatMap((edges, from) => edges.map(edge => `M${this.at(from)}L${this.at(edge.target)}`));
    const dots = graph.nodes.map((_, node) => this.dotOf(node)).join("");
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
  dotOf(node, size = this.dot) {
    const [left, top] = this.at(node);
    return `M${left - size},${top - size}h${2 * size}v${2 * size}h${-2 * size}z`;
  }

  cross(node) {
    const [left, top] = this.at(node);
    const size = this.dot + 2;
    return `M${left - size},${top - size}l${2 * size},${2 * size}m0,${-2 * size}l${-2 * size},${2 * size}`;
  }

  /** Shows a path and where it ends. */
  paint(path) {
    this.path = path;
    const visited = [0, ...edgesOf(this.graph, path).map(edge => edge.target)];
    const bad = [...this.bad].filter(node => !this.secret || visited.includes(node));
    const [left, top] = this.at(visited.at(-1));
    this.marks.replaceChildren(
      svgEl("path", {
        d: visited.map((node, i) => `${i ? "L" : "M"}${this.at(node)}`).join(""),
        class: "tdx-map-path",
      }),
      svgEl("path", { d: bad.map(node => this.cross(node)).join(""), class: "tdx-map-bad" }),
      svgEl("circle", { cx: left, cy: top, r: 6, class: "tdx-map-here" }),
    );
    this.reveal.hidden = !this.secret;
    this.words.textContent = this.told(visited);
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
    return `${first} ${thousands(this.bad.size)} are reached by breaking a rule; ${ahead}.`;
  }
}

const legend = () =>
  el(
    "p",
    { class: "tdx-map-legend" },
    "A column for each step from the beginning. ",
    ...[
      ["tdx-map-path", "M1,6h18", "your way"],
      ["tdx-map-bad", "M6,2l8,8m0,-8l-8,8", "broken"],
    ].flatMap(([kind, d, words]) => [
      svgEl("svg", { width: 20, height: 12, "aria-hidden": "true" }, svgEl("path", { d, class: kind })),
      `${words}  `,
    ]),
    svgEl(
      "svg",
      { width: 16, height: 14, "aria-hidden": "true" },
      svgEl("circle", { cx: 8, cy: 7, r: 5, class: "tdx-map-here" }),
    ),
    "you are here",
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
