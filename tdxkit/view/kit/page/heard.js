// A line that says when no kernel hears the board it stands in; the keys of the board's controls, which are theirs; and what
// is typed in them, where the kernel asks.

import { made } from "./made.js";
import { tell } from "./tell.js";

const NONE = "No kernel hears this any more: run the cell again.";
const WRITTEN = " It begins anew: copy what you wrote here first.";
const USES = ["click", "change", "keydown"];
const CONTROLS = "select, input, textarea, button";

/** What the page knows of these fields, [[model, trait], …], as {model: value}: it may not have been told yet. */
async function typed(fields, manager) {
  const values = fields.map(async ([id, trait]) => [id, (await manager.get_model(id)).get(trait)]);
  return Object.fromEntries(await Promise.all(values));
}

/** A line says this, once, and aloud. */
function aloud(line, words) {
  if (line.textContent === words) return;
  line.textContent = words;
  if (words) line.setAttribute("role", "alert");
  else line.removeAttribute("role");
}

function render({ model, el: place }) {
  const line = made("p", { class: "tdx-no-kernel" });
  let asked = 0;
  let heard = 0;
  const say = words => aloud(line, words);
  const none = () => say(place.closest(".tdx-live")?.querySelector(".tdx-mails textarea") ? NONE + WRITTEN : NONE);
  const ask = () => {
    const number = ++asked;
    const over = ({ content }) => {
      if (content.execution_state === "idle" && heard < number) none();
    };
    try {
      model.send({ asked: number }, { iopub: { status: over } });
    } catch {
      none(); // it is gone, or another has come
    }
  };
  const answered = async message => {
    if ("heard" in message) {
      heard = message.heard;
      say("");
    }
    if ("typed" in message) tell(model, { typed: await typed(message.typed, model.widget_manager) });
  };
  const mine = event => place.closest(".tdx-live")?.contains(event.target);
  const used = event => {
    if (event.type === "keydown" && event.key !== "Enter") return;
    if (mine(event)) ask();
  };
  const awake = event => {
    // else Lab takes the arrows of a list to go to another cell, and a letter for a shortcut
    if (mine(event) && event.target.matches(CONTROLS)) event.target.setAttribute("data-lm-suppress-shortcuts", "true");
  };
  model.on("comm_live_update", ask);
  model.on("msg:custom", answered);
  for (const type of USES) document.addEventListener(type, used, true);
  document.addEventListener("focusin", awake, true);
  place.replaceChildren(made("div", { class: "tdx tdx-heard" }, line));
  tell(model, { here: true });
  return () => {
    tell(model, { here: false });
    model.off("comm_live_update", ask);
    model.off("msg:custom", answered);
    for (const type of USES) document.removeEventListener(type, used, true);
    document.removeEventListener("focusin", awake, true);
  };
}

export default { render };
