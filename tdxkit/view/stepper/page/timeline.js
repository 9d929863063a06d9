// The timeline: a row per actor, lock, fact and rule; it is also the slider. Drawn once for a run and a width; a step
// moves one clip and one frame. lanes.py draws the same rows from the same run; a test holds the two together.

import { clamp, role, svgEl } from "./dom.js";
import { stretches } from "./trace.js";

const ROW = { top: 16, actor: 24, track: 18, bar: 16, bottom: 6 }; // heights in pixels
const LETTER = 6.3; // the width of a letter
/** Patterns that tell actors apart without colour: plain, two diagonals, dots, bars, a net, dashes. */
const HATCH = ["", "M0 6L6 0", "M0 0L6 6", "M2 2h2v2h-2z", "M3 0V6", "M0 6L6 0M0 0L6 6", "M0 3H6"];

const round = number => String(Math.round(number * 100) / 100);
const colour = name => `var(--tdx-${name})`;

/** Where things stand for a width in pixels: left edge of the plot, width of a step, y of each row. */
function geometry(actors, tracks, columns, width) {
  const longest = Math.max(0, ...[...actors, ...tracks.map(track => track.name)].map(name => [...name].length));
  const left = clamp(longest * LETTER + 18, 70, width < 560 ? 172 : 232);
  const below = ROW.top + actors.length * ROW.actor;
  return {
    width,
    left,
    step: columns ? Math.min((width - left - 4) / columns, 56) : 0,
    actorY: actors.map((_, i) => ROW.top + i * ROW.actor),
    trackY: tracks.map((_, i) => below + i * ROW.track + 7),
    height: below + tracks.length * ROW.track + ROW.bottom,
  };
}

/** A row's name, cut to the room before the plot; whole in its tooltip. */
function rowName(plot, y, name, fill, bold) {
  const room = Math.floor((plot.left - 12) / LETTER);
  const letters = [...name];
  const cut = letters.length > room ? `${letters.slice(0, room - 1).join("")}…` : name;
  const kind = bold ? "tdx-name" : "tdx-track-name";
  const whole = cut === name ? null : svgEl("title", {}, name);
  return svgEl("text", { x: 0, y: round(y), class: kind, fill: colour(fill) }, cut, whole);
}

/** One path with a block for each step of an actor; blocks grow together where a step is narrower than four units. */
function blocks(plot, trace, actor) {
  const gap = plot.step >= 4 ? 1 : 0;
  const found = stretches([-1, ...trace.data.steps.map(step => step.actor)]).filter(([, , who]) => who === actor);
  const single = ([from, to]) => Array.from({ length: to - from }, (_, i) => [from + i, from + i + 1]);
  const cuts = gap ? found.flatMap(single) : found;
  const parts = cuts.map(([from, to]) => {
    const x = plot.left + from * plot.step + gap;
    const width = round(Math.max((to - from) * plot.step - 2 * gap, 0.6));
    return `M${round(x)} ${plot.actorY[actor]}h${width}v${ROW.bar}h-${width}z`;
  });
  return parts.join("");
}

/** The bars of a track as [from, to, role, dashed]; a rule is green from step 0 and turns where a step breaks it. */
function bars(track) {
  const found = stretches(track.values);
  if (track.kind === "rule") return found.map(([from, to, holds]) => [from, to, holds ? "ok" : "bad", !holds]);
  return found.flatMap(([from, to, value]) => {
    if (value === false || value === null || value === -1) return [];
    if (track.kind === "fact") return [[from, to, track.role, false]];
    if (Array.isArray(value)) return [[from, to, value.length === 1 ? role(value[0]) : "shared", true]];
    return [[from, to, typeof value === "number" ? role(value) : "exclusive", false]];
  });
}

function trackRow(plot, track, y) {
  const thin = track.kind === "rule";
  const row = svgEl("g", { class: `tdx-row tdx-${track.kind}` });
  for (const [from, to, name, dashed] of bars(track)) {
    const start = plot.left + from * plot.step + 2;
    const end = Math.max(plot.left + to * plot.step - 2, start + 0.5);
    const line = { stroke: colour(name), "stroke-width": thin ? 3 : 5 };
    const dashes = dashed ? "5 4" : null;
    row.append(svgEl("path", { d: `M${round(start)} ${y}H${round(end)}`, ...line, "stroke-dasharray": dashes }));
    if (thin && name === "bad") {
      const x = Math.max(plot.left + (from + 0.5) * plot.step, plot.left + 6);
      row.append(svgEl("path", { class: "tdx-cross", d: `M${round(x - 5)} ${y - 5}l10 10m0-10l-10 10`, ...line }));
    }
  }
  return row;
}

/** Marks above the plot: a tick where another actor goes on, a cross-hair in red where a rule breaks. */
function marks(plot, trace) {
  const made = svgEl("g", { class: "tdx-marks" });
  const dense = trace.length && (plot.step * trace.length) / Math.max(trace.data.marks.length, 1) < 3;
  for (const number of trace.data.marks) {
    const broken = trace.step(number).broken.length > 0;
    const x = plot.left + (number - (broken ? 0.5 : 1)) * plot.step;
    if (broken) {
      made.append(svgEl("path", { class: "tdx-mark-bad", d: `M${round(x - 5)} 2h10l-5 8z`, fill: colour("bad") }));
    } else if (!dense) {
      made.append(svgEl("path", { d: `M${round(x)} 4v6`, stroke: colour("edge"), "stroke-width": 1.5 }));
    }
  }
  return made;
}

function hatch(id, actor) {
  const lines = { d: HATCH[actor % 7], stroke: colour("paper"), "stroke-opacity": 0.4, fill: "none" };
  return svgEl("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, svgEl("path", lines));
}

/** The whole timeline: {svg, move(position), at(x)}; `uid` keeps ids apart from those of other steppers on the page. */
export function drawTimeline(trace, width, uid) {
  const { actors, tracks } = trace.data;
  const plot = geometry(actors, tracks, Math.max(trace.length, trace.data.columns || 0), width);
  const clip = svgEl("rect", { x: 0, y: 0, width: plot.left, height: plot.height });
  const defs = svgEl("defs", {}, svgEl("clipPath", { id: `${uid}-past` }, clip));
  const future = svgEl("g", { class: "tdx-future" });
  const past = svgEl("g", { class: "tdx-past", "clip-path": `url(#${uid}-past)` });
  const size = { viewBox: `0 0 ${width} ${plot.height}`, width, height: plot.height };
  const svg = svgEl("svg", { ...size, class: "tdx-plot", "aria-hidden": "true" }, defs, marks(plot, trace));
  actors.forEach((name, actor) => {
    const d = blocks(plot, trace, actor);
    const fill = role(actor);
    svg.append(rowName(plot, plot.actorY[actor] + 12, name, fill, true));
    future.append(svgEl("path", { d, fill: colour(`${fill}-bg`) }));
    past.append(svgEl("path", { d, fill: colour(fill) }));
    if (actor % 7) {
      defs.append(hatch(`${uid}-h${actor}`, actor));
      past.append(svgEl("path", { d, fill: `url(#${uid}-h${actor})` }));
    }
  });
  tracks.forEach((track, i) => {
    svg.append(rowName(plot, plot.trackY[i] + 4, track.name, "soft", false));
    future.append(trackRow(plot, track, plot.trackY[i]));
    past.append(trackRow(plot, track, plot.trackY[i]));
  });
  const border = { rx: 4, fill: "none", stroke: colour("ink"), "stroke-width": 1.5 };
  const frame = svgEl("rect", { class: "tdx-frame", y: 12, height: plot.height - 13, ...border });
  svg.append(future, past, frame);
  return { svg, ...movement(plot, trace, clip, frame) };
}

/** How the timeline goes to a position, and which position stands at an x. */
function movement(plot, trace, clip, frame) {
  const move = position => {
    const wide = position ? Math.max(plot.step, 3) + 2 : 2;
    const x = position ? plot.left + (position - 0.5) * plot.step - wide / 2 : plot.left - 3;
    clip.setAttribute("width", round(plot.left + position * plot.step));
    frame.setAttribute("width", round(wide));
    frame.setAttribute("x", round(x));
  };
  const at = x => {
    if (x < plot.left || !plot.step) return 0;
    return Math.min(trace.length, Math.floor((x - plot.left) / plot.step) + 1);
  };
  return { move, at };
}
