// Puts a sheet of code on the page and joins it to its kernel. What the reader types goes there as messages; a kernel that
// hears of a button may hear of it before the text that was told first, so it asks for what is seen, and is answered.

import { tell } from "../../kit/page/tell.js";
import { Sheet } from "./sheet.js";
import { Written } from "./written.js";

const QUIET = 350; // milliseconds the reader rests before the kernel is told

function render({ model, el: place }) {
  let waiting = null;
  let told = model.get("text");
  const written = new Written(model.get("begun"));
  const hand = text => {
    if (text !== told) tell(model, { text: now() });
  };
  const changed = (text, atOnce) => {
    clearTimeout(waiting);
    if (atOnce) hand(text);
    else waiting = setTimeout(() => hand(text), QUIET);
  };
  const now = () => {
    clearTimeout(waiting);
    waiting = null;
    told = sheet.area.value;
    written.keep(told);
    model.set("text", told); // a second view of the same box has it too
    return told;
  };
  const sheet = new Sheet({ changed, judge: () => tell(model, { judge: true }) });
  const heard = {
    "change:text": () => {
      if (model.get("text") === told) return;
      told = model.get("text");
      sheet.load(told);
    },
    "change:language": () => sheet.speak(model.get("language"), model.get("label")),
    "change:marks": () => sheet.mark(JSON.parse(model.get("marks"))),
    "msg:custom": ({ report }) => report && tell(model, { text: now(), report }),
  };
  sheet.load(told);
  heard["change:language"]();
  heard["change:marks"]();
  for (const [event, does] of Object.entries(heard)) model.on(event, does);
  place.replaceChildren(sheet.root);
  tell(model, { here: true });
  written.comesBack(sheet, hand);
  return () => {
    hand(sheet.area.value);
    tell(model, { here: false });
    sheet.watch.disconnect();
    for (const [event, does] of Object.entries(heard)) model.off(event, does);
  };
}

export default { render };
