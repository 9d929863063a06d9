// The stepper itself: one position, one or two views of runs under it, controls, keys, and the scheduler. Text enters the page as
// text nodes only; the one markup taken as it is are pictures, which Python built with svg.py.

const h = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const key in attributes) if (attributes[key] !== null && attributes[key] !== false) made.setAttribute(key, attributes[key]);
  // Lab asks the element that has the focus, and not those around it, whether its single-key shortcuts are to sleep.
  if (["button", "select", "input"].includes(tag) || "tabindex" in attributes) made.setAttribute("data-lm-suppress-shortcuts", "true");
  made.append(...children);
  return made;
};
const put = (node, value) => { if (node.textContent !== value) node.textContent = value; };
const toggle = (node, name, on) => { if (node.classList.contains(name) !== on) node.classList.toggle(name, on); };
const ICONS = {
  First: "M1 1h2v12H1zM13 1v12L4 7z", Back: "M9.6 1.2l1.7 1.7L7.2 7l4.1 4.1-1.7 1.7L3.8 7z", Play: "M3 1l9 6-9 6z", Pause: "M2 1h4v12H2zM8 1h4v12H8z",
  Next: "M4.4 1.2L2.7 2.9 6.8 7l-4.1 4.1 1.7 1.7L10.2 7z", Last: "M11 1h2v12h-2zM1 1v12l9-6z",
};
const icon = name => { const s = svgEl("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, svgEl("path", { d: ICONS[name] })); return s; };
const capital = text => text.charAt(0).toUpperCase() + text.slice(1);
/** Ids must not meet those of other steppers: each widget on a page has a copy of this script, so a counter would start again. */
const freshId = () => `tdx-${Math.random().toString(36).slice(2, 12)}`;

/** The lane of an actor: where it stands in the model's text (or its latest steps, where there is no text) and why it can or cannot move. */
function makeLane(view, a, most) {
  const d = view.trace.data, head = h("span"), code = h("ol", { class: "tdx-code", "aria-label": `${d.actors[a]}: lines of the model` }), why = h("p", { class: "tdx-why" });
  const box = h("section", { class: "tdx-lane", "aria-label": d.actors[a], style: `--lane-bg:var(--tdx-${role(a)}-bg)` },
    h("div", { class: "tdx-lane-head" }, h("h4", { style: `color:var(--tdx-${role(a)})` }, d.actors[a]), head), code, why);
  const longest = Math.max(7, ...Object.values(d.texts).map(([, lines]) => lines.filter(line => line !== null).length));
  code.style.height = `${19 * Math.min(most, longest)}px`; // the same for every text: nothing jumps when an actor goes from one to another
  let shown = null, items = [], height = 0; // items: a list item for each line of the text; those left out have none
  const open = name => {
    const lines = name === null ? Array(7).fill("") : d.texts[name][1];
    items = lines.map(line => (line === null ? null : h("li", line.length > 30 ? { title: line.trim() } : {}, line)));
    const there = items.filter(Boolean);
    code.replaceChildren(...there);
    height = there.length;
    shown = name;
  };
  const mark = (t, k, line, next) => {
    const mine = k && t.step(k)[0] === a;
    items.forEach((item, i) => {
      if (!item) return;
      const reached = line !== null && line[0] === shown && line[1] === i, first = t.firstRun(a, shown, i);
      const name = (first && first <= k ? "tdx-done" : "") + (reached ? (mine ? " tdx-now" : " tdx-last") : "") + (next !== null && next[0] === shown && next[1] === i ? " tdx-next" : "");
      if (item.className !== name) item.className = name;
      if (reached !== item.hasAttribute("aria-current")) reached ? item.setAttribute("aria-current", "step") : item.removeAttribute("aria-current");
    });
    const focus = mine && line ? line : next || line;
    if (height > most && focus) {
      const above = items.slice(0, focus[1]).filter(Boolean).length;
      code.scrollTop = 19 * Math.max(0, Math.min(above - Math.floor(most / 2) + 1, height - most));
    }
  };
  const latest = (t, k) => {
    const rows = [];
    for (let i = t.last[a][k]; i && rows.length < 6; i = t.last[a][i - 1]) rows.unshift(i);
    items.forEach((item, i) => {
      put(item, rows[i] ? `${rows[i] + t.offset}  ${t.step(rows[i])[1]}` : i === rows.length && t.after[a][k] ? t.step(t.after[a][k])[1] : "");
      item.className = rows[i] ? (rows[i] === k ? "tdx-now" : "tdx-done") : i === rows.length && t.after[a][k] ? "tdx-next" : "";
    });
  };
  const paint = k => {
    const t = view.trace, line = t.line(a, k), next = t.next(a, k), named = Object.keys(d.texts).length > 0;
    const text = !named ? null : k && t.step(k)[0] === a && line ? line[0] : (next || line || [Object.keys(d.texts)[0]])[0];
    if (shown !== text || !items.length) open(text);
    if (text === null) latest(t, k); else mark(t, k, line, next);
    const wait = t.wait(a, k), over = t.over(a, k);
    put(head, over ? "done" : text === null ? "" : `in ${d.texts[text][0]}${/^\w+$/.test(d.texts[text][0]) ? "()" : ""}`);
    put(why, t.why(a, k));
    toggle(why, "tdx-blocked", Boolean(wait) && !over);
  };
  return { box, paint };
}

/** One list for many actors without a text: the steps around this one with who takes them, and under it who cannot move and why. */
function makeLog(view) {
  const ROWS = 12, BEFORE = 8, why = h("p", { class: "tdx-why" });
  const items = Array.from({ length: ROWS }, () => h("li", {}, h("b"), h("span")));
  const code = h("ol", { class: "tdx-code", "aria-label": "the steps around this one" }, ...items);
  const box = h("section", { class: "tdx-lane tdx-log", "aria-label": "Steps" }, code, why);
  const paint = k => {
    const t = view.trace, d = t.data, top = Math.max(1, Math.min(k - BEFORE + 1, t.n - ROWS + 1));
    items.forEach((item, i) => {
      const step = top + i <= t.n ? t.step(top + i) : null, name = !step ? "" : top + i < k ? "tdx-done" : top + i === k ? "tdx-now" : top + i === k + 1 ? "tdx-next" : "";
      put(item.firstChild, step ? `${String(top + i + t.offset).padStart(3)}  ${d.actors[step[0]]}` : "");
      put(item.lastChild, step ? step[1] : "");
      item.firstChild.style.color = step ? `var(--tdx-${role(step[0])})` : "";
      item.style.setProperty("--lane-bg", step ? `var(--tdx-${role(step[0])}-bg)` : "none");
      if (item.className !== name) item.className = name;
      top + i === k ? item.setAttribute("aria-current", "step") : item.removeAttribute("aria-current");
    });
    const waits = d.actors.map((_, a) => t.wait(a, k)).filter(Boolean).map(w => w[2] + (/[.!?]$/.test(w[2]) ? "" : "."));
    put(why, waits.join(" ") || (k ? "Nobody waits." : ""));
    toggle(why, "tdx-blocked", waits.length > 0);
  };
  return { box, paint };
}

/** The length of the longest value of each name. */
function widest(data) {
  const most = data.first.map(v => v.length);
  for (const step of data.steps) for (const [i, v] of step[3]) most[i] = Math.max(most[i], v.length);
  for (const state of data.graph?.shared || []) state.v.forEach((v, i) => { most[i] = Math.max(most[i], v.length); });
  return most;
}

/** One run under the shared position: timeline, lanes, state, sentence. */
function makeView(data, { pair, seek }) {
  const uid = freshId(), view = { trace: null };
  const timeline = h("div", { class: "tdx-timeline", role: "slider", tabindex: "0", "aria-label": pair ? `Timeline of ${data.title}` : "Timeline", "aria-valuemin": "0", "aria-orientation": "horizontal" });
  const lanes = h("div", { class: "tdx-lanes" }), list = h("dl"), picture = h("div", { class: "tdx-picture" });
  const state = h("section", { class: "tdx-state", "aria-label": "Shared state" }, list, picture);
  const what = h("b"), sentence = h("span"), say = h("div", { class: "tdx-say", role: "status", "aria-live": "polite" }, what, sentence);
  const root = h("div", { class: "tdx-view" });
  if (pair) root.append(h("div", { class: "tdx-view-title" }, h("h4", {}, data.title), h("div", { class: "tdx-sub" }, data.subtitle)));
  const slot = h("div");
  root.append(timeline, slot, h("div", { class: "tdx-mid" }, lanes, state), say);
  let drawn = null, width = 0, values = [], shownPicture = -1, laneList = [], current = 0;

  const draw = () => {
    const room = Math.round(timeline.clientWidth ? timeline.clientWidth - (timeline.clientWidth < 700 ? 24 : 32) : 908);
    if (room < 60) return;
    width = room;
    drawn = drawTimeline(view.trace, Math.max(room, 300), uid);
    timeline.replaceChildren(drawn.svg);
    drawn.move(Math.min(current, view.trace.n));
    laneList.forEach(lane => lane.paint(Math.min(current, view.trace.n))); // a lane scrolls to its line only once it has a size
  };
  view.load = fresh => {
    const same = view.trace && view.trace.data.texts === fresh.texts && view.trace.data.actors === fresh.actors;
    view.trace = readTrace(fresh);
    if (!same) {
      const many = fresh.actors.length > 2, told = many && !Object.keys(fresh.texts).length && !fresh.graph;
      laneList = told ? [makeLog(view)] : fresh.actors.map((_, a) => makeLane(view, a, pair ? 6 : many ? 7 : 11));
      lanes.replaceChildren(...laneList.map(lane => lane.box));
      values = fresh.keys.map(() => h("dd"));
      const wide = widest(fresh).map(most => (most > 12 ? "tdx-wide" : null)); // such a value gets a line of its own
      values.forEach((dd, i) => wide[i] && dd.classList.add(wide[i]));
      list.replaceChildren(...fresh.keys.flatMap((key, i) => [h("dt", { class: wide[i] }, key), values[i]]));
      picture.hidden = !fresh.pictures.length;
      state.hidden = !fresh.keys.length && !fresh.pictures.length;
    }
    draw();
  };
  view.paint = k => {
    const t = view.trace, d = t.data;
    k = current = Math.max(0, Math.min(k, t.n));
    const step = t.step(k), now = t.states[k], lit = new Set(step ? step[3].map(c => c[0]) : []);
    drawn?.move(k);
    laneList.forEach(lane => lane.paint(k));
    values.forEach((dd, i) => { put(dd, lit.has(i) ? `${t.states[k - 1][i]} → ${now[i]}` : now[i]); toggle(dd, "tdx-lit", lit.has(i)); });
    if (d.pictures.length && shownPicture !== d.pic[k]) { shownPicture = d.pic[k]; picture.innerHTML = d.pictures[shownPicture]; }
    const broken = step && step[7].length > 0, before = broken ? 0 : t.brokenBefore(k);
    put(what, broken ? `Broken here: ${step[7].join(", ")}` : step ? `Step ${k + t.offset} · ${d.actors[step[0]]}` : "Start");
    put(sentence, !step ? (t.n ? `Nothing has happened yet. ${t.n.toLocaleString("en")} steps follow.` : d.hint || "Nothing has happened yet.")
      : capital(step[2] || step[1]) + (before ? `  (Broken since step ${before + t.offset}.)` : ""));
    toggle(say, "tdx-broken", Boolean(broken));
    timeline.setAttribute("aria-valuemax", t.n + t.offset);
    timeline.setAttribute("aria-valuenow", k + t.offset);
    timeline.setAttribute("aria-valuetext", `step ${k + t.offset}: ${what.textContent}, ${sentence.textContent}`);
  };
  const point = e => { const box = drawn.svg.getBoundingClientRect(); seek(drawn.at((e.clientX - box.left) * Math.max(width, 300) / box.width)); };
  timeline.addEventListener("pointerdown", e => { if (e.button === 0 && drawn) { timeline.setPointerCapture(e.pointerId); point(e); } });
  timeline.addEventListener("pointermove", e => { if (timeline.hasPointerCapture(e.pointerId)) point(e); });
  const watch = new ResizeObserver(() => { if (timeline.clientWidth && Math.abs(timeline.clientWidth - (timeline.clientWidth < 700 ? 24 : 32) - width) > 1) draw(); });
  watch.observe(timeline);
  view.load(data);
  return Object.assign(view, { root, slot, timeline, say, stop: () => watch.disconnect() });
}

/** Controls of a stepper: {box, count, play}; `go` moves, `length` says how far. */
function makeControls(go, at, length) {
  const button = (name, does) => { const b = h("button", { class: "tdx-icon", type: "button", "aria-label": name, title: name }, icon(name)); b.onclick = does; return b; };
  const count = h("span", { class: "tdx-count" }), speed = h("select", { "aria-label": "Speed", title: "Speed" });
  for (const s of [0.5, 1, 2, 4, 8]) speed.append(h("option", { value: s, selected: s === 1 ? "" : null }, `${s}×`));
  let timer = null;
  const stop = () => { clearTimeout(timer); timer = null; play.replaceChildren(icon("Play")); play.setAttribute("aria-label", "Play"); play.title = "Play"; };
  const tick = () => { if (at() >= length()) return stop(); go(at() + 1); timer = setTimeout(tick, 800 / Number(speed.value)); };
  const start = () => { if (at() >= length()) go(0); play.replaceChildren(icon("Pause")); play.setAttribute("aria-label", "Pause"); play.title = "Pause"; timer = setTimeout(tick, 800 / Number(speed.value)); };
  const play = button("Play", () => (timer ? stop() : start()));
  const hand = k => { stop(); go(k); };
  const box = h("div", { class: "tdx-controls", role: "group", "aria-label": "Step controls" }, button("First", () => hand(0)), button("Back", () => hand(at() - 1)), play,
    button("Next", () => hand(at() + 1)), button("Last", () => hand(length())), speed, count);
  return { box, count, play, stop, hand, playing: () => timer !== null };
}
