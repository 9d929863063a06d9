// Runs the scripts that a page holds packed: of each kind once for all that are there by now.

const kinds = new Map();
for (const box of document.querySelectorAll("script.tdx-code:not([data-run])")) {
  box.dataset.run = "";
  kinds.set(box.dataset.then, box);
}
for (const box of kinds.values()) {
  const bytes = Uint8Array.from(atob(box.textContent), letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const made = document.createElement("script");
  made.type = "module";
  made.textContent = await new Response(stream).text();
  document.head.append(made);
  made.remove();
}
