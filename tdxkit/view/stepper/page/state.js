// The shared state beside the lanes: all values where they are few, else under a fold; the model's own picture, and who
// waits for whom.

import { el, put, toggle } from "./dom.js";

const MANY = 10; // values; more are folded
const LONG_VALUE = 12; // letters; a value that can be longer gets a line of its own

/** The length of the longest value of each name. */
function widest(data) {
  const most = data.first.map(value => value.length);
  const grow = (key, value) => {
    most[key] = Math.max(most[key], value.length);
  };
  for (const step of data.steps) for (const [key, value] of step.changes) grow(key, value);
  for (const state of data.graph?.shared || []) state.values.forEach((value, key) => grow(key, value));
  return most;
}

export class State {
  constructor(label) {
    Object.assign(this, { values: [], shown: new Map() });
    this.list = el("dl");
    this.picture = el("div", { class: "tdx-picture" });
    this.waits = el("div", { class: "tdx-waits" });
    this.summary = el("summary", { tabindex: "0" });
    this.fold = el("details", { class: "tdx-all" }, this.summary);
    this.box = el(
      "div",
      { role: "group", class: "tdx-state", "aria-label": label },
      this.picture,
      this.list,
      this.fold,
      this.waits,
    );
  }

  lay(data) {
    const wide = widest(data).map(most => (most > LONG_VALUE ? "tdx-wide" : null));
    const many = data.keys.length > MANY;
    this.values = data.keys.map(() => el("dd"));
    this.list.replaceChildren(
      ...data.keys.map((key, i) => el("div", { class: wide[i] }, el("dt", {}, key), this.values[i])),
    );
    if (many) this.fold.append(this.list);
    else this.fold.before(this.list);
    put(this.summary, `all ${data.keys.length} values`);
    this.fold.hidden = !many;
    this.waits.hidden = !(data.waitPictures || []).length;
    this.picture.hidden = !data.pictures.length;
    this.box.hidden = !data.keys.length && !data.pictures.length && this.waits.hidden;
    this.shown.clear();
  }

  paint(trace, position) {
    const { data } = trace;
    const state = trace.states[position];
    const changed = new Map(trace.changes(position).map(({ key, old }) => [key, old]));
    this.values.forEach((value, key) => {
      put(value, changed.has(key) ? `${changed.get(key)} → ${state[key]}` : state[key]);
      toggle(value, "tdx-lit", changed.has(key));
    });
    this.draw(this.picture, data.pictures, data.pic[position] ?? -1);
    this.draw(this.waits, data.waitPictures || [], data.waiting?.[position] ?? -1);
  }

  /** The one markup that is taken as it is: pictures, which Python built with svg.py. */
  draw(place, pictures, number) {
    if (this.shown.get(place) === pictures[number]) return;
    this.shown.set(place, pictures[number]);
    place.innerHTML = pictures[number] ?? "";
  }
}
