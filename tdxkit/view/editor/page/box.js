// Puts a sheet of code on the page and joins it to its kernel. What the reader types goes there as messages: a message
// overtakes no other, so a button that is pressed right after the last letter judges the text that is seen.

import { Sheet } from "./sheet.js";

const QUIET = 350; // milliseconds the reader rests before the kernel is told

function render({ model, el: place }) {
  let waiting = null;
  let told = model.get("text");
  const tell = text => {
    clearTimeout(waiting);
    waiting = null;
    if (text === told) return;
    told = text;
    model.set("text", text); // a second view of the same box has it too
    model.send({ text });
  };
  const changed = (text, now) => {
    clearTimeout(waiting);
    if (now) tell(text);
    else waiting = setTimeout(() => tell(text), QUIET);
  };
  const sheet = new Sheet({ changed, judge: () => model.send({ judge: true }) });
  const heard = {
    "change:text": () => {
      if (model.get("text") === told) return;
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
  return () => {
    tell(sheet.area.value);
    sheet.watch.disconnect();
    for (const [event, does] of Object.entries(heard)) model.off(event, does);
  };
}

export default { render };
