// A stepper as one file that needs no kernel and no network: what Stepper.html() writes, made on the page.

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const PAGE =
  "body{margin:0}main{min-height:100vh;padding:16px;box-sizing:border-box}main>.tdx{max-width:1180px;margin:auto}";

const escaped = text => text.replaceAll(/[&<>"]/g, letter => ESCAPES[letter]);
/** JSON in which no `<` can end its element. */
const inScript = value => JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028");

/** An end tag: written out it would end this script itself. */
const end = name => `</${name}>`;

/** The text of the file. source: {script, style}; top, position, lines: what is shown; text: the same in words. */
export function pageOf({ top, position, lines, text, source }) {
  const run = `<div class="tdx-run" data-position="${position}" data-lines="${lines}" data-script="saved">`;
  return [
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    `<meta name="viewport" content="width=device-width"><title>${escaped(top.title)}</title>`,
    `<style>${PAGE}</style></head>\n<body><main class="tdx"><div class="tdx"><style>${source.style}</style>`,
    `${run}<noscript><pre>${escaped(text)}</pre></noscript>`,
    `<script type="application/json">${inScript(top)}${end("script")}</div>`,
    `<script type="module">${source.script}\nmountHere("saved");${end("script")}</div></main></body></html>\n`,
  ].join("");
}

/** Hands the file to the reader. */
export function save(shown) {
  const url = URL.createObjectURL(new Blob([pageOf(shown)], { type: "text/html" }));
  const link = document.createElement("a");
  const name = shown.top.title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 60);
  Object.assign(link, { href: url, download: `${name.replace(/^-|-$/g, "") || "run"}.html` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
