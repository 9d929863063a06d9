// A line that says when no kernel hears the board it stands in; and the board's controls have the keyboard to themselves.

import { made } from "./made.js";

const NONE = "No kernel hears this any more: run the cell again.";
const CONTROLS = "select, button, input[type=checkbox], input[type=radio]";
const USES = ["click", "change", "keydown"];

function render({ model, el: place }) {
  const line = made("p", { class: "tdx-no-kernel" });
  let asked = 0;
  let heard = 0;
  const say = words => {
    if (line.textContent === words) return;
    line.textContent = words;
    if (words) line.setAttribute("role", "alert");
    else line.removeAttribute("role");
  };
  const ask = () => {
    const number = ++asked;
    const over = ({ content }) => {
      if (content.execution_state === "idle" && heard < number) say(NONE);
    };
    try {
      model.send({ asked: number }, { iopub: { status: over } });
    } catch {
      say(NONE); // it is gone, or another has come
    }
  };
  const answered = message => {
    if (!("heard" in message)) return;
    heard = message.heard;
    say("");
  };
  const used = event => {
    if (event.type === "keydown" && event.key !== "Enter") return;
    if (place.closest(".tdx-live")?.contains(event.target)) ask();
  };
  // Lab takes arrows for its cells, digits for headings, letters for what they call: it leaves alone what says that it wants them itself.
  const focused = ({ target }) => {
    if (target.matches?.(CONTROLS) && place.closest(".tdx-live")?.contains(target))
      target.setAttribute("data-lm-suppress-shortcuts", "true");
  };
  document.addEventListener("focusin", focused);
  model.on("comm_live_update", ask);
  model.on("msg:custom", answered);
  for (const type of USES) document.addEventListener(type, used, true);
  place.replaceChildren(made("div", { class: "tdx tdx-heard" }, line));
  return () => {
    document.removeEventListener("focusin", focused);
    model.off("comm_live_update", ask);
    model.off("msg:custom", answered);
    for (const type of USES) document.removeEventListener(type, used, true);
  };
}

export default { render };
