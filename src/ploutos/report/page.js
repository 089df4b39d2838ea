"use strict";
const figures = [...document.querySelectorAll(".plotly-graph-div")];

function paint(dark) {
  const ink = dark ? "#c9d1de" : "#3b4252";
  const back = dark ? "#1f242d" : "#ffffff";
  for (const figure of figures) {
    Plotly.relayout(figure, { "font.color": ink, "hoverlabel.bgcolor": back, "hoverlabel.font.color": ink });
  }
}

const scheme = window.matchMedia("(prefers-color-scheme: dark)");
paint(scheme.matches);
scheme.addEventListener("change", (event) => paint(event.matches));

const buttons = [...document.querySelectorAll("[data-axis]")];
for (const button of buttons) {
  button.addEventListener("click", () => {
    Plotly.relayout("equity-figure", { "yaxis.type": button.dataset.axis, "yaxis.autorange": true });
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
  });
}
