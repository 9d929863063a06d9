// A text to take away: a button copies it.

import { made } from "./made.js";

const SAID_FOR = 1500; // milliseconds

function render({ model, el: place }) {
  const text = made("pre", { tabindex: "0", "aria-label": model.get("label") }, model.get("shown"));
  text.setAttribute("data-lm-suppress-shortcuts", "true");
  const copy = `Copy ${model.get("label")}`;
  const button = made("button", {}, copy);
  const said = made("span", { role: "status" });
  button.onclick = async () => {
    let came = "copied";
    try {
      await navigator.clipboard.writeText(model.get("text"));
    } catch {
      getSelection().selectAllChildren(text);
      came = document.execCommand("copy") ? "copied" : "selected: press Ctrl+C";
    }
    said.textContent = came;
    setTimeout(() => (said.textContent = ""), SAID_FOR);
  };
  place.replaceChildren(
    made("div", { class: "tdx tdx-copied tex2jax_ignore mathjax_ignore" }, made("p", {}, button, said), text),
  );
}

export default { render };
