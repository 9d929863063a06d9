// "You are the scheduler": a button for every move there is, undo, a goal, and hints that ask before they tell.

import { button, choice, el, role, toggle } from "./dom.js";
import { hint, TELLS } from "./hints.js";
import { aimed, distances, ending, goalsOf, metAt, reached, switchesIn, WELL } from "./goals.js";
import { DRAIN, edgesOf, nodeAt } from "./walk.js";

const FREE = ""; // no goal
const KEYS = ["", "⇧"]; // what is pressed with an actor's number for its first and its second move
const BEYOND = "What came along of the states ends here.";

const NO_GAME = { asks: [], best: null, begin: 0, after: "" };

/** `data` holds the graph, unpacked, and of a game {asks, best, begin, after}: what a hint asks, what there is to beat,
 * how many steps were taken before, what is said when it is won. `path()` is the way up to the present position,
 * `setPath(path)` goes another. own: of a run that was taken over the edges that it takes, null where it is not to be
 * told; more(path): asks for the states beyond, null where nobody can; won(score) hears of a goal reached; next: where
 * one goes on from there, {words, go}. */
export class Scheduler {
  constructor(data, { path, setPath, own = null, goal = data.graph.goal, more = null, won = null, next = null }) {
    const { graph, game = NO_GAME } = data;
    Object.assign(this, { data, graph, game, path, setPath, own, goal, more, won, next });
    // wanted: the node beyond which the states were asked for; at: the node of which hints were asked; hinted: how much
    // they said; told: how often they said all
    Object.assign(this, { wanted: -1, hinted: 0, at: -1, told: 0, note: "" });
    this.groups = el("div", { class: "tdx-groups" });
    this.says = el("p", { class: "tdx-goal", role: "status" });
    this.tools = el("div", { class: "tdx-tools" }, ...this.makeTools());
    const label = { class: "tdx-picks", role: "group", "aria-label": "You are the scheduler" };
    this.box = el("div", label, this.says, this.groups, this.tools);
    this.aim(goal);
  }

  makeTools() {
    const tool = (words, key, does) => {
      const made = button(words, { title: `${words} (key ${key})` });
      made.onclick = () => does();
      return made;
    };
    this.undo = tool("Undo", "u", () => this.back(this.path().length - 1));
    this.again = tool("Start over", "s", () => this.back(this.game.begin));
    this.hint = tool("Hint", "h", () => this.ask());
    const goals = goalsOf(this.graph).map(goal => [goal === WELL ? goal : aimed(goal), goal]);
    const free = !this.graph.goal && goals.length > 0;
    const chosen = goal => {
      this.aim(goal);
      this.paint();
    };
    this.goals = free ? choice("Goal", [["no goal", FREE], ...goals], this.goal, chosen) : null;
    this.onward = this.next ? button(this.next.words, { class: "tdx-onward", hidden: "" }) : null;
    if (this.next) this.onward.onclick = () => this.next.go();
    return [this.undo, this.again, this.hint, this.goals, this.onward];
  }

  /** Another goal, FREE for none. */
  aim(goal) {
    Object.assign(this, { goal, hinted: 0, told: 0 });
    this.away = goal ? distances(this.graph, goal) : null;
    this.hint.hidden = !goal;
  }

  /** Back to where so many steps were taken, not to before the beginning. */
  back(length) {
    const path = this.path();
    if (length === this.game.begin) this.told = 0;
    if (path.length > this.game.begin) this.setPath(path.slice(0, length));
    else this.say("This is the beginning: choose who moves.");
  }

  /** Says something of what was just tried. */
  say(note) {
    this.note = note;
    this.paint();
  }

  /** Does what a key asks for; false where it means nothing here. code: the key by its place, which Shift leaves. */
  key(key, code, shifted) {
    const [, digit] = /^(?:Digit|Numpad)([1-9])$/.exec(code) ?? [null, key];
    if (/^[1-9]$/.test(digit)) this.press(Number(digit) - 1, shifted ? 1 : 0);
    else if (key === "u") this.undo.click();
    else if (key === "s") this.again.click();
    else if (key === "h" && this.goal) this.ask();
    else if (key === "n" && this.onward && !this.onward.hidden) this.next.go();
    else return false;
    return true;
  }

  /** Presses a button of an actor, the first or with Shift the second, or says why it cannot move. */
  press(actor, which = 0) {
    const group = this.groups.children[actor];
    const name = this.graph.actors[actor];
    if (!group) return this.say(`There are ${this.graph.actors.length} here to choose from.`);
    const buttons = group.querySelectorAll("button:not([aria-disabled])");
    if (buttons.length && !buttons[which]) return this.say(`${name} has one move here: press ${actor + 1} alone.`);
    const able = buttons[which];
    return able ? able.click() : this.say(`${name} cannot move: it ${this.why(name, actor)}.`);
  }

  why(name, actor) {
    const why = this.graph.nodes[nodeAt(this.graph, this.path())].whys[actor] || "has finished";
    return why.startsWith(`${name} `) ? why.slice(name.length + 1) : why;
  }

  paint() {
    const path = this.path();
    const node = nodeAt(this.graph, path);
    const focus = document.activeElement?.dataset?.actor;
    if (this.at !== node) Object.assign(this, { hinted: 0, at: node });
    this.groups.replaceChildren(...this.graph.actors.map((name, actor) => this.group(name, actor, node)));
    if (focus !== undefined) this.groups.querySelector(`[data-actor="${focus}"]`)?.focus({ preventScroll: true });
    this.paintGoal(path);
    const none = String(path.length <= this.game.begin);
    for (const back of [this.undo, this.again]) back.setAttribute("aria-disabled", none); // and keeps the focus
    this.note = "";
    if (this.graph.cut.includes(node) && this.wanted !== node) {
      this.wanted = node;
      this.more?.(path);
    }
  }

  /** An actor's buttons: several moves are a choice, told by what comes of it; none is told by why it cannot move. */
  group(name, actor, node) {
    const edges = this.graph.edges[node];
    const moves = edges.filter(edge => edge.actor === actor);
    const ours = moves.filter(edge => edge.choice !== DRAIN);
    const label = edge => ((ours.length > 1 || edge.choice === DRAIN) && edge.sentence) || edge.label;
    const buttons = moves.map((edge, at) => this.pick(name, actor, label(edge), edges.indexOf(edge), KEYS[at]));
    if (!buttons.length) {
      const why = this.graph.cut.includes(node) ? "not known here" : this.why(name, actor);
      buttons.push(this.pick(name, actor, why, null));
    }
    return el("div", { class: "tdx-pick-group", role: "group", "aria-label": name }, ...buttons);
  }

  /** A button that takes an edge; null: there is none to take. key: what is pressed with the actor's number. */
  pick(name, actor, words, edge, key = null) {
    const attributes = { type: "button", class: "tdx-pick", style: `--pick:var(--tdx-${role(this.data, actor)})` };
    const disabled = edge === null ? "true" : null;
    const as = edge !== null && this.isOwn(edge) ? el("i", {}, "as in the run") : null;
    const small = el("small", {}, words);
    const made = el(
      "button",
      { ...attributes, "data-actor": actor, title: words, "aria-disabled": disabled },
      el("b", {}, name, as, key === null ? null : el("kbd", {}, `${key}${actor + 1}`)),
      small,
    );
    made.onclick = () => (edge === null ? this.press(actor) : this.setPath([...this.path(), edge]));
    return made;
  }

  /** Does the run that was taken over take this edge here? */
  isOwn(edge) {
    const path = this.path();
    return this.own !== null && this.own[path.length] === edge && path.every((one, i) => one === this.own[i]);
  }

  paintGoal(path) {
    const met = this.goal ? metAt(this.graph, path, this.goal) : 0;
    const end = ending(this.graph, path);
    const head = met ? "Reached: " : this.goal ? "Goal: " : "Free play. ";
    const parts = [
      el("b", {}, head),
      met ? this.scoreWords(path, met) : this.aimWords(end),
      ...this.below(path, met, end),
    ];
    if (this.onward) this.onward.hidden = !met;
    toggle(this.says, "tdx-met", met > 0);
    toggle(this.says, "tdx-over", !met && end !== "");
    this.says.replaceChildren(...parts);
  }

  aimWords(end) {
    const { goalText } = this.graph;
    if (this.goal) return this.goal === this.graph.goal && goalText ? goalText : `${aimed(this.goal)}.`;
    return end ? "" : goalText || "Choose who moves next.";
  }

  /** What was reached, by how much, and what is best. */
  scoreWords(path, met) {
    const { begin, best, after } = this.game;
    const [all, before] = [met, begin].map(length => switchesIn(this.graph, path.slice(0, length)));
    const score = { steps: met - begin, switches: all - before, told: this.told };
    this.won?.(score);
    return [reached(this.goal), scored(score), compared(score, best), after || "Step back to see how."]
      .filter(Boolean)
      .join(" ");
  }

  /** The lines under the goal: how it ended, what a hint says, what was tried in vain. */
  below(path, met, end) {
    const node = nodeAt(this.graph, path);
    const isGame = Boolean(this.graph.goal); // in which finding out is part of it
    const lost = this.goal && !met && (end || this.hinted > 0 || !isGame) && this.isLost(path);
    const lines = [
      met ? "" : end,
      lost ? `From here it cannot be reached any more: undo.` : "",
      !met && !lost && this.hinted ? hint(this, path) : "",
      this.graph.cut.includes(node)
        ? `${BEYOND} ${this.more ? "The rest is on its way." : "Undo, or ask for it where the notebook's kernel runs."}`
        : "",
      this.note,
    ];
    return lines.filter(Boolean).flatMap(line => [el("br"), line]);
  }

  /** Can the goal be reached no more? What broke on the way is broken whatever comes, so nothing ends well after it. */
  isLost(path) {
    const isSpoilt = this.goal === WELL && edgesOf(this.graph, path).some(edge => edge.broken.length);
    return isSpoilt || this.away[nodeAt(this.graph, path)] === Infinity;
  }

  /** Asks for the next hint: the first two ask, the third tells. */
  ask() {
    const path = this.path();
    if (metAt(this.graph, path, this.goal)) {
      this.say("It is reached already: undo, or start over.");
      return;
    }
    if (this.isLost(path)) this.hinted = 1;
    else this.hinted = Math.min(this.hinted + 1, TELLS);
    if (this.hinted === TELLS) this.told++;
    this.paint();
  }
}

export const many = (number, word, words) => `${number} ${number === 1 ? word : words}`;

/** A score in words. */
export function scored({ steps, switches, told }) {
  const helped = told ? `, ${many(told, "move", "moves")} told` : "";
  return `You: ${many(steps, "step", "steps")}, ${many(switches, "switch", "switches")}${helped}.`;
}

/** A score held against the best, "" where there is none. */
function compared({ steps, switches }, best) {
  if (!best) return "";
  const said = `Best: ${best.steps} steps, or ${many(best.switches, "switch", "switches")}.`;
  const [short, calm] = [steps <= best.steps, switches <= best.switches];
  if (short && calm) return `${said} Nothing beats that.`;
  if (short || calm) return `${said} No way ${short ? "is shorter" : "has fewer switches"}.`;
  return said;
}
