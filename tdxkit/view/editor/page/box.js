// Puts a sheet of code on the page and joins it to its kernel. What the reader types is the model's at once, and goes to the
// kernel as messages.

import { tell } from "../../kit/page/tell.js";
import { Sheet } from "./sheet.js";
import { Written } from "./written.js";

const QUIET = 350; // milliseconds the reader rests before the kernel is told

function render({ model, el: place }) {
  let waiting = null;
  let told = model.get("text");
  const written = new Written(model.get("begun"));
  const hand = text => {
    clearTimeout(waiting);
    if (text === told) return;
    told = text;
    written.keep(text);
    tell(model, { text });
  };
  const changed = (text, atOnce) => {
    clearTimeout(waiting);
    model.set("text", text); // a second view of the same box has it too
    if (atOnce) hand(text);
    else waiting = setTimeout(() => hand(text), QUIET);
  };
  const sheet = new Sheet({ changed, judge: () => tell(model, { judge: true }) });
  const heard = {
    "change:text": () => {
      if (model.get("text") === sheet.area.value) return;
      clearTimeout(waiting); // what was on its way is no longer here
      told = model.get("text");
      sheet.load(told);
    },
    "change:language": () => sheet.speak(model.get("language"), model.get("label")),
    "change:marks": () => sheet.mark(JSON.parse(model.get("marks"))),
  };
  sheet.load(told);
  heard["change:language"]();
  heard["change:marks"]();
  for (const [event, does] of Object.entries(heard)) model.on(event, does);
  place.replaceChildren(sheet.root);
  written.comesBack(sheet, text => changed(text, true));
  return () => {
    hand(sheet.area.value);
    sheet.watch.disconnect();
    for (const [event, does] of Object.entries(heard)) model.off(event, does);
  };
}

export default { render };
