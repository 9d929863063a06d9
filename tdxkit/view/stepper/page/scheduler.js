// "You are the scheduler": a button for every move there is, undo, a goal and a hint.

import { button, el, role, toggle } from "./dom.js";
import { edgesOf, nodeAt } from "./walk.js";

/** `data` holds the graph, unpacked; `path()` is the way up to the present position, `setPath(path)` goes another. */
export class Scheduler {
  constructor(data, path, setPath) {
    const { graph } = data;
    Object.assign(this, { data, graph, path, setPath, asked: -1 }); // asked: the node of which the reader wants a hint
    this.away = graph.goal ? distances(graph) : null;
    this.groups = el("div", { class: "tdx-groups" });
    this.goal = el("p", { class: "tdx-goal" });
    this.undo = button("Undo");
    this.again = button("Start over");
    const hint = button("Hint");
    const tools = el("div", { class: "tdx-tools" }, this.undo, this.again, graph.goal ? hint : null);
    const label = { class: "tdx-picks", role: "group", "aria-label": "You are the scheduler" };
    this.box = el("div", label, this.goal, this.groups, tools);
    this.undo.onclick = () => {
      if (path().length) setPath(path().slice(0, -1));
    };
    this.again.onclick = () => {
      if (path().length) setPath([]);
    };
    hint.onclick = () => {
      this.asked = nodeAt(graph, path());
      this.paint();
    };
  }

  /** Presses the button of an actor, counted from 1. */
  key(number) {
    this.groups.children[number - 1]?.querySelector("button:not([aria-disabled])")?.click();
  }

  paint() {
    const node = nodeAt(this.graph, this.path());
    const focus = document.activeElement?.dataset?.actor;
    this.groups.replaceChildren(...this.graph.actors.map((name, actor) => this.group(name, actor, node)));
    if (focus !== undefined) this.groups.querySelector(`[data-actor="${focus}"]`)?.focus({ preventScroll: true });
    this.paintGoal(node);
    const none = String(!this.path().length);
    for (const back of [this.undo, this.again]) back.setAttribute("aria-disabled", none); // and keeps the focus
  }

  /** An actor's buttons: several moves are a choice, told by what comes of it; none is told by why it cannot move. */
  group(name, actor, node) {
    const edges = this.graph.edges[node];
    const moves = edges.filter(edge => edge.actor === actor);
    const label = edge => (moves.length > 1 && edge.sentence) || edge.label;
    const buttons = moves.map(edge => this.pick(name, actor, label(edge), edges.indexOf(edge)));
    const why = this.graph.nodes[node].whys[actor] || "has finished";
    if (!buttons.length) buttons.push(this.pick(name, actor, why, null));
    return el("div", { class: "tdx-pick-group", role: "group", "aria-label": name }, ...buttons);
  }

  /** A button that takes an edge; null: there is none to take. */
  pick(name, actor, words, edge) {
    const attributes = { type: "button", class: "tdx-pick", style: `--pick:var(--tdx-${role(this.data, actor)})` };
    const disabled = edge === null ? "true" : null;
    const made = el(
      "button",
      { ...attributes, "data-actor": actor, title: words, "aria-disabled": disabled },
      el("b", {}, name),
      el("small", {}, words),
    );
    if (edge !== null) made.onclick = () => this.setPath([...this.path(), edge]);
    return made;
  }

  paintGoal(node) {
    const { goal, goalText } = this.graph;
    const met = edgesOf(this.graph, this.path()).some(edge => edge.broken.includes(goal));
    const head = goal ? "Goal: " : "Free play. ";
    const words = met ? `“${goal}” is broken. Step back to see how.` : goalText || "Choose who moves next.";
    const hint = this.asked === node && !met ? [el("br"), this.hint(node)] : [];
    toggle(this.goal, "tdx-met", met);
    this.goal.replaceChildren(el("b", {}, met ? "Reached: " : head), words, ...hint);
  }

  hint(node) {
    const { away, graph } = this;
    if (away[node] === Infinity) return "From here it cannot be broken any more: undo.";
    const edges = graph.edges[node];
    const breaking = edges.find(edge => edge.broken.includes(graph.goal));
    const best = breaking || edges.find(edge => away[edge.target] === away[node] - 1);
    const steps = away[node] === 1 ? "step" : "steps";
    return `${away[node]} more ${steps} at least; ${graph.actors[best.actor]} goes next.`;
  }
}

/** How many steps each node is away from breaking the goal (Infinity: it cannot any more). */
function distances(graph) {
  const back = graph.nodes.map(() => []);
  const away = graph.nodes.map(() => Infinity);
  graph.edges.forEach((edges, from) => {
    for (const edge of edges) {
      if (edge.broken.includes(graph.goal)) away[from] = 1;
      else back[edge.target].push(from);
    }
  });
  let front = [...away.keys()].filter(node => away[node] === 1);
  for (let steps = 2; front.length; steps++) {
    const reached = new Set(front.flatMap(node => back[node]).filter(from => away[from] > steps));
    for (const node of reached) away[node] = steps;
    front = [...reached];
  }
  return away;
}
