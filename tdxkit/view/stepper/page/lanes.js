// Where each actor stands: a lane for each, in the model's text or (where there is no text) with its latest steps; or,
// for many actors without a text, one list of the steps around this one.

import { el, ended, put, role, setClass, setCurrent, toggle } from "./dom.js";

const LATEST = 7; // lines of a lane without a text
const LEAVES = "drain"; // the kind of a step in which a store leaves a CPU's buffer
const LOG = { rows: { roomy: 12, compact: 7, pair: 5 }, before: 0.66 };
const UNSEEN = "not shown yet: press →";
const DEED = 44; // letters that are told beside a label
const MORE = ", and 9 more".length;

const isAt = (place, text, index) => place !== null && place.text === text && place.index === index;

/** A line of code that may be broken behind a bracket or a comma, as people break one. */
const breakable = line => line.split(/(?<=[(,])/).flatMap((part, i) => (i ? [el("wbr"), part] : [part]));

/** The lane of one actor, `most` lines high. */
export class Lane {
  constructor(view, actor, most) {
    const { data } = view.trace;
    const { actors, texts, inC } = data;
    const language = inC ? "C" : "model";
    Object.assign(this, { view, actor, most, texts, shown: null, items: [] });
    this.head = el("span");
    this.code = el("ol", {
      class: "tdx-code",
      tabindex: "0",
      "aria-label": `${actors[actor]}: lines of the ${language}`,
    });
    this.why = el("p", { class: "tdx-why" });
    const name = el("h4", { style: `color:var(--tdx-${role(data, actor)})` }, actors[actor]);
    this.box = el(
      "div",
      {
        role: "group",
        class: "tdx-lane",
        "aria-label": actors[actor],
        style: `--lane-bg:var(--tdx-${role(data, actor)}-bg)`,
      },
      el("div", { class: "tdx-lane-head" }, name, this.head),
      this.code,
      this.why,
    );
    // The same height for every text: nothing jumps when an actor goes from one to another.
    const lengths = Object.values(texts).map(([, lines]) => lines.filter(line => line !== null).length);
    this.longest = Math.max(Math.min(most, LATEST), ...lengths);
    this.grow(0);
  }

  /** The height of a line in pixels. */
  line() {
    return Number.parseFloat(getComputedStyle(this.code).lineHeight) || 19;
  }

  /** The height that the lane needs now. */
  height() {
    return this.why.offsetTop + this.why.offsetHeight - this.box.offsetTop;
  }

  /** Shows as many lines more as this many pixels hold. */
  grow(pixels) {
    const least = Math.min(this.most, this.longest);
    const more = pixels > 0 ? Math.floor(pixels / this.line()) : 0;
    this.code.style.setProperty("--rows", Math.min(least + more, Math.max(this.longest, least)));
  }

  paint(position) {
    const { trace } = this.view;
    const { actor, texts } = this;
    const line = trace.line(actor, position);
    const next = trace.next(actor, position);
    const mine = trace.step(position)?.actor === actor;
    const text = trace.hasTexts() ? ((mine && line) || next || line || { text: Object.keys(texts)[0] }).text : null;
    if (this.shown !== text || !this.items.length) this.open(text);
    if (text === null) this.paintLatest(trace, position);
    else this.paintText(trace, position, { line, next, mine });
    const over = trace.over(actor, position);
    const apart = mine && !line ? position : 0;
    put(this.head, over ? "done" : this.place(trace, apart, text === null ? "" : texts[text][0]));
    put(this.why, trace.why(actor, position));
    toggle(this.why, "tdx-blocked", trace.wait(actor, position) !== null && !over);
  }

  /** Where the actor is, by the title of a text; `apart`: the number of a step that the C of this run does not have. */
  place({ data }, apart, title) {
    const taken = apart && data.inC ? data.steps[apart - 1] : null;
    if (taken && taken.kind !== LEAVES) return `${taken.label}: not in this C`;
    return /^\w+$/.test(title) ? `in ${title}()` : title;
  }

  /** Shows a text, null for none. Each of its lines has an item, but those that Python left out. */
  open(name) {
    const [, lines, added, first] = name === null ? ["", Array(LATEST).fill(""), [], 0] : this.texts[name];
    const item = (line, index) => {
      const bare = line.trimStart(); // blanks at its beginning would be a place to break it
      const attributes = { style: `--in:${line.length - bare.length}`, "data-number": first ? first + index : null };
      return el("li", attributes, ...breakable(bare));
    };
    this.items = lines.map((line, index) => (line === null ? null : item(line, index)));
    this.code.style.setProperty("--digits", first ? String(first + lines.length - 1).length : 0);
    toggle(this.code, "tdx-numbered", first > 0);
    for (const index of added) this.items[index].prepend(el("ins", { title: "added by the patch" }, "+"));
    const there = this.items.filter(Boolean);
    this.code.replaceChildren(...there);
    this.shown = name;
  }

  paintText(trace, position, { line, next, mine }) {
    this.items.forEach((item, index) => {
      if (!item) return;
      const reached = isAt(line, this.shown, index);
      const first = trace.firstRun(this.actor, this.shown, index);
      const names = [first && first <= position && "tdx-done", isAt(next, this.shown, index) && "tdx-next"];
      if (reached) names.push(mine ? "tdx-now" : "tdx-last");
      setClass(item, names.filter(Boolean).join(" "));
      setCurrent(item, reached);
    });
    const focus = mine && line ? line : next || line;
    const item = focus && this.items[focus.index];
    if (!item) return;
    const tall = this.line();
    const above = item.offsetTop - (this.code.clientHeight - item.offsetHeight) * 0.4;
    this.code.scrollTop = Math.min(Math.round(above / tall) * tall, item.offsetTop); // no line is cut through
  }

  /** The numbers of the actor's latest steps in its items, and below them the step that it takes next. */
  paintLatest(trace, position) {
    const rows = [];
    let latest = trace.latest(this.actor, position);
    for (; latest && rows.length < LATEST - 1; latest = trace.latest(this.actor, latest - 1)) rows.unshift(latest);
    const following = trace.following(this.actor, position);
    this.items.forEach((item, i) => {
      const isNext = i === rows.length && following > 0;
      if (rows[i]) put(item, `${rows[i] + trace.offset}  ${trace.step(rows[i]).label}${deed(trace, rows[i], "  ")}`);
      else if (!isNext) put(item, "");
      else put(item, following <= trace.seen ? trace.step(following).label : UNSEEN);
      if (rows[i]) setClass(item, rows[i] === position ? "tdx-now" : "tdx-done");
      else setClass(item, isNext ? "tdx-next" : "");
    });
    const last = this.items[Math.min(rows.length, LATEST - 1)]; // the latest and what comes stand at the end
    this.code.scrollTop = last.offsetTop + last.offsetHeight - this.code.clientHeight;
  }
}

/** What a step did, in a line: the status that it heard, or what it changed, as much as fits. */
function deed(trace, number, before = "") {
  const { kind, sentence } = trace.step(number);
  const status = kind === "seamcall" && /\bTDX_[A-Z0-9_]+/.exec(sentence);
  const all = trace.changes(number).map(({ name, old, now }) => `${name} ${old} → ${now}`);
  if (status) all.unshift(`= ${status[0]}`);
  const told = [];
  const more = () => (all.length > 1 ? MORE : 0); // letters for what would be left
  while (all.length && (!told.length || [...told, all[0]].join(", ").length + more() <= DEED)) told.push(all.shift());
  if (told.length && told[0].length > DEED) all.unshift(told.shift());
  const left = all.length ? [told.length ? `and ${all.length} more` : `${all.length} changes`] : [];
  return told.length || left.length ? before + [...told, ...left].join(", ") : "";
}

/** The steps around this one with who takes them and what they did, and under them who cannot move and why. */
export class Log {
  constructor(view, form) {
    this.view = view;
    this.rows = LOG.rows[form];
    this.items = Array.from({ length: this.rows }, () => el("li", {}, el("b"), el("span"), el("i")));
    this.why = el("p", { class: "tdx-why" });
    const who = Math.max(...view.trace.data.actors.map(name => name.length)) + 5;
    const code = el("ol", { class: "tdx-code", "aria-label": "the steps around this one" }, ...this.items);
    code.style.setProperty("--who", `${who}ch`);
    this.box = el(
      "div",
      { role: "group", class: "tdx-lane tdx-log", "aria-label": `Steps of ${view.trace.data.title}` },
      code,
      this.why,
    );
  }

  paint(position) {
    const { trace } = this.view;
    const before = Math.floor(this.rows * LOG.before);
    const last = Math.min(trace.length, trace.seen + 1); // of what is not shown yet, that it comes
    const top = Math.max(1, Math.min(position - before + 1, last - this.rows + 1));
    this.items.forEach((item, i) => this.paintRow(item, trace, top + i, position));
    const waits = trace.data.actors.map((_, actor) => trace.wait(actor, position)).filter(Boolean);
    put(this.why, waits.map(wait => ended(wait.why)).join(" ") || (position ? "Nobody waits." : ""));
    toggle(this.why, "tdx-blocked", waits.length > 0);
  }

  paintRow(item, trace, number, position) {
    const { data, offset, length, seen } = trace;
    const step = number <= Math.min(length, seen) ? trace.step(number) : null;
    const [who, label, did] = item.children;
    put(who, step ? `${String(number + offset).padStart(3)}  ${data.actors[step.actor]}` : "");
    put(label, step?.label ?? (number === seen + 1 && number <= length ? UNSEEN : ""));
    put(did, step && number <= position ? deed(trace, number) : "");
    who.style.color = step ? `var(--tdx-${role(data, step.actor)})` : "";
    item.style.setProperty("--lane-bg", step ? `var(--tdx-${role(data, step.actor)}-bg)` : "none");
    const names = { [position]: "tdx-now", [position + 1]: "tdx-next" };
    setClass(item, step ? (names[number] ?? (number < position ? "tdx-done" : "")) : "");
    setCurrent(item, number === position);
  }
}
