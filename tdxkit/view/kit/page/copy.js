// A text to take away: into the clipboard, or selected where a page may not write there.

export const SAID_FOR = 1500; // milliseconds

/** Takes a text away that an element shows; what came of it, in words. */
export async function copy(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(shown);
    if (!document.execCommand("copy")) return "selected: press Ctrl+C";
  }
  return "copied";
}
