// A run in words: what `print(stepper)` shows, and what a step rests on.

import { thousands } from "./dom.js";

/** What the step to a position rests on, in a sentence or two. */
export function because(trace, position) {
  const { data, offset } = trace;
  const told = trace.causes(position).map(({ wrote, read, key, missed }) => {
    const when = read === position ? "" : ` in step ${thousands(read + offset)}`;
    const number = thousands(wrote + offset);
    const who = wrote > 0 ? data.actors[trace.step(wrote).actor] : null;
    const stored = `before what ${who} stored in step ${number} had left its buffer`;
    const left = who ? `as ${who} left it in step ${number}` : `as step ${number} left it`;
    return `It read ${data.keys[key]}${when} ${missed && who ? stored : left}.`;
  });
  return told.join(" ");
}

/** A line of a text in words, with its number where it has one: one that a patch adds has its sign. */
function lineAt(name, [, lines, added, first], index) {
  const number = first ? `${first + index}  ` : "";
  return `${number}${name}: ${added.includes(index) ? "+ " : ""}${lines[index].trim()}`;
}

/** A run in words, a line a step, as far as it has been seen: what `print(stepper)` shows. */
export function asText(trace) {
  const { title, subtitle, actors, keys, texts, ours } = trace.data;
  const width = Math.max(...actors.map(name => name.length));
  const rows = [title, subtitle, ours].filter(Boolean);
  for (let i = 1; i <= Math.min(trace.length, trace.seen); i++) {
    const { actor, label, sentence, kind, changes, wrong, line } = trace.step(i);
    const old = trace.states[i - 1];
    const what = changes.map(([key, value]) => `${keys[key]} ${old[key]} → ${value}`).join("; ");
    const status = kind === "seamcall" && /\bTDX_[A-Z0-9_]+/.exec(sentence); // of one that did not succeed
    const answer = status ? ` = ${status[0]}` : "";
    const number = String(i + trace.offset).padStart(4);
    const at = trace.data.inC && line ? `   ${lineAt(line.text, texts[line.text], line.index)}` : "";
    rows.push(`${number}  ${actors[actor].padEnd(width)}  ${label}${answer}${what ? `   [${what}]` : ""}${at}`);
    for (const said of wrong) rows.push(`      !! ${said}`);
  }
  return rows.join("\n");
}
