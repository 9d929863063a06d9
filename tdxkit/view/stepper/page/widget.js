// The stepper as a widget, and by itself: what the browser is handed, see scripts.py.

import { mountHere } from "./boot.js";
import { tell } from "../../kit/page/tell.js";
import { mount } from "./mount.js";
import { widen } from "./over.js";

const QUIET = 120; // milliseconds the reader rests before the kernel is told the position

function render({ model, el: place }) {
  // Where a reader stands is told to the kernel as a message and not as the model's state, which the kernel would hand
  // on to whoever else has this stepper on a page. The page's own state follows, or what Python sets would be no news.
  let waiting = null;
  let mine = 0;
  const reader = Math.random().toString(36).slice(2);
  const send = () => {
    waiting = null;
    tell(model, { at: mine });
  };
  const onPosition = position => {
    mine = position;
    clearTimeout(waiting);
    waiting = setTimeout(send, QUIET); // before it is set, or the change would come back as news
    model.set("position", mine);
  };
  const more = position => tell(model, { more: position, reader });
  const ask = model.get("asks") ? code => model.send({ ask: code }) : null;
  const beyond = code => model.send({ beyond: code });
  const onLines = lines => {
    model.set("lines", lines);
    tell(model, { lines });
  };
  const [position, lines] = [model.get("position"), model.get("lines")];
  const source = { script: model.get("_esm"), style: model.get("_css") };
  const hooks = { position, lines, onPosition, onLines, more, ask, beyond, source };
  const stepper = mount(place, JSON.parse(model.get("data")), hooks);
  const heard = {
    "change:data": () => stepper.load(JSON.parse(model.get("data")), model.get("position")),
    "change:position": () => {
      if (waiting === null) stepper.go(model.get("position"), false);
    },
    "change:lines": () => stepper.speak(model.get("lines") === "c", false),
    "msg:custom": message => {
      if (message.answer !== undefined) stepper.foot.answer(message.answer);
      if (message.beyond) widen(stepper, message.beyond);
      if (message.stretch && message.reader === reader) stepper.load(JSON.parse(message.stretch), stepper.position);
    },
  };
  for (const [event, does] of Object.entries(heard)) model.on(event, does);
  return () => {
    clearTimeout(waiting);
    stepper.stop();
    for (const [event, does] of Object.entries(heard)) model.off(event, does);
  };
}

export default { render, mountHere };
