// Empties a static form once the live one stands in the output after it: what nobody sees need not be on the page twice.

const LONGEST = 30000; // milliseconds in which a widget may still be drawn

for (const beside of document.querySelectorAll(".tdx-beside:not([data-watched])")) {
  beside.dataset.watched = "";
  const output = beside.closest(".jp-OutputArea-child");
  const emptied = () => {
    const live = output?.nextElementSibling?.querySelector(":scope > .jp-OutputArea-output.lm-Panel > *");
    if (live) for (const part of beside.querySelectorAll(":scope > :not(style)")) part.remove();
    return Boolean(live);
  };
  if (output && !emptied()) {
    const watch = new MutationObserver(() => emptied() && watch.disconnect());
    watch.observe(output.parentElement, { childList: true, subtree: true });
    setTimeout(() => watch.disconnect(), LONGEST);
  }
}
