// Elements of the page. What comes from outside enters as text nodes only.

/** An element; text and elements as children. A button lets Lab's single-key shortcuts sleep while it has the focus. */
export function made(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  if (name === "button") Object.assign(node, { type: "button" }).setAttribute("data-lm-suppress-shortcuts", "true");
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}
