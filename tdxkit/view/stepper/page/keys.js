// The keys of a stepper.

import { givenBack, passedOn } from "./lab.js";
import { MAP } from "./map.js";

/** Does what a key asks of a stepper; what it does not know goes on to the page. */
export function onKey(stepper, event) {
  if (passedOn(event)) return;
  if (event.key === "Escape" && !document.fullscreenElement && givenBack(stepper.root)) {
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input,select,pre")) return;
  const { key } = event;
  const to = target(stepper, key);
  if (to !== undefined) stepper.controls.hand(to);
  else if (key === " " && !event.target.closest("button,summary")) stepper.controls.play.click();
  else if (key === "l" && stepper.hasC()) stepper.speak(!stepper.inC);
  else if (key === "f") next(stepper.controls.form);
  else if (key === "t") stepper.foot.toggle("as text");
  else if (key === "m") stepper.foot.toggle(MAP);
  else if (key === "o" && stepper.controls.over) stepper.controls.over.click();
  else if (!stepper.scheduler?.key(key, event.code, event.shiftKey)) return;
  event.preventDefault();
  event.stopPropagation();
}

/** The next choice of a select. */
function next(select) {
  select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
  select.onchange();
}

/** Where a key leads, if it moves. */
function target(stepper, key) {
  const { position, path } = stepper;
  const { marks, around = [0, stepper.length()] } = stepper.views[0].trace.data;
  const numbers = path ? marks : marks.map(mark => mark + stepper.views[0].trace.offset);
  const targets = {
    ArrowRight: stepper.step(1),
    ArrowLeft: stepper.step(-1),
    Home: 0,
    End: stepper.length(),
    PageDown: numbers.find(mark => mark > position) ?? (path ? stepper.length() : Math.max(around[1], position)),
    PageUp: numbers.findLast(mark => mark < position) ?? (path ? 0 : Math.min(around[0], position)),
  };
  return targets[key];
}
