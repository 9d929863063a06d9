// Puts a stepper on the page, as a widget or in a static file, and joins it to its position, its keys, its kernel if there is one.

/** "You are the scheduler": buttons for every move there is, undo, a goal and a hint. `walk` is {data, path, set(path)}. */
function makePicks(walk, at) {
  const g = walk.data.graph, groups = h("div", { class: "tdx-groups" }), goal = h("p", { class: "tdx-goal" });
  const undo = h("button", { type: "button" }, "Undo"), again = h("button", { type: "button" }, "Start over"), hint = h("button", { type: "button" }, "Hint");
  const box = h("section", { class: "tdx-picks", "aria-label": "You are the scheduler" }, goal, groups, h("div", { class: "tdx-tools" }, undo, again, ...(g.goal ? [hint] : [])));
  const away = g.goal ? distances(g) : null, here = () => nodeAt(g, walk.path.slice(0, at()));
  const met = () => { let node = 0; for (const e of walk.path.slice(0, at())) { const edge = g.edges[node][e]; if (edge[5].some(i => str(g, i) === g.goal)) return true; node = edge[2]; } return false; };
  const pick = edge => walk.set([...walk.path.slice(0, at()), edge], at() + 1);
  undo.onclick = () => { if (at()) walk.set(walk.path.slice(0, at() - 1), at() - 1); };
  again.onclick = () => walk.set([], 0);
  let asked = -1;
  hint.onclick = () => { asked = here(); paint(); };
  const paint = () => {
    const node = here(), { moves, whys } = movesAt(g, node), focus = document.activeElement?.dataset?.actor;
    groups.replaceChildren(...g.actors.map((name, a) => {
      const mine = moves.filter(m => m.actor === a), group = h("div", { class: "tdx-pick-group", role: "group", "aria-label": name });
      const button = (text, move) => {
        const b = h("button", { type: "button", class: "tdx-pick", style: `--pick:var(--tdx-${role(a)})`, "data-actor": a, title: text, "aria-disabled": move ? null : "true" },
          h("b", {}, name), h("small", {}, text));
        if (move) b.onclick = () => pick(move.edge);
        group.append(b);
      };
      // Several moves of one actor are a choice, told by what comes of it.
      if (mine.length) mine.forEach(move => button(mine.length > 1 ? move.sentence || move.label : move.label, move)); else button(whys[a] || "has finished", null);
      return group;
    }));
    if (focus !== undefined) groups.querySelector(`[data-actor="${focus}"]`)?.focus({ preventScroll: true });
    const done = met();
    toggle(goal, "tdx-met", done);
    goal.replaceChildren(h("b", {}, done ? "Reached: " : g.goal ? "Goal: " : "Free play. "), done ? `“${g.goal}” is broken. Step back to see how.` : g.goalText || "Choose who moves next.",
      ...(asked === node && !done ? [h("br"), hintAt(g, away, node)] : []));
    undo.disabled = again.disabled = !at();
  };
  return { box, paint, key: n => groups.children[n - 1]?.querySelector("button:not([aria-disabled])")?.click() };
}

/** How many steps each node is away from breaking the goal (Infinity: it cannot any more). */
function distances(g) {
  const back = g.nodes.map(() => []), away = g.nodes.map(() => Infinity);
  let front = [];
  g.edges.forEach((edges, from) => edges.forEach(e => {
    if (e[5].some(i => str(g, i) === g.goal)) { if (away[from] > 1) { away[from] = 1; front.push(from); } } else back[e[2]].push(from);
  }));
  for (let d = 2; front.length; d++) {
    const next = [];
    for (const node of front) for (const from of back[node]) if (away[from] > d) { away[from] = d; next.push(from); }
    front = next;
  }
  return away;
}

function hintAt(g, away, node) {
  if (away[node] === Infinity) return "From here it cannot be broken any more: undo.";
  const best = g.edges[node].find(e => e[5].some(i => str(g, i) === g.goal)) || g.edges[node].find(e => away[e[2]] === away[node] - 1);
  return `${away[node]} more ${away[node] === 1 ? "step" : "steps"} at least; ${g.actors[best[0]]} goes next.`;
}

/** The foot: schedule code to copy, box to paste one, fidelity card, text. */
function makeFoot(top, { open, trace }) {
  const code = h("code", { class: "tdx-schedule", "aria-label": "Schedule code" }), copy = h("button", { type: "button" }, "copy"), links = h("span", { class: "tdx-links" });
  const foot = h("footer", { class: "tdx-foot" }, h("span", {}, "Replay"), code, copy, links), box = h("div", {}, foot);
  copy.onclick = async () => {
    try { await navigator.clipboard.writeText(code.textContent); put(copy, "copied"); }
    catch { getSelection().selectAllChildren(code); put(copy, document.execCommand("copy") ? "copied" : "selected: press Ctrl+C"); }
    setTimeout(() => put(copy, "copy"), 1500);
  };
  const panel = (name, fill) => {
    const inner = h("section", { class: "tdx-panel", hidden: "", "aria-label": name }), b = h("button", { type: "button", "aria-expanded": "false" }, name);
    b.onclick = () => { inner.hidden = !inner.hidden; b.setAttribute("aria-expanded", String(!inner.hidden)); if (!inner.hidden) fill(inner); };
    links.append(b); box.append(inner);
  };
  const answer = h("output", { "aria-live": "polite" });
  if (open) panel("paste a schedule", inner => {
    if (inner.firstChild) return;
    const input = h("input", { "aria-label": "A schedule code", placeholder: code.textContent.split(" ")[0] + " A9 B15 …", maxlength: "4000", spellcheck: "false" });
    const form = h("form", { class: "tdx-paste" }, input, h("button", { type: "submit" }, "Run it"), answer);
    input.onkeydown = e => { if (e.key === "Enter") { e.preventDefault(); form.requestSubmit(); } };  // inside Lab's outputs Enter sends no form by itself
    form.onsubmit = e => { e.preventDefault(); put(answer, ""); open(input.value); };
    inner.append(form);
    input.focus();
  });
  if (Object.values(top.card).some(list => list.length)) panel("what this model leaves out", inner => {
    const dl = h("dl", { class: "tdx-card" });
    for (const [kind, list] of Object.entries(top.card)) if (list.length) dl.append(h("dt", {}, capital(kind)), h("dd", {}, h("ul", {}, ...list.map(entry => h("li", {}, entry)))));
    inner.replaceChildren(dl);
  });
  panel("as text", inner => inner.replaceChildren(h("pre", { tabindex: "0" }, trace().map(asText).join("\n\n"))));
  const paint = text => { put(code, text); for (const node of [code, copy, foot.firstChild]) node.hidden = !text; };
  return { box, paint, answer: text => put(answer, text) };
}

/** Mounts {title, subtitle, views: [data, …], total, offset}; hooks: position, onPosition, ask, more. Returns {go, load, answer, stop}. */
export function mount(el, top, hooks = {}) {
  const pair = top.views.length > 1, base = top.views[0], walk = base.graph ? { data: base, path: base.path || [] } : null;
  let offset = top.offset || 0, total = top.total ?? 0, position = hooks.position || 0;
  const at = () => position, length = () => (walk ? walk.path.length : total);
  const seek = k => controls.hand(k + offset);
  const views = top.views.map((data, i) => makeView(walk && i === 0 ? walkData(data, walk.path) : data, { pair, seek }));
  const paint = () => {
    for (const v of views) { v.paint(position - offset); v.say.setAttribute("aria-live", controls.playing() ? "off" : "polite"); }
    controls.count.replaceChildren("step ", h("b", {}, position.toLocaleString("en")), ` of ${length().toLocaleString("en")}`);
    picks?.paint();
    foot.paint(views[0].trace.data.code);
  };
  const go = (k, tell = true) => {
    k = Math.max(0, Math.min(k, length()));
    const inside = walk || (k >= offset && k <= offset + Math.max(...views.map(v => v.trace.n)));
    if (!inside && !hooks.more) k = Math.max(offset, Math.min(k, offset + Math.max(...views.map(v => v.trace.n))));
    position = k;
    if (!inside && hooks.more) hooks.more(k); else paint();
    if (tell) hooks.onPosition?.(k);
  };
  const controls = makeControls(go, at, length);
  if (walk) walk.set = (path, k) => { walk.path = path; views[0].load(walkData(base, path)); controls.stop(); go(k); };
  const picks = walk ? makePicks(walk, at) : null;
  const open = walk ? text => { const found = pathOf(base.graph, text); if (found.path) walk.set(found.path, found.path.length); foot.answer(found.error || `It fits: ${found.path.length} steps.`); } : hooks.ask;
  const foot = makeFoot(base, { open, trace: () => views.map(v => v.trace) });
  const root = h("section", { class: `tdx tdx-stepper${pair ? " tdx-pair" : ""}`, "aria-label": `Stepper: ${top.title}`, "data-lm-suppress-shortcuts": "true", tabindex: "-1" },
    h("header", { class: "tdx-head" }, h("div", { class: "tdx-titles" }, h("h3", {}, top.title), h("div", { class: "tdx-sub" }, top.subtitle)), controls.box),
    h("div", { class: "tdx-views" }, ...views.map(v => v.root)), foot.box);
  if (picks) views[0].slot.append(picks.box);
  root.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input,select,pre")) return;
    const marks = views[0].trace.data.marks.map(k => k + offset), onButton = e.target.closest("button");
    const to = { ArrowRight: position + 1, ArrowLeft: position - 1, Home: 0, End: length(), PageDown: marks.find(k => k > position) ?? length(), PageUp: marks.findLast(k => k < position) ?? 0 }[e.key];
    if (to !== undefined) controls.hand(to); else if (e.key === " " && !onButton) controls.play.click(); else if (picks && /^[1-9]$/.test(e.key)) picks.key(Number(e.key)); else return;
    e.preventDefault();
    e.stopPropagation();
  });
  root.addEventListener("pointerdown", e => { if (!e.target.closest("button,select,input,pre,code,[role=slider]")) root.focus({ preventScroll: true }); });
  el.replaceChildren(root);
  go(position, false);
  return {
    go, answer: foot.answer, stop: () => { controls.stop(); views.forEach(v => v.stop()); },
    load: (fresh, k) => { offset = fresh.offset || 0; total = fresh.total; if (!walk) fresh.views.forEach((data, i) => views[i].load(data)); go(k, false); },
  };
}

export default {
  render({ model, el }) {
    // The kernel echoes each position it is told. While the reader has gone on since, that echo is old news and must not take them back.
    let waiting = null, mine = 0;
    const send = () => { waiting = null; model.set("position", mine); model.save_changes(); };
    const tell = k => { model.set("position", (mine = k)); clearTimeout(waiting); waiting = setTimeout(send, 120); };
    const read = () => JSON.parse(model.get("data"));
    const ui = mount(el, read(), { position: model.get("position"), onPosition: tell, more: k => model.send({ more: k }), ask: model.get("asks") ? text => model.send({ ask: text }) : null });
    const fresh = () => ui.load(read(), model.get("position")), moved = () => { if (waiting === null) ui.go(model.get("position"), false); }, said = message => { if (message.answer !== undefined) ui.answer(message.answer); };
    model.on("change:data", fresh); model.on("change:position", moved); model.on("msg:custom", said);
    return () => { clearTimeout(waiting); ui.stop(); model.off("change:data", fresh); model.off("change:position", moved); model.off("msg:custom", said); };
  },
};
