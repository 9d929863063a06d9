// Listens for a cell of a grid that somebody wants to see played, and shows the board that plays it.

import { made } from "./made.js";
import { tell } from "./tell.js";

function render({ model, el: place }) {
  const plays = model.get("plays");
  const mark = made("div", { class: "tdx-picked", "data-plays": plays });
  const heard = ({ detail }) => {
    if (detail.plays !== plays || !tell(model, { cell: [detail.row, detail.column] })) return;
    const board = place.closest(".tdx-live");
    board.scrollIntoView({ block: "start" });
    board.querySelector("select, button").focus({ preventScroll: true });
  };
  document.addEventListener("tdx-play", heard);
  place.replaceChildren(mark);
  return () => document.removeEventListener("tdx-play", heard);
}

export default { render };
