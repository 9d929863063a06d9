// The rows of a timeline under those of the actors: values, locks, facts and rules.

import { colour, role, round, svgEl } from "./dom.js";
import { stretches } from "./trace.js";

const SMALL = 5.8; // the width of a letter in a row
const NOTHING = [false, null, -1, "", "none"]; // no lock is held, no fact is so, no value is there

export const lengthOf = name => [...name].length;

/** The tracks that are shown: rules as how many are broken, together where the form folds them. */
export function rowsOf(data, form) {
  const rules = data.tracks.filter(track => track.kind === "rule");
  const rows = data.tracks.filter(track => track.kind !== "rule" && saysSomething(data, track));
  const broken = rules.map(rule => rule.values.map(holds => Number(!holds)));
  if (form.fold && rules.length > 1) {
    const values = broken[0].map((_, i) => broken.reduce((sum, rule) => sum + rule[i], 0));
    return [...rows, { name: `${rules.length} rules`, kind: "rule", values }];
  }
  return [...rows, ...rules.map((rule, i) => ({ ...rule, values: broken[i] }))];
}

/** Is there anything in the row, now or (of a walk, or beside another run that has it) later? */
function saysSomething(data, track) {
  if (data.graph || data.beside?.includes(track.key)) return true;
  if (track.kind === "value") return new Set(track.values).size > 1;
  return track.values.some(value => !NOTHING.includes(value));
}

/** From where to where a stretch is drawn. */
function ends(plot, from, to) {
  const x = plot.x(from) + 1;
  return [x, Math.max(plot.x(to) - 1, x + 0.5)];
}

/** A stretch as a box: filled where it has been, with its words where they fit. */
function box(plot, [from, to], y, { words, fill, ahead, over = null, dashes = null }) {
  const [x, end] = ends(plot, from, to);
  const at = { x: round(x), y: round(y - 6), width: round(end - x), height: 12, rx: 2 };
  const paint = colour(fill);
  const made = [svgEl("rect", { ...at, fill: ahead ? "none" : paint, stroke: paint, "stroke-dasharray": dashes })];
  if (over) made.push(svgEl("rect", { ...at, fill: over }));
  if (end - x >= SMALL * lengthOf(words) + 4) {
    const place = { x: round((x + end) / 2), y: round(y + 3.8), "text-anchor": "middle", class: "tdx-held" };
    const inks = { fill: ahead ? paint : colour("paper"), stroke: ahead ? null : paint };
    made.push(svgEl("text", { ...place, ...inks }, words));
  }
  return made;
}

/** What each kind of row draws: (plot, row, y, ahead, uid) to elements. */
const DRAW = {
  rule(plot, row, y, ahead) {
    return stretches(row.values).flatMap(([from, to, broken]) => {
      const [x, end] = ends(plot, from, to);
      const stroke = colour(broken ? "bad" : "ok");
      const line = { stroke, "stroke-width": ahead ? 1 : 3, "stroke-dasharray": broken ? "5 4" : null };
      const made = [svgEl("path", { d: `M${round(x)} ${round(y)}H${round(end)}`, ...line })];
      if (broken) {
        const d = `M${round(Math.max(plot.x(from + 0.5), plot.left + 6) - 5)} ${round(y - 5)}l10 10m0-10l-10 10`;
        made.push(svgEl("path", { class: "tdx-cross", d, stroke, "stroke-width": ahead ? 1.5 : 3 }));
      }
      return made;
    });
  },
  fact(plot, row, y, ahead) {
    const there = stretches(row.values).filter(([, , value]) => !NOTHING.includes(value));
    return there.map(([from, to]) => {
      const [x, end] = ends(plot, from, to);
      const line = { stroke: colour(row.role), "stroke-width": ahead ? 2 : 6 };
      return svgEl("path", { d: `M${round(x)} ${round(y)}H${round(end)}`, ...line });
    });
  },
  lock(plot, row, y, ahead, uid) {
    const { actors } = plot.data;
    const held = stretches(row.values).filter(([, , value]) => !NOTHING.includes(value));
    return held.flatMap(([from, to, value]) => {
      const shared = Array.isArray(value);
      const alone = shared && value.length === 1 ? value[0] : value;
      const one = typeof alone === "number";
      const words = [value].flat().map(who => actors[who] ?? who);
      return box(plot, [from, to], y, {
        words: words.join(", "),
        fill: one ? role(plot.data, alone) : shared ? "shared" : "exclusive",
        ahead,
        over: one && plot.data.roles[alone] && !ahead ? `url(#${uid}-h${alone})` : null,
        dashes: shared ? "4 2" : null,
      });
    });
  },
  value(plot, row, y, ahead) {
    if (row.values.every(value => /^-?\d+$/.test(value))) return stairs(plot, row, y, ahead);
    const there = stretches(row.values).filter(([, , value]) => !NOTHING.includes(value));
    return there.flatMap(([from, to, words]) => box(plot, [from, to], y, { words, fill: "soft", ahead }));
  },
};

/** A number as stairs, with its digits on each step that has room. */
function stairs(plot, { values }, y, ahead) {
  const numbers = values.map(Number);
  const [least, most] = [Math.min, Math.max].map(pick => numbers.reduce((one, other) => pick(one, other), numbers[0]));
  const ink = colour(ahead ? "soft" : "ink");
  const said = [];
  let d = "";
  for (const [from, to, value] of stretches(values)) {
    const level = y + 5 - (10 * (Number(value) - least)) / Math.max(most - least, 1);
    d += `${d ? "V" : `M${round(plot.x(0))} `}${round(level)}H${round(plot.x(to))}`;
    if ((to - from) * plot.step >= SMALL * value.length + 5) {
      const at = { x: round((plot.x(from) + plot.x(to)) / 2), y: round(level + 3.8), "text-anchor": "middle" };
      said.push(svgEl("text", { ...at, class: "tdx-digit", fill: ink }, value));
    }
  }
  return d ? [svgEl("path", { d, fill: "none", stroke: ink, "stroke-width": ahead ? 1 : 2 }), ...said] : [];
}

export const rowOf = (plot, row, y, ahead, uid) =>
  svgEl("g", { class: `tdx-row tdx-${row.kind}` }, ...DRAW[row.kind](plot, row, y, ahead, uid));
