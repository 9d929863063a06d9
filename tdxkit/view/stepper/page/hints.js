// Hints for the reader who is the scheduler: the first two ask, the third tells.

import { shortestFrom, WELL } from "./goals.js";
import { edgesOf, nodeAt } from "./walk.js";

export const TELLS = 3; // the hint that says who goes next
const ASKS = {
  rule: "What does one CPU take for granted that another can change? Where would it have to stop for that?",
  well: "What must not happen any more before somebody else has finished?",
};

/** The hint for where a scheduler's path has led; `hinted`: how many have been asked for here. */
export function hint(scheduler, path) {
  const { graph, goal, away, hinted } = scheduler;
  if (hinted === 1) return `Hint: ${question(scheduler, path)} (Hint again says more.)`;
  const way = shortestFrom(graph, goal, away, nodeAt(graph, path));
  if (hinted < TELLS) return `Hint: ${where(graph, path, way)}`;
  const steps = way.length === 1 ? "step" : "steps";
  return `Hint: ${way.length} more ${steps} at least; ${graph.actors[way[0].actor]} goes next.`;
}

/** What a hint asks: the game's own questions, one after the other along its way, or one that fits the goal. */
function question({ graph, goal, away, game }, path) {
  const { asks, begin } = game;
  if (!asks.length) return ASKS[goal === WELL ? "well" : "rule"];
  const all = away[nodeAt(graph, path.slice(0, begin))];
  const gone = Math.max(0, all - away[nodeAt(graph, path)]);
  return asks[Math.min(asks.length - 1, Math.floor((gone * asks.length) / all))];
}

/** Where a shortest way has its next switch. */
function where(graph, path, way) {
  const [first] = way;
  const last = edgesOf(graph, path).at(-1);
  const turn = way.findIndex(edge => edge.actor !== first.actor);
  const name = graph.actors[first.actor];
  if (last && last.actor !== first.actor) return "this is a place to switch: who else can move here?";
  if (turn < 0) return `${name} can go on to the goal by itself now.`;
  const steps = turn === 1 ? "one step" : `${turn} steps`;
  return `${name} can go on for ${steps}, and then has to stop: before which of its lines, and why there?`;
}
