// What a stepper knows, without drawing: a run's data read by position, a walk through a graph turned into such data, and
// schedule codes. Data comes from payload.py; each step is [actor, label, sentence, changes, line, next, waits, broken].

const ACTOR = 0, LABEL = 1, SENTENCE = 2, CHANGES = 3, LINE = 4, NEXT = 5, WAITS = 6, BROKEN = 7;

/** A run's data, readable at every position in constant time. Positions are local: 0 is the first state sent. */
function readTrace(data) {
  const steps = data.steps, n = steps.length, actors = data.actors.length;
  const states = [data.first];
  for (const step of steps) {
    let state = states[states.length - 1];
    if (step[CHANGES].length) { state = state.slice(); for (const [key, value] of step[CHANGES]) state[key] = value; }
    states.push(state);
  }
  // last[a][k]: the number of actor a's latest step at position k, 0 if it has taken none; after[a][k]: its next one, or 0.
  const last = [], after = [], seen = [];
  for (let a = 0; a < actors; a++) {
    const l = new Int32Array(n + 1), f = new Int32Array(n + 1), first = new Map();
    for (let k = 1; k <= n; k++) {
      const mine = steps[k - 1][ACTOR] === a;
      l[k] = mine ? k : l[k - 1];
      const line = steps[k - 1][LINE];
      if (mine && line && !first.has(line.join("\n"))) first.set(line.join("\n"), k);
    }
    for (let k = n - 1; k >= 0; k--) f[k] = steps[k][ACTOR] === a ? k + 1 : f[k + 1];
    last.push(l); after.push(f); seen.push(first);
  }
  return {
    data, n, offset: data.offset || 0, states, last, after,
    step: k => (k ? steps[k - 1] : null),
    /** The number of the step in which an actor first ran a line, or 0. */
    firstRun: (a, text, index) => seen[a].get(text + "\n" + index) || 0,
    line: (a, k) => (last[a][k] ? steps[last[a][k] - 1][LINE] : null),
    next: (a, k) => (last[a][k] ? steps[last[a][k] - 1][NEXT] : data.start[a]),
    wait: (a, k) => { const waits = k ? steps[k - 1][WAITS] : data.waits0 || []; return waits.find(w => w[0] === a) || null; },
    /** True once an actor has nothing left to do, as its text says; false where there is no text to say it. */
    over: (a, k) => (data.over ? Boolean(data.over[k][a])
      : Object.keys(data.texts).length > 0 && !after[a][k] && (last[a][k] ? steps[last[a][k] - 1][NEXT] : data.start[a]) === null),
    /** Why an actor can or cannot move, and what it holds: one or two sentences. */
    why(a, k) {
      const held = data.tracks.filter(t => t.kind === "lock" && (t.values[k] === a || (Array.isArray(t.values[k]) && t.values[k].includes(a))));
      const began = from => (from ? `since step ${from + (data.offset || 0)}` : data.offset ? `since step ${data.offset} or before` : "from the start");
      const holds = held.map(t => `Holds ${t.name} ${began(since(t.values, k))}. `).join("");
      const wait = this.wait(a, k), later = after[a][k];
      if (this.over(a, k)) return holds + (last[a][k] ? `Finished at step ${last[a][k] + (data.offset || 0)}.` : "Has nothing to do.");
      if (wait) return holds + wait[2] + (/[.!?]$/.test(wait[2]) ? "" : ".");
      if (later === k + 1) return `${holds}Moves next: ${steps[k][LABEL]}.`;
      // Without a text nobody says where an actor stands between its steps, so whether it could move is not known.
      if (later && !data.graph && !Object.keys(data.texts).length) return `${holds}Moves at step ${later + (data.offset || 0)}: ${steps[later - 1][LABEL]}.`;
      if (later) return `${holds}Could move. Its turn comes at step ${later + (data.offset || 0)}.`;
      return holds + (data.graph ? "Can move." : k < n || data.offset + n < data.total ? "Does not run again here." : "The run ends here.");
    },
    brokenBefore: k => { for (let i = k; i > 0; i--) if (steps[i - 1][BROKEN].length) return i; return 0; },
  };
}

/** Stretches of equal values as [from, to, value]; a value at position k fills the column of step k, position 0 has none. */
function stretches(values) {
  const found = [];
  for (let k = 1; k < values.length; k++) {
    const top = found[found.length - 1], same = top && JSON.stringify(top[2]) === JSON.stringify(values[k]);
    if (same) top[1] = k; else found.push([k - 1, k, values[k]]);
  }
  return found;
}

/** Since which step a track has had the value it has at position k. */
function since(values, k) {
  let i = k;
  const now = JSON.stringify(values[k]);
  while (i > 0 && JSON.stringify(values[i - 1]) === now) i--;
  return i;
}

/** A run in words, a line a step: what `print(stepper)` shows. */
function asText(trace) {
  const d = trace.data, width = Math.max(...d.actors.map(a => a.length)), rows = [d.title];
  if (d.subtitle) rows.push(d.subtitle);
  for (let k = 1; k <= trace.n; k++) {
    const s = trace.step(k), old = trace.states[k - 1];
    const what = s[CHANGES].map(([i, v]) => `${d.keys[i]} ${old[i]} → ${v}`).join("; ");
    rows.push(`${String(k + trace.offset).padStart(4)}  ${d.actors[s[ACTOR]].padEnd(width)}  ${s[LABEL]}${what ? `   [${what}]` : ""}`);
    for (const rule of s[BROKEN]) rows.push(`      !! ${rule}: ${s[SENTENCE]}`);
  }
  return rows.join("\n");
}

// ---- walking a graph -------------------------------------------------------------------------------------------------
// graph: {head, letters, goal, strings, lines, shared: [{v: values, t: track values}], nodes: [[shared, lines, whys, over]],
// edges: [[[actor, choice, target, label, sentence, broken]]]}; label, sentence, whys and broken index `strings`.

const str = (g, i) => (i < 0 ? "" : g.strings[i]);

/** The node a path of edges ends in. */
const nodeAt = (g, path) => path.reduce((node, edge) => g.edges[node][edge][2], 0);

/** The moves of every actor at a node: [{edge, actor, label, sentence}]; and why those that have none cannot move. */
function movesAt(g, node) {
  const moves = g.edges[node].map((e, edge) => ({ edge, actor: e[0], label: str(g, e[3]), sentence: str(g, e[4]) }));
  return { moves, whys: g.nodes[node][2].map(i => str(g, i)) };
}

/** The data of the run that a path makes. */
function walkData(base, path) {
  const g = base.graph, steps = [], sharedOf = node => g.shared[g.nodes[node][0]];
  const line = (node, a) => { const i = g.nodes[node][1][a]; return i < 0 ? null : g.lines[i]; };
  const waits = node => g.nodes[node][2].map((w, a) => [a, -1, str(g, w)]).filter(w => w[2]);
  const tracks = base.tracks.map(t => ({ ...t, values: [] })), pic = [], over = [], brokenSoFar = new Set();
  let still = []; // a rule about states stays broken from step to step: it is said once
  const look = node => {
    tracks.forEach((t, i) => t.values.push(t.kind === "rule" ? !brokenSoFar.has(t.key) : sharedOf(node).t[i]));
    over.push(g.nodes[node][3]);
    if (base.pics.length) pic.push(base.pics[g.nodes[node][0]]);
  };
  let node = 0;
  look(0);
  for (const index of path) {
    const [a, , target, label, sentence, broken] = g.edges[node][index], old = sharedOf(node).v, now = sharedOf(target).v;
    const changes = now.map((v, i) => [i, v]).filter(([i, v]) => v !== old[i]), all = broken.map(i => str(g, i)), names = all.filter(name => !still.includes(name));
    still = all;
    names.forEach(name => brokenSoFar.add(name));
    steps.push([a, str(g, label), str(g, sentence), changes, line(node, a), line(target, a), waits(target), names]);
    node = target;
    look(node);
  }
  const marks = steps.map((s, i) => (s[BROKEN].length || (i && steps[i - 1][ACTOR] !== s[ACTOR]) ? i + 1 : 0)).filter(Boolean);
  return { ...base, first: g.shared[g.nodes[0][0]].v, start: g.nodes[0][1].map((_, a) => line(0, a)), waits0: waits(0), steps, tracks, pic, over, marks, code: codeOf(g, path) };
}

/** The schedule code of a path, as explore/schedule.py writes it: `v2:2x1:9f3c A9 B15/1 A4`, B's 15th step gets value number 1. */
function codeOf(g, path) {
  const parts = [];
  let node = 0, open = null;
  for (const index of path) {
    const [a, choice, target] = g.edges[node][index];
    if (!open || open.a !== a) parts.push((open = { a, count: 0, choice: 0 }));
    open.count++;
    if (choice) { open.choice = choice; open = null; }
    node = target;
  }
  return [g.head, ...parts.map(p => g.letters[p.a] + p.count + (p.choice ? "/" + p.choice : ""))].join(" ");
}

/** The path a schedule code names in this graph, or a sentence that says where it stopped fitting. */
function pathOf(g, text) {
  const words = text.trim().slice(0, 4000).split(/\s+/);
  if (!words[0]) return { error: "Schedule code: it is empty; paste one such as " + g.head + " A9 B2" };
  if (words[0] !== g.head) return { error: `Schedule code: it must begin with ${g.head} to fit this scenario; copy it from a run of the same one` };
  const path = [];
  let node = 0;
  for (const word of words.slice(1)) {
    const match = /^([A-O])([1-9]\d{0,4})(?:\/([1-9]\d?))?$/.exec(word), a = match ? g.letters.indexOf(match[1]) : -1;
    if (a < 0) return { error: `Schedule code: ${JSON.stringify(word.slice(0, 20))} is not a CPU's letter and a count; write for example A9` };
    for (let i = Number(match[2]); i > 0; i--) {
      const choice = i === 1 ? Number(match[3] || 0) : 0, edge = g.edges[node].find(e => e[0] === a && e[1] === choice);
      if (!edge) return { path, error: `Step ${path.length + 1}: the code stops fitting here, ${str(g, g.nodes[node][2][a]) || g.actors[a] + " has no such move"}` };
      path.push(g.edges[node].indexOf(edge));
      node = edge[2];
      if (path.length > 5000) return { path, error: "Schedule code: longer than 5,000 steps; paste a shorter one" };
    }
  }
  return { path };
}
