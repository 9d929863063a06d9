// Gives each chart of plotly's a name: that of the table in the output after it, which says what the chart shows.

for (const table of document.querySelectorAll(".tdx-chart-table[data-chart]:not([data-named])")) {
  table.dataset.named = "";
  const before = table.closest(".jp-OutputArea-child")?.previousElementSibling;
  const figure = before?.querySelector(".jp-RenderedPlotly");
  figure?.setAttribute("role", "img");
  figure?.setAttribute("aria-label", `Chart: ${table.dataset.chart}; the table below says the same`);
}
