// What a stepper owes the notebook that holds it: Escape gives the focus back to its cell, and the keys that run a cell
// run it.

const CELL = ".jp-Cell";
const NOTEBOOK = ".jp-Notebook";

/** Gives the focus back to the cell; false where there is none. */
export function givenBack(root) {
  const notebook = root.closest(NOTEBOOK);
  if (!notebook) return false;
  const cell = root.closest(CELL);
  (cell.tabIndex >= 0 || cell.hasAttribute("tabindex") ? cell : notebook).focus({ preventScroll: true });
  return true;
}

/** Hands a key that runs a cell on to the notebook; false where it is another, or no notebook is there. */
export function passedOn(event) {
  const { key, shiftKey, ctrlKey, metaKey, altKey, target } = event;
  const runs = key === "Enter" && (shiftKey || ctrlKey || metaKey || altKey);
  if (!runs || !givenBack(target)) return false;
  event.preventDefault();
  event.stopPropagation();
  const again = { key, code: "Enter", keyCode: 13, which: 13, shiftKey, ctrlKey, metaKey, altKey };
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { ...again, bubbles: true, cancelable: true }));
  return true;
}
