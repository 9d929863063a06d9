// Which form fits the window: what changes in a step is to be in sight all at once.

// Heights of a window that are too low for the roomy form: of a run, and of a scheduler with its buttons.
const [RUN, SCHEDULER] = [840, 980].map(high => matchMedia(`(max-height: ${high}px)`));

/** Is the window too low for the roomy form? */
export const isLow = scheduler => (scheduler ? SCHEDULER : RUN).matches;

/** Calls `does` whenever that may have changed; returns what ends it. */
export function onResized(does) {
  const windows = [RUN, SCHEDULER];
  for (const one of windows) one.addEventListener("change", does);
  return () => windows.forEach(one => one.removeEventListener("change", does));
}
