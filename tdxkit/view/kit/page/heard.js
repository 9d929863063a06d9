// A line that says when no kernel hears the board it stands in.

import { made } from "./made.js";

const NONE = "No kernel hears this any more: run the cell again.";
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
  model.on("comm_live_update", ask);
  model.on("msg:custom", answered);
  for (const type of USES) document.addEventListener(type, used, true);
  place.replaceChildren(made("div", { class: "tdx tdx-heard" }, line));
  return () => {
    model.off("comm_live_update", ask);
    model.off("msg:custom", answered);
    for (const type of USES) document.removeEventListener(type, used, true);
  };
}

export default { render };
