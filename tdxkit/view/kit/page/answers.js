// Hears the answers that gates of the page are given, and tells Python, which keeps them.

import { tell } from "./tell.js";

function render({ model, el: place }) {
  const gate = model.get("gate");
  const heard = ({ detail }) => {
    if (detail.gate === gate && tell(model, { answer: detail.answer })) detail.heard = true;
  };
  document.addEventListener("tdx-answer", heard);
  place.hidden = true;
  return () => document.removeEventListener("tdx-answer", heard);
}

export default { render };
