// What the browser keeps for this address.

/** What is kept under a name; with a value, keep that, and with null forget it. Nothing where the browser may not. */
export function kept(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(name);
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // a page from a file, a store that is full, or a reader who keeps nothing
  }
  return null;
}
