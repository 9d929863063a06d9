"""How long a step takes in the browser: the handler with its layout, and from click to the next frame, for short and long runs.

    python benchmarks/bench_stepper.py

The page is a stepper's own, from a file, in headless Chromium. The handler is timed around `button.click()`, then the layout is
forced; a click to frame waits for the frame after next, so it holds 16 to 33 ms of waiting.
"""

import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

LENGTHS = (50, 500, 2000)
CLICKS = 120
MEASURE = """async ([name, clicks]) => {
  const button = document.querySelector(`[aria-label=${name}]`), box = document.querySelector('.tdx-stepper'), handler = [], frame = [];
  const next = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  for (let i = 0; i < clicks; i++) {
    const start = performance.now();
    button.click();
    box.getBoundingClientRect(); document.querySelector('.tdx-code').scrollTop;
    handler.push(performance.now() - start);
    await next();
    frame.push(performance.now() - start);
  }
  return { handler, frame };
}"""


def run(length: int):
    """A run of `length` steps of three CPUs over a text of 40 lines, a lock, two facts and twelve values."""
    from tdxkit.run import Line, Recorder, Text, Track, Wait

    actors = ("CPU 0", "CPU 1", "CPU 2")
    state = {f"refcount[{i}]": 0 for i in range(10)} | {"pamt_lock": None, "pair": False}
    recorder = Recorder(state)
    for k in range(length):
        actor = actors[(k // 3) % 3]
        state = {**state, f"refcount[{k % 10}]": k, "pair": k % 7 < 3, "pamt_lock": actor if k % 5 else None}
        waits = (Wait(actors[(k // 3 + 1) % 3], actor, f"waits for pamt_lock, held by {actor}"),) if k % 5 else ()
        line, after = Line("put", k % 40), Line("put", (k + 1) % 40)
        recorder.step(
            actor, f"step {k % 40}", f"{actor} does what line {k % 40} says", state, line=line, next=after, waits=waits
        )
    tracks = (Track("pamt_lock", "pamt_lock", "lock"), Track("pair", "pair", "fact"), Track("a rule", "a rule", "rule"))
    texts = {"put": Text("put", tuple(f'    yield "line {i}"' for i in range(40)))}
    return recorder.run(f"{length} steps", actors, texts=texts, tracks=tracks)


def main() -> None:
    """Print the table."""
    from playwright.sync_api import sync_playwright

    from tdxkit.commands.doctor import find_chromium
    from tdxkit.view.stepper import Stepper
    from tools.lab import CHROMIUM_ARGS

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGS)
        print(f"{'steps':>6} {'JSON kB':>8}   {'handler with layout, ms':^26}   {'click to frame, ms':^20}")
        print(f"{'':15}   {'median':>8} {'p90':>8} {'max':>8}   {'median':>9} {'p90':>9}")
        for length in LENGTHS:
            stepper, file = Stepper(run(length)), Path(folder) / f"{length}.html"
            stepper.html(file)
            page = browser.new_page(viewport={"width": 900, "height": 800})
            page.goto(file.as_uri())
            page.wait_for_selector(".tdx-controls")
            page.evaluate(MEASURE, ["Next", 20])  # warm
            taken = page.evaluate(MEASURE, ["Next", min(CLICKS, length - 25)])
            page.evaluate("() => document.querySelector('[aria-label=Last]').click()")
            back = page.evaluate(MEASURE, ["Back", min(CLICKS, length - 25)])
            handler, frame = (sorted(taken[part] + back[part]) for part in ("handler", "frame"))
            tenth = int(len(handler) * 0.9)
            print(
                f"{length:>6} {len(stepper.data.encode()) / 1000:>8.0f}   {statistics.median(handler):>8.2f} {handler[tenth]:>8.2f} "
                f"{handler[-1]:>8.2f}   {statistics.median(frame):>9.1f} {frame[tenth]:>9.1f}"
            )
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
