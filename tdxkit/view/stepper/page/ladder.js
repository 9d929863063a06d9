// A ladder of games: a row of rungs, the one that is played below it, and what the reader has reached so far.

import { kept } from "../../kit/page/kept.js";
import { onceSeen } from "./boot.js";
import { dataIn } from "./data_in.js";
import { button, el } from "./dom.js";
import { mount } from "./mount.js";
import { many } from "./scheduler.js";

const SCORES = "tdx-ladder"; // where the browser keeps what was reached
const NOT_KEPT = "This page may keep nothing: what you reach is there while it stays open.";
const less = (one, other) => (one === undefined ? other : Math.min(one, other));

/** The scores by rung: {steps, switches, told}, the least of each so far; told: it was never won without being told. */
function read() {
  try {
    const found = JSON.parse(kept(SCORES) ?? "{}");
    return typeof found === "object" && found !== null && !Array.isArray(found) ? found : {};
  } catch {
    return {}; // not of our making
  }
}

/** Is this a score that can be shown? */
const isScore = score => Number.isInteger(score?.steps) && Number.isInteger(score?.switches);

class Ladder {
  constructor(place, rungs) {
    Object.assign(this, { rungs, scores: read(), at: 0, stepper: null });
    this.words = el("p", { class: "tdx-rungs-words", role: "status" });
    this.buttons = rungs.map((_, at) => {
      const made = button("", { class: "tdx-rung" });
      made.onclick = () => this.open(at);
      return made;
    });
    this.forget = button("forget what I reached", { class: "tdx-forget" });
    this.forget.onclick = () => {
      this.scores = {};
      this.keep();
      this.paint();
    };
    const row = el("ol", { class: "tdx-rungs", "aria-label": "Rungs" }, ...this.buttons.map(one => el("li", {}, one)));
    this.game = el("div");
    place.replaceChildren(el("div", { class: "tdx-rungs-head" }, this.words, this.forget, row), this.game);
    const next = rungs.findIndex(({ id }) => !isScore(this.scores[id]));
    this.open(Math.max(0, next), false);
  }

  /** Plays a rung; `focus`: the reader asked for it. */
  open(at, focus = true) {
    this.at = at;
    this.stepper?.stop();
    const { top, id } = this.rungs[at];
    const last = at + 1 === this.rungs.length;
    this.stepper = mount(this.game, top, {
      position: top.views[0].path.length,
      lines: kept("tdx-lines") || "python",
      onLines: lines => kept("tdx-lines", lines),
      won: score => this.won(id, score),
      next: last ? null : { words: `Next rung: ${this.rungs[at + 1].title}`, go: () => this.open(at + 1) },
    });
    if (focus) this.stepper.root.focus({ preventScroll: true });
    this.paint();
  }

  /** Keeps a score where it is better than the one before. */
  won(id, { steps, switches, told }) {
    const { steps: fewest, switches: calmest, told: helped } = isScore(this.scores[id]) ? this.scores[id] : {};
    const now = {
      steps: less(fewest, steps),
      switches: less(calmest, switches),
      told: Boolean(told) && helped !== false,
    };
    if (JSON.stringify(now) === JSON.stringify(this.scores[id])) return;
    this.scores[id] = now;
    this.keep();
    this.paint();
  }

  keep() {
    kept(SCORES, JSON.stringify(this.scores));
  }

  paint() {
    this.rungs.forEach(({ id, title, best }, at) => {
      const score = this.scores[id];
      const won = isScore(score);
      const sign = won ? (score.told ? "✓ told" : "✓ won") : "not yet";
      const beaten = won && score.steps <= best.steps && score.switches <= best.switches ? ", the best" : "";
      const [steps, turns] = won
        ? [many(score.steps, "step", "steps"), many(score.switches, "switch", "switches")]
        : [];
      const said = won ? `${steps}, ${turns}${beaten}` : "";
      this.buttons[at].replaceChildren(
        el("b", {}, `${at + 1} `),
        title,
        el("small", {}, [sign, said].filter(Boolean).join(": ")),
      );
      this.buttons[at].classList.toggle("tdx-won", won);
      if (at === this.at) this.buttons[at].setAttribute("aria-current", "step");
      else this.buttons[at].removeAttribute("aria-current");
    });
    const won = this.rungs.filter(({ id }) => isScore(this.scores[id])).length;
    const mind = kept(SCORES) === null && won ? ` ${NOT_KEPT}` : "";
    this.words.textContent = `${won} of ${this.rungs.length} rungs won.${mind}`;
    this.forget.hidden = !won;
  }
}

/** Puts every ladder of this version that the page holds, and that is not there yet, in its place. */
export function ladderHere(version) {
  for (const place of document.querySelectorAll(`.tdx-ladder[data-script="${version}"]:not([data-mounted])`)) {
    place.dataset.mounted = "";
    onceSeen(place, async () => new Ladder(place, await dataIn(place.querySelector("script"))));
  }
}
