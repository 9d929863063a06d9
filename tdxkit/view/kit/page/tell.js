// A message to a widget's kernel.

/** Whether it could be sent; where it could not, the line of the board says so (see heard.js). */
export function tell(model, message, buffers = []) {
  try {
    model.send(message, undefined, buffers);
    return true;
  } catch {
    return false;
  }
}
