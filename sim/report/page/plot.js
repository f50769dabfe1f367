// Plots with Chart.js: one wrapper gives each the page's fonts and colours, a legend of buttons, and the arrow keys.
"use strict";

/// All charts of the page.
const charts = [];

Chart.defaults.animation = false;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.plugins.legend.display = false;
Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
Chart.defaults.font.size = 12;

/// Grid and text of an axis in the colours of the moment.
function axis(title, more = {}) {
  const { ticks = {}, grid = {}, ...rest } = more;
  return {
    title: { display: Boolean(title), text: title, color: cssColour("soft") },
    ticks: { color: cssColour("soft"), ...ticks },
    grid: { color: cssColour("line"), borderColor: cssColour("line"), drawTicks: false, ...grid },
    ...rest,
  };
}

function tooltipStyle() {
  return {
    backgroundColor: cssColour("ink"),
    titleColor: cssColour("card"),
    bodyColor: cssColour("card"),
    footerColor: cssColour("card"),
    padding: 10,
    boxPadding: 4,
    cornerRadius: 6,
  };
}

/// A plot: `configure` gives Chart.js its type, data and options and is asked again when colours change.
/// `height` in px, a number or a function. Returns {node, redraw, chart()}.
function plot(label, height, configure, { legend = true, walk = walkBars } = {}) {
  const canvas = el("canvas", {
    role: "img",
    tabindex: "0",
    "aria-label": `${label}. Arrow keys walk through the values; the table below has them all.`,
  });
  const frame = el("div", { class: "plot" }, canvas);
  const keys = el("ul", { class: "legend", "aria-label": "Legend" });
  const node = el("div", {}, legend ? keys : null, frame);
  const hidden = new Set();
  let chart = null;
  function redraw() {
    frame.style.height = (typeof height === "function" ? height() : height) + "px";
    const settings = configure();
    settings.options.plugins = settings.options.plugins || {};
    settings.options.plugins.tooltip = { ...tooltipStyle(), ...settings.options.plugins.tooltip };
    for (const set of settings.data.datasets) set.hidden = hidden.has(set.label);
    if (chart) chart.destroy();
    chart = new Chart(canvas, settings);
    charts[position] = chart;
    if (legend) keys.replaceChildren(...settings.data.datasets.filter((set) => !set.quiet).map(key));
  }
  function key(set) {
    const swatch = el("span", { class: "swatch" });
    swatch.style.background = set.legendColour || set.backgroundColor;
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          "aria-pressed": String(!hidden.has(set.label)),
          title: set.about,
          onclick: (event) => {
            hidden.has(set.label) ? hidden.delete(set.label) : hidden.add(set.label);
            const at = [...keys.children].indexOf(event.currentTarget.parentNode);
            redraw();
            keys.children[at].firstChild.focus();
          },
        },
        swatch,
        set.label,
      ),
    );
  }
  const position = charts.push(null) - 1;
  onThemeChange(redraw);
  canvas.addEventListener("keydown", (event) => walk(chart, event));
  canvas.addEventListener("blur", () => point(chart, null));
  queueMicrotask(redraw); // after the node is in the page: it has a width then
  return { node, redraw, chart: () => chart };
}

/// Shows the tooltip of an element, as the mouse would, and says it.
function point(chart, element) {
  const active = element ? [element] : [];
  chart.setActiveElements(active);
  chart.tooltip.setActiveElements(active, { x: 0, y: 0 });
  chart.update("none");
  if (!element) return;
  const tooltip = chart.tooltip;
  say([tooltip.title, tooltip.body.map((part) => part.lines)].flat(3).join(", "));
}

/// Up and down go through layers, left and right through classes.
function walkBars(chart, event) {
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  if (event.key === "Escape") return point(chart, null);
  if (!Object.hasOwn(steps, event.key)) return undefined;
  event.preventDefault();
  const shown = chart.data.datasets.map((_, i) => i).filter((i) => chart.isDatasetVisible(i));
  if (shown.length === 0) return undefined;
  const now = chart.getActiveElements()[0];
  const bars = chart.data.labels.length;
  if (!now) return point(chart, { datasetIndex: shown[0], index: 0 });
  const [bar, set] = steps[event.key];
  const at = Math.max(0, shown.indexOf(now.datasetIndex));
  return point(chart, {
    datasetIndex: shown[(at + set + shown.length) % shown.length],
    index: (now.index + bar + bars) % bars,
  });
}

/// Any arrow goes to the next or previous point, from left to right.
function walkPoints(chart, event) {
  const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  if (event.key === "Escape") return point(chart, null);
  if (!step) return undefined;
  event.preventDefault();
  const points = [];
  chart.data.datasets.forEach((set, datasetIndex) => {
    if (!set.walked || !chart.isDatasetVisible(datasetIndex)) return;
    set.data.forEach((p, index) => points.push({ datasetIndex, index, x: p.x }));
  });
  if (points.length === 0) return undefined;
  points.sort((a, b) => a.x - b.x);
  const now = chart.getActiveElements()[0];
  const at = now ? points.findIndex((p) => p.datasetIndex === now.datasetIndex && p.index === now.index) : -1;
  const next = at < 0 ? 0 : (at + step + points.length) % points.length;
  return point(chart, { datasetIndex: points[next].datasetIndex, index: points[next].index });
}
