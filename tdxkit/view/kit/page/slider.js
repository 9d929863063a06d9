// A slider with its name and, as it moves, the label of its value; the kernel hears of the value at which it stops.

import { made } from "./made.js";

function render({ model, el: place }) {
  const labels = model.get("labels");
  const input = made("input", { type: "range", min: 0, max: labels.length - 1, step: 1 });
  input.setAttribute("data-lm-suppress-shortcuts", "true");
  const said = made("output");
  const paint = () => {
    const label = labels[Number(input.value)];
    if (said.textContent !== label) said.textContent = label;
    input.setAttribute("aria-valuetext", label);
  };
  const follow = () => {
    input.value = model.get("index");
    paint();
  };
  input.oninput = paint;
  input.onchange = () => {
    model.set("index", Number(input.value));
    model.save_changes();
  };
  follow();
  model.on("change:index", follow);
  place.replaceChildren(
    made("label", { class: "tdx tdx-slider" }, made("span", {}, model.get("description")), input, said),
  );
  return () => model.off("change:index", follow);
}

export default { render };
