// A filter over the rows of a table: a choice, and words that have to stand in a row. Without this script the whole table is there.

import { made } from "./made.js";

const AWAKE = { "data-lm-suppress-shortcuts": "true" }; // Lab's single-key shortcuts sleep while one types

function filter(place) {
  const { label, choices } = JSON.parse(place.querySelector("script[type='application/json']").textContent);
  const rows = [...place.querySelectorAll("table tr")].filter(row => row.querySelector("td"));
  const texts = rows.map(row => row.textContent.toLowerCase());
  const word = made("input", {
    type: "search",
    ...AWAKE,
    "aria-label": "with these words",
    placeholder: "a word, or several",
  });
  const choice = made("select", { ...AWAKE, "aria-label": label }, made("option", { value: "" }, "all"));
  choice.append(...choices.map(([name], at) => made("option", { value: at }, name)));
  const left = made("output", { role: "status" });
  const everything = made("button", {}, "Show all");
  const show = () => {
    const chosen = choice.value === "" ? null : new Set(choices[choice.value][1]);
    const wanted = word.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (text, at) => (!chosen || chosen.has(at)) && wanted.every(part => text.includes(part));
    const kept = texts.map(fits);
    rows.forEach((row, at) => (row.hidden = !kept[at]));
    const count = kept.filter(Boolean).length;
    left.textContent = count < rows.length ? `${count} of ${rows.length} rows` : `all ${rows.length} rows`;
    everything.hidden = count === rows.length && !word.value;
  };
  everything.onclick = () => {
    word.value = choice.value = "";
    show();
    word.focus();
  };
  word.oninput = choice.onchange = show;
  const controls = [made("label", {}, `${label} `, choice), made("label", {}, "with ", word), everything, left];
  place.querySelector(".tdx-sieve").replaceChildren(...controls);
  show();
}

/** Puts a filter over each table of the page that is to have one and has none yet. */
export function filterHere() {
  for (const place of document.querySelectorAll(".tdx-filter:not([data-mounted])")) {
    place.dataset.mounted = "";
    filter(place);
  }
}
