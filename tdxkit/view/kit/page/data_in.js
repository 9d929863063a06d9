// What an element of a page holds: JSON as it is, or packed as gzip in base64.

/** What an element holds that is packed. */
export function unpack(element) {
  const bytes = Uint8Array.from(atob(element.textContent), letter => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
}

/** What an element of JSON holds, plain or packed. */
export const dataIn = element =>
  element.type === "application/json" ? JSON.parse(element.textContent) : unpack(element).json();
