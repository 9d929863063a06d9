// Puts steppers where a page has their runs, by itself: in a notebook's output, a page that nbconvert made, a file.

import { kept } from "../../kit/page/kept.js";
import { dataIn, unpack } from "./data_in.js";
import { mount } from "./mount.js";

const PATIENCE = 700; // milliseconds in which a live widget may come and take the place
const CHOSEN = "tdx-lines"; // what the reader chose last, python or c

/** Does it once the place has a size: what stands hidden behind a live widget costs nothing. */
export function onceSeen(place, does) {
  if (place.getClientRects().length) {
    does();
    return;
  }
  const watch = new ResizeObserver(() => {
    if (!place.getClientRects().length) return;
    watch.disconnect();
    does();
  });
  watch.observe(place);
}

/** The step that the page's address names: `#code@17`, or `#@17` in a page of one; null where it names none here. */
function asked(code) {
  let words = location.hash.slice(1);
  try {
    words = decodeURIComponent(words);
  } catch {
    return null; // an address of somebody else's making
  }
  const [wanted, at] = words.split(/@(?=\d+$)/);
  const meant = wanted === code || (wanted === "" && document.querySelectorAll(".tdx-run").length === 1);
  return at && meant ? Number(at) : null;
}

/** Style and script of the output that a place stands in: what a saved file is made of; null where it holds none. */
async function sourceOf(place) {
  const [style, code, plain] = ["style", ".tdx-code", "script[type='module']"].map(one =>
    place.parentElement.querySelector(one),
  );
  const text = code ? await unpack(code).text() : (plain?.textContent ?? "");
  const script = text.replace(/\nmountHere\("\w+"\);\s*$/, "");
  return script && { style: style?.textContent ?? "", script };
}

async function mountAt(place) {
  const top = await dataIn(place.querySelector("script"));
  const { position, lines } = place.dataset;
  const at = asked(top.views[0].code);
  const chosen = lines || kept(CHOSEN) || "python";
  const onLines = words => kept(CHOSEN, words);
  mount(place, top, { position: at ?? Number(position), lines: chosen, onLines, source: await sourceOf(place) });
  if (at !== null) place.scrollIntoView();
}

/** Mounts every stepper of this version that the page holds and that is not mounted yet. */
export function mountHere(version) {
  for (const place of document.querySelectorAll(`.tdx-run[data-script="${version}"]:not([data-mounted])`)) {
    place.dataset.mounted = "";
    const does = () => onceSeen(place, () => mountAt(place));
    if (place.closest(".tdx-beside")) setTimeout(does, PATIENCE);
    else does();
  }
}
