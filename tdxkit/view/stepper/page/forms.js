// Which form fits the window: what changes in a step is to be in sight all at once.

// Heights of a window that are too low for the roomy form: of a run, and of a scheduler with its buttons.
const [RUN, SCHEDULER] = [840, 980].map(high => matchMedia(`(max-height: ${high}px)`));

/** Is the window too low for the roomy form? */
const isLow = scheduler => (scheduler ? SCHEDULER : RUN).matches;

/** Calls `does` whenever that may have changed; returns what ends it. */
export function onResized(does) {
  const windows = [RUN, SCHEDULER];
  for (const one of windows) one.addEventListener("change", does);
  return () => windows.forEach(one => one.removeEventListener("change", does));
}

const LARGER = 1.5; // a projector's timeline

/** The form that a stepper has by what was chosen and by its window. */
export function formOf(stepper) {
  const low = stepper.runs.length > 1 || isLow(stepper.path !== null);
  return stepper.chosen !== "fitted" || low ? "compact" : "roomy";
}

/** Gives a stepper another form: fitted to the window, compact, or a projector's. */
export function reform(stepper, chosen) {
  const { root } = stepper;
  const left = stepper.chosen === "projector" && chosen !== "projector";
  stepper.chosen = chosen;
  const [form, large] = [formOf(stepper), chosen === "projector"];
  root.classList.toggle("tdx-compact", form === "compact");
  root.classList.toggle("tdx-projector", large);
  for (const view of stepper.views) view.reform(form, large ? LARGER : 1);
  if (large) root.requestFullscreen?.().catch(() => {}); // where it is refused it is large in its place
  if (left && document.fullscreenElement === root) document.exitFullscreen();
}
