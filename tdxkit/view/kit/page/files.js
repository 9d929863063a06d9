// A button that opens files and hands their bytes to the kernel.

import { made } from "./made.js";
import { tell } from "./tell.js";

const MEGABYTE = 1e6;

function render({ model, el: place }) {
  const { words, accept, several, most } = JSON.parse(model.get("look"));
  const input = made("input", { type: "file", accept, hidden: "" });
  input.multiple = several;
  const button = made("button", { class: "lm-Widget jupyter-widgets jupyter-button widget-button" });
  button.append(made("i", { class: "fa fa-upload", "aria-hidden": "true" }), words);
  const said = made("span", { role: "status" });
  button.onclick = () => input.click();
  input.onchange = async () => {
    const files = [...input.files];
    input.value = ""; // so that the same file can be opened again
    const large = files.find(file => file.size > most);
    said.textContent = large ? `${large.name} has more than ${most / MEGABYTE} MB: give its path on the server` : "";
    if (large || !files.length) return;
    const bytes = await Promise.all(files.map(async file => new DataView(await file.arrayBuffer())));
    tell(model, { names: files.map(file => file.name) }, bytes);
  };
  place.replaceChildren(made("div", { class: "tdx tdx-files tex2jax_ignore mathjax_ignore" }, button, input, said));
}

export default { render };
