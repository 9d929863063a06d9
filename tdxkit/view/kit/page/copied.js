// A text with a button that copies it.

import { SAID_FOR, copy } from "./copy.js";
import { made } from "./made.js";

function render({ model, el: place }) {
  const text = made("pre", { tabindex: "0", "aria-label": model.get("label") }, model.get("shown"));
  text.setAttribute("data-lm-suppress-shortcuts", "true");
  const button = made("button", {}, `Copy ${model.get("label")}`);
  const said = made("span", { role: "status" });
  button.onclick = async () => {
    said.textContent = await copy(model.get("text"), text);
    setTimeout(() => (said.textContent = ""), SAID_FOR);
  };
  place.replaceChildren(
    made("div", { class: "tdx tdx-copied tex2jax_ignore mathjax_ignore" }, made("p", {}, button, said), text),
  );
}

export default { render };
