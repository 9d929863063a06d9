// The timeline: a row per actor, lock, fact and rule; it is also the slider. Drawn once for a run and a width; a step moves one
// clip and one frame. lanes.py draws the same rows from the same run; a test holds the two together.

const SVG = "http://www.w3.org/2000/svg";
const svgEl = (name, attributes = {}, ...children) => {
  const made = document.createElementNS(SVG, name);
  for (const key in attributes) if (attributes[key] !== null) made.setAttribute(key, attributes[key]);
  made.append(...children.filter(c => c !== null));
  return made;
};
const round = x => String(Math.round(x * 100) / 100);
const ROW = { top: 16, actor: 24, track: 18, bar: 16, bottom: 6 };
const role = a => `a${a % 7}`;

/** Where things stand for a width in pixels: left edge of the plot, width of a step, y of each row. */
function geometry(actors, tracks, n, width) {
  const longest = Math.max(0, ...[...actors, ...tracks.map(t => t.name)].map(name => [...name].length)), left = Math.min(Math.max(longest * 6.3 + 18, 70), width < 560 ? 134 : 196), step = n ? Math.min((width - left - 4) / n, 56) : 0;
  const actorY = actors.map((_, i) => ROW.top + i * ROW.actor);
  const trackY = tracks.map((_, i) => ROW.top + actors.length * ROW.actor + i * ROW.track + 7);
  return { width, left, step, actorY, trackY, height: ROW.top + actors.length * ROW.actor + tracks.length * ROW.track + ROW.bottom };
}

/** A name cut to the room before the plot. */
const fit = (name, left) => { const room = Math.floor((left - 12) / 6.3), letters = [...name]; return letters.length > room ? letters.slice(0, room - 1).join("") + "…" : name; };

function label(g, y, name, fill, bold) {
  const t = svgEl("text", { x: 0, y: round(y), class: bold ? "tdx-name" : "tdx-track-name", fill: `var(--tdx-${fill})` }, fit(name, g.left));
  if (fit(name, g.left) !== name) t.append(svgEl("title", {}, name));
  return t;
}

/** One path with a block for each step of an actor; blocks grow together where a step is narrower than four units. */
function blocks(g, trace, a) {
  const parts = [], gap = g.step >= 4 ? 1 : 0;
  for (const [from, to, actor] of stretches([-1, ...trace.data.steps.map(s => s[0])])) {
    if (actor !== a) continue;
    const cuts = gap ? Array.from({ length: to - from }, (_, i) => [from + i, from + i + 1]) : [[from, to]];
    for (const [b, e] of cuts) {
      const x = g.left + b * g.step + gap, w = Math.max((e - b) * g.step - 2 * gap, 0.6);
      parts.push(`M${round(x)} ${g.actorY[a]}h${round(w)}v${ROW.bar}h-${round(w)}z`);
    }
  }
  return parts.join("");
}

/** The bars of a track, as [from, to, role, dashed]; a rule is green from step 0 and turns at the step that breaks it. */
function bars(track) {
  if (track.kind === "rule") return stretches(track.values).map(([f, t, holds]) => [f, t, holds ? "ok" : "bad", !holds]);
  return stretches(track.values).flatMap(([from, to, v]) => {
    if (v === false || v === null || v === -1) return [];
    if (track.kind === "fact") return [[from, to, track.role, false]];
    return Array.isArray(v) ? [[from, to, v.length === 1 ? role(v[0]) : "shared", true]] : [[from, to, typeof v === "number" ? role(v) : "exclusive", false]];
  });
}

function trackRow(g, track, y) {
  const thin = track.kind === "rule", row = svgEl("g", { class: `tdx-row tdx-${track.kind}` });
  for (const [from, to, colour, dashed] of bars(track)) {
    const x1 = g.left + from * g.step + 2, x2 = Math.max(g.left + to * g.step - 2, x1 + 0.5);
    row.append(svgEl("path", { d: `M${round(x1)} ${y}H${round(x2)}`, stroke: `var(--tdx-${colour})`, "stroke-width": thin ? 3 : 5, "stroke-dasharray": dashed ? "5 4" : null }));
    if (thin && colour === "bad") {
      const x = Math.max(g.left + (from + 0.5) * g.step, g.left + 6);
      row.append(svgEl("path", { class: "tdx-cross", d: `M${round(x - 5)} ${y - 5}l10 10m0-10l-10 10`, stroke: "var(--tdx-bad)", "stroke-width": 3 }));
    }
  }
  return row;
}

/** Patterns that tell actors apart without colour: plain, two diagonals, dots, bars, a net, dashes. */
const HATCH = ["", "M0 6L6 0", "M0 0L6 6", "M2 2h2v2h-2z", "M3 0V6", "M0 6L6 0M0 0L6 6", "M0 3H6"];
function hatch(id, a) {
  return svgEl("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, svgEl("path", { d: HATCH[a % 7], stroke: "var(--tdx-paper)", "stroke-opacity": 0.4, fill: "none" }));
}

/** Marks above the plot: a tick where another actor goes on, a cross-hair in red where a rule breaks. */
function marks(g, trace) {
  const made = svgEl("g", { class: "tdx-marks" }), dense = trace.n && g.step * trace.n / Math.max(trace.data.marks.length, 1) < 3;
  for (const k of trace.data.marks) {
    const broken = trace.step(k)[7].length > 0, x = g.left + (k - (broken ? 0.5 : 1)) * g.step;
    if (broken) made.append(svgEl("path", { class: "tdx-mark-bad", d: `M${round(x - 5)} 2h10l-5 8z`, fill: "var(--tdx-bad)" }));
    else if (!dense) made.append(svgEl("path", { d: `M${round(x)} 4v6`, stroke: "var(--tdx-edge)", "stroke-width": 1.5 }));
  }
  return made;
}

/** The whole timeline: {svg, move(k), at(x)}; `uid` keeps ids apart from those of other steppers on the page. */
function drawTimeline(trace, width, uid) {
  const { actors, tracks } = trace.data, g = geometry(actors, tracks, Math.max(trace.n, trace.data.columns || 0), width);
  const svg = svgEl("svg", { viewBox: `0 0 ${width} ${g.height}`, width, height: g.height, class: "tdx-plot", "aria-hidden": "true" });
  const clip = svgEl("rect", { x: 0, y: 0, width: g.left, height: g.height }), defs = svgEl("defs", {}, svgEl("clipPath", { id: `${uid}-past` }, clip));
  const future = svgEl("g", { class: "tdx-future" }), past = svgEl("g", { class: "tdx-past", "clip-path": `url(#${uid}-past)` });
  svg.append(defs, marks(g, trace));
  actors.forEach((name, a) => {
    const d = blocks(g, trace, a), y = g.actorY[a];
    svg.append(label(g, y + 12, name, role(a), true));
    future.append(svgEl("path", { d, fill: `var(--tdx-${role(a)}-bg)` }));
    past.append(svgEl("path", { d, fill: `var(--tdx-${role(a)})` }));
    if (a % 7) { defs.append(hatch(`${uid}-h${a}`, a)); past.append(svgEl("path", { d, fill: `url(#${uid}-h${a})` })); }
  });
  tracks.forEach((track, i) => {
    svg.append(label(g, g.trackY[i] + 4, track.name, "soft", false));
    future.append(trackRow(g, track, g.trackY[i]));
    past.append(trackRow(g, track, g.trackY[i]));
  });
  const frame = svgEl("rect", { class: "tdx-frame", y: 12, height: g.height - 13, rx: 4, fill: "none", stroke: "var(--tdx-ink)", "stroke-width": 1.5 });
  svg.append(future, past, frame);
  const move = k => {
    const wide = k ? Math.max(g.step, 3) + 2 : 2;
    clip.setAttribute("width", round(g.left + k * g.step));
    frame.setAttribute("width", round(wide));
    frame.setAttribute("x", round(k ? g.left + (k - 0.5) * g.step - wide / 2 : g.left - 3));
  };
  return { svg, move, at: x => (x < g.left || !g.step ? 0 : Math.min(trace.n, Math.floor((x - g.left) / g.step) + 1)) };
}
