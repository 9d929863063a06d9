// What there is to reach in a graph of states, how far it is from each, and how a walk ended.

import { DRAIN, edgesOf, nodeAt } from "./walk.js";

export const WELL = "end well"; // a goal of its own: everybody finishes, and nothing breaks on the way
const STANDSTILLS = ["deadlock", "livelock"];

/** Has every actor finished in a node? */
const isDone = (graph, node) => graph.nodes[node].over.every(Boolean);

const reaches = (graph, goal, edge) =>
  goal === WELL ? !edge.broken.length && isDone(graph, edge.target) : edge.broken.includes(goal);

/** The goals that can be reached in a graph: to end well where that is possible, the rules that some step breaks. */
export function goalsOf(graph) {
  const edges = graph.edges.flat();
  const rules = [...new Set(edges.flatMap(edge => edge.broken))];
  return edges.some(edge => reaches(graph, WELL, edge)) ? [WELL, ...rules] : rules;
}

/** A goal as one is told to reach it. */
export function aimed(goal) {
  if (goal === WELL) return "everybody finishes and nothing breaks";
  return STANDSTILLS.includes(goal) ? `reach a ${goal}` : `break “${goal}”`;
}

/** A goal as it is told that it was reached. */
export function reached(goal) {
  if (goal === WELL) return "everybody has finished, and nothing broke.";
  return STANDSTILLS.includes(goal) ? `a ${goal}.` : `“${goal}” is broken.`;
}

/** How many steps of a path it took to reach the goal, 0 where it has not been reached. */
export function metAt(graph, path, goal) {
  const edges = edgesOf(graph, path);
  const at = edges.findIndex(edge => reaches(graph, goal, edge)) + 1;
  return goal === WELL && edges.slice(0, at).some(edge => edge.broken.length) ? 0 : at;
}

/** How often another actor goes on; a store that leaves its buffer is nobody's turn. */
export function switchesIn(graph, path) {
  const turns = edgesOf(graph, path).filter(edge => edge.choice !== DRAIN);
  return turns.filter((edge, i) => i && turns[i - 1].actor !== edge.actor).length;
}

/** How a walk has ended, in a sentence; "" where it can go on. */
export function ending(graph, path) {
  const node = nodeAt(graph, path);
  if (graph.edges[node].length || graph.cut.includes(node)) return "";
  const edges = edgesOf(graph, path);
  const wrong = [...new Set(edges.flatMap(edge => edge.wrong))];
  const last = edges.at(-1);
  if (last?.broken.includes("deadlock")) return `The end: ${wrong.at(-1)}.`;
  if (!isDone(graph, node)) return `The end: ${last?.wrong.at(-1) ?? "nobody can move any more"}.`;
  return `The end: everybody has finished, ${wrong.length ? `and it went wrong: ${wrong[0]}` : "and no rule broke"}.`;
}

/** How many steps each node is away from a goal (Infinity: from there it cannot be reached). */
export function distances(graph, goal) {
  const back = graph.nodes.map(() => []);
  const away = graph.nodes.map(() => Infinity);
  graph.edges.forEach((edges, from) => {
    for (const edge of edges) {
      if (reaches(graph, goal, edge)) away[from] = 1;
      else if (goal !== WELL || !edge.broken.length) back[edge.target].push(from);
    }
  });
  let front = [...away.keys()].filter(node => away[node] === 1);
  for (let steps = 2; front.length; steps++) {
    const found = new Set(front.flatMap(node => back[node]).filter(from => away[from] > steps));
    for (const node of found) away[node] = steps;
    front = [...found];
  }
  return away;
}

/** The edges of a shortest way from a node to a goal, as few switches in it as stepping greedily finds. */
export function shortestFrom(graph, goal, away, start) {
  const found = [];
  let node = start;
  while (away[node] !== Infinity) {
    const edges = graph.edges[node];
    const best = edges.filter(edge =>
      away[node] === 1
        ? reaches(graph, goal, edge)
        : !(goal === WELL && edge.broken.length) && away[edge.target] === away[node] - 1,
    );
    const same = best.find(edge => edge.actor === found.at(-1)?.actor) ?? best[0];
    found.push(same);
    if (away[node] === 1) break;
    node = same.target;
  }
  return found;
}
