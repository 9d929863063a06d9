// The timeline: a row per actor, value, lock, fact and rule; it is also the slider. Drawn once for a run and a width; a
// step moves one clip, one frame and the arrows. timeline.py draws the same from the same run; a test holds the two
// together.

import { clamp, colour, role, round, svgEl } from "./dom.js";
import { lengthOf, rowOf, rowsOf } from "./rows.js";
import { stretches } from "./trace.js";

/** Heights in pixels, and whether several rules share a row. */
const FORMS = {
  roomy: { top: 18, actor: 24, bar: 16, track: 20, bottom: 6, fold: false },
  compact: { top: 15, actor: 18, bar: 12, track: 17, bottom: 4, fold: true },
};
const LETTER = 6.3; // the width of a letter
/** Patterns that tell actors apart without colour: plain, two diagonals, dots, bars, a net, dashes. */
const HATCH = ["", "M0 6L6 0", "M0 0L6 6", "M2 2h2v2h-2z", "M3 0V6", "M0 6L6 0M0 0L6 6", "M0 3H6"];
/** Where things stand for a width in pixels. */
function geometry(data, width, form) {
  const rows = rowsOf(data, form);
  const { actors, steps } = data;
  const longest = Math.max(...[...actors, ...rows.map(row => row.name)].map(lengthOf));
  const widest = width < 360 ? 92 : width < 560 ? 172 : width < 800 ? 232 : 300;
  const left = Math.min(Math.max(longest * LETTER + 26, 70), widest);
  const columns = Math.max(steps.length, data.columns || 0);
  const step = columns ? Math.min((width - left - 4) / columns, 56) : 0;
  const below = form.top + actors.length * form.actor;
  return {
    data,
    form,
    rows,
    width,
    left,
    step,
    x: column => left + column * step,
    actorY: actors.map((_, i) => form.top + i * form.actor),
    rowY: rows.map((_, i) => below + i * form.track + form.track / 2 - 2),
    height: below + rows.length * form.track + form.bottom,
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
function blocks(plot, actor) {
  const gap = plot.step >= 4 ? 1 : 0;
  const found = stretches([-1, ...plot.data.steps.map(step => step.actor)]).filter(([, , who]) => who === actor);
  const single = ([from, to]) => Array.from({ length: to - from }, (_, i) => [from + i, from + i + 1]);
  const cuts = gap ? found.flatMap(single) : found;
  const parts = cuts.map(([from, to]) => {
    const width = round(Math.max((to - from) * plot.step - 2 * gap, 0.6));
    return `M${round(plot.x(from) + gap)} ${plot.actorY[actor]}h${width}v${plot.form.bar}h-${width}z`;
  });
  return parts.join("");
}

/** Above the plot: a tick where another actor goes on, a wedge where a rule breaks, ≠ where two runs part. */
function marks(plot) {
  const { steps, marks: numbers, parts } = plot.data;
  const made = svgEl("g", { class: "tdx-marks" });
  const narrow = (plot.step * steps.length) / Math.max(numbers.length, 1) < 3;
  const dense = steps.length && (narrow || numbers.length > steps.length / 2);
  for (const number of numbers) {
    const broken = steps[number - 1].broken.length > 0;
    const x = plot.x(number - (broken ? 0.5 : 1));
    if (broken) {
      made.append(svgEl("path", { class: "tdx-mark-bad", d: `M${round(x - 5)} 2h10l-5 8z`, fill: colour("bad") }));
    } else if (!dense) {
      made.append(svgEl("path", { d: `M${round(x)} 4v6`, stroke: colour("edge"), "stroke-width": 1.5 }));
    }
  }
  if (parts) {
    const at = { x: round(plot.x(parts - 0.5)), y: 11, "text-anchor": "middle", class: "tdx-parts" };
    made.append(svgEl("text", { ...at, fill: colour("ink") }, "≠"));
  }
  return made;
}

/** An arrow from the step that wrote to the one that read it. */
function arrow(plot, { wrote, read, missed }) {
  const { steps } = plot.data;
  const y = number => plot.actorY[steps[number - 1].actor] + plot.form.bar / 2;
  const start = [plot.x(wrote - 0.5), y(wrote)];
  const end = [plot.x(read - 1) + 1, y(read)];
  const bend = Math.max((end[0] - start[0]) / 2, 14);
  const [[x1, y1], [x2, y2]] = [start.map(round), end.map(round)];
  const d = `M${x1} ${y1}C${round(start[0] + bend)} ${y1} ${round(end[0] - bend)} ${y2} ${x2} ${y2}`;
  const [ink, paper] = [colour("ink"), colour("paper")];
  return svgEl(
    "g",
    {},
    svgEl("path", { d, fill: "none", stroke: paper, "stroke-width": 5 }),
    svgEl("path", { d, fill: "none", stroke: ink, "stroke-width": 2, "stroke-dasharray": missed ? "4 3" : null }),
    svgEl("path", { d: `M${x2} ${y2}l-8 -4.5v9z`, fill: ink, stroke: paper }),
    svgEl("circle", { cx: x1, cy: y1, r: 3, fill: ink, stroke: paper }),
  );
}

function hatch(id, place) {
  const lines = { d: HATCH[place], stroke: colour("paper"), "stroke-opacity": 0.4, fill: "none" };
  return svgEl("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, svgEl("path", lines));
}

/** The whole timeline: {svg, move(position, causes), at(x)}; `uid` keeps ids apart from those of other steppers. */
export function drawTimeline(data, width, uid, form) {
  const plot = geometry(data, width, FORMS[form]);
  const clip = svgEl("rect", { x: 0, y: 0, width: plot.left, height: plot.height });
  const defs = svgEl("defs", {}, svgEl("clipPath", { id: `${uid}-past` }, clip));
  const future = svgEl("g", { class: "tdx-future" });
  const past = svgEl("g", { class: "tdx-past", "clip-path": `url(#${uid}-past)` });
  const size = { viewBox: `0 0 ${width} ${plot.height}`, width, height: plot.height };
  const svg = svgEl("svg", { ...size, class: "tdx-plot", "aria-hidden": "true" }, defs, marks(plot));
  data.actors.forEach((name, actor) => {
    const d = blocks(plot, actor);
    const fill = role(data, actor);
    svg.append(rowName(plot, plot.actorY[actor] + plot.form.bar - 4, name, fill, true));
    future.append(svgEl("path", { d, fill: "none", stroke: colour(fill), "stroke-width": 1 }));
    past.append(svgEl("path", { d, fill: colour(fill) }));
    if (data.roles[actor]) {
      defs.append(hatch(`${uid}-h${actor}`, data.roles[actor]));
      past.append(svgEl("path", { d, fill: `url(#${uid}-h${actor})` }));
    }
  });
  plot.rows.forEach((row, i) => {
    svg.append(rowName(plot, plot.rowY[i] + 4, row.name, "soft", false));
    future.append(rowOf(plot, row, plot.rowY[i], true, uid));
    past.append(rowOf(plot, row, plot.rowY[i], false, uid));
  });
  const border = { rx: 4, fill: "none", stroke: colour("ink"), "stroke-width": 1.5 };
  const frame = svgEl("rect", { class: "tdx-frame", y: 12, height: plot.height - 13, ...border });
  const arrows = svgEl("g", { class: "tdx-causes" });
  svg.append(future, past, frame, arrows);
  return { svg, ...movement(plot, clip, frame, arrows) };
}

/** How the timeline goes to a position, and which position stands at an x. */
function movement(plot, clip, frame, arrows) {
  const move = (position, causes) => {
    const wide = position ? Math.max(plot.step, 3) + 2 : 2;
    const x = position ? plot.x(position - 0.5) - wide / 2 : plot.left - 3;
    clip.setAttribute("width", round(plot.x(position)));
    frame.setAttribute("width", round(wide));
    frame.setAttribute("x", round(x));
    arrows.replaceChildren(...causes.filter(({ wrote }) => wrote > 0).map(cause => arrow(plot, cause)));
  };
  const last = Math.max(plot.data.steps.length, plot.data.columns || 0);
  const at = x => (plot.step ? clamp(Math.ceil((x - plot.left) / plot.step), 0, last) : 0);
  return { move, at };
}
