// A line beside a control that says when no kernel hears it: after a restart nothing else on the page does.

const NONE = "No kernel hears this any more: run the cell again.";

/** The line, empty at first. `tell` sends a message, and says in the line where none hears it; `done` when the control goes. */
export function kernelLine(model) {
  const line = document.createElement("p");
  line.className = "tdx-no-kernel";
  const tell = (message, buffers = []) => {
    try {
      model.send(message, undefined, buffers);
      line.textContent = "";
      return true;
    } catch {
      line.setAttribute("role", "alert");
      line.textContent = NONE;
      return false;
    }
  };
  const ask = () => tell({}); // a kernel came or went
  model.on("comm_live_update", ask);
  return { line, tell, done: () => model.off("comm_live_update", ask) };
}
