// A walk through a graph of states: a path, the numbers of the edges taken, becomes the data of a run and a schedule
// code. graph_data.py says what is in a graph.

import { named } from "./trace.js";

const MOST_STEPS = 5000;
export const DRAIN = -1; // the choice of a step that lets the oldest store leave a CPU's buffer

/** The data of a scheduler with a name for each slot of its rows, and texts in place of their numbers. */
export function unpackedGraph(data) {
  const { strings, lines, nodes, edges } = data.graph;
  const slots = { ...data.slots, ...data.graph.slots };
  const text = number => (number < 0 ? "" : strings[number]);
  const places = named(slots.line, lines);
  const place = number => (number < 0 ? null : places[number]);
  const unpackedNode = node => ({ ...node, lines: node.lines.map(place), whys: node.whys.map(text) });
  const unpackedEdge = edge => ({
    ...edge,
    label: text(edge.label),
    sentence: text(edge.sentence),
    broken: edge.broken.map(text),
    wrong: edge.wrong.map(text),
    kind: text(edge.kind),
    reads: edge.reads.map(([key, unseen]) => ({ key, unseen })),
  });
  const graph = {
    ...data.graph,
    nodes: named(slots.node, nodes).map(unpackedNode),
    edges: edges.map(rows => named(slots.edge, rows).map(unpackedEdge)),
  };
  return { ...data, graph };
}

/** The edges of a path, one after the other. */
export function edgesOf(graph, path) {
  let node = 0;
  return path.map(number => {
    const edge = graph.edges[node][number];
    node = edge.target;
    return edge;
  });
}

/** The node a path ends in. */
export const nodeAt = (graph, path) => edgesOf(graph, path).at(-1)?.target ?? 0;

/** The data of the run that a path makes. */
export function walkData(base, path) {
  const { graph } = base;
  const steps = [];
  const visited = [0];
  let stillBroken = []; // a rule about states stays broken from step to step: it is said once
  const wrote = new Map(); // by key the step that wrote it last
  const stored = new Map(); // by actor and key the step that put it into that actor's buffer
  for (const edge of edgesOf(graph, path)) {
    const step = { ...stepOf(graph, visited.at(-1), edge, stillBroken), reads: readsOf(edge, steps, wrote, stored) };
    steps.push(step);
    for (const [key] of step.changes) wrote.set(key, steps.length);
    for (const key of edge.stores) stored.set(`${edge.actor} ${key}`, steps.length);
    stillBroken = edge.broken;
    visited.push(edge.target);
  }
  const turn = (step, i) => step.broken.length || (i && steps[i - 1].actor !== step.actor);
  return {
    ...base,
    first: sharedOf(graph, 0).values,
    start: graph.nodes[0].lines,
    startWaits: waitsAt(graph, 0),
    steps,
    tracks: base.tracks.map((track, i) => ({ ...track, values: valuesOf(graph, track, i, visited, steps) })),
    waiting: visited.map(node => graph.nodes[node].waiting),
    pic: base.pics.length ? visited.map(node => base.pics[graph.nodes[node].shared]) : [],
    over: visited.map(node => graph.nodes[node].over),
    marks: steps.flatMap((step, i) => (turn(step, i) ? [i + 1] : [])),
    code: codeOf(graph, path),
  };
}

const sharedOf = (graph, node) => graph.shared[graph.nodes[node].shared];

function stepOf(graph, from, edge, stillBroken) {
  const { actor, label, sentence, kind, target } = edge;
  const old = sharedOf(graph, from).values;
  const now = sharedOf(graph, target).values;
  return {
    actor,
    label,
    sentence,
    changes: now.map((value, key) => [key, value]).filter(([key, value]) => value !== old[key]),
    line: edge.choice === DRAIN ? null : graph.nodes[from].lines[actor],
    next: graph.nodes[target].lines[actor],
    waits: waitsAt(graph, target),
    broken: edge.broken.filter(rule => !stillBroken.includes(rule)),
    wrong: edge.wrong.filter((_, i) => !stillBroken.includes(edge.broken[i])),
    kind,
  };
}

/** What an edge reads that others wrote on the way here, or stored so that it cannot see it yet. */
function readsOf({ actor, reads }, steps, wrote, stored) {
  return reads.flatMap(({ key, unseen }) => {
    const late = unseen.map(who => stored.get(`${who} ${key}`)).filter(Boolean);
    if (late.length) return [{ key, wrote: Math.max(...late), missed: true }];
    const step = wrote.get(key);
    return step && steps[step - 1].actor !== actor ? [{ key, wrote: step, missed: false }] : [];
  });
}

const waitsAt = (graph, node) =>
  graph.nodes[node].whys.map((why, actor) => ({ actor, holder: -1, why })).filter(wait => wait.why);

/** What a track shows at each position of a walk. */
function valuesOf(graph, track, number, visited, steps) {
  if (track.kind !== "rule") return visited.map(node => sharedOf(graph, node).tracks[number]);
  const first = steps.findIndex(step => step.broken.includes(track.key));
  return visited.map((_, position) => first < 0 || position <= first);
}

/** The schedule code of a path, as explore/schedule.py writes it: in `v2:2x1:9f3c A9 B15/1 A4 +c41e07` B's 15th step
 * gets value number 1, a small letter lets stores leave that CPU's buffer, `+` marks what the steps do, `@` the memory
 * that is not the plain one, and `%`, where the model is a reader's own, its text. */
function codeOf(graph, path) {
  const parts = [];
  let open = null; // the part that the next step of the same actor still belongs to
  for (const { actor, choice } of edgesOf(graph, path)) {
    if (open?.actor !== actor || (open.choice === DRAIN) !== (choice === DRAIN)) {
      open = { actor, count: 0, choice: 0 };
      parts.push(open);
    }
    open.count++;
    open.choice = choice;
    if (choice > 0) open = null;
  }
  const letter = ({ actor, choice }) => (choice === DRAIN ? graph.letters[actor].toLowerCase() : graph.letters[actor]);
  const written = parts.map(part => letter(part) + part.count + (part.choice > 0 ? `/${part.choice}` : ""));
  return [graph.head, ...written, "+" + markOf(graph, path), ...graph.tail].join(" ");
}

/** Six hex digits of what the steps of a path do. */
function markOf(graph, path) {
  const number = edgesOf(graph, path).reduce((folded, { deed }) => (folded * graph.fold + deed) % graph.marks, 0);
  return number.toString(16).padStart(6, "0");
}

/** The path that a schedule code names in this graph as {path}; or {error}, what is wrong with it; or both: how far it
 * fits, and why no further. */
export function pathOf(graph, code) {
  const [head, ...words] = code.trim().slice(0, 4000).split(/\s+/);
  const text = /^%[0-9a-f]{4,16}$/.test(words.at(-1) || "") ? words.pop() : "";
  const memory = /^@[a-z]{2,8}$/.test(words.at(-1) || "") ? words.pop() : "";
  const mark = /^\+[0-9a-f]{6}$/.test(words.at(-1) || "") ? words.pop().slice(1) : "";
  if (!head) return { error: `Schedule code: it is empty; paste one such as ${graph.head} A9 B2` };
  if (head !== graph.head) {
    const wanted = `it must begin with ${graph.head} to fit this scenario`;
    return { error: `Schedule code: ${wanted}; copy it from a run of the same one` };
  }
  if (memory !== (graph.tail.find(word => word[0] === "@") || "")) {
    const other = memory ? `${memory} is another memory than this scheduler's` : "this scheduler's memory is another";
    return { error: `Schedule code: ${other}; copy it from a run on the same one` };
  }
  if (text && text !== graph.tail.find(word => word[0] === "%")) {
    return { error: `Schedule code: ${text} is another text than this model's; use that file, or explore it again` };
  }
  const walk = { path: [], node: 0 };
  for (const word of words) {
    const match = /^(?:([A-O])([1-9]\d{0,4})(?:\/([1-9]\d?))?|([a-o])([1-9]\d{0,4}))$/.exec(word);
    const actor = match ? graph.letters.indexOf((match[1] || match[4]).toUpperCase()) : -1;
    if (actor < 0) {
      const start = JSON.stringify(word.slice(0, 20));
      return { error: `Schedule code: ${start} is not a CPU's letter and a count; write for example A9` };
    }
    const error = match[4]
      ? take(graph, walk, actor, Number(match[5]), DRAIN, DRAIN)
      : take(graph, walk, actor, Number(match[2]), Number(match[3] || 0));
    if (error) return { path: walk.path, error };
  }
  if (!mark || mark === markOf(graph, walk.path)) return { path: walk.path };
  const other = "its mark is of other steps: the model or the code has changed since it was written";
  return { path: walk.path, error: `Schedule code: ${other}; explore the scenario again` };
}

/** Lets an actor take so many steps by one choice, the last by another; returns why it cannot, or null. */
function take(graph, walk, actor, count, lastChoice, eachChoice = 0) {
  for (let left = count; left > 0; left--) {
    const choice = left === 1 ? lastChoice : eachChoice;
    const number = graph.edges[walk.node].findIndex(edge => edge.actor === actor && edge.choice === choice);
    if (number < 0) {
      const why = graph.nodes[walk.node].whys[actor] || `${graph.actors[actor]} has no such move`;
      return `Step ${walk.path.length + 1}: the code stops fitting here, ${why}`;
    }
    walk.path.push(number);
    walk.node = graph.edges[walk.node][number].target;
    if (walk.path.length > MOST_STEPS) return "Schedule code: longer than 5,000 steps; paste a shorter one";
  }
  return null;
}
