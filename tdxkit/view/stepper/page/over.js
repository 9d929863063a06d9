// Taking a run over: from one of its steps on the reader is the scheduler, and comes back to the run where it was left.

import { reform } from "./forms.js";
import { Scheduler } from "./scheduler.js";
import { nodeAt, pathOf, unpackedGraph } from "./walk.js";

// What two runs under one position have of each other, and a stretch of a long one of the rest: a walk has none of it.
const ALONE = { offset: 0, total: 0, brokenBefore: 0, columns: 0, parts: 0, beside: null };

/** A run's data as it travels, with the graph around it in its place: what a scheduler walks; path: the edges taken. */
export const walkable = (data, path) => ({
  ...data,
  ...data.ways,
  ...ALONE,
  ways: null,
  c: data.ways.c,
  path,
});

/** The graph around a run, unpacked; null where none came along. */
export function around(run) {
  if (!run.ways) return null;
  run.walked ??= unpackedGraph(walkable(run, []));
  return run.walked;
}

/** Which of the runs can be taken over: the first that has its states with it, -1 for none. */
export const takable = runs => runs.findIndex(run => run.ways);

/** Turns a stepper into a scheduler from where it stands; path: another one than the run's up to there. */
export function takeOver(stepper, path = null) {
  const { runs, views, position, only, fog } = stepper;
  const at = takable(runs);
  const run = runs[at];
  const base = around(run);
  const seen = views.map(view => view.trace.seen);
  stepper.taken = { runs, views, position, only, seen, run };
  const taken = path ?? run.ways.path.slice(0, position);
  Object.assign(stepper, { runs: [base], base, views: [views[at]], only: null, path: taken });
  for (const view of views) view.root.hidden = view !== views[at];
  const own = fog ? null : run.ways.path;
  const broken = run.steps.some(step => step.broken.length);
  stepper.scheduler = stepper.makeScheduler({ own, goal: broken ? "end well" : "" });
  stepper.controls.markOver(true);
  stepper.root.classList.add("tdx-taken");
  reform(stepper, stepper.chosen);
  stepper.walk(taken);
  if (!path) stepper.scheduler.say(elsewhere(base.graph, run.ways.path, position, own));
}

/** What else could move where a run was taken over, in a sentence. */
function elsewhere(graph, path, position, own) {
  const edges = graph.edges[nodeAt(graph, path.slice(0, position))];
  const names = [...new Set(edges.map(edge => graph.actors[edge.actor]))];
  if (!names.length) return `Taken over at step ${position}, where the run ends: step back and choose.`;
  const goesOn = own && edges[path[position]] ? graph.actors[edges[path[position]].actor] : null;
  const others = names.filter(name => name !== goesOn);
  const said = goesOn ? `the run goes on with ${goesOn}` : `${names.join(" and ")} can move`;
  const rest = goesOn
    ? `; ${others.length ? `${others.join(" and ")} could have moved too` : "nobody else could have moved"}`
    : "";
  return `Taken over at step ${position}: ${said}${rest}.`;
}

/** Goes on with more of the states around the path, as the kernel sent them; each has its edges in the same order. */
export function widen(stepper, ways) {
  if (!stepper.taken) return;
  const { taken, position, scheduler } = stepper;
  Object.assign(taken.run, { ways: { ...ways, path: taken.run.ways.path }, walked: null });
  stepper.base = around(taken.run);
  stepper.runs = [stepper.base];
  scheduler.box.remove();
  stepper.scheduler = stepper.makeScheduler({ own: scheduler.own, goal: scheduler.goal });
  stepper.walk(stepper.path);
  stepper.go(position);
}

/** Back to the run, where it was left. */
export function comeBack(stepper) {
  const { runs, views, position, only, seen } = stepper.taken;
  stepper.scheduler.box.remove();
  Object.assign(stepper, { runs, base: runs[0], views, only, path: null, scheduler: null, taken: null });
  stepper.controls.markOver(false);
  stepper.root.classList.remove("tdx-taken");
  views.forEach((view, i) => {
    view.root.hidden = false;
    view.current = 0;
    view.load(stepper.shown()[i]);
    view.trace.seen = seen[i];
    view.draw();
  });
  reform(stepper, stepper.chosen);
  stepper.controls.hand(position);
}

/** A scheduler in a stepper's first view. */
export function scheduling(stepper, more) {
  const path = () => stepper.path.slice(0, stepper.position);
  const made = new Scheduler(stepper.base, { path, setPath: way => stepper.walk(way), ...more });
  stepper.views[0].slot.append(made.box);
  return made;
}

/** What opens a pasted code: the graph that is walked, else the kernel, else the graph around the run; else null. */
export function opener(stepper) {
  const { ask } = stepper.hooks;
  if (!stepper.path && !ask && takable(stepper.runs) < 0) return null;
  return code => {
    if (!stepper.path && ask) return ask(code);
    const { graph } = stepper.path ? stepper.base : around(stepper.runs[takable(stepper.runs)]);
    const { path, error } = pathOf(graph, code);
    if (path && stepper.path) stepper.walk(path);
    else if (path) takeOver(stepper, path);
    return stepper.foot.answer(error || `It fits: ${path.length} ${path.length === 1 ? "step" : "steps"}.`);
  };
}
