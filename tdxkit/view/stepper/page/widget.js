// The stepper as a widget, and by itself: what the browser is handed, see scripts.py.

import { mountHere } from "./boot.js";
import { mount } from "./mount.js";
import { widen } from "./over.js";

const QUIET = 120; // milliseconds the reader rests before the kernel is told the position

function render({ model, el: place }) {
  // The kernel echoes each position it is told. While the reader has gone on since, that echo is old news and must not
  // take them back.
  let waiting = null;
  let mine = 0; // the position last told; an echo may have changed the model's since
  const read = () => JSON.parse(model.get("data"));
  const send = () => {
    waiting = null;
    model.set("position", mine);
    model.save_changes();
  };
  const onPosition = position => {
    mine = position;
    clearTimeout(waiting);
    waiting = setTimeout(send, QUIET); // before it is set, or the change would come back as news
    model.set("position", mine);
  };
  const more = position => model.send({ more: position });
  const ask = model.get("asks") ? code => model.send({ ask: code }) : null;
  const beyond = code => model.send({ beyond: code });
  const onLines = lines => {
    model.set("lines", lines);
    model.save_changes();
  };
  const [position, lines] = [model.get("position"), model.get("lines")];
  const source = { script: model.get("_esm"), style: model.get("_css") };
  const stepper = mount(place, read(), { position, lines, onPosition, onLines, more, ask, beyond, source });
  const heard = {
    "change:data": () => stepper.load(read(), model.get("position")),
    "change:position": () => {
      if (waiting === null) stepper.go(model.get("position"), false);
    },
    "change:lines": () => stepper.speak(model.get("lines") === "c", false),
    "msg:custom": message => {
      if (message.answer !== undefined) stepper.foot.answer(message.answer);
      if (message.beyond) widen(stepper, message.beyond);
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
