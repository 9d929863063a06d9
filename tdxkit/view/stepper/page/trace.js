// What a stepper knows, without drawing: a run's data, readable at every position. Data comes from payload.py.

import { ended } from "./dom.js";

/** Rows as objects: payload.py names the slots of each kind of row once, in `data.slots`. */
export const named = (slots, rows) => rows.map(row => Object.fromEntries(slots.map((slot, i) => [slot, row[i]])));

/** A run's data with a name for each slot of its rows. */
export function unpackedRun(data) {
  const { wait, line } = data.slots;
  const place = row => (row === null ? null : named(line, [row])[0]);
  const steps = named(data.slots.step, data.steps).map(one => ({
    ...one,
    line: place(one.line),
    next: place(one.next),
    waits: named(wait, one.waits),
    reads: one.reads.map(([key, step, missed]) => ({ key, wrote: step - data.offset, missed: Boolean(missed) })),
  }));
  return { ...data, steps, start: data.start.map(place), startWaits: [] };
}

/** The data of a run, or of a graph that is walked, with its lanes in C; the data itself where it has no C. */
export function inC(data) {
  if (!data.c) return data;
  const { texts, lines, start, nodes, ours } = data.c;
  const place = row => (row === null ? null : named(data.slots.line, [row])[0]);
  const shown = { ...data, texts, inC: true, ours };
  if (!data.graph) {
    const steps = data.steps.map((one, i) => ({ ...one, line: place(lines[i][0]), next: place(lines[i][1]) }));
    return { ...shown, steps, start: start.map(place) };
  }
  const places = lines.map(place);
  const moved = (one, i) => ({ ...one, lines: nodes[i].map(number => places[number] ?? null) });
  return { ...shown, graph: { ...data.graph, nodes: data.graph.nodes.map(moved) } };
}

/** A run's data as one sees it who has been as far as position `seen`. */
export function fogged(data, seen) {
  return {
    ...data,
    steps: data.steps.slice(0, seen),
    tracks: data.tracks.map(track => ({ ...track, values: track.values.slice(0, seen + 1) })),
    marks: data.marks.filter(mark => mark <= seen),
    beside: data.tracks.map(track => track.key),
    columns: Math.max(data.steps.length, data.columns || 0),
    parts: 0,
  };
}

/** A run's data (unpacked) by position. Positions are local: 0 is the first state sent, step k leads to position k.
 * seen: under a fog how far the reader has been, else nothing lies ahead unseen. */
export class Trace {
  constructor(data) {
    this.data = data;
    this.seen = Infinity;
    this.length = data.steps.length;
    this.offset = data.offset;
    this.states = statesOf(data);
    this.turns = data.actors.map((_, actor) => turnsOf(data.steps, actor));
  }

  /** The step that led to a position, null at the start. */
  step(position) {
    return position ? this.data.steps[position - 1] : null;
  }

  /** The number of an actor's latest step at a position, 0 if it has taken none. */
  latest(actor, position) {
    return this.turns[actor].latest[position];
  }

  /** The number of an actor's next step, 0 if it takes none. */
  following(actor, position) {
    return this.turns[actor].following[position];
  }

  /** The number of the step in which an actor first ran a line, or 0. */
  firstRun(actor, text, index) {
    return this.turns[actor].firstRuns.get(`${text}\n${index}`) || 0;
  }

  /** The line that an actor ran in its latest step, and the one where it stands: {text, index}, or null. */
  line(actor, position) {
    return this.step(this.latest(actor, position))?.line ?? null;
  }

  next(actor, position) {
    const step = this.step(this.latest(actor, position));
    return step ? step.next : this.data.start[actor];
  }

  /** What an actor waits for: {actor, holder, why}, or null. */
  wait(actor, position) {
    const waits = position ? this.step(position).waits : this.data.startWaits;
    return waits.find(wait => wait.actor === actor) || null;
  }

  hasTexts() {
    return Object.keys(this.data.texts).length > 0;
  }

  /** True once an actor has nothing left to do, as its text says; false where there is no text to say it. */
  over(actor, position) {
    if (this.data.over) return Boolean(this.data.over[position][actor]);
    return this.hasTexts() && !this.following(actor, position) && this.next(actor, position) === null;
  }

  /** Why an actor can or cannot move, and what it holds: one or two sentences. */
  why(actor, position) {
    return this.holds(actor, position) + this.outlook(actor, position);
  }

  holds(actor, position) {
    const { tracks } = this.data;
    const held = tracks.filter(track => track.kind === "lock" && [track.values[position]].flat().includes(actor));
    const began = from => {
      if (from) return `since step ${from + this.offset}`;
      return this.offset ? `since step ${this.offset} or before` : "from the start";
    };
    return held.map(track => `Holds ${track.name} ${began(since(track.values, position))}. `).join("");
  }

  outlook(actor, position) {
    const { data, offset } = this;
    const latest = this.latest(actor, position);
    if (this.over(actor, position)) return latest ? `Finished at step ${latest + offset}.` : "Has nothing to do.";
    const wait = this.wait(actor, position);
    if (wait) return ended(wait.why);
    const later = this.following(actor, position);
    if (later > this.seen) return data.graph || this.hasTexts() ? "Can move." : "";
    if (later === position + 1) return `Moves next: ${this.step(later).label}.`;
    // Without a text nobody says where an actor stands between its steps, so whether it could move is not known.
    if (later && !data.graph && !this.hasTexts()) return `Moves at step ${later + offset}: ${this.step(later).label}.`;
    if (later) return `Could move. Its turn comes at step ${later + offset}.`;
    if (data.graph) return "Can move.";
    const goesOn = position < this.length || offset + this.length < data.total;
    return goesOn ? "Does not run again here." : "The run ends here.";
  }

  /** A rule as it is said: a standstill is a finding, and its track has the rule that it breaks. */
  ruleName(rule) {
    return this.data.tracks.find(track => track.kind === "rule" && track.key === rule)?.broken ?? rule;
  }

  /** The number in the whole run of the latest step that broke a rule, up to a position, or 0. */
  brokenBefore(position) {
    for (let i = position; i > 0; i--) if (this.step(i).broken.length) return i + this.offset;
    return this.data.brokenBefore || 0;
  }

  /** What the step to a position rests on: what it read that others had written, and of a step that breaks a rule what
   * the same actor had so read before, as {wrote, read, key, missed}; steps by position. */
  causes(position) {
    const step = this.step(position);
    if (!step) return [];
    const readers = [position];
    if (step.broken.length) {
      let before = this.latest(step.actor, position - 1);
      while (before && !this.step(before).reads.length) before = this.latest(step.actor, before - 1);
      if (before) readers.push(before);
    }
    return readers.flatMap(read => this.step(read).reads.map(one => ({ ...one, read })));
  }

  /** What the step to a position changed: {name, old, now}. */
  changes(position) {
    const old = this.states[position - 1];
    const found = position ? this.step(position).changes : [];
    return found.map(([key, now]) => ({ name: this.data.keys[key], key, old: old[key], now }));
  }
}

/** The values of every state, in the order of `keys`; a state that nothing changed is the one before. */
function statesOf(data) {
  const states = [data.first];
  for (const { changes } of data.steps) {
    let state = states.at(-1);
    if (changes.length) state = [...state];
    for (const [key, value] of changes) state[key] = value;
    states.push(state);
  }
  return states;
}

/** An actor's turns: its latest and its next step at each position, and when it first ran each line. */
function turnsOf(steps, actor) {
  const latest = new Int32Array(steps.length + 1);
  const following = new Int32Array(steps.length + 1);
  const firstRuns = new Map();
  for (let i = 1; i <= steps.length; i++) {
    const step = steps[i - 1];
    const mine = step.actor === actor;
    latest[i] = mine ? i : latest[i - 1];
    const line = mine && step.line ? `${step.line.text}\n${step.line.index}` : null;
    if (line !== null && !firstRuns.has(line)) firstRuns.set(line, i);
  }
  for (let i = steps.length - 1; i >= 0; i--) following[i] = steps[i].actor === actor ? i + 1 : following[i + 1];
  return { latest, following, firstRuns };
}

/** The positions of the steps that changed this name. */
export function touching(trace, name) {
  const key = trace.data.keys.indexOf(name);
  return trace.data.steps.flatMap(({ changes }, i) => (changes.some(([one]) => one === key) ? [i + 1] : []));
}

/** Stretches of equal values as [from, to, value]; the value at position k fills the column of step k, 0 has none. */
export function stretches(values) {
  const found = [];
  for (let i = 1; i < values.length; i++) {
    const last = found.at(-1);
    if (last && JSON.stringify(last[2]) === JSON.stringify(values[i])) last[1] = i;
    else found.push([i - 1, i, values[i]]);
  }
  return found;
}

/** Since which step a track has had the value it has at a position. */
function since(values, position) {
  const now = JSON.stringify(values[position]);
  let i = position;
  while (i > 0 && JSON.stringify(values[i - 1]) === now) i--;
  return i;
}
