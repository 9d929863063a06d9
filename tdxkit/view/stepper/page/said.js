// What is said of a step under the controls: who took it, its sentence, what it changed, and what it rests on.

import { el, put, thousands, toggle } from "./dom.js";
import { because } from "./told.js";

const MOST_CHIPS = 6;
const TRIED = 12; // steps of which the height is tried
const MOST_LINES = 5;

/** The words of a step. */
function words(trace, position, fog) {
  const step = trace.step(position);
  if (step === null) {
    const many = `${thousands(trace.length)} ${trace.length === 1 ? "step follows" : "steps follow"}`;
    const follow = fog ? "What comes is not shown yet: press →." : `Nothing has happened yet. ${many}.`;
    return { what: "Start", said: trace.length ? follow : trace.data.hint || "Nothing has happened yet." };
  }
  const broken = step.broken.length > 0;
  const where = `Step ${thousands(position + trace.offset)} · ${trace.data.actors[step.actor]}`;
  const before = broken ? 0 : trace.brokenBefore(position);
  const since = before ? `  (Broken since step ${thousands(before)}.)` : "";
  const what = broken ? `Broken here: ${step.broken.map(rule => trace.ruleName(rule)).join(", ")}` : where;
  return { what, said: (step.sentence || step.label) + since, broken };
}

/** What a step changed, one chip each, as many as there is room for. */
function chipsOf(trace, position) {
  const changes = trace.changes(position);
  const shown = changes.slice(0, MOST_CHIPS).map(({ name, old, now }) => `${name} ${old} → ${now}`);
  return changes.length > MOST_CHIPS ? [...shown, `and ${changes.length - MOST_CHIPS} more`] : shown;
}

/** The box in which it is said; of a `silent` one nothing is told to who listens. */
export class Said {
  constructor(silent = false) {
    this.what = el("b");
    this.sentence = el("span", { class: "tdx-sentence" });
    this.chips = el("span", { class: "tdx-chips" });
    this.cause = el("span", { class: "tdx-cause" });
    const heard = silent ? { "aria-hidden": "true" } : { role: "status", "aria-live": "polite" };
    this.box = el("div", { class: "tdx-say", ...heard }, this.what, this.sentence, this.chips, this.cause);
  }

  paint(trace, position, fog) {
    const { what, said, broken = false } = words(trace, position, fog);
    toggle(this.box, "tdx-broken", broken);
    const chips = chipsOf(trace, position);
    while (this.chips.children.length > chips.length) this.chips.lastChild.remove();
    while (this.chips.children.length < chips.length) this.chips.append(el("code", { class: "tdx-chip" }));
    chips.forEach((chip, i) => put(this.chips.children[i], chip));
    put(this.cause, because(trace, position));
    put(this.what, what);
    put(this.sentence, said);
  }

  /** The height in pixels that the longest of the run needs, five lines at most. */
  tallest(trace, fog) {
    const sizes = Array.from({ length: trace.length }, (_, i) => {
      const { what, said } = words(trace, i + 1, fog);
      const more = chipsOf(trace, i + 1).reduce((sum, chip) => sum + chip.length + 2, 0);
      return [what.length + said.length + more + because(trace, i + 1).length, i + 1];
    });
    const longest = sizes.toSorted(([one], [other]) => other - one).slice(0, TRIED);
    const probe = new Said(true);
    this.box.after(probe.box);
    const heights = [
      0,
      ...longest.map(([, position]) => probe.paint(trace, position, fog) ?? probe.box.getBoundingClientRect().height),
    ];
    const most = Number.parseFloat(getComputedStyle(probe.box).lineHeight) * MOST_LINES;
    probe.box.remove();
    return Math.min(Math.max(...heights), most || Infinity);
  }
}
