// Boxes that do not get lower while the reader steps: what stands below them keeps its place.

export class Steady {
  constructor(...boxes) {
    this.tall = new Map(boxes.map(box => [box, 0]));
  }

  /** Keeps the height that each has now, where it had none larger. */
  hold() {
    // all are read before one is written
    const now = [...this.tall.keys()].map(box => [box, box.getBoundingClientRect().height]);
    for (const [box, height] of now) this.keep(box, height);
  }

  /** Keeps at least so many pixels for one. */
  keep(box, height) {
    if (height <= this.tall.get(box)) return;
    this.tall.set(box, height);
    box.style.minHeight = `${height}px`;
  }

  /** They have the height that they need: another width or form, another text, a fold that was closed. */
  loosen() {
    for (const box of this.tall.keys()) {
      this.tall.set(box, 0);
      box.style.minHeight = "";
    }
  }
}
