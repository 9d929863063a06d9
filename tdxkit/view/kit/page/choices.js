// A table, and in each row of which there is more to see a button; the one that is pressed is told to the kernel.

import { made } from "./made.js";
import { tell } from "./tell.js";

function render({ model, el: place }) {
  const { title, header, rows } = JSON.parse(model.get("data"));
  const buttons = new Map();
  const cell = ({ text, role }, i) => {
    const words = role ? made("span", { class: `tdx-word tdx-is-${role}` }, text) : text;
    return i ? made("td", {}, words) : made("th", { scope: "row" }, words);
  };
  const body = rows.map(({ cells, more }, at) => {
    const row = made("tr", {}, ...cells.map(cell), made("td", {}));
    if (more) {
      const button = made("button", { "aria-label": `Show ${more}` }, "show");
      button.onclick = () => {
        if (!tell(model, {})) return;
        model.set("chosen", at);
        model.save_changes();
      };
      buttons.set(at, { row, button });
      row.lastChild.append(button);
    }
    return row;
  });
  const heads = [...header, "more"].map(words => made("th", { scope: "col" }, words));
  const chosen = () => {
    for (const [at, { row, button }] of buttons) {
      const on = at === model.get("chosen");
      row.classList.toggle("tdx-marked", on);
      button.setAttribute("aria-pressed", String(on));
      button.textContent = on ? "▸ shown below" : "show";
    }
  };
  chosen();
  model.on("change:chosen", chosen);
  const table = made(
    "table",
    { class: "tdx-plain" },
    made("caption", {}, title),
    made("thead", {}, made("tr", {}, ...heads)),
    made("tbody", {}, ...body),
  );
  place.replaceChildren(made("div", { class: "tdx tdx-choices tex2jax_ignore mathjax_ignore" }, table));
  return () => model.off("change:chosen", chosen);
}

export default { render };
